//! Who is in the world: users and their devices, whom they talk to, doors and rule breakers, and when each begins.

use ringpost_wire::{DeviceAddress, UserId};

use crate::door::Door;
use crate::raw::{RawClient, Role};
use crate::rule_breaker::RuleBreaker;
use crate::sdk::{Application, SdkClient};
use crate::world::{Event, World};

const START_US_MAX: u64 = 1_000_000;
/// Share of users who talk to themselves too.
const ALONE_SHARE: u64 = 100;
const STEPS_A_MESSAGE: u64 = 2;

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
            let mut peers: Vec<UserId> = users.clone();
            if !self.random.chance(ALONE_SHARE) {
                peers.remove(index);
            }
            for peer in &peers {
                self.add_chat(users[index], *peer);
            }
            self.add_client(name, 1, &peers, 1);
            if self.random.chance(self.settings.second_device_share) {
                let earliest_us = if self.settings.is_second_late {
                    self.settings.active_ms * 300
                } else {
                    1
                };
                self.add_client(name, 2, &peers, earliest_us);
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

    fn add_chat(&mut self, one: UserId, other: UserId) {
        let chat = self.model.add_chat(one, other);
        self.shards_used
            .extend([one.shard(), other.shard(), chat.shard()]);
    }

    fn add_client(&mut self, name: &str, device: u32, peers: &[UserId], earliest_us: u64) {
        let node = self.random.index(self.nodes.len());
        let index = self.clients.len();
        let user = UserId::from_subject(name);
        self.clients.push(SdkClient {
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
        let peer = users[self.random.index(users.len())];
        let index = self.raws.len();
        let raw = RawClient::new(name, peer, role);
        self.add_chat(raw.device.user, peer);
        // The breaker's strangers: their shard must be claimed, for an answer to come.
        let nobody = UserId::from_subject("nobody");
        for user in users {
            let chats = [nobody, peer].map(|other| ringpost_wire::ChatId::one_to_one(*user, other));
            self.shards_used.extend(chats.map(|chat| chat.shard()));
        }
        self.raws.push(raw);
        let start_us = self.random.below(START_US_MAX);
        self.queue.push(start_us, Event::RawAct(index));
    }
}
