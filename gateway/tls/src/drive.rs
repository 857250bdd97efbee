//! One pass through rustls's states: takes whole records, hands plaintext out, and collects what must be sent.
//!
//! Invariant: rustls is always shown the same bytes again from where it left off, also when nothing has come: it remembers
//! positions in them.

use rustls::client::ClientConnectionData;
use rustls::server::ServerConnectionData;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic,
};
use rustls::{Error, client, server};

use crate::limits::{RECORD_OVERHEAD_BYTES, RECORD_PLAINTEXT_BYTES};

/// rustls's two kinds of connection.
pub(crate) trait Connection {
    type Data;

    fn step<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

impl Connection for server::UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn step<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

impl Connection for client::UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn step<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

/// What is done once all that came is taken in.
pub(crate) enum Then<'a> {
    Nothing,
    Encrypt(&'a [u8]),
    EndStream,
}

/// What came of a pass.
pub(crate) struct Driven {
    /// Bytes of `incoming`, from its front, that are no longer needed.
    pub(crate) taken: usize,
    /// The peer has ended its stream.
    pub(crate) has_peer_ended: bool,
    pub(crate) result: Result<(), Error>,
}

/// Runs until rustls needs more bytes, then does what `then` says, as far as the handshake is over.
pub(crate) fn drive<C: Connection>(
    connection: &mut C,
    incoming: &mut [u8],
    outgoing: &mut Vec<u8>,
    then: &Then<'_>,
    on_plaintext: &mut dyn FnMut(&[u8]),
) -> Driven {
    let mut driven = Driven {
        taken: 0,
        has_peer_ended: false,
        result: Ok(()),
    };
    loop {
        let UnbufferedStatus { discard, state, .. } =
            connection.step(&mut incoming[driven.taken..]);
        let mut taken = discard;
        let mut goes_on = true;
        match state {
            Ok(ConnectionState::ReadTraffic(mut records)) => {
                while let Some(record) = records.next_record() {
                    match record {
                        Ok(record) => {
                            taken += record.discard;
                            on_plaintext(record.payload);
                        }
                        Err(error) => driven.result = Err(error),
                    }
                }
                goes_on = driven.result.is_ok();
            }
            Ok(ConnectionState::EncodeTlsData(encode)) => append(encode, outgoing),
            Ok(ConnectionState::TransmitTlsData(transmit)) => transmit.done(),
            Ok(ConnectionState::PeerClosed) => driven.has_peer_ended = true,
            Ok(ConnectionState::WriteTraffic(traffic)) => {
                driven.result = finish(traffic, then, outgoing);
                goes_on = false;
            }
            Ok(ConnectionState::BlockedHandshake | ConnectionState::Closed) => goes_on = false,
            // Early data is never offered.
            Ok(_) => {
                driven.result = Err(Error::HandshakeNotComplete);
                goes_on = false;
            }
            Err(error) => {
                driven.taken += taken;
                if !matches!(error, Error::AlertReceived(_)) {
                    take_alert(connection, &mut incoming[driven.taken..], outgoing);
                }
                driven.result = Err(error);
                return driven;
            }
        }
        driven.taken += taken;
        if !goes_on {
            return driven;
        }
    }
}

/// Collects the alert that rustls has queued for the peer. One step only: rustls must not be shown more after it has sent one.
fn take_alert<C: Connection>(connection: &mut C, incoming: &mut [u8], outgoing: &mut Vec<u8>) {
    if let Ok(ConnectionState::EncodeTlsData(encode)) = connection.step(incoming).state {
        append(encode, outgoing);
    }
}

fn append<Data>(mut encode: EncodeTlsData<'_, Data>, outgoing: &mut Vec<u8>) {
    let Err(EncodeError::InsufficientSize(needed)) = encode.encode(&mut []) else {
        return;
    };
    let start = outgoing.len();
    outgoing.resize(start + needed.required_size, 0);
    let written = encode.encode(&mut outgoing[start..]).unwrap_or(0);
    outgoing.truncate(start + written);
}

fn finish<Data>(
    mut traffic: WriteTraffic<'_, Data>,
    then: &Then<'_>,
    outgoing: &mut Vec<u8>,
) -> Result<(), Error> {
    let start = outgoing.len();
    let written = match then {
        Then::Nothing => return Ok(()),
        Then::Encrypt(plaintext) => {
            outgoing.resize(start + ciphertext_bytes_max(plaintext.len()), 0);
            traffic.encrypt(plaintext, &mut outgoing[start..])
        }
        Then::EndStream => {
            outgoing.resize(start + ciphertext_bytes_max(2), 0);
            traffic.queue_close_notify(&mut outgoing[start..])
        }
    };
    outgoing.truncate(start + written.as_ref().copied().unwrap_or(0));
    written.map(drop).map_err(|error| match error {
        EncryptError::EncryptExhausted => Error::EncryptError,
        EncryptError::InsufficientSize(_) => Error::General("a record is larger than known".into()),
    })
}

/// Bytes of the records of so much plaintext, and of one message that changes keys.
fn ciphertext_bytes_max(plaintext: usize) -> usize {
    let records = plaintext.div_ceil(RECORD_PLAINTEXT_BYTES) + 1;
    plaintext + records * RECORD_OVERHEAD_BYTES + 64
}
