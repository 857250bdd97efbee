//! A receiver that stops reading while its chat fills: what it costs the node in memory, and whether it gets all later.
//!
//! Before, messages to people who are away fill the overlay to its limit and the tables' caches and buffers too, so that
//! the growth measured is that of the waiting messages alone.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::check::{Findings, check};
use crate::load::{Fleet, LoadPlan, Totals};
use crate::{NodeProcess, Place, PlaceError, Tokens};

/// Without a message for so long, the run has failed.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// People who fill the overlay.
const FILLERS: u32 = 16;

/// A run to make.
#[derive(Clone, Debug)]
pub struct SlowReaderPlan {
    /// Messages that arrive while the receiver does not read.
    pub messages: u64,
    /// Memory is measured from this message on.
    pub measured_from: u64,
    /// Bytes of a message.
    pub payload_bytes: usize,
    /// Messages of 1 KiB that fill the overlay before.
    pub fill_messages: u64,
    /// The overlay's limit, in MiB.
    pub overlay_mib: u32,
    /// Core threads of the node.
    pub cores: usize,
    /// Seed.
    pub seed: u64,
}

impl SlowReaderPlan {
    /// A run of `messages` messages, measured over the last four fifths.
    pub fn new(messages: u64, seed: u64) -> Self {
        Self {
            messages,
            measured_from: messages / 5,
            payload_bytes: 100,
            fill_messages: 200_000,
            overlay_mib: 8,
            cores: 2,
            seed,
        }
    }
}

/// What the run brought.
#[derive(Clone, Debug)]
pub struct SlowReaderReport {
    /// Messages sent and the node's resident bytes then, ten points from `measured_from` on.
    pub resident_bytes: Vec<(u64, u64)>,
    /// Messages that reached the receiver before it read again.
    pub kept_before: u64,
    /// Whether it got all.
    pub is_complete: bool,
    /// ERROR lines of the node.
    pub error_lines: Vec<String>,
    /// What is wrong with the chat.
    pub findings: Findings,
}

impl SlowReaderReport {
    /// Growth of resident memory from the first to the last point, in bytes a message.
    pub fn bytes_a_message(&self) -> f64 {
        match (self.resident_bytes.first(), self.resident_bytes.last()) {
            (Some(first), Some(last)) if last.0 > first.0 => {
                (last.1 as f64 - first.1 as f64) / (last.0 - first.0) as f64
            }
            _ => f64::NAN,
        }
    }

    /// Whether the receiver got all, in order, and the node logged no error.
    pub fn is_clean(&self) -> bool {
        self.is_complete && self.error_lines.is_empty() && self.findings.is_clean()
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "clean": self.is_clean(),
            "bytes_a_message": self.bytes_a_message(),
            "resident_bytes": self.resident_bytes,
            "kept_before_reading_again": self.kept_before,
            "complete": self.is_complete,
            "error_lines": self.error_lines,
            "findings": self.findings.to_json(),
        })
    }
}

/// Makes the run.
///
/// # Errors
/// The node cannot be worked with, or takes no messages.
pub fn run_slow_reader(plan: &SlowReaderPlan) -> Result<SlowReaderReport, PlaceError> {
    let place = Place::new()?;
    let mut options = place.options(plan.cores);
    let variable = |name: &str, value: String| (name.to_owned(), value);
    options.variables = vec![
        variable("RINGPOST_STORE__OVERLAY_MIB", plan.overlay_mib.to_string()),
        variable("RINGPOST_LIMITS__SENDS_PER_SECOND", "1000000".to_owned()),
        variable("RINGPOST_LIMITS__SENDS_BURST", "1000000".to_owned()),
    ];
    let mut node = NodeProcess::start(&options)?;
    let tokens = Tokens::of(&place.data())?;
    fill(plan, &place, &tokens)?;
    let fleet = Fleet::start(&chat_plan(plan), place.native(), &tokens);
    let resident_bytes = send_unread(plan, &fleet, &node)?;
    let kept_before = fleet.totals().kept;
    fleet.order(|orders| orders.is_reading = true);
    let is_complete = advance(&fleet, |totals| totals.kept, plan.messages).is_ok()
        && fleet.settle(STALL_TIMEOUT, STALL_TIMEOUT);
    let logs = fleet.finish();
    let mut heads = BTreeMap::new();
    for log in &logs {
        heads.insert(log.chat, place.head(&node, log.chat)?);
    }
    node.stop()?;
    Ok(SlowReaderReport {
        resident_bytes,
        kept_before,
        is_complete,
        error_lines: node.error_lines(),
        findings: check(&logs, &heads),
    })
}

fn chat_plan(plan: &SlowReaderPlan) -> LoadPlan {
    LoadPlan {
        name: "slow".to_owned(),
        in_flight: 16,
        pause_ms: 0,
        payload_bytes: plan.payload_bytes,
        answer_every: 0,
        ..LoadPlan::new(1, plan.seed)
    }
}

/// Sends to people who are away until the overlay has been full.
fn fill(plan: &SlowReaderPlan, place: &Place, tokens: &Tokens) -> Result<(), PlaceError> {
    let load = LoadPlan {
        name: "fill".to_owned(),
        pairs: FILLERS,
        payload_bytes: 1_024,
        ..chat_plan(plan)
    };
    let fleet = Fleet::start(&load, place.native(), tokens);
    open(&fleet)?;
    fleet.order_some(|part| !part.is_sender, |orders| orders.is_connected = false);
    let each = plan.fill_messages.div_ceil(u64::from(FILLERS));
    fleet.order(|orders| orders.messages_max = each);
    advance(&fleet, |totals| totals.sent, each * u64::from(FILLERS))?;
    fleet.finish();
    Ok(())
}

/// Sends all messages while the receiver does not read; measures the node on the way.
fn send_unread(
    plan: &SlowReaderPlan,
    fleet: &Fleet,
    node: &NodeProcess,
) -> Result<Vec<(u64, u64)>, PlaceError> {
    open(fleet)?;
    fleet.order_some(|part| !part.is_sender, |orders| orders.is_reading = false);
    let mut measured = Vec::new();
    let step = (plan.messages - plan.measured_from) / 10;
    for point in 0..=10 {
        let messages = match point {
            10 => plan.messages,
            point => plan.measured_from + point * step,
        };
        fleet.order(|orders| orders.messages_max = messages);
        advance(fleet, |totals| totals.sent, messages)?;
        let resident = node.resident_bytes();
        measured.push((messages, resident.unwrap_or_default()));
    }
    Ok(measured)
}

/// Opens all chats; the first message of each has been delivered then.
fn open(fleet: &Fleet) -> Result<(), PlaceError> {
    fleet.order(|orders| orders.messages_max = 1);
    fleet.begin(STALL_TIMEOUT);
    let chats = fleet.totals().devices as u64 / 2;
    advance(fleet, |totals| totals.kept, chats)
}

/// Waits until `count` has come to `target`, as long as it moves.
fn advance(fleet: &Fleet, count: impl Fn(&Totals) -> u64, target: u64) -> Result<(), PlaceError> {
    loop {
        let seen = count(&fleet.totals());
        if seen >= target {
            return Ok(());
        }
        if !fleet.wait_until(STALL_TIMEOUT, |totals| count(totals) > seen) {
            return Err(PlaceError::Stalled {
                reached: seen,
                target,
            });
        }
    }
}
