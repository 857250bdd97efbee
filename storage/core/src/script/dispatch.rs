//! From a command to its script.

use super::{
    acknowledge, append, finish_linking, finish_unlinking, inspect_chat, link_device, list_pending,
    mark_read, open_chat, read_page, register_device, remove_device, revoke_device, trim,
    unlink_device,
};
use crate::overlay::{Halt, Overlay};
use crate::{Command, Outcome, Rules};

/// Decides `command` over `overlay`, which takes its writes.
pub(crate) fn decide(
    overlay: &mut Overlay<'_>,
    command: &Command,
    rules: &Rules,
) -> Result<Outcome, Halt> {
    match command {
        Command::RegisterDevice {
            device,
            create,
            link_after,
            issued_ms,
            now_ms,
        } => {
            let times = (*issued_ms, *now_ms);
            register_device::decide(overlay, *device, *create, *link_after, times)
        }
        Command::LinkDevice { chat, device } => link_device::decide(overlay, *chat, *device),
        Command::FinishLinking { device } => finish_linking::decide(overlay, *device),
        Command::UnlinkDevice {
            device,
            seen_before_day,
            remove_after,
        } => unlink_device::decide(overlay, *device, *seen_before_day, *remove_after),
        Command::RemoveDevice { chat, device } => {
            remove_device::decide(overlay, *chat, *device, rules)
        }
        Command::RevokeDevice {
            device,
            issued_to_ms,
        } => revoke_device::decide(overlay, *device, *issued_to_ms),
        Command::FinishUnlinking { device } => finish_unlinking::decide(overlay, *device),
        Command::OpenChat {
            opener,
            other,
            now_ms,
        } => open_chat::decide(overlay, *opener, *other, *now_ms),
        Command::Append {
            sender,
            frame,
            now_ms,
        } => append::decide(overlay, *sender, frame, *now_ms, rules),
        Command::ReadPage { .. } | Command::ListPending { .. } => read(overlay, command),
        Command::Acknowledge { device, chat, seq } => {
            acknowledge::decide(overlay, *chat, *device, *seq, rules)
        }
        Command::MarkRead {
            device,
            chat,
            read_to,
        } => mark_read::decide(overlay, *chat, *device, *read_to),
        Command::Trim { chat, now_ms } => trim::decide(overlay, *chat, *now_ms, rules),
        Command::InspectChat { chat } => inspect_chat::decide(overlay, *chat),
    }
}

/// Decides a command that only reads for a device.
fn read(overlay: &mut Overlay<'_>, command: &Command) -> Result<Outcome, Halt> {
    match command {
        Command::ReadPage {
            device,
            chat,
            from,
            messages_max,
            bytes_max,
        } => {
            let wanted = read_page::Wanted::new(*from, *messages_max, *bytes_max);
            read_page::decide(overlay, *chat, *device, wanted)
        }
        Command::ListPending {
            device,
            after,
            chats_max,
            all,
        } => {
            let wanted = list_pending::Wanted::new(*after, *chats_max, *all);
            list_pending::decide(overlay, *device, wanted)
        }
        _ => unreachable!("the other commands have arms of their own"),
    }
}
