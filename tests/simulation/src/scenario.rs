//! The scenarios: what each one's world is like, and what must take place in it for a run of seeds to count.

use ringpost_storage_core::memory::FaultRates;

use crate::settings::Settings;

/// A scenario.
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it exists for.
    pub about: &'static str,
    /// Its settings.
    pub settings: fn() -> Settings,
    /// What must take place, and how often at least in 100 seeds.
    pub expects: &'static [(&'static str, u64)],
}

impl Scenario {
    /// The scenario of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }
}

/// All scenarios.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "calm",
        about: "nothing goes wrong: everything is delivered once and in order",
        settings: Settings::default,
        expects: &[
            ("messages sent", 5_000),
            ("messages delivered", 5_000),
            ("receipts", 1_000),
        ],
    },
    Scenario {
        name: "stormy-store",
        about: "the store conflicts, forgets, delays, loses and lands commits late",
        settings: stormy_store,
        expects: &[
            ("unknown results, applied", 100),
            ("unknown results, lost", 100),
            ("unknown results, late", 100),
            ("late commits landed", 20),
            ("late commits died", 20),
            ("settled as landed", 50),
            ("settled as lost", 50),
            ("versions shared", 50),
            ("commits too old", 20),
            ("store outages", 100),
        ],
    },
    Scenario {
        name: "cut-network",
        about: "connections are lost with the bytes on their way, and an end may not learn of it",
        settings: cut_network,
        expects: &[
            ("connections cut", 600),
            ("ends not told", 200),
            ("bytes after a loss", 100),
            ("sessions taken over", 20),
        ],
    },
    Scenario {
        name: "crash-node",
        about: "the node crashes or is asked to leave, and comes back with another number of cores",
        settings: crash_node,
        expects: &[
            ("nodes crashed", 150),
            ("nodes drained", 50),
            ("requests of dead lanes", 5),
        ],
    },
    Scenario {
        name: "crash-clients",
        about: "clients crash between any two effects, and some go on from an old copy of their state",
        settings: crash_clients,
        expects: &[
            ("clients crashed", 1_000),
            ("clients restored", 50),
            ("SequenceReused", 10),
        ],
    },
    Scenario {
        name: "set-back",
        about: "clients go on from old copies of their state, read again, and crash again before they have kept it all",
        settings: set_back,
        expects: &[
            ("clients restored", 200),
            ("set-backs found", 50),
            ("own messages told", 200),
        ],
    },
    Scenario {
        name: "two-homes",
        about: "two nodes over one store both believe that they are home of every shard",
        settings: two_homes,
        expects: &[
            ("shards lost", 1_000),
            ("commits in true conflict", 500),
            ("clients moved", 500),
        ],
    },
    Scenario {
        name: "two-devices",
        about: "users have two devices, the second of which joins in the middle",
        settings: two_devices,
        expects: &[("messages delivered", 8_000), ("clients disconnected", 20)],
    },
    Scenario {
        name: "slow-reader",
        about: "clients stop reading while large messages arrive, fall behind and pull",
        settings: slow_reader,
        expects: &[
            ("deliveries skipped", 500),
            ("behind told", 100),
            ("readers slowed", 500),
        ],
    },
    Scenario {
        name: "door-zero",
        about: "doors without numbers repeat their messages over lost connections",
        settings: door_zero,
        expects: &[
            ("door messages", 1_000),
            ("door repeats", 500),
            ("connections cut", 500),
        ],
    },
    Scenario {
        name: "rule-breakers",
        about: "clients break the rules of numbering and are answered as the rules say",
        settings: rule_breakers,
        expects: &[
            ("numbers reused", 200),
            ("numbers skipped", 200),
            ("forgotten numbers asked again", 200),
            ("kept results asked again", 500),
            ("wrong device lists", 200),
            ("sends to strangers", 200),
            ("old acknowledgements", 1_000),
        ],
    },
    Scenario {
        name: "overload",
        about: "limits are small: sends are refused for load and come again in order",
        settings: overload,
        expects: &[
            ("Overloaded", 200),
            ("RateLimited", 500),
            ("RefusedBefore", 200),
            ("mailboxes full", 200),
        ],
    },
    Scenario {
        name: "everything",
        about: "all of it at once",
        settings: everything,
        expects: &[
            ("unknown results, late", 20),
            ("connections cut", 500),
            ("nodes crashed", 50),
            ("clients crashed", 200),
            ("tokens refused", 20),
            ("shards lost", 20),
        ],
    },
    Scenario {
        name: "three-nodes",
        about: "shards are spread over three nodes and move between them, the old home not knowing",
        settings: three_nodes,
        expects: &[
            ("homes moved", 200),
            ("shards taken over", 20),
            ("shards lost", 200),
            ("clients moved", 200),
            ("nodes crashed", 50),
            ("cores crashed", 50),
        ],
    },
    Scenario {
        name: "clocks",
        about: "clocks of two nodes differ, jump and stand still, and chats' time never runs back",
        settings: clocks,
        expects: &[
            ("clocks jumped", 500),
            ("clocks stopped", 300),
            ("shards lost", 200),
        ],
    },
    Scenario {
        name: "dead-links",
        about: "links carry nothing for long in one direction, and connections are reset at every byte",
        settings: dead_links,
        expects: &[("links dead for a time", 500), ("resets at a byte", 300)],
    },
    Scenario {
        name: "devices",
        about: "devices are linked, unlinked and revoked, and chats are trimmed, while others are behind",
        settings: devices,
        expects: &[
            ("devices unlinked", 100),
            ("devices revoked", 100),
            ("told that it is unlinked", 10),
            ("told that it is revoked", 50),
            ("devices seen since", 10),
            ("trims asked for", 500),
            ("messages trimmed on request", 20),
        ],
    },
    Scenario {
        name: "crowd",
        about: "many senders and a store that is far too slow: sends are shed, refused, and come again in order",
        settings: crowd,
        expects: &[
            ("Overloaded", 200),
            ("RefusedBefore", 200),
            ("sends shed", 1_000),
        ],
    },
    Scenario {
        name: "all-at-once",
        about: "everything that any scenario has, in one world",
        settings: all_at_once,
        expects: &[
            ("unknown results, late", 20),
            ("connections cut", 500),
            ("resets at a byte", 200),
            ("links dead for a time", 100),
            ("nodes crashed", 50),
            ("cores crashed", 20),
            ("clocks jumped", 100),
            ("clients crashed", 200),
            ("clients restored", 10),
            ("homes moved", 100),
            ("shards lost", 20),
            ("devices unlinked", 50),
            ("devices revoked", 50),
            ("trims asked for", 100),
        ],
    },
];

