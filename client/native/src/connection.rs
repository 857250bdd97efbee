//! One connection to a server: opens it, reads it, writes it. Each has a number, so that what an old one still says is
//! not taken for the new one's.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{
    Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel,
};
use tokio::task::JoinHandle;

use crate::limits::{FLUSH_TIMEOUT, READ_BYTES};

/// What a connection says.
#[derive(Debug)]
pub(crate) enum Said {
    Opened,
    Received(Vec<u8>),
    Closed,
}

/// The one connection that counts.
#[derive(Debug)]
pub(crate) struct Connection {
    number: u64,
    open: Option<(JoinHandle<()>, UnboundedSender<Bytes>)>,
    sender: Sender<(u64, Said)>,
    receiver: Receiver<(u64, Said)>,
}

impl Connection {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = channel(16);
        Self {
            number: 0,
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
    sender: Sender<(u64, Said)>,
}

impl Link {
    async fn run(self, address: &str, to_write: UnboundedReceiver<Bytes>) {
        if let Ok(stream) = TcpStream::connect(address).await {
            // Without it small frames wait for the acknowledgement of those before.
            let is_prompt = stream.set_nodelay(true).is_ok();
            if is_prompt && self.say(Said::Opened).await {
                let (reader, writer) = stream.into_split();
                tokio::select! {
                    () = self.read(reader) => {}
                    () = write(writer, to_write) => {}
                }
            }
        }
        self.say(Said::Closed).await;
    }

    async fn say(&self, said: Said) -> bool {
        self.sender.send((self.number, said)).await.is_ok()
    }

    async fn read(&self, mut reader: OwnedReadHalf) {
        let mut buffer = vec![0; READ_BYTES];
        while let Ok(bytes) = reader.read(&mut buffer).await {
            if bytes == 0 || !self.say(Said::Received(buffer[..bytes].to_vec())).await {
                return;
            }
        }
    }
}

async fn write(mut writer: OwnedWriteHalf, mut to_write: UnboundedReceiver<Bytes>) {
    let mut together = Vec::new();
    while let Some(frame) = to_write.recv().await {
        together.clear();
        together.extend_from_slice(&frame);
        while together.len() < READ_BYTES
            && let Ok(frame) = to_write.try_recv()
        {
            together.extend_from_slice(&frame);
        }
        if writer.write_all(&together).await.is_err() {
            return;
        }
    }
}
