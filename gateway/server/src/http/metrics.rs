//! `/metrics` in Prometheus's text format: base units, no label that names a user.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, header};
use ringpost_gateway_core::{Histogram, Step};

use super::address_metrics::addresses;
use super::door_metrics::doors;
use super::page::Page;
use super::stages::{STAGES, merged};
use crate::store::StoreState;
use crate::view::{NodeView, Published};

/// The page.
pub(super) async fn metrics(
    State(view): State<Arc<NodeView>>,
) -> ([(HeaderName, &'static str); 1], String) {
    let cores: Vec<Published> = view.cores().collect();
    let mut page = Page::default();
    messages(&mut page, &cores);
    load(&mut page, &cores);
    sessions(&mut page, &cores);
    latencies(&mut page, &cores);
    sockets(&mut page, &cores);
    doors(&mut page, &view, &cores);
    addresses(&mut page, &view, &cores);
    store(&mut page, &view);
    configuration(&mut page, &view);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        page.into_text(),
    )
}

fn total(cores: &[Published], of: impl Fn(&Published) -> u64) -> f64 {
    cores.iter().map(of).sum::<u64>() as f64
}

fn messages(page: &mut Page, cores: &[Published]) {
    let stored = total(cores, |core| core.counters.stored);
    page.single(
        "ringpost_messages_stored_total",
        "counter",
        "Messages made durable.",
        stored,
    );
    let delivered = total(cores, |core| core.counters.delivered);
    page.single(
        "ringpost_messages_delivered_total",
        "counter",
        "Messages written to sessions as they came.",
        delivered,
    );
    let skipped = total(cores, |core| {
        core.counters.skipped + core.counters.overflowed
    });
    let help = "Deliveries left to the log because a session or a core had no room.";
    page.single("ringpost_messages_skipped_total", "counter", help, skipped);
    page.family(
        "ringpost_messages_refused_total",
        "counter",
        "Sends, requests and sessions refused.",
    );
    for &code in ringpost_wire::ErrorCode::ALL {
        let refused = total(cores, |core| {
            core.counters
                .refused
                .get(&code)
                .copied()
                .unwrap_or_default()
        });
        page.sample(
            "ringpost_messages_refused_total",
            &format!("reason=\"{}\"", code.name()),
            refused,
        );
    }
    let acks = total(cores, |core| core.counters.acks);
    page.single(
        "ringpost_acks_total",
        "counter",
        "Acknowledgements taken in.",
        acks,
    );
}

/// What is left out or refused, in the order in which it is, and how far that goes.
fn load(page: &mut Page, cores: &[Published]) {
    let name = "ringpost_shed_total";
    page.family(name, "counter", "Left out or refused under load, by step.");
    for step in Step::ALL {
        let labels = format!("step=\"{}\"", step.name());
        page.sample(
            name,
            &labels,
            total(cores, |core| core.counters.shed.of(step)),
        );
    }
    let name = "ringpost_signatures_put_off_total";
    let help = "Tokens not looked at, for want of time that a core may spend on signatures.";
    let put_off = total(cores, |core| core.counters.signatures_put_off);
    page.single(name, "counter", help, put_off);
    let name = "ringpost_load_level";
    let help =
        "Steps that are shed for the delay of a core's queue: 0 to 5, the last of them new sends.";
    page.family(name, "gauge", help);
    for (index, core) in cores.iter().enumerate() {
        let level = f64::from(core.summary.load_level);
        page.sample(name, &format!("core=\"{index}\""), level);
    }
    let name = "ringpost_queue_delay_seconds";
    let help =
        "Least time by which commands of a core missed a batch, over the latest tenth of a second.";
    page.family(name, "gauge", help);
    for (index, core) in cores.iter().enumerate() {
        let delay_s = core.summary.queue_delay_us as f64 / 1e6;
        page.sample(name, &format!("core=\"{index}\""), delay_s);
    }
}

fn sessions(page: &mut Page, cores: &[Published]) {
    page.family("ringpost_sessions", "gauge", "Sessions by state.");
    let (opening, live, behind) = (
        total(cores, |core| core.summary.sessions_opening as u64),
        total(cores, |core| core.summary.sessions_live as u64),
        total(cores, |core| core.summary.sessions_behind as u64),
    );
    page.sample("ringpost_sessions", "state=\"opening\"", opening);
    page.sample("ringpost_sessions", "state=\"live\"", live - behind);
    page.sample("ringpost_sessions", "state=\"behind\"", behind);
    page.family(
        "ringpost_mailbox_depth",
        "gauge",
        "Mails that wait, by sending core.",
    );
    for (index, core) in cores.iter().enumerate() {
        let waiting = core.mailbox_depth + core.summary.mails_waiting;
        page.sample(
            "ringpost_mailbox_depth",
            &format!("core=\"{index}\""),
            waiting as f64,
        );
    }
}

fn latencies(page: &mut Page, cores: &[Published]) {
    for stage in STAGES {
        let histogram = merged(cores, stage.of);
        let seconds =
            |index: usize| Histogram::doubling_end_us(index).map(|end_us| end_us as f64 / 1e6);
        page.histogram(
            stage.metric,
            stage.help,
            &histogram.by_doubling(),
            histogram.sum_us as f64 / 1e6,
            seconds,
        );
    }
    let batch = merged(cores, |core| &core.counters.batch_messages);
    let messages = |index: usize| Histogram::doubling_end_us(index).map(|end| end as f64);
    let help = "Messages a batch.";
    page.histogram(
        "ringpost_lane_batch_messages",
        help,
        &batch.by_doubling(),
        batch.sum_us as f64,
        messages,
    );
}

fn sockets(page: &mut Page, cores: &[Published]) {
    let received = total(cores, |core| core.reactor.received_bytes);
    page.single(
        "ringpost_received_bytes_total",
        "counter",
        "Bytes received from clients.",
        received,
    );
    let sent = total(cores, |core| core.reactor.sent_bytes);
    page.single(
        "ringpost_sent_bytes_total",
        "counter",
        "Bytes sent to clients.",
        sent,
    );
    let accepted = total(cores, |core| core.reactor.accepted);
    page.single(
        "ringpost_connections_accepted_total",
        "counter",
        "Connections accepted.",
        accepted,
    );
    let sends = total(cores, |core| core.reactor.send_completions);
    page.single(
        "ringpost_socket_sends_total",
        "counter",
        "Sends completed by the kernel.",
        sends,
    );
    let receives = total(cores, |core| core.reactor.receive_completions);
    page.single(
        "ringpost_socket_receives_total",
        "counter",
        "Receives completed by the kernel.",
        receives,
    );
    let enters = total(cores, |core| core.reactor.submissions);
    page.single(
        "ringpost_ring_enters_total",
        "counter",
        "System calls that entered a ring.",
        enters,
    );
}

fn store(page: &mut Page, view: &NodeView) {
    let (name, help) = ("ringpost_store_state", "1 for the state of the store.");
    page.family(name, "gauge", help);
    let state = view.store_state();
    for known in StoreState::NAMES {
        let is_it = known == state.name();
        page.sample(name, &format!("state=\"{known}\""), f64::from(is_it));
    }
    view.store_numbers().write(page);
}

fn configuration(page: &mut Page, view: &NodeView) {
    if let Some(tokens) = view.tokens() {
        tokens.write(page);
    }
    let status = view.reloader().status();
    page.single(
        "ringpost_config_last_reload_successful",
        "gauge",
        "Whether the last reload of the configuration was taken by every part.",
        f64::from(status.is_success),
    );
    page.single(
        "ringpost_config_last_reload_success_timestamp_seconds",
        "gauge",
        "When the configuration was last taken by every part; the start counts.",
        status.success_at_s as f64,
    );
}
