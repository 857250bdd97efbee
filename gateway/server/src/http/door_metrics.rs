//! The doors' part of `/metrics`: handshakes, connections that TLS or its deadlines ended, and the certificate.

use ringpost_gateway_tls::proxy::ProxyError;

use super::page::Page;
use crate::door::Ended;
use crate::view::{NodeView, Published};

/// Adds the doors' families. Those of TLS are there also without a certificate, at zero.
pub(super) fn doors(page: &mut Page, view: &NodeView, cores: &[Published]) {
    handshakes(page, cores);
    let opening: u64 = cores.iter().map(|core| core.doors.opening).sum();
    page.single(
        "ringpost_tls_handshakes_in_progress",
        "gauge",
        "TLS handshakes under way.",
        opening as f64,
    );
    let held: u64 = cores.iter().map(|core| core.doors.held_bytes).sum();
    page.single(
        "ringpost_tls_held_bytes",
        "gauge",
        "Bytes of TLS records and handshakes that are not whole yet.",
        held as f64,
    );
    let (name, help) = (
        "ringpost_tls_failures_total",
        "Connections that TLS ended, by reason.",
    );
    page.family(name, "counter", help);
    for reason in Ended::all() {
        let of = |core: &Published| core.doors.ended(reason);
        ended(page, name, reason.name(), cores.iter().map(of).sum());
    }
    certificate(page, view);
    balancers(page, cores);
}

fn handshakes(page: &mut Page, cores: &[Published]) {
    let name = "ringpost_tls_handshakes_total";
    page.family(
        name,
        "counter",
        "TLS handshakes that came to their end, by version and kind.",
    );
    for (version, version_name) in ["1.2", "1.3"].into_iter().enumerate() {
        for (kind, kind_name) in ["full", "resumed"].into_iter().enumerate() {
            let of = |core: &Published| core.doors.handshakes[version][kind];
            let count: u64 = cores.iter().map(of).sum();
            let labels = format!("version=\"{version_name}\",kind=\"{kind_name}\"");
            page.sample(name, &labels, count as f64);
        }
    }
}

fn balancers(page: &mut Page, cores: &[Published]) {
    let introduced: u64 = cores.iter().map(|core| core.doors.introduced).sum();
    page.single(
        "ringpost_proxy_headers_total",
        "counter",
        "Connections that a balancer introduced.",
        introduced as f64,
    );
    let (name, help) = (
        "ringpost_proxy_failures_total",
        "Connections of balancers closed for their header, by reason.",
    );
    page.family(name, "counter", help);
    for reason in ProxyError::ALL {
        let of = |core: &Published| core.doors.not_introduced[reason as usize];
        ended(page, name, reason.name(), cores.iter().map(of).sum());
    }
    let overdue = cores.iter().map(|core| core.doors.header_overdue).sum();
    ended(page, name, "timeout", overdue);
}

/// A sample of a family of connections that ended.
fn ended(page: &mut Page, family: &str, reason: &str, count: u64) {
    page.sample(family, &format!("reason=\"{reason}\""), count as f64);
}

/// Without a certificate the families are there, and empty.
fn certificate(page: &mut Page, view: &NodeView) {
    let (expiry, help) = (
        "ringpost_tls_certificate_expiry_timestamp_seconds",
        "When the certificate that new sessions are shown is no longer valid.",
    );
    page.family(expiry, "gauge", help);
    if let Some(certificates) = view.certificates() {
        let not_after_s = certificates.tls().validity().not_after_s;
        page.sample(expiry, "", not_after_s as f64);
    }
    let (reloads, help) = (
        "ringpost_tls_certificate_reloads_total",
        "New certificates, taken or refused.",
    );
    page.family(reloads, "counter", help);
    if let Some(certificates) = view.certificates() {
        page.sample(reloads, "result=\"taken\"", certificates.reloads() as f64);
        page.sample(
            reloads,
            "result=\"refused\"",
            certificates.failures() as f64,
        );
    }
}
