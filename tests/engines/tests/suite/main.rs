//! The behaviour that every engine must have, on each of them, with restarts between.

mod conversation;
mod each_engine;
mod people_and_chats;
mod retries;
