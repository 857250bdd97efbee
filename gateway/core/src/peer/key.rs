//! `PeerKey`: the part of an address that counts as one peer: all of an IPv4 address, the first bits of an IPv6 one, of which every
//! host is given a network of its own.

use core::net::{IpAddr, Ipv6Addr};

/// Set in the keys of IPv4 addresses. As the first bits of an IPv6 address it is in no network that is given to anyone.
const IPV4: u64 = 1 << 32;
/// The key of the IPv6 addresses that begin with zeros: this host.
const ZEROS: u64 = 1 << 33;

/// Who is counted together. The default is nobody: what no limit holds for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey(u64);

impl PeerKey {
    /// The key of an address, of which, if it is an IPv6 one, the first `ipv6_prefix_bits` count, at most 64.
    pub fn of(address: IpAddr, ipv6_prefix_bits: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IPV4 | u64::from(address.to_bits())),
            IpAddr::V6(address) => Self(prefix(address, ipv6_prefix_bits).max(ZEROS)),
        }
    }

    /// Whether it is nobody's.
    pub fn is_nobody(self) -> bool {
        self.0 == 0
    }

    pub(super) fn to_u64(self) -> u64 {
        self.0
    }
}

fn prefix(address: Ipv6Addr, bits: u8) -> u64 {
    let first = (address.to_bits() >> 64) as u64;
    let behind = u64::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
    first & !behind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str, bits: u8) -> PeerKey {
        PeerKey::of(address.parse().expect("an address"), bits)
    }

    #[test]
    fn a_network_is_one_peer_and_an_ipv4_address_is() {
        let cases = [
            ("192.0.2.1", "192.0.2.1", 64, true),
            ("192.0.2.1", "192.0.2.2", 64, false),
            ("192.0.2.1", "::ffff:192.0.2.1", 64, true),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::", 64, true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", 64, false),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", 48, true),
            ("2001:db8:0:1::1", "2001:db8:1:1::1", 48, false),
            ("::1", "::2", 64, true),
            ("::1", "0.0.0.1", 64, false),
        ];
        for (one, other, bits, is_same) in cases {
            assert_eq!(key(one, bits) == key(other, bits), is_same, "{one} {other}");
        }
        for address in ["::", "0.0.0.0", "2001:db8::"] {
            assert!(!key(address, 64).is_nobody() && !key(address, 0).is_nobody());
        }
        assert!(PeerKey::default().is_nobody());
    }
}
