//! One connection to a server, with TLS or without: opens it, reads it, writes it. Each has a number, so that what an old one
//! still says is not taken for the new one's.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{
    Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel,
};
use tokio::task::JoinHandle;

use crate::limits::{FLUSH_TIMEOUT, READ_BYTES};
use crate::tls::{Tls, TlsFailure};

/// What a connection says.
#[derive(Debug)]
pub(crate) enum Said {
    Opened,
    Received(Vec<u8>),
    Closed,
    /// The server could not be trusted or understood.
    Failed(TlsFailure),
}

/// The one connection that counts.
#[derive(Debug)]
pub(crate) struct Connection {
    number: u64,
    tls: Option<Tls>,
    open: Option<(JoinHandle<()>, UnboundedSender<Bytes>)>,
    sender: Sender<(u64, Said)>,
    receiver: Receiver<(u64, Said)>,
}

impl Connection {
    /// With `tls` every connection is made with it.
    pub(crate) fn new(tls: Option<Tls>) -> Self {
        let (sender, receiver) = channel(16);
        Self {
            number: 0,
            tls,
            open: None,
            sender,
            receiver,
        }
    }

    /// Opens a connection to `address` in place of the one before.
    pub(crate) fn dial(&mut self, address: String) {
        self.hang_up();
        let (frames, to_write) = unbounded_channel();
        let link = Link {
            number: self.number,
            tls: self.tls.clone(),
            sender: self.sender.clone(),
        };
        let task = tokio::spawn(async move {
            link.run(&address, to_write).await;
        });
        self.open = Some((task, frames));
    }

    /// Sends bytes; without a connection they are lost, as they would be in one that is just breaking.
    pub(crate) fn transmit(&self, bytes: Bytes) {
        if let Some((_, frames)) = &self.open {
            // Where the connection's task has ended, its last word is `Closed`.
            drop(frames.send(bytes));
        }
    }

    /// Waits until everything given to `transmit` is written, or the connection is over.
    pub(crate) async fn flush(&mut self) {
        self.number += 1;
        let Some((mut task, frames)) = self.open.take() else {
            return;
        };
        drop(frames);
        let written = async {
            loop {
                tokio::select! {
                    // An end by a panic is an end too.
                    _ = &mut task => return,
                    // What still comes in must not keep the connection's task from ending.
                    _ = self.receiver.recv() => {}
                }
            }
        };
        let in_time = tokio::time::timeout(FLUSH_TIMEOUT, written).await.is_ok();
        if !in_time {
            task.abort();
        }
    }

    pub(crate) fn hang_up(&mut self) {
        self.number += 1;
        if let Some((task, _)) = self.open.take() {
            task.abort();
        }
    }

    /// The next thing that the present connection says.
    pub(crate) async fn said(&mut self) -> Said {
        loop {
            match self.receiver.recv().await {
                Some((number, said)) if number == self.number => return said,
                Some(_) => {}
                // A sender is kept here, so the channel never ends.
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hang_up();
    }
}

struct Link {
    number: u64,
    tls: Option<Tls>,
    sender: Sender<(u64, Said)>,
}

/// Why a connection is over.
enum Over {
    Lost,
    Failed(TlsFailure),
}

impl Link {
    async fn run(self, address: &str, to_write: UnboundedReceiver<Bytes>) {
        let last = match self.open(address, to_write).await {
            Over::Lost => Said::Closed,
            Over::Failed(why) => Said::Failed(why),
        };
        self.say(last).await;
    }

    async fn open(&self, address: &str, to_write: UnboundedReceiver<Bytes>) -> Over {
        let Ok(stream) = TcpStream::connect(address).await else {
            return Over::Lost;
        };
        // Without it small frames wait for the acknowledgement of those before.
        if stream.set_nodelay(true).is_err() {
            return Over::Lost;
        }
        match &self.tls {
            None => {
                let (reader, writer) = stream.into_split();
                self.exchange(reader, writer, to_write).await;
            }
            Some(tls) => match tls.open(address, stream).await {
                Ok(stream) => {
                    let (reader, writer) = tokio::io::split(stream);
                    self.exchange(reader, writer, to_write).await;
                }
                Err(Some(why)) => return Over::Failed(why),
                Err(None) => {}
            },
        }
        Over::Lost
    }

    async fn exchange(
        &self,
        reader: impl AsyncRead + Unpin,
        writer: impl AsyncWrite + Unpin,
        to_write: UnboundedReceiver<Bytes>,
    ) {
        if self.say(Said::Opened).await {
            tokio::select! {
                () = self.read(reader) => {}
                () = write(writer, to_write) => {}
            }
        }
    }

    async fn say(&self, said: Said) -> bool {
        self.sender.send((self.number, said)).await.is_ok()
    }

    async fn read(&self, mut reader: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; READ_BYTES];
        while let Ok(bytes) = reader.read(&mut buffer).await {
            if bytes == 0 || !self.say(Said::Received(buffer[..bytes].to_vec())).await {
                return;
            }
        }
    }
}

/// Writes what comes, and ends the stream when no more can come.
async fn write(mut writer: impl AsyncWrite + Unpin, mut to_write: UnboundedReceiver<Bytes>) {
    let mut together = Vec::new();
    while let Some(frame) = to_write.recv().await {
        together.clear();
        together.extend_from_slice(&frame);
        while together.len() < READ_BYTES
            && let Ok(frame) = to_write.try_recv()
        {
            together.extend_from_slice(&frame);
        }
        // TLS keeps what the socket does not take at once, until it is flushed.
        let is_written = writer.write_all(&together).await.is_ok() && writer.flush().await.is_ok();
        if !is_written {
            return;
        }
    }
    // The connection may be over already.
    writer.shutdown().await.unwrap_or_default();
}
