//! Connecting as a user: token, state folder, and the chat with another user.

use std::path::Path;
use std::time::Duration;

use ringpost_client_native::{
    Client, Events, Journal, Memory, OpenError, OpenedChat, Options, Storage, TokenSource,
};
use ringpost_wire::{ChatId, ErrorCode, Seq, UserId};
use tokio::time::{Instant, sleep};

use crate::arguments::AccountOptions;
use crate::error::ToolError;
use crate::server::Server;
use crate::token::TokenKey;

/// Validity of the tokens that tools make for themselves, in seconds.
const TOKEN_SECONDS: i64 = 3_600;
/// Pause before asking again for a user who is not known yet.
const UNKNOWN_USER_PAUSE: Duration = Duration::from_millis(250);

/// Makes tokens for a device whenever one is needed.
pub fn token_source(key: TokenKey, user: &str, device: u32) -> TokenSource {
    let user = user.to_owned();
    Box::new(move |_| key.token(&user, device, TOKEN_SECONDS).ok())
}

/// Keeps state in a folder, or in memory.
pub fn storage(folder: Option<&Path>) -> Result<Box<dyn Storage>, ToolError> {
    Ok(match folder {
        Some(folder) => Box::new(Journal::open(folder)?),
        None => Box::new(Memory::default()),
    })
}

/// Connects as the options say.
pub async fn connect(options: &AccountOptions) -> Result<(Client, Events), ToolError> {
    connect_on(options, storage(options.state.as_deref())?).await
}

/// Connects as the options say, with the state in `storage`.
pub async fn connect_on(
    options: &AccountOptions,
    storage: Box<dyn Storage>,
) -> Result<(Client, Events), ToolError> {
    let token: TokenSource = match options.token.clone() {
        // A token that was refused once is not tried again.
        Some(token) => Box::new(move |refused| refused.is_none().then(|| token.clone())),
        None => token_source(TokenKey::load(&options.key)?, &options.user, options.device),
    };
    let server = Server::new(&options.server)?;
    connect_with(&server, token, storage, Vec::new()).await
}

/// Connects with everything given.
pub async fn connect_with(
    server: &Server,
    token: TokenSource,
    storage: Box<dyn Storage>,
    kept: Vec<(ChatId, Seq)>,
) -> Result<(Client, Events), ToolError> {
    let mut options = Options::new(&server.address, token, storage);
    options.tls.clone_from(&server.tls);
    options.software = concat!("ringpost-tools ", env!("CARGO_PKG_VERSION")).to_owned();
    options.kept = kept;
    Ok(Client::connect(options).await?)
}

/// Opens the chat with a user, and waits up to `patience` for one who has never connected.
pub async fn open_chat(
    client: &Client,
    other: &str,
    patience: Duration,
) -> Result<OpenedChat, ToolError> {
    let deadline = Instant::now() + patience;
    loop {
        match client.open_chat(UserId::from_subject(other)).await {
            Err(OpenError::Refused(ErrorCode::UnknownUser)) if Instant::now() < deadline => {
                sleep(UNKNOWN_USER_PAUSE).await;
            }
            answer => return Ok(answer?),
        }
    }
}