fn stormy_store() -> Settings {
    Settings {
        store: FaultRates::STORMY,
        outage_every_ms: 4_000,
        ..Settings::default()
    }
}

fn cut_network() -> Settings {
    Settings {
        cut_every_ms: 300,
        half_open_share: 300,
        cut_chunk_share: 600,
        short_token_share: 100,
        ..Settings::default()
    }
}

fn crash_node() -> Settings {
    Settings {
        node_crash_every_ms: 2_500,
        drain_share: 300,
        stall_every_ms: 2_000,
        clock_skew_ms: 20_000,
        ..Settings::default()
    }
}

fn crash_clients() -> Settings {
    Settings {
        client_crash_every_ms: 400,
        restore_share: 350,
        ..Settings::default()
    }
}

fn set_back() -> Settings {
    Settings {
        client_crash_every_ms: 250,
        restore_share: 500,
        cut_every_ms: 500,
        kept_at_once_share: 200,
        kept_ms_max: 3_000,
        messages: 15,
        active_ms: 15_000,
        ..Settings::default()
    }
}

/// Commits whose fate is not told at once, and versions that several share: what homes that compete must bear.
fn unclear_commits() -> FaultRates {
    FaultRates {
        unknown_late: 200,
        unknown_applied: 100,
        shared_version: 5_000,
        ..FaultRates::NONE
    }
}

fn two_homes() -> Settings {
    Settings {
        nodes: 2,
        cores_max: 2,
        move_every_ms: 700,
        stall_every_ms: 2_000,
        store: unclear_commits(),
        ..Settings::default()
    }
}

fn two_devices() -> Settings {
    Settings {
        users: 3,
        second_device_share: 800,
        is_second_late: true,
        cut_every_ms: 2_000,
        ..Settings::default()
    }
}

fn slow_reader() -> Settings {
    Settings {
        users: 3,
        messages: 40,
        payload_bytes_max: 12_000,
        large_share: 100,
        large_bytes_max: 50_000,
        slow_reader_every_ms: 800,
        slow_reader_ms: 5_000,
        mailbox_mails: 1,
        ..Settings::default()
    }
}

