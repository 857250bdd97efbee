//! Connections from balancers that have not yet said for whom they are: the beginnings of their streams.
//!
//! Invariant: none is known to a worker, and none holds more than one header.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ringpost_gateway_ring::Connection;
use ringpost_gateway_tls::proxy::{HEADER_BYTES_MAX, ProxyError, parse};

/// One such connection.
struct Preamble {
    bytes: Vec<u8>,
    balancer: IpAddr,
    is_tls: bool,
}

/// A connection whose header is whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Introduced {
    /// For whom it is; the balancer, if that is not said.
    pub peer: IpAddr,
    /// It came through the door with TLS.
    pub is_tls: bool,
    /// The beginning of its stream.
    pub rest: Vec<u8>,
}

/// All of one core.
#[derive(Default)]
pub struct Preambles(BTreeMap<Connection, Preamble>);

impl Preambles {
    /// A balancer has connected.
    pub fn begin(&mut self, connection: Connection, balancer: IpAddr, is_tls: bool) {
        let preamble = Preamble {
            bytes: Vec::new(),
            balancer,
            is_tls,
        };
        self.0.insert(connection, preamble);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether a connection is one.
    pub fn contains(&self, connection: Connection) -> bool {
        !self.0.is_empty() && self.0.contains_key(&connection)
    }

    /// Forgets a connection. Answers whether it was one.
    pub fn remove(&mut self, connection: Connection) -> bool {
        !self.0.is_empty() && self.0.remove(&connection).is_some()
    }

    /// Takes them all out.
    pub fn take_all(&mut self) -> impl Iterator<Item = Connection> + use<> {
        std::mem::take(&mut self.0).into_keys()
    }

    /// Bytes have come. A connection that is answered, well or not, is forgotten.
    ///
    /// # Errors
    /// The stream does not begin as it must.
    pub fn receive(
        &mut self,
        connection: Connection,
        bytes: &[u8],
    ) -> Result<Option<Introduced>, ProxyError> {
        let Some(preamble) = self.0.get_mut(&connection) else {
            return Ok(None);
        };
        // No header is longer: what is behind it is given on.
        let room = HEADER_BYTES_MAX - preamble.bytes.len();
        let (taken, behind) = bytes.split_at(bytes.len().min(room));
        preamble.bytes.extend_from_slice(taken);
        let parsed = parse(&preamble.bytes);
        if parsed == Ok(None) {
            return Ok(None);
        }
        let Some(preamble) = self.0.remove(&connection) else {
            return Ok(None);
        };
        Ok(parsed?.map(|header| Introduced {
            peer: header
                .source
                .map_or(preamble.balancer, |source| source.ip()),
            is_tls: preamble.is_tls,
            rest: [&preamble.bytes[header.bytes..], behind].concat(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header for 192.0.2.1, and the first bytes of a stream.
    const STREAM: &[u8] =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\0\0\0\0\0\x01\0\x02stream";

    #[test]
    fn a_stream_cut_at_any_byte_is_introduced_once_and_whole() {
        let connection = Connection::from_u64(7);
        let balancer = IpAddr::from([127, 0, 0, 1]);
        for cut in 0..STREAM.len() {
            let mut preambles = Preambles::default();
            preambles.begin(connection, balancer, true);
            let (first, second) = STREAM.split_at(cut);
            let mut got = preambles.receive(connection, first).expect("is right");
            let mut rest = got.as_ref().map_or(Vec::new(), |got| got.rest.clone());
            match got {
                Some(_) => rest.extend_from_slice(second),
                None => {
                    got = preambles.receive(connection, second).expect("is right");
                    rest.clone_from(&got.as_ref().expect("is whole").rest);
                }
            }
            let got = got.expect("is whole");
            assert_eq!(got.peer, IpAddr::from([192, 0, 2, 1]));
            assert!(got.is_tls && rest == b"stream");
            assert!(!preambles.contains(connection));
        }
    }

    #[test]
    fn what_is_no_header_is_forgotten() {
        let connection = Connection::from_u64(7);
        let mut preambles = Preambles::default();
        preambles.begin(connection, IpAddr::from([127, 0, 0, 1]), false);
        let refused = preambles.receive(connection, b"GET / HTTP/1.1");
        assert_eq!(refused, Err(ProxyError::NotProxy));
        assert_eq!(preambles.count(), 0);
    }
}
