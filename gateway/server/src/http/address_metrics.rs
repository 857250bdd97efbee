//! The addresses' part of `/metrics`: what was refused to them, and how many are remembered. None is named.

use ringpost_gateway_core::PeerLimit;

use super::page::Page;
use crate::view::{NodeView, Published};

/// Adds the families of addresses.
pub(super) fn addresses(page: &mut Page, view: &NodeView, cores: &[Published]) {
    let (name, help) = (
        "ringpost_address_refusals_total",
        "Connections, sign-ins and administrative calls refused for their address, by limit.",
    );
    page.family(name, "counter", help);
    for limit in PeerLimit::ALL {
        let of = |core: &Published| core.counters.peers_refused.of(limit);
        let count: u64 = cores.iter().map(of).sum();
        page.sample(name, &format!("limit=\"{}\"", limit.name()), count as f64);
    }
    let refused = view.admin_guard().refused();
    page.sample(name, "limit=\"admin\"", refused as f64);
    let known: usize = cores.iter().map(|core| core.summary.peers).sum();
    page.single(
        "ringpost_addresses",
        "gauge",
        "Addresses of clients that the cores remember.",
        known as f64,
    );
    let forgotten: u64 = cores.iter().map(|core| core.summary.peers_forgotten).sum();
    page.single(
        "ringpost_addresses_forgotten_total",
        "counter",
        "Addresses that were forgotten for want of room while something was counted for them.",
        forgotten as f64,
    );
}
