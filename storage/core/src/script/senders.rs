//! Where send windows are kept: those of the latest senders in the chat's head, older ones in rows of their own.
//!
//! Invariant: a sender's window is in one place, and `has_spilled_windows` is set once one is in a row.

use ringpost_wire::{ChatId, DeviceAddress};

use crate::key;
use crate::limits::HEAD_WINDOWS_MAX;
use crate::overlay::{Halt, Overlay};
use crate::row::Head;
use crate::sequencer::Window;

/// A sender's window, taken out of its place.
#[derive(Debug)]
pub(super) struct Taken {
    /// `None` when the sender never sent to this chat.
    pub(super) window: Option<Window>,
    is_spilled: bool,
}

/// Takes a sender's window out of `head`, or reads its row. Nothing is written: `put` does, or the caller forgets both.
pub(super) fn take(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &mut Head,
    sender: DeviceAddress,
) -> Result<Taken, Halt> {
    let place = head.windows.iter().position(|(owner, _)| *owner == sender);
    if let Some(place) = place {
        return Ok(Taken {
            window: Some(head.windows.remove(place).1),
            is_spilled: false,
        });
    }
    let window = if head.has_spilled_windows {
        overlay.row(&key::window::encode(chat, sender))?
    } else {
        None
    };
    Ok(Taken {
        is_spilled: window.is_some(),
        window,
    })
}

/// Puts the window of the latest sender into `head`, and the window of the oldest into a row where it has no room.
pub(super) fn put(
    overlay: &mut Overlay<'_>,
    chat: ChatId,
    head: &mut Head,
    sender: DeviceAddress,
    taken: Taken,
) {
    if taken.is_spilled {
        overlay.clear(key::window::encode(chat, sender));
    }
    if head.windows.len() == HEAD_WINDOWS_MAX
        && let Some((oldest, window)) = head.windows.pop()
    {
        overlay.set(key::window::encode(chat, oldest), &window);
        head.has_spilled_windows = true;
    }
    let window = taken.window.unwrap_or_default();
    head.windows.insert(0, (sender, window));
}
