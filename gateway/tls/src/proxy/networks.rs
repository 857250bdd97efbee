//! Networks of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
//!
//! An IPv4 address in its IPv6 form is the IPv4 address.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix_bits: u8,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No address, or no number of bits.
    #[error("not an address with a number of bits, like 10.0.0.0/8")]
    Malformed,
    /// More bits than an address has.
    #[error("more bits than the address has")]
    TooManyBits,
    /// The address does not begin the network.
    #[error("the address has bits set behind the first {0}")]
    NotFirst(u8),
}

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        first_of(address.to_canonical(), self.prefix_bits) == Some(self.first)
    }
}

/// The address with zeros behind the first bits; `None` if it has not so many.
fn first_of(address: IpAddr, prefix_bits: u8) -> Option<IpAddr> {
    let bits = u32::from(prefix_bits);
    match address {
        IpAddr::V4(address) => {
            let behind = u32::MAX.checked_shr(bits).unwrap_or(0);
            (bits <= u32::BITS).then(|| IpAddr::V4((address.to_bits() & !behind).into()))
        }
        IpAddr::V6(address) => {
            let behind = u128::MAX.checked_shr(bits).unwrap_or(0);
            (bits <= u128::BITS).then(|| IpAddr::V6((address.to_bits() & !behind).into()))
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Malformed)?;
        let all_bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = bits.map_or(Ok(all_bits), |bits| {
            bits.parse::<u8>().map_err(|_| NetworkError::Malformed)
        })?;
        let first = first_of(address, prefix_bits).ok_or(NetworkError::TooManyBits)?;
        if first != address {
            return Err(NetworkError::NotFirst(prefix_bits));
        }
        Ok(Self { first, prefix_bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.first, self.prefix_bits)
    }
}

/// Several networks, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Whether an address is in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn networks_hold_what_begins_with_their_bits() {
        let cases = [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::10.1.2.3"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"),
            ("::1", "::1", "::2"),
        ];
        for (network, inside, outside) in cases {
            let parsed: Network = network.parse().expect("a network");
            assert!(parsed.contains(address(inside)), "{network} {inside}");
            assert!(!parsed.contains(address(outside)), "{network} {outside}");
            let again: Network = parsed.to_string().parse().expect("a network");
            assert_eq!(again, parsed);
        }
        let networks: Networks = ["::1", "10.0.0.0/8"]
            .iter()
            .map(|text| text.parse::<Network>().expect("a network"))
            .collect();
        assert!(networks.contains(address("10.0.0.1")) && networks.contains(address("::1")));
        assert!(!Networks::default().contains(address("10.0.0.1")));
    }

    #[test]
    fn texts_that_are_none_are_refused() {
        for (text, error) in [
            ("", NetworkError::Malformed),
            ("10.0.0.0/", NetworkError::Malformed),
            ("10.0.0/8", NetworkError::Malformed),
            ("10.0.0.0/33", NetworkError::TooManyBits),
            ("::/129", NetworkError::TooManyBits),
            ("10.0.0.1/8", NetworkError::NotFirst(8)),
        ] {
            assert_eq!(text.parse::<Network>(), Err(error), "{text}");
        }
    }
}
