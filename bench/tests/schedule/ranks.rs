//! Which of its chats a user writes to: ranks against Zipf's shares; and which users write at all.

use ringpost_bench::schedule::{Action, Zipf, world};

use crate::fit::{distance, fits};
use crate::watched::{Watched, scenario};

fn short_day() -> Watched {
    let settings = [
        ("load.factor", "5e-6"),
        ("load.compress", "1440"),
        ("warm_up_s", "0"),
        ("seconds", "30"),
    ];
    Watched::new(&scenario("day", &settings))
}

/// The rank of a chat for one of its users: the neighbour ahead is first, the one behind second, the next ahead third.
fn rank(watched: &Watched, device: u32, chat: u32) -> u32 {
    let users = watched.population().users();
    let (ahead_of, ahead) = watched.population().members(chat);
    let step = (ahead + users - ahead_of) % users;
    if device == ahead_of {
        2 * step - 1
    } else {
        2 * step
    }
}

#[test]
fn chats_are_chosen_by_zipf_with_the_worlds_exponent_and_no_other() {
    let ranks = 2 * world::CHATS_PER_SIDE;
    let mut counts = vec![0.0; ranks as usize];
    let mut watched = short_day();
    while let Some(planned) = watched.next() {
        if let Action::Send { device, chat, .. } = planned.action {
            counts[rank(&watched, device, chat) as usize - 1] += 1.0;
        }
    }
    let total: f64 = counts.iter().sum();
    let model = |exponent: f64| -> Vec<f64> {
        let zipf = Zipf::new(exponent, ranks);
        (1..=ranks).map(|rank| zipf.share(rank) * total).collect()
    };
    let right = model(world::CHAT_EXPONENT);
    assert!(fits(&counts, &right), "{}", distance(&counts, &right));
    for wrong in [0.9, 0.97, 1.03, 1.1] {
        assert!(!fits(&counts, &model(wrong)), "{wrong} passes");
    }
}

#[test]
fn every_sender_of_a_steady_load_has_its_share() {
    let settings = [
        ("load.pairs", "200"),
        ("load.chats_per_sender", "5"),
        ("load.rate", "5000"),
        ("warm_up_s", "0"),
    ];
    let mut counts = vec![0.0; 1000];
    for planned in Watched::new(&scenario("pairs", &settings)) {
        if let Action::Send { chat, .. } = planned.action {
            counts[chat as usize] += 1.0;
        }
    }
    let total: f64 = counts.iter().sum();
    assert!(fits(&counts, &vec![total / 1000.0; 1000]));
}
