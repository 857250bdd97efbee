//! Who is in the world: users and their devices, whom they talk to, doors and rule breakers, and when each begins.

use ringpost_wire::{DeviceAddress, ShardId, UserId};

use crate::door::Door;
use crate::raw::{RawClient, Role};
use crate::rule_breaker::RuleBreaker;
use crate::sdk::{Application, SdkClient};
use crate::world::{Event, World};

const START_US_MAX: u64 = 1_000_000;
/// Share of users who talk to themselves too.
const ALONE_SHARE: u64 = 100;
const STEPS_A_MESSAGE: u64 = 2;
/// Share of unlinked devices that are put away at once; the others sign in and are told so.
const PUT_AWAY_SHARE: u64 = 500;

impl World {
    /// Makes everybody.
    pub fn populate(&mut self) {
        let names: Vec<String> = (0..self.settings.users)
            .map(|user| format!("u{user}"))
            .collect();
        let users: Vec<UserId> = names
            .iter()
            .map(|name| UserId::from_subject(name))
            .collect();
        for (index, name) in names.iter().enumerate() {
            let circle = self.circle_of(index);
            let is_alone = self.random.chance(ALONE_SHARE);
            let is_peer =
                |peer: &usize| self.circle_of(*peer) == circle && (is_alone || *peer != index);
            let peers = (0..users.len()).filter(is_peer);
            let mut peers: Vec<UserId> = peers.map(|peer| users[peer]).collect();
            if peers.is_empty() {
                peers.push(users[index]);
            }
            for peer in &peers {
                self.add_chat(circle, users[index], *peer);
            }
            self.add_client((name, 1), circle, &peers, 1);
            if self.random.chance(self.settings.second_device_share) {
                let earliest_us = if self.settings.is_second_late {
                    self.settings.active_ms * 300
                } else {
                    1
                };
                self.add_client((name, 2), circle, &peers, earliest_us);
            }
        }
        for index in 0..self.settings.doors {
            let role = Role::Door(Door::new(self.settings.messages));
            self.add_raw(format!("door{index}"), role, &users);
        }
        for index in 0..self.settings.rule_breakers {
            let steps = self.settings.messages * STEPS_A_MESSAGE;
            let role = Role::RuleBreaker(RuleBreaker::new(steps));
            self.add_raw(format!("breaker{index}"), role, &users);
        }
    }

    fn add_chat(&mut self, circle: usize, one: UserId, other: UserId) {
        let chat = self.model.add_chat(one, other);
        self.use_shards(circle, &[one.shard(), other.shard(), chat.shard()]);
    }

    fn use_shards(&mut self, circle: usize, shards: &[ShardId]) {
        self.shards_used.extend(shards);
        self.circles[circle].shards.extend(shards);
    }

    /// A user whose device is unlinked takes another, and does not use the old one again: at once, or once it is told so.
    pub fn replace_device(&mut self, device: DeviceAddress) {
        let mut clients = self.clients.iter();
        let Some(index) = clients.position(|client| client.device == device) else {
            return;
        };
        let user = device.user;
        let of_user = self
            .clients
            .iter()
            .filter(|client| client.device.user == user);
        let newest = of_user.map(|client| client.device.device).max();
        self.clients[index].is_retired = true;
        if self.random.chance(PUT_AWAY_SHARE) {
            self.crash_sdk(index);
        } else if let Some(connection) = self.clients[index].connection {
            self.cut(connection);
        }
        let client = &self.clients[index];
        let (name, circle) = (client.subject.clone(), client.circle);
        let peers = client.application.peers.clone();
        if self.is_active() {
            let number = newest.unwrap_or_default() + 1;
            self.add_client((&name, number), circle, &peers, self.now_us + 1);
        }
    }

    fn add_client(
        &mut self,
        (name, device): (&str, u32),
        circle: usize,
        peers: &[UserId],
        earliest_us: u64,
    ) {
        let mut node = self.random.index(self.nodes.len());
        if self.is_spread() {
            node = self.circles[circle].home;
        }
        let index = self.clients.len();
        let user = UserId::from_subject(name);
        self.clients.push(SdkClient {
            circle,
            is_retired: false,
            subject: name.to_owned(),
            device: DeviceAddress { user, device },
            life: 0,
            machine: None,
            durable: Vec::new(),
            unsynced: Vec::new(),
            backup: None,
            was_restored: false,
            is_told_set_back: false,
            is_known_set_back: false,
            connection: None,
            time_at_us: None,
            crash_after: None,
            reads_from_us: 0,
            node,
            application: Application {
                peers: peers.to_vec(),
                unmade: self.settings.messages,
                ..Application::default()
            },
        });
        let start_us = earliest_us + self.random.below(START_US_MAX);
        self.queue.push(start_us, Event::SdkStart(index));
    }

    fn add_raw(&mut self, name: String, role: Role, users: &[UserId]) {
        let place = self.random.index(users.len());
        let (peer, circle) = (users[place], self.circle_of(place));
        let index = self.raws.len();
        let raw = RawClient::new(name, (peer, circle), role);
        self.add_chat(circle, raw.device.user, peer);
        // The breaker's strangers: their shard must be claimed, for an answer to come.
        let nobody = UserId::from_subject("nobody");
        for user in users {
            let chats = [nobody, peer].map(|other| ringpost_wire::ChatId::one_to_one(*user, other));
            self.use_shards(circle, &chats.map(|chat| chat.shard()));
        }
        self.raws.push(raw);
        let start_us = self.random.below(START_US_MAX);
        self.queue.push(start_us, Event::RawAct(index));
    }
}
