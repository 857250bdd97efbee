//! The end of a client: whoever is told of it finds the storage free.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ringpost_client_core::{Effect, Ended, State};
use ringpost_wire::{ChatId, ErrorCode, Failure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{Client, DatabaseError, Event, Events, Options, SendError, Storage, StorageError};

/// A storage that takes its time to be given up.
#[derive(Default)]
struct Slow {
    is_free: Arc<AtomicBool>,
    fails: bool,
}

impl Storage for Slow {
    fn state(&self) -> State {
        State::default()
    }

    fn append(&mut self, effects: &[Effect], durable: bool) -> Result<(), StorageError> {
        match self.fails && durable && !effects.is_empty() {
            true => Err(DatabaseError::Full("slow".into()).into()),
            false => Ok(()),
        }
    }

    fn blocks(&self) -> bool {
        true
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        // Long enough that whoever is told before comes first.
        std::thread::sleep(Duration::from_millis(50));
        self.is_free.store(true, Ordering::Release);
    }
}

/// A server that answers the first bytes of each connection with `answer` and closes it.
async fn server(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 4_096];
            let read = stream.read(&mut hello).await.unwrap();
            assert!(read > 0);
            stream.write_all(&answer).await.unwrap();
            // What is not read of the hello would break the connection before the answer is.
            while stream.read(&mut hello).await.is_ok_and(|read| read > 0) {}
        }
    });
    address
}

async fn client(address: &str, fails: bool) -> (Client, Events, Arc<AtomicBool>) {
    let is_free = Arc::new(AtomicBool::new(false));
    let storage = Slow {
        is_free: Arc::clone(&is_free),
        fails,
    };
    let token = Box::new(|_| Some("token".to_owned()));
    let options = Options::new(address, token, Box::new(storage));
    let (client, events) = Client::connect(options).await.unwrap();
    (client, events, is_free)
}

/// Takes events up to a final one, at which the storage must be free, and checks that no other follows.
async fn last_event(events: &mut Events, is_free: &AtomicBool) -> Event {
    loop {
        let event = events.next().await.unwrap();
        if matches!(event, Event::Ended(_) | Event::StorageFailed(_)) {
            assert!(is_free.load(Ordering::Acquire), "the storage is in use");
            assert_eq!(events.next().await, None);
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_storage_is_free_when_the_session_is_over() {
    let code = ErrorCode::DeviceUnlinked;
    let failure = Failure {
        code,
        request: 0,
        fatal: true,
        retry_after_ms: 0,
        detail: "",
    };
    let mut frame = Vec::new();
    failure.encode(&mut frame);
    let address = server(frame).await;
    let (_client, mut events, is_free) = client(&address, false).await;
    let last = last_event(&mut events, &is_free).await;
    assert_eq!(last, Event::Ended(Ended::ByServer(code)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_storage_is_free_when_it_failed() {
    // Nobody listens there.
    let (client, mut events, is_free) = client("127.0.0.1:9", true).await;
    let sent = client.send(ChatId([1; 16]), Bytes::from_static(b"x")).await;
    assert!(matches!(sent, Err(SendError::StorageFailed(_))), "{sent:?}");
    assert!(is_free.load(Ordering::Acquire), "the storage is in use");
    let last = last_event(&mut events, &is_free).await;
    assert!(matches!(last, Event::StorageFailed(_)), "{last:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_storage_is_free_when_the_client_is_closed() {
    let (client, mut events, is_free) = client("127.0.0.1:9", false).await;
    client.close().await;
    assert!(is_free.load(Ordering::Acquire), "the storage is in use");
    while events.next().await.is_some() {}
    let sent = client.send(ChatId([1; 16]), Bytes::new()).await;
    assert_eq!(sent, Err(SendError::Ended));
}
