//! The operator: unlinks devices as the sweep for unseen ones does, revokes devices, has chats trimmed. A command that is lost with a
//! node is given again. A device that is unlinked or has only a revoked token opens no session from the answer on.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_client_core::Ended;
use ringpost_gateway_core::AdminRefused;
use ringpost_gateway_core::limits::TOKEN_LEEWAY_MS;
use ringpost_storage_core::outcome::Unlinking;
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{ChatId, DeviceAddress, ErrorCode, ShardId};

use crate::node::Arrived;
use crate::random::Random;
use crate::world::{CoreLife, Event, World, note};

const TURN_US: u64 = 400_000;
/// A command that is not answered for so long is given again.
const PATIENCE_US: u64 = 8_000_000;
/// Share of unlinkings of devices that were seen since, and so stay.
const SEEN_SHARE: u64 = 200;
/// Share of trims at a time when everything is old.
const LATER_SHARE: u64 = 300;
const LATER_MS: u64 = 40 * 86_400_000;
const TRIMS_AGAIN_MAX: u32 = 20;

/// A device that is being unlinked.
#[derive(Debug, Default)]
struct Unlink {
    /// The chat after which the next page begins.
    after: Option<ChatId>,
    /// Chats that it is to be taken out of.
    chats: BTreeSet<ChatId>,
    /// The page after them, unless there is none.
    next: Option<ChatId>,
    /// A page was read and is being worked off.
    is_paged: bool,
    /// When something was last asked; `None` when something is due.
    asked_us: Option<u64>,
}

/// What a ticket stands for.
#[derive(Clone, Debug)]
enum Asked {
    Unlink(DeviceAddress),
    Remove(DeviceAddress, ChatId),
    Finish(DeviceAddress),
    Revoke(DeviceAddress),
    Trim(ChatId, u64, u32),
}

/// What the operator knows.
#[derive(Debug, Default)]
pub struct Operator {
    tickets: u64,
    asked: BTreeMap<u64, Asked>,
    unlinking: BTreeMap<DeviceAddress, Unlink>,
    /// Devices that are unlinked, and since when in microseconds.
    unlinked: BTreeMap<DeviceAddress, u64>,
    /// Tokens issued up to a time (milliseconds since 1970) are refused, since when in microseconds.
    revoked: BTreeMap<DeviceAddress, (u64, u64)>,
    /// Devices that were to be revoked at any time.
    ever_revoked: BTreeSet<DeviceAddress>,
    /// When the last token of a device was issued, in milliseconds since 1970.
    issued_ms: BTreeMap<DeviceAddress, u64>,
}

impl Operator {
    /// A device that is not unlinked yet and will be.
    pub fn unfinished(&self) -> Option<DeviceAddress> {
        self.unlinking.keys().next().copied()
    }

    /// Whether a device is unlinked or being so.
    pub fn unlinks(&self, device: DeviceAddress) -> bool {
        self.unlinking.contains_key(&device) || self.unlinked.contains_key(&device)
    }

    /// Devices that are out of all chats.
    pub fn unlinked(&self) -> impl Iterator<Item = DeviceAddress> {
        self.unlinked.keys().copied()
    }

    /// Whether a session of a device may be open that was asked for at `dialed_us`, with its last token.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn check_admitted(&self, device: DeviceAddress, dialed_us: u64) -> Result<(), String> {
        let issued_ms = self.issued_ms.get(&device).copied().unwrap_or_default();
        if self
            .unlinked
            .get(&device)
            .is_some_and(|since_us| *since_us < dialed_us)
        {
            return Err("its device is unlinked".to_owned());
        }
        match self.revoked.get(&device) {
            Some((issued_to_ms, since_us))
                if *since_us < dialed_us && issued_ms <= *issued_to_ms =>
            {
                Err(format!("its token of {issued_ms} is revoked"))
            }
            _ => Ok(()),
        }
    }
}

impl World {
    /// A client gets a token.
    pub fn operator_sees_token(&mut self, index: usize, issued_s: u64) {
        let device = self.clients[index].device;
        self.operator.issued_ms.insert(device, issued_s * 1_000);
    }

