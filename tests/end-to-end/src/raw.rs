//! A bare connection to the native door: frames and bytes as a test writes them, without the SDK.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::tls::{Stream, Trust};
use ringpost_wire::{
    ErrorCode, FrameKind, Hello, PROTOCOL_VERSION, Ping, Seq, ServerFrame, Split, split,
};
use tokio::net::TcpSocket;

/// A node that says nothing for so long will not say anything.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// What a node said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The session is open.
    Welcome,
    /// A heartbeat was answered.
    Pong(u64),
    /// Something failed.
    Failure {
        /// Its code.
        code: ErrorCode,
        /// Whether the connection ends with it.
        fatal: bool,
    },
    /// A message was refused.
    Refused(ErrorCode),
    /// A message of a chat.
    Delivered(Seq),
    /// Any other frame.
    Other(FrameKind),
    /// The connection is over.
    Closed,
}

/// A bare connection.
pub struct RawConnection {
    stream: Stream,
    received: Vec<u8>,
}

impl RawConnection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn open(server: SocketAddr) -> io::Result<Self> {
        Self::over(server, Stream::Plain)
    }

    /// Connects from an address of this machine.
    ///
    /// # Errors
    /// Nobody listens, or the address is not this machine's.
    pub fn open_from(server: SocketAddr, source: Ipv4Addr) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let socket = runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from((source, 0)))?;
            socket.connect(server).await?.into_std()
        })?;
        socket.set_nonblocking(false)?;
        Self::on(socket, Stream::Plain)
    }

    /// Connects with TLS, and makes the handshake.
    ///
    /// # Errors
    /// Nobody listens, or the handshake fails.
    pub fn open_tls(server: SocketAddr, trust: &Trust) -> io::Result<Self> {
        Self::open(server)?.begin_tls(trust)
    }

    /// Goes on with TLS, and makes the handshake. Nothing was read so far.
    ///
    /// # Errors
    /// The handshake fails.
    pub fn begin_tls(mut self, trust: &Trust) -> io::Result<Self> {
        self.stream = trust.open(self.stream)?;
        Ok(self)
    }

    fn over(server: SocketAddr, stream: impl Fn(TcpStream) -> Stream) -> io::Result<Self> {
        Self::on(TcpStream::connect(server)?, stream)
    }

    fn on(socket: TcpStream, stream: impl Fn(TcpStream) -> Stream) -> io::Result<Self> {
        socket.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(Self {
            stream: stream(socket),
            received: Vec::new(),
        })
    }

    /// The stream below.
    pub fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// The connection is over.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// A second hold on the same connection, to read with while the first writes. What the first has read too far, it reads on.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn reader(&self) -> io::Result<Self> {
        Ok(Self {
            stream: self.stream.second()?,
            received: self.received.clone(),
        })
    }

    /// A read that takes longer fails from now on.
    ///
    /// # Errors
    /// The connection is over.
    pub fn set_read_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.stream.socket().set_read_timeout(Some(timeout))
    }

    /// A write that takes longer fails from now on.
    ///
    /// # Errors
    /// The connection is over.
    pub fn set_write_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.stream.socket().set_write_timeout(Some(timeout))
    }

    /// Tells the node that no more is written; reading goes on. Harmless once the connection is over.
    pub fn end_writing(&self) {
        // The node may have closed first.
        let _ = self.stream.socket().shutdown(Shutdown::Write);
    }

    /// Says hello with `token`.
    ///
    /// # Errors
    /// The connection is over.
    pub fn hello(&mut self, token: &str) -> io::Result<()> {
        self.write(&hello_frame(token, 0))
    }

    /// Says hello with `token` and waits for the welcome.
    ///
    /// # Errors
    /// The connection is over, or something else is said.
    pub fn sign_in(&mut self, token: &str) -> io::Result<()> {
        self.hello(token)?;
        match self.next_said()? {
            Said::Welcome => Ok(()),
            other => Err(io::Error::other(format!("no welcome but {other:?}"))),
        }
    }

    /// Sends a heartbeat.
    ///
    /// # Errors
    /// The connection is over.
    pub fn ping(&mut self, nonce: u64) -> io::Result<()> {
        let mut frame = Vec::new();
        Ping { nonce }.encode(&mut frame);
        self.write(&frame)
    }

    /// The next thing that the node says.
    ///
    /// # Errors
    /// It says nothing in time, or what is no frame.
    pub fn next_said(&mut self) -> io::Result<Said> {
        loop {
            if let Some(said) = self.take()? {
                return Ok(said);
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(Said::Closed),
                Ok(bytes) => self.received.extend_from_slice(&buffer[..bytes]),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Ok(Said::Closed);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Everything up to one of `until` or the end, that one included.
    ///
    /// # Errors
    /// As [`RawConnection::next_said`].
    pub fn next_said_of(&mut self, until: impl Fn(&Said) -> bool) -> io::Result<Said> {
        loop {
            let said = self.next_said()?;
            if said == Said::Closed || until(&said) {
                return Ok(said);
            }
        }
    }

    fn take(&mut self) -> io::Result<Option<Said>> {
        let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
        let (said, rest_bytes) = match split(&self.received).map_err(invalid)? {
            Split::Frame { kind, frame, rest } => {
                let frame = ServerFrame::decode(kind, frame).map_err(invalid)?;
                (said(kind, &frame), rest.len())
            }
            Split::More { .. } => return Ok(None),
        };
        self.received.drain(..self.received.len() - rest_bytes);
        Ok(Some(said))
    }
}

/// A `Hello` that wishes for a heartbeat; 0 leaves it to the node.
pub fn hello_frame(token: &str, heartbeat_ms: u32) -> Vec<u8> {
    let mut frame = Vec::new();
    Hello {
        version_min: PROTOCOL_VERSION,
        version_max: PROTOCOL_VERSION,
        token,
        client: "raw",
        heartbeat_ms,
    }
    .encode(&mut frame);
    frame
}

fn said(kind: FrameKind, frame: &ServerFrame<'_>) -> Said {
    match frame {
        ServerFrame::Welcome(_) => Said::Welcome,
        ServerFrame::Pong(pong) => Said::Pong(pong.nonce),
        ServerFrame::Failure(failure) => Said::Failure {
            code: failure.code,
            fatal: failure.fatal,
        },
        ServerFrame::Refused(refused) => Said::Refused(refused.code),
        ServerFrame::Deliver(message) => Said::Delivered(message.seq()),
        _ => Said::Other(kind),
    }
}
