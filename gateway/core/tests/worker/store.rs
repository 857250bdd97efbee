//! The smallest store that obeys the rules which a gateway can see: numbers, windows, pending chats, pages, links.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringpost_storage_core::outcome::*;
use ringpost_storage_core::{Command, Outcome};
use ringpost_wire::{
    ChatId, DeviceAddress, DeviceId, EmptyRange, EmptyReason, ErrorCode, MessageView, PendingChat,
    Receipt, Seq, Stamp, UserId, digest, encode_stamped,
};

/// Links named in one `Registered`.
const LINK_PAGE: usize = 2;

#[derive(Default)]
pub struct Store {
    users: BTreeMap<UserId, BTreeMap<DeviceId, bool>>,
    chats: BTreeMap<ChatId, Chat>,
    revoked: BTreeMap<DeviceAddress, u64>,
}

#[derive(Default)]
struct Chat {
    members: Vec<UserId>,
    log: Vec<Bytes>,
    next: BTreeMap<DeviceAddress, Seq>,
    windows: BTreeMap<DeviceAddress, BTreeMap<u64, (u64, Seq, u64)>>,
    read_to: BTreeMap<UserId, Seq>,
}

impl Chat {
    /// A new message: the sending device has it; answers the users that had everything before.
    fn pass_on(&mut self, sender: DeviceAddress, seq: Seq) -> Vec<UserId> {
        let mut became_pending = Vec::new();
        for (device, next) in &mut self.next {
            if *device == sender && *next == seq {
                *next += 1;
            } else if *next == seq && !became_pending.contains(&device.user) {
                became_pending.push(device.user);
            }
        }
        became_pending
    }

    fn head(&self) -> Seq {
        self.log.len() as Seq
    }

    fn delivered_to(&self, user: UserId) -> Seq {
        let devices = self.next.iter().filter(|(device, _)| device.user == user);
        devices.map(|(_, next)| next - 1).max().unwrap_or(0)
    }

    fn others(&self, user: UserId) -> Vec<UserId> {
        let members = self.members.iter().copied();
        members.filter(|member| *member != user).collect()
    }

    fn marks(&self, user: UserId) -> (Seq, Seq) {
        let others = self.others(user);
        let delivered = others.iter().map(|other| self.delivered_to(*other)).min();
        let read = others
            .iter()
            .map(|other| self.read_to.get(other).copied().unwrap_or(0))
            .min();
        (delivered.unwrap_or(0), read.unwrap_or(0))
    }
}

impl Store {
    pub fn run(&mut self, command: &Command) -> Outcome {
        match command {
            Command::RegisterDevice {
                device,
                create,
                link_after,
                issued_ms,
                ..
            } => match self.revoked.get(device) {
                Some(to_ms) if issued_ms <= to_ms => Outcome::Failed(ErrorCode::DeviceRevoked),
                _ => self.register(*device, *create, *link_after),
            },
            Command::RevokeDevice {
                device,
                issued_to_ms,
            } => {
                self.revoked.insert(*device, *issued_to_ms);
                Outcome::DeviceRevoked {
                    issued_to_ms: *issued_to_ms,
                }
            }
            Command::LinkDevice { chat, device } => {
                let chat = self.chats.get_mut(chat).expect("named by the store");
                let next = chat.head() + 1;
                chat.next.entry(*device).or_insert(next);
                Outcome::Linked
            }
            Command::FinishLinking { device } => {
                let devices = self.users.get_mut(&device.user).expect("registered");
                devices.insert(device.device, true);
                Outcome::Linked
            }
            Command::UnlinkDevice { .. }
            | Command::RemoveDevice { .. }
            | Command::FinishUnlinking { .. } => {
                unreachable!("a worker unlinks no device")
            }
            Command::OpenChat { opener, other, .. } => self.open(*opener, *other),
            Command::Append {
                sender,
                frame,
                now_ms,
            } => self.append(*sender, frame, *now_ms),
            Command::ReadPage {
                device,
                chat,
                from,
                messages_max,
                bytes_max,
            } => self.page(*device, *chat, *from, (*messages_max, *bytes_max)),
            Command::ListPending {
                device,
                after,
                chats_max,
                all,
            } => self.listed(*device, *after, (usize::from(*chats_max), *all)),
            Command::Acknowledge { device, chat, seq } => self.acknowledge(*device, *chat, *seq),
            Command::MarkRead {
                device,
                chat,
                read_to,
            } => self.mark(*device, *chat, *read_to),
            Command::Trim { .. } => Outcome::Trimmed {
                removed: 0,
                more: false,
            },
            Command::InspectChat { .. } => Outcome::Failed(ErrorCode::UnknownChat),
        }
    }

