//! `Population`: which users, devices and chats a scenario has, and who is in which chat. All is computed, nothing stored.

use std::ops::Range;

use crate::scenario::{Load, Scenario};

use super::world;

/// Users, devices and chats, each numbered from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Devices in all.
    pub devices: u32,
    /// Chats in all.
    pub chats: u32,
    shape: Shape,
    slow_share: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// Senders, then as many receivers; a sender's chats are with the receiver of its number and the next ones.
    Pairs { pairs: u32, chats_per_sender: u32 },
    /// Devices that are away, then those that send to them, each to a row of neighbours.
    Drain { devices: u32, senders: u32 },
    /// Sessions, of which the first are pairs; then those that send to each of them, if anything is stored at all.
    Storm {
        sessions: u32,
        pairs_active: u32,
        senders: u32,
    },
    /// Session `i` of the first half has a chat with session `i` of the second.
    Halves { half: u32, active: u32 },
    /// Two users with one chat.
    Two { devices_per_user: u32 },
    /// Users on a ring: each has chats with the nearest on both sides.
    Ring { users: u32, per_side: u32 },
}

impl Population {
    /// The population of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let shape = Shape::new(&scenario.load);
        let (devices, chats) = match shape {
            Shape::Pairs {
                pairs,
                chats_per_sender,
            } => (2 * pairs, pairs * chats_per_sender),
            Shape::Drain { devices, senders } => (devices + senders, devices),
            Shape::Storm {
                sessions,
                pairs_active,
                senders,
            } => {
                let backlog_chats = if senders == 0 { 0 } else { sessions };
                (sessions + senders, pairs_active + backlog_chats)
            }
            Shape::Halves { half, .. } => (2 * half, half),
            Shape::Two { devices_per_user } => (2 * devices_per_user, 1),
            Shape::Ring { users, per_side } => (users, users.saturating_mul(per_side)),
        };
        Self {
            devices,
            chats,
            shape,
            slow_share: match &scenario.load {
                Load::SlowReaders(load) => load.slow_share,
                _ => 0.0,
            },
        }
    }

    /// Users in all.
    pub fn users(&self) -> u32 {
        match self.shape {
            Shape::Two { .. } => 2,
            _ => self.devices,
        }
    }

    /// The user of a device.
    pub fn user_of(&self, device: u32) -> u32 {
        match self.shape {
            Shape::Two { devices_per_user } => device / devices_per_user,
            _ => device,
        }
    }

    /// The devices of a user.
    pub fn devices_of(&self, user: u32) -> Range<u32> {
        match self.shape {
            Shape::Two { devices_per_user } => {
                user * devices_per_user..(user + 1) * devices_per_user
            }
            _ => user..user + 1,
        }
    }

    /// The two users of a chat; where only one side sends, that is the first.
    pub fn members(&self, chat: u32) -> (u32, u32) {
        match self.shape {
            Shape::Pairs {
                pairs,
                chats_per_sender,
            } => {
                let (sender, place) = (chat / chats_per_sender, chat % chats_per_sender);
                (sender, pairs + (sender + place) % pairs)
            }
            Shape::Drain { devices, senders } => (devices + share_of(chat, devices, senders), chat),
            Shape::Storm { pairs_active, .. } if chat < pairs_active => (chat, pairs_active + chat),
            Shape::Storm {
                sessions,
                pairs_active,
                senders,
            } => {
                let session = chat - pairs_active;
                (sessions + share_of(session, sessions, senders), session)
            }
            Shape::Halves { half, .. } => (chat, half + chat),
            Shape::Two { .. } => (0, 1),
            Shape::Ring { users, per_side } => {
                let (user, step) = (chat / per_side, chat % per_side + 1);
                (user, (user + step) % users)
            }
        }
    }

    /// The devices that send at the scenario's rate or in its closed loop; none for a day, where all do.
    pub fn senders(&self) -> Range<u32> {
        match self.shape {
            Shape::Pairs { pairs, .. } => 0..pairs,
            Shape::Drain { devices, senders } => devices..devices + senders,
            Shape::Storm { pairs_active, .. } => 0..pairs_active,
            Shape::Halves { active, .. } => 0..active,
            Shape::Two { devices_per_user } => 0..2 * devices_per_user,
            Shape::Ring { .. } => 0..0,
        }
    }

    /// The chats over which one of [`Population::senders`] rotates.
    pub fn chats_of_sender(&self, device: u32) -> Range<u32> {
        match self.shape {
            Shape::Pairs {
                chats_per_sender, ..
            } => device * chats_per_sender..(device + 1) * chats_per_sender,
            Shape::Drain { devices, senders } => {
                let place = device - devices;
                share_begin(place, devices, senders)..share_begin(place + 1, devices, senders)
            }
            Shape::Storm { .. } | Shape::Halves { .. } => device..device + 1,
            Shape::Two { .. } => 0..1,
            Shape::Ring { .. } => 0..0,
        }
    }

    /// Whether a device is one of the slow readers of `slow-readers`.
    pub fn reads_slowly(&self, device: u32) -> bool {
        let Shape::Pairs { pairs, .. } = self.shape else {
            return false;
        };
        let slow_until = |place: u32| (f64::from(place) * self.slow_share).round();
        match device.checked_sub(pairs) {
            Some(place) => slow_until(place + 1) > slow_until(place),
            None => false,
        }
    }

    /// For a day: chats of a user with the users on one side of it.
    pub(super) fn chats_per_side(&self) -> u32 {
        match self.shape {
            Shape::Ring { per_side, .. } => per_side,
            _ => 0,
        }
    }
}

