//! `receive`: prints messages as JSON lines. A message is confirmed after its line was written and flushed.

use std::time::Duration;

use ringpost_client_native::{Client, Event, Incoming};

use crate::account;
use crate::arguments::ReceiveOptions;
use crate::error::ToolError;
use crate::lines;

/// Prints what arrives until the count is reached, or nothing more comes.
pub async fn run(options: ReceiveOptions) -> Result<(), ToolError> {
    let (client, mut events) = account::connect(&options.account).await?;
    let count = options.count.unwrap_or(u64::MAX);
    let mut received = 0;
    let mut is_caught_up = false;
    while received < count {
        let idle = async {
            match options.idle_exit.filter(|_| is_caught_up) {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        };
        let event = tokio::select! {
            event = events.next() => event,
            () = idle => break,
        };
        match event {
            Some(Event::Delivered(message)) => {
                print(&client, &message).await?;
                received += 1;
            }
            Some(Event::CaughtUp) => is_caught_up = true,
            Some(Event::Ended(why)) => return Err(ToolError::SessionEnded(why)),
            Some(Event::TlsFailed(why)) => return Err(ToolError::Tls(why)),
            Some(Event::HandshakeFailed(why)) if !is_caught_up => return Err(ToolError::Tls(why)),
            Some(Event::StorageFailed(why)) => return Err(ToolError::Stopped(why)),
            Some(Event::NeedToken(_)) => {
                return Err(ToolError::Stopped("the token is refused".to_owned()));
            }
            Some(_) => {}
            None => return Err(ToolError::Stopped("no more events".to_owned())),
        }
    }
    client.close().await;
    match options.count {
        Some(count) if received < count => Err(ToolError::Found(format!(
            "{received} of {count} messages came"
        ))),
        _ => Ok(()),
    }
}

async fn print(client: &Client, message: &Incoming) -> Result<(), ToolError> {
    lines::print(&lines::message(message).to_string())?;
    client.confirm(message.chat, message.seq).await;
    Ok(())
}