    /// How far a device has acknowledged.
    pub fn acknowledged(&self, device: DeviceAddress, chat: ChatId) -> Seq {
        self.chats[&chat].next[&device] - 1
    }

    fn register(&mut self, device: DeviceAddress, create: bool, after: Option<ChatId>) -> Outcome {
        let chats: Vec<ChatId> = self.chats_of(device.user, after);
        let devices = self.users.entry(device.user).or_default();
        let known = devices.get(&device.device).copied();
        if known.is_none() && !create {
            return Outcome::Failed(ErrorCode::DeviceRefused);
        }
        let linked = known.unwrap_or(chats.is_empty());
        devices.insert(device.device, linked);
        let unlinked: Vec<ChatId> = match linked {
            true => Vec::new(),
            false => chats.iter().copied().take(LINK_PAGE).collect(),
        };
        let next = (chats.len() > unlinked.len() && !linked).then(|| unlinked[LINK_PAGE - 1]);
        Outcome::Registered(Registered {
            created: known.is_none(),
            linked,
            unlinked,
            next,
        })
    }

    fn chats_of(&self, user: UserId, after: Option<ChatId>) -> Vec<ChatId> {
        let chats = self
            .chats
            .iter()
            .filter(|(_, chat)| chat.members.contains(&user));
        let ids = chats.map(|(id, _)| *id);
        ids.filter(|id| after.is_none_or(|after| *id > after))
            .collect()
    }

    fn open(&mut self, opener: UserId, other: UserId) -> Outcome {
        if !self.users.contains_key(&other) {
            return Outcome::Failed(ErrorCode::UnknownUser);
        }
        let id = ChatId::one_to_one(opener, other);
        let created = !self.chats.contains_key(&id);
        if created {
            let mut chat = Chat::default();
            for user in [opener, other] {
                if !chat.members.contains(&user) {
                    chat.members.push(user);
                }
                for &device in self.users[&user].keys() {
                    chat.next.insert(DeviceAddress { user, device }, 1);
                }
            }
            self.chats.insert(id, chat);
        }
        Outcome::ChatOpened(ChatOpened {
            chat: id,
            head: self.chats[&id].head(),
            device_epoch: 1,
            created,
        })
    }

    fn append(&mut self, sender: DeviceAddress, frame: &Bytes, now_ms: u64) -> Outcome {
        let view = MessageView::of_send(frame).expect("verified before");
        let (id, sent_as) = (view.chat(), view.client_seq());
        let refused = |code, expected| {
            Outcome::AppendRefused(AppendRefused {
                chat: id,
                sent_as,
                code,
                expected,
                device_epoch: 0,
            })
        };
        let Some(chat) = self.chats.get_mut(&id) else {
            return refused(ErrorCode::UnknownChat, 0);
        };
        if !chat.members.contains(&sender.user) {
            return refused(ErrorCode::UnknownChat, 0);
        }
        let seq = chat.head() + 1;
        let window = chat.windows.entry(sender).or_default();
        let expected = window.last_key_value().map_or(0, |(last, _)| *last) + 1;
        let same = digest(&view);
        let repeat = match sent_as {
            0 => window.iter().find(|(_, kept)| kept.0 == same),
            _ => window.get_key_value(&sent_as),
        };
        if let Some((&client_seq, &(kept, seq, time_ms))) = repeat {
            if kept != same {
                return refused(ErrorCode::SequenceReused, expected);
            }
            return Outcome::Appended(Appended {
                chat: id,
                client_seq,
                sent_as,
                seq,
                time_ms,
                delivery: None,
            });
        }
        if sent_as > expected {
            return refused(ErrorCode::Gap, expected);
        }
        window.insert(expected, (same, seq, now_ms));
        let stamp = Stamp {
            sender,
            seq,
            time_ms: now_ms,
            client_seq: expected,
        };
        let mut out = Vec::new();
        encode_stamped(&view, &stamp, &mut out);
        let stored = Bytes::from(out);
        chat.log.push(stored.clone());
        let became_pending = chat.pass_on(sender, seq);
        Outcome::Appended(Appended {
            chat: id,
            client_seq: expected,
            sent_as,
            seq,
            time_ms: now_ms,
            delivery: Some(Delivery {
                frame: stored,
                members: chat.members.clone(),
                became_pending,
            }),
        })
    }

