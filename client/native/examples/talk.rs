//! A whole client: opens its encrypted database, shows the last messages, sends one, and prints what comes until Ctrl-C.
//!
//! Arguments: a session token, the other user, a text. The database and its key are `talk.db` and `talk.key` in this folder.

use std::error::Error;
use std::path::Path;

use bytes::Bytes;
use ringpost_client_native::{
    Client, Database, DatabaseKey, DatabaseOptions, Event, Options, TokenSource,
};
use ringpost_wire::UserId;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("arguments: TOKEN USER TEXT");
    let (token, other, text) = (next()?, next()?, next()?);

    let database = Database::open(Path::new("talk.db"), key()?, DatabaseOptions::default())?;
    let source: TokenSource = Box::new(move |refused| refused.is_none().then(|| token.clone()));
    let options = Options::new("127.0.0.1:7400", source, database.storage().await?);
    let (client, mut events) = Client::connect(options).await?;
    let chat = client.open_chat(UserId::from_subject(&other)).await?.chat;

    let page = database.page(chat, None, 10).await?;
    for message in page.messages.iter().rev() {
        let text = String::from_utf8_lossy(&message.payload);
        println!("{:?}: {text}", message.state);
    }
    client.send(chat, Bytes::from(text)).await?;
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Delivered(message)) => {
                    println!("{other}: {}", String::from_utf8_lossy(&message.payload));
                    client.confirm(message.chat, message.seq).await;
                }
                Some(Event::Sent { seq, .. }) => println!("sent: message {seq} of the chat"),
                Some(Event::StorageFailed(why)) => return Err(why.into()),
                Some(_) => {}
                None => return Ok(()),
            },
            end = tokio::signal::ctrl_c() => {
                end?;
                client.close().await;
                return Ok(());
            }
        }
    }
}

/// An application keeps its key where its platform keeps secrets; here it is a file beside the database.
fn key() -> Result<DatabaseKey, Box<dyn Error>> {
    let path = Path::new("talk.key");
    if !path.exists() {
        DatabaseKey::random().write_new(path)?;
    }
    Ok(DatabaseKey::read(path)?)
}
