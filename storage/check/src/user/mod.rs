//! The rows of one user against each other, and against what chats say of the user.

mod devices;
mod in_chat;
mod walk;

pub(crate) use walk::Users;