fn door_zero() -> Settings {
    Settings {
        users: 2,
        messages: 15,
        doors: 3,
        cut_every_ms: 500,
        half_open_share: 100,
        ..Settings::default()
    }
}

fn rule_breakers() -> Settings {
    Settings {
        users: 2,
        messages: 25,
        rule_breakers: 2,
        cut_every_ms: 3_000,
        ..Settings::default()
    }
}

fn overload() -> Settings {
    Settings {
        messages: 40,
        active_ms: 6_000,
        mailbox_mails: 2,
        queue_delay_max_ms: 8,
        sends_per_second: 12,
        handshakes_per_second: 2,
        store_delay_us: 40_000,
        cut_every_ms: 2_000,
        ..Settings::default()
    }
}

fn everything() -> Settings {
    Settings {
        nodes: 2,
        users: 3,
        second_device_share: 400,
        is_second_late: true,
        messages: 20,
        active_ms: 12_000,
        store: FaultRates {
            conflict: 50,
            commit_too_old: 30,
            unknown_applied: 100,
            unknown_lost: 100,
            unknown_late: 200,
            throttled: 50,
            shared_version: 5_000,
            short_page: 1_000,
            read_too_old: 30,
            unavailable: 30,
        },
        outage_every_ms: 6_000,
        cut_chunk_share: 400,
        cut_every_ms: 1_200,
        half_open_share: 200,
        node_crash_every_ms: 5_000,
        drain_share: 300,
        stall_every_ms: 3_000,
        client_crash_every_ms: 1_500,
        restore_share: 150,
        move_every_ms: 3_000,
        slow_reader_every_ms: 3_000,
        slow_reader_ms: 2_000,
        doors: 1,
        rule_breakers: 1,
        mailbox_mails: 8,
        queue_delay_max_ms: 60,
        sends_per_second: 60,
        short_token_share: 100,
        clock_skew_ms: 20_000,
        ..Settings::default()
    }
}

fn three_nodes() -> Settings {
    Settings {
        nodes: 3,
        circles: 3,
        cores_max: 2,
        users: 6,
        rehome_every_ms: 1_200,
        node_crash_every_ms: 4_000,
        core_crash_every_ms: 6_000,
        stall_every_ms: 3_000,
        store: unclear_commits(),
        ..Settings::default()
    }
}

fn clocks() -> Settings {
    Settings {
        nodes: 2,
        cores_max: 2,
        clock_skew_ms: 30_000,
        clock_jump_every_ms: 900,
        clock_stop_every_ms: 2_000,
        move_every_ms: 1_500,
        short_token_share: 200,
        cut_every_ms: 2_000,
        ..Settings::default()
    }
}

fn dead_links() -> Settings {
    Settings {
        dead_link_every_ms: 800,
        reset_bytes: 1_200,
        cut_chunk_share: 400,
        active_ms: 20_000,
        ..Settings::default()
    }
}

fn devices() -> Settings {
    Settings {
        users: 3,
        second_device_share: 800,
        is_second_late: true,
        unlink_every_ms: 4_000,
        revoke_every_ms: 2_500,
        trim_every_ms: 700,
        retention_days_share: 500,
        cut_every_ms: 1_500,
        slow_reader_every_ms: 2_000,
        slow_reader_ms: 4_000,
        node_crash_every_ms: 8_000,
        ..Settings::default()
    }
}

fn crowd() -> Settings {
    Settings {
        users: 12,
        messages: 30,
        active_ms: 6_000,
        mailbox_mails: 4,
        queue_delay_max_ms: 40,
        store_delay_us: 150_000,
        cut_every_ms: 3_000,
        ..Settings::default()
    }
}

fn all_at_once() -> Settings {
    Settings {
        nodes: 3,
        circles: 2,
        users: 6,
        messages: 70,
        active_ms: 20_000,
        rehome_every_ms: 6_000,
        core_crash_every_ms: 15_000,
        dead_link_every_ms: 4_000,
        reset_bytes: 1_200,
        clock_jump_every_ms: 4_000,
        clock_stop_every_ms: 8_000,
        unlink_every_ms: 10_000,
        revoke_every_ms: 8_000,
        trim_every_ms: 3_000,
        restore_share: 300,
        retention_days_share: 300,
        ..everything()
    }
}