    /// Whether a client's session may be over for good: taken over by itself, or for what the operator did.
    pub fn is_due_end(&mut self, index: usize, why: Ended) -> bool {
        let device = self.clients[index].device;
        match why {
            Ended::ByServer(ErrorCode::TakenOver) => {
                self.counts.add("taken over by itself");
                true
            }
            Ended::ByServer(ErrorCode::DeviceUnlinked) => {
                self.counts.add("told that it is unlinked");
                self.operator.unlinks(device)
            }
            Ended::ByServer(ErrorCode::DeviceRevoked) => {
                self.counts.add("told that it is revoked");
                self.operator.ever_revoked.contains(&device)
            }
            _ => false,
        }
    }

    /// A device is unlinked, or was seen since and stays.
    pub fn unlink_some_device(&mut self, chance: &mut Random) {
        let index = chance.index(self.clients.len());
        let device = self.clients[index].device;
        if self.clients[index].life == 0 || self.clients[index].is_retired {
            return;
        }
        if chance.chance(SEEN_SHARE) {
            self.counts.add("devices seen since");
            let command = Command::UnlinkDevice {
                device,
                seen_before_day: 0,
                remove_after: None,
            };
            return self.operate(command, Asked::Unlink(device));
        }
        note!(self, "c{index} is to be unlinked");
        let is_first = self.operator.unlinking.is_empty();
        self.operator.unlinking.entry(device).or_default();
        if is_first {
            self.after(1, Event::OperatorTurn);
        }
    }

    /// A device is revoked: tokens that it has are refused, newer ones are not.
    pub fn revoke_some_device(&mut self, chance: &mut Random) {
        let index = chance.index(self.clients.len());
        let device = self.clients[index].device;
        // No token is issued later than the leeway of the nodes allows.
        let issued_to_ms = (self.clock_ms() - TOKEN_LEEWAY_MS) / 1_000 * 1_000;
        note!(self, "c{index} is revoked");
        self.operator.ever_revoked.insert(device);
        let command = Command::RevokeDevice {
            device,
            issued_to_ms,
        };
        self.operate(command, Asked::Revoke(device));
    }

    /// An operator has a chat trimmed, perhaps at a time when everything in it is old.
    pub fn trim_some_chat(&mut self, chance: &mut Random) {
        let chats: Vec<ChatId> = self.model.chats.keys().copied().collect();
        let Some(chat) = chats.get(chance.index(chats.len())).copied() else {
            return;
        };
        let is_later = chance.chance(LATER_SHARE);
        let now_ms = self.clock_ms() + if is_later { LATER_MS } else { 0 };
        self.trim(chat, now_ms, 0);
    }

    fn trim(&mut self, chat: ChatId, now_ms: u64, times: u32) {
        self.counts.add("trims asked for");
        self.operate(
            Command::Trim { chat, now_ms },
            Asked::Trim(chat, now_ms, times),
        );
    }

    /// Gives a command to a node that is home of its shard.
    fn operate(&mut self, command: Command, asked: Asked) {
        let node = self.home_node(command.home());
        self.operator.tickets += 1;
        let ticket = self.operator.tickets;
        self.operator.asked.insert(ticket, asked);
        if !self.nodes[node].is_up {
            return;
        }
        let worker = &self.nodes[node].cores[0].worker;
        let core = usize::from(worker.shards().home(command.home()).0);
        let at: CoreLife = self.core_life(node, core);
        self.arrive(at, Arrived::Admin(ticket, command));
    }

    fn home_node(&mut self, shard: ShardId) -> usize {
        if !self.is_active() {
            return 0;
        }
        if !self.is_spread() {
            return self.random.index(self.nodes.len());
        }
        let mut circles = self.circles.iter();
        let circle = circles.find(|circle| circle.shards.contains(&shard));
        circle.map_or(0, |circle| circle.home)
    }

