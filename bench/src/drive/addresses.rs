//! Local addresses: a loopback node is reached from many loopback addresses, so that ports do not run out.

use std::net::{IpAddr, SocketAddr};

/// Connections from one address: well below the 28,000 ports that the kernel chooses from, where its search is fast.
const CONNECTIONS_PER_ADDRESS: u32 = 10_000;

/// Addresses are 127.1.x.y: apart from those that nodes listen on.
const ADDRESSES_MAX: u32 = 1 << 16;

/// The address that a device connects from; none leaves it to the kernel.
pub fn local_address(server: SocketAddr, device: u32) -> Option<SocketAddr> {
    let IpAddr::V4(ip) = server.ip() else {
        return None;
    };
    if !ip.is_loopback() {
        return None;
    }
    let [high, low] = ((device / CONNECTIONS_PER_ADDRESS + 1) % ADDRESSES_MAX).to_be_bytes()[2..]
        .try_into()
        .expect("four bytes less two");
    Some(SocketAddr::from(([127, 1, high, low], 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_devices_use_a_hundred_addresses() {
        let node = SocketAddr::from(([127, 0, 0, 1], 7400));
        let mut addresses: Vec<_> = (0..1_000_000)
            .filter_map(|device| local_address(node, device))
            .collect();
        addresses.dedup();
        assert_eq!(addresses.len(), 100);
        assert_eq!(
            local_address(SocketAddr::from(([10, 0, 0, 1], 7400)), 1),
            None
        );
    }
}
