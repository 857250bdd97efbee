//! A client's encrypted database for `chat`: its key file, and what was said last.

use std::path::Path;

use ringpost_client_native::{
    Database, DatabaseKey, DatabaseOptions, HistoryMessage, MessageState,
};
use ringpost_wire::{ChatId, UserId};

use crate::error::ToolError;
use crate::lines;

/// Messages shown when a conversation goes on.
const SHOWN: usize = 20;

/// Opens the database, or makes it. The key file is made only for a database that is not there either.
pub fn open(database: &Path, key_file: &Path) -> Result<Database, ToolError> {
    if !key_file.exists() && !database.exists() {
        DatabaseKey::random().write_new(key_file)?;
    }
    let key = DatabaseKey::read(key_file)?;
    Ok(Database::open(database, key, DatabaseOptions::default())?)
}

/// Prints the last messages of a chat. Those of `own` are called `you`.
pub async fn print_last(
    database: &Database,
    chat: ChatId,
    own: UserId,
    other: &str,
) -> Result<(), ToolError> {
    let page = database.page(chat, None, SHOWN).await?;
    for message in page.messages.iter().rev() {
        let is_own = message.sender.is_none_or(|sender| sender.user == own);
        let name = if is_own { "you" } else { other };
        let text = String::from_utf8_lossy(&message.payload);
        lines::print(&format!("{name}: {text}{}", mark(message)))?;
    }
    Ok(())
}

fn mark(message: &HistoryMessage) -> &'static str {
    match message.state {
        MessageState::Received | MessageState::Sent => "",
        MessageState::Waiting => " (waiting)",
        MessageState::Refused(_) => " (refused)",
        MessageState::Undetermined => " (may or may not be stored)",
    }
}
