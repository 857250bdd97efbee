//! What stands between a device's machine and its socket: nothing, or TLS. Bytes in, bytes out.

use std::io::{self, Read, Write};

use rustls::ClientConnection;

/// One connection's way of writing.
pub(super) enum Line {
    /// As it is.
    Plain,
    /// With TLS. What is said before the handshake is over waits for its end.
    Tls(Box<ClientConnection>),
}

impl Line {
    /// Takes all of `plaintext`, and appends what is due to `wire`.
    pub(super) fn encode(&mut self, plaintext: &mut Vec<u8>, wire: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Plain => wire.append(plaintext),
            Self::Tls(connection) => {
                connection.writer().write_all(plaintext)?;
                plaintext.clear();
                while connection.wants_write() {
                    connection.write_tls(wire)?;
                }
            }
        }
        Ok(())
    }

    /// Appends what `bytes` from the socket say to `plaintext`.
    pub(super) fn decode(&mut self, mut bytes: &[u8], plaintext: &mut Vec<u8>) -> io::Result<()> {
        let Self::Tls(connection) = self else {
            plaintext.extend_from_slice(bytes);
            return Ok(());
        };
        while !bytes.is_empty() {
            connection.read_tls(&mut bytes)?;
            let state = connection.process_new_packets().map_err(io::Error::other)?;
            let start = plaintext.len();
            plaintext.resize(start + state.plaintext_bytes_to_read(), 0);
            connection.reader().read_exact(&mut plaintext[start..])?;
        }
        Ok(())
    }
}
