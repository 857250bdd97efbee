//! What a command reads before it knows anything. The rest, as the rows of other members, follows from what was found.

use ringpost_wire::{ChatId, DeviceAddress};

use super::{list_pending, register_device};
use crate::Command;
use crate::key;
use crate::store::Read;

/// Adds the reads of `command` that are known from the command alone.
pub(crate) fn reads(command: &Command, reads: &mut Vec<Read>) {
    match command {
        Command::RegisterDevice {
            device, link_after, ..
        } => reads.extend([
            Read::Get(key::user::encode(device.user)),
            Read::Get(key::device::encode(*device)),
            register_device::devices(device.user),
            register_device::memberships(device.user, *link_after),
        ]),
        Command::FinishLinking { device }
        | Command::FinishUnlinking { device }
        | Command::RevokeDevice { device, .. } => {
            reads.push(Read::Get(key::device::encode(*device)));
        }
        Command::UnlinkDevice {
            device,
            remove_after,
            ..
        } => reads.extend([
            Read::Get(key::device::encode(*device)),
            register_device::memberships(device.user, *remove_after),
        ]),
        Command::OpenChat { opener, other, .. } => {
            let chat = ChatId::one_to_one(*opener, *other);
            reads.push(Read::Get(key::head::encode(chat)));
            for user in [*opener, *other] {
                reads.push(Read::Get(key::user::encode(user)));
                reads.push(register_device::devices(user));
            }
        }
        Command::Append { sender, frame, .. } => {
            if let Some(chat) = Command::chat_of_frame(frame) {
                a_member(chat, *sender, reads);
            }
        }
        Command::ListPending {
            device,
            after,
            chats_max,
            all,
        } => {
            let wanted = list_pending::Wanted::new(*after, *chats_max, *all);
            reads.push(list_pending::rows(device.user, wanted));
        }
        Command::LinkDevice { chat, device } => {
            a_member(*chat, *device, reads);
            reads.push(Read::Get(key::device::encode(*device)));
        }
        Command::RemoveDevice { chat, device }
        | Command::ReadPage { chat, device, .. }
        | Command::Acknowledge { chat, device, .. }
        | Command::MarkRead { chat, device, .. } => a_member(*chat, *device, reads),
        Command::Trim { chat, .. } | Command::InspectChat { chat } => {
            reads.push(Read::Get(key::head::encode(*chat)));
        }
    }
}

fn a_member(chat: ChatId, device: DeviceAddress, reads: &mut Vec<Read>) {
    reads.extend([
        Read::Get(key::head::encode(chat)),
        Read::Get(key::member::encode(chat, device.user)),
        Read::Get(key::pending::encode(device.user, chat)),
    ]);
}