    /// The operator is answered.
    pub fn operator_answered(&mut self, ticket: u64, answer: Result<Outcome, AdminRefused>) {
        let Some(asked) = self.operator.asked.remove(&ticket) else {
            return self.fail(format_args!(
                "an operator's ticket {ticket} is answered twice"
            ));
        };
        note!(self, "the operator's {asked:?}: {answer:?}");
        match (asked, answer) {
            (Asked::Unlink(device), Ok(Outcome::Unlinking(unlinking))) => {
                self.unlinking_answered(device, unlinking);
            }
            (Asked::Remove(device, chat), Ok(Outcome::DeviceRemoved)) => {
                self.removal_answered(device, chat);
            }
            (Asked::Finish(device), Ok(Outcome::DeviceRemoved)) => self.unlinking_done(device),
            (Asked::Revoke(device), Ok(Outcome::DeviceRevoked { issued_to_ms })) => {
                self.counts.add("devices revoked");
                let revoked = (issued_to_ms, self.now_us);
                self.operator.revoked.insert(device, revoked);
            }
            (Asked::Trim(chat, now_ms, times), Ok(Outcome::Trimmed { removed, more })) => {
                self.counts.add_many("messages trimmed on request", removed);
                if more && times < TRIMS_AGAIN_MAX {
                    self.trim(chat, now_ms, times + 1);
                }
            }
            (_, Ok(Outcome::Failed(_)) | Err(_)) => self.counts.add("operator refused"),
            (asked, answer) => {
                self.fail(format_args!(
                    "the operator's {asked:?} is answered {answer:?}"
                ));
            }
        }
    }

    fn unlinking_answered(&mut self, device: DeviceAddress, unlinking: Unlinking) {
        let Some(unlink) = self.operator.unlinking.get_mut(&device) else {
            return;
        };
        match unlinking {
            // The answer to another asking, that it was seen since.
            Unlinking::Kept => {}
            Unlinking::Due { chats, next } => {
                unlink.is_paged = true;
                unlink.chats = chats.into_iter().collect();
                unlink.next = next;
                unlink.asked_us = None;
                self.unlink_on(device);
            }
            Unlinking::Over => self.unlinking_done(device),
        }
    }

    fn removal_answered(&mut self, device: DeviceAddress, chat: ChatId) {
        let Some(unlink) = self.operator.unlinking.get_mut(&device) else {
            return;
        };
        unlink.chats.remove(&chat);
        if unlink.chats.is_empty() && unlink.is_paged {
            unlink.asked_us = None;
            self.unlink_on(device);
        }
    }

    /// Gives the next commands of an unlinking.
    fn unlink_on(&mut self, device: DeviceAddress) {
        let now_us = self.now_us;
        let Some(unlink) = self.operator.unlinking.get_mut(&device) else {
            return;
        };
        unlink.asked_us = Some(now_us);
        if unlink.is_paged && unlink.chats.is_empty() {
            match unlink.next.take() {
                None => {
                    let command = Command::FinishUnlinking { device };
                    return self.operate(command, Asked::Finish(device));
                }
                Some(next) => (unlink.after, unlink.is_paged) = (Some(next), false),
            }
        }
        if unlink.is_paged {
            for chat in unlink.chats.clone() {
                let command = Command::RemoveDevice { chat, device };
                self.operate(command, Asked::Remove(device, chat));
            }
            return;
        }
        let command = Command::UnlinkDevice {
            device,
            seen_before_day: u32::MAX,
            remove_after: unlink.after,
        };
        self.operate(command, Asked::Unlink(device));
    }

    /// Looks after what is not done: what stopped is begun again.
    pub fn operator_turn(&mut self) {
        let devices: Vec<DeviceAddress> = self.operator.unlinking.keys().copied().collect();
        for device in &devices {
            let Some(unlink) = self.operator.unlinking.get_mut(device) else {
                continue;
            };
            let is_due = unlink
                .asked_us
                .is_none_or(|asked_us| asked_us + PATIENCE_US < self.now_us);
            if is_due {
                *unlink = Unlink::default();
                self.unlink_on(*device);
            }
        }
        if !devices.is_empty() {
            self.after(TURN_US, Event::OperatorTurn);
        }
    }

    fn unlinking_done(&mut self, device: DeviceAddress) {
        if self.operator.unlinking.remove(&device).is_none() {
            return;
        }
        self.counts.add("devices unlinked");
        self.operator.unlinked.insert(device, self.now_us);
        self.replace_device(device);
    }
}