    fn page(
        &mut self,
        device: DeviceAddress,
        id: ChatId,
        from: Seq,
        (messages_max, bytes_max): (u16, u32),
    ) -> Outcome {
        let Some(chat) = self.chats.get(&id) else {
            return Outcome::Failed(ErrorCode::UnknownChat);
        };
        if !chat.members.contains(&device.user) {
            return Outcome::Failed(ErrorCode::UnknownChat);
        }
        let (mut messages, mut empty, mut bytes, mut to) = (Vec::new(), Vec::new(), 0, from - 1);
        for frame in chat.log.iter().skip(from as usize - 1) {
            let view = MessageView::of_deliver(frame).expect("stored by us");
            bytes += frame.len();
            let is_full = messages.len() >= usize::from(messages_max) || bytes > bytes_max as usize;
            if is_full && to >= from {
                break;
            }
            to = view.seq();
            if view.slice_count() > 0 && view.slice_for(device).is_none() {
                let reason = EmptyReason::NoSlice;
                empty.push(EmptyRange {
                    from: to,
                    to,
                    reason,
                });
            } else {
                messages.push(frame.clone());
            }
        }
        let (delivered_to, read_to) = chat.marks(device.user);
        Outcome::Page(PageRead {
            chat: id,
            from,
            to,
            first_available: 1,
            complete: to >= chat.head(),
            head: chat.head(),
            delivered_to,
            read_to,
            messages,
            empty,
        })
    }

    fn listed(
        &self,
        device: DeviceAddress,
        after: Option<ChatId>,
        (max, all): (usize, bool),
    ) -> Outcome {
        let mut chats: Vec<PendingChat> = Vec::new();
        let mut next = None;
        for id in self.chats_of(device.user, after) {
            let chat = &self.chats[&id];
            let next_of = chat.next.get(&device).copied();
            let from = next_of.unwrap_or(Seq::MAX);
            if next_of.is_none() || (from > chat.head() && !all) {
                continue;
            }
            if chats.len() == max {
                next = chats.last().map(|last| last.chat);
                break;
            }
            let (delivered_to, read_to) = chat.marks(device.user);
            chats.push(PendingChat {
                chat: id,
                from,
                head: chat.head(),
                delivered_to,
                read_to,
                last_time_ms: 1,
            });
        }
        Outcome::Pending(PendingRead { chats, next })
    }

    fn acknowledge(&mut self, device: DeviceAddress, id: ChatId, seq: Seq) -> Outcome {
        let Some(chat) = self.chats.get_mut(&id) else {
            return Outcome::Failed(ErrorCode::UnknownChat);
        };
        if seq > chat.head() {
            return Outcome::Failed(ErrorCode::BeyondHead);
        }
        let before = chat.delivered_to(device.user);
        let Some(next) = chat.next.get_mut(&device) else {
            return Outcome::Failed(ErrorCode::NotMember);
        };
        *next = (seq + 1).max(*next);
        let delivered_to = chat.delivered_to(device.user);
        let receipt = (delivered_to > before).then(|| ReceiptDue {
            receipt: Receipt {
                chat: id,
                user: device.user,
                delivered_to,
                read_to: 0,
            },
            members: chat.others(device.user),
        });
        let next = None;
        Outcome::Acknowledged(Acknowledged { receipt, next })
    }

    fn mark(&mut self, device: DeviceAddress, id: ChatId, read_to: Seq) -> Outcome {
        let Some(chat) = self.chats.get_mut(&id) else {
            return Outcome::Failed(ErrorCode::UnknownChat);
        };
        if read_to > chat.head() {
            return Outcome::Failed(ErrorCode::BeyondHead);
        }
        chat.read_to.insert(device.user, read_to);
        let receipt = Receipt {
            chat: id,
            user: device.user,
            delivered_to: chat.delivered_to(device.user),
            read_to,
        };
        let members = chat.members.clone();
        let receipt = Some(ReceiptDue { receipt, members });
        Outcome::ReadMarked(ReadMarked { receipt })
    }
}