impl Shape {
    fn new(load: &Load) -> Self {
        match load {
            Load::Pairs(load) => Self::Pairs {
                pairs: load.pairs,
                chats_per_sender: load.chats_per_sender,
            },
            Load::OfflineDrain(load) => Self::Drain {
                devices: load.devices,
                senders: load.senders,
            },
            Load::ReconnectStorm(load) => Self::Storm {
                sessions: load.sessions,
                pairs_active: load.pairs_active,
                senders: if load.backlog == 0 { 0 } else { load.senders },
            },
            Load::IdleMillion(load) => Self::Halves {
                half: load.sessions / 2,
                active: load.active_pairs,
            },
            Load::SlowReaders(load) => Self::Pairs {
                pairs: load.pairs,
                chats_per_sender: 1,
            },
            Load::Overload(load) => Self::Pairs {
                pairs: load.pairs,
                chats_per_sender: 1,
            },
            Load::HotChat(load) => Self::Two {
                devices_per_user: load.devices_per_user,
            },
            Load::Day(load) => {
                let users = world::users(load.factor);
                Self::Ring {
                    users,
                    per_side: world::CHATS_PER_SIDE.min((users - 1) / 2),
                }
            }
        }
    }
}

/// Where share `place` of `count` things begins, cut into `shares` rows that are as equal as can be.
fn share_begin(place: u32, count: u32, shares: u32) -> u32 {
    (u64::from(place) * u64::from(count) / u64::from(shares)) as u32
}

/// The share that `thing` is in.
fn share_of(thing: u32, count: u32, shares: u32) -> u32 {
    (((u64::from(thing) + 1) * u64::from(shares) - 1) / u64::from(count)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn population(name: &str, settings: &[(&str, &str)]) -> Population {
        let scenario = Scenario::built_in(name).expect("built in");
        Population::new(&scenario.with(settings).expect("within bounds"))
    }

    proptest! {
        #[test]
        fn shares_are_rows_without_gaps(count in 1..5000u32, shares in 1..200u32) {
            let shares = shares.min(count);
            for thing in 0..count {
                let place = share_of(thing, count, shares);
                prop_assert!(share_begin(place, count, shares) <= thing);
                prop_assert!(thing < share_begin(place + 1, count, shares));
            }
        }
    }

    #[test]
    fn every_chat_has_two_users_and_no_two_chats_the_same() {
        let cases = [
            population(
                "pairs",
                &[("load.pairs", "7"), ("load.chats_per_sender", "5")],
            ),
            population(
                "offline-drain",
                &[("load.devices", "50"), ("load.senders", "7")],
            ),
            population("reconnect-storm", &[("load.sessions", "1001")]),
            population("idle-million", &[("load.sessions", "2000")]),
            population("slow-readers", &[]),
            population("hot-chat", &[]),
            population("overload", &[("load.pairs", "9")]),
            population("day", &[("load.factor", "1e-7")]),
            population("day", &[]),
        ];
        for population in cases {
            let mut seen = std::collections::BTreeSet::new();
            for chat in 0..population.chats {
                let (a, b) = population.members(chat);
                assert!(a != b && a < population.users() && b < population.users());
                assert!(seen.insert((a.min(b), a.max(b))), "{chat} is there twice");
            }
        }
    }

    #[test]
    fn senders_are_members_of_their_chats() {
        for name in [
            "pairs",
            "offline-drain",
            "reconnect-storm",
            "slow-readers",
            "hot-chat",
        ] {
            let population = population(name, &[]);
            for device in population.senders() {
                let chats = population.chats_of_sender(device);
                assert!(!chats.is_empty());
                for chat in chats {
                    let (a, b) = population.members(chat);
                    assert!([a, b].contains(&population.user_of(device)), "{name}");
                }
            }
        }
    }
}
