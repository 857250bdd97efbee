//! Socket addresses in the kernel's form, both ways. `RawAddress` is memory that the kernel reads or writes.

use std::mem::{self, offset_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// An address as the kernel has it.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RawAddress {
    storage: libc::sockaddr_storage,
    bytes: libc::socklen_t,
}

impl RawAddress {
    /// Room for an address of any family.
    pub(crate) fn empty() -> Self {
        // SAFETY: all-zero bytes are a valid sockaddr_storage of family AF_UNSPEC.
        let storage = unsafe { mem::zeroed() };
        Self {
            storage,
            bytes: size_of::<libc::sockaddr_storage>() as libc::socklen_t,
        }
    }

    /// Where the kernel finds the address and its length.
    pub(crate) fn pointer(this: *mut Self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        let bytes = this.wrapping_byte_add(offset_of!(Self, bytes)).cast();
        (
            this.wrapping_byte_add(offset_of!(Self, storage)).cast(),
            bytes,
        )
    }

    pub(crate) fn bytes(&self) -> libc::socklen_t {
        self.bytes
    }

    /// None for a family other than IPv4 and IPv6.
    pub(crate) fn decode(&self) -> Option<SocketAddr> {
        match i32::from(self.storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: sockaddr_storage is large enough and aligned for a sockaddr_in; any bits are valid in it.
                let v4 = unsafe { &*(&raw const self.storage).cast::<libc::sockaddr_in>() };
                let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
                Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
            }
            libc::AF_INET6 => {
                // SAFETY: sockaddr_storage is large enough and aligned for a sockaddr_in6; any bits are valid in it.
                let v6 = unsafe { &*(&raw const self.storage).cast::<libc::sockaddr_in6>() };
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                let port = u16::from_be(v6.sin6_port);
                Some(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id).into())
            }
            _ => None,
        }
    }
}

impl From<SocketAddr> for RawAddress {
    fn from(address: SocketAddr) -> Self {
        let mut raw = Self::empty();
        match address {
            SocketAddr::V4(v4) => {
                // SAFETY: sockaddr_storage is large enough and aligned for a sockaddr_in.
                let target = unsafe { &mut *(&raw mut raw.storage).cast::<libc::sockaddr_in>() };
                target.sin_family = libc::AF_INET as libc::sa_family_t;
                target.sin_port = v4.port().to_be();
                target.sin_addr.s_addr = u32::from(*v4.ip()).to_be();
                raw.bytes = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
            SocketAddr::V6(v6) => {
                // SAFETY: sockaddr_storage is large enough and aligned for a sockaddr_in6.
                let target = unsafe { &mut *(&raw mut raw.storage).cast::<libc::sockaddr_in6>() };
                target.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                target.sin6_port = v6.port().to_be();
                target.sin6_addr.s6_addr = v6.ip().octets();
                target.sin6_flowinfo = v6.flowinfo();
                target.sin6_scope_id = v6.scope_id();
                raw.bytes = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            }
        }
        raw
    }
}

/// The address family of a socket that can reach `address`.
pub(crate) fn family(address: SocketAddr) -> i32 {
    if address.is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_both_ways() {
        for text in [
            "127.0.0.1:7400",
            "0.0.0.0:0",
            "[::1]:65535",
            "[fe80::1%3]:80",
        ] {
            let address: SocketAddr = text.parse().expect("an address");
            assert_eq!(RawAddress::from(address).decode(), Some(address));
        }
        assert_eq!(RawAddress::empty().decode(), None);
    }
}
