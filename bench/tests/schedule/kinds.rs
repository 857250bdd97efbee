//! What each kind of load promises beyond its rates.

use ringpost_bench::schedule::{Action, Schedule};

use crate::watched::{Watched, scenario};

const SECOND_NS: u64 = 1_000_000_000;

fn sends(watched: Watched) -> Vec<(u64, u32, u32)> {
    let of_send = |planned: ringpost_bench::schedule::Planned| match planned.action {
        Action::Send { device, chat, .. } => Some((planned.at_ns, device, chat)),
        _ => None,
    };
    watched.filter_map(of_send).collect()
}

#[test]
fn a_closed_loop_only_connects() {
    for (name, devices) in [("pairs", 1000), ("hot-chat", 16)] {
        let mut watched = Watched::new(&scenario(name, &[]));
        assert!(watched.by_ref().all(|planned| planned.at_ns == 0));
        assert_eq!(watched.sessions, devices);
    }
}

#[test]
fn an_offline_drain_begins_with_its_senders_only() {
    let mut watched = Watched::new(&scenario("offline-drain", &[]));
    assert_eq!(watched.by_ref().count(), 100);
    let population = watched.population();
    assert!(
        population
            .senders()
            .all(|device| watched.is_connected(device))
    );
    assert!((0..1000).all(|device| !watched.is_connected(device)));
}

#[test]
fn even_arrivals_take_senders_and_chats_in_turn() {
    let settings = [
        ("arrivals", "even"),
        ("load.pairs", "3"),
        ("load.chats_per_sender", "2"),
        ("load.rate", "10"),
        ("warm_up_s", "0"),
        ("seconds", "1"),
    ];
    let sends = sends(Watched::new(&scenario("pairs", &settings)));
    let turns: Vec<_> = sends
        .iter()
        .map(|(_, device, chat)| (*device, *chat))
        .collect();
    let begin = [(0, 0), (1, 2), (2, 4), (0, 1), (1, 3), (2, 5), (0, 0)];
    assert_eq!(turns[..7], begin);
    assert_eq!(sends[9].0, 900_000_000);
}

#[test]
fn in_a_storm_all_are_cut_and_each_has_its_backlog() {
    let settings = [("load.sessions", "2000"), ("load.backlog", "3")];
    let mut watched = Watched::new(&scenario("reconnect-storm", &settings));
    let (cut_ns, back_ns) = (10 * SECOND_NS, 15 * SECOND_NS);
    let mut stored = vec![0; 2000];
    let (mut cut, mut back) = (0, 0);
    while let Some(planned) = watched.next() {
        let is_away = (cut_ns..back_ns).contains(&planned.at_ns);
        match planned.action {
            Action::Send { device, chat, .. } if is_away => {
                assert!(device >= 2000, "a session sends while it is cut");
                stored[watched.other_user(device, chat) as usize] += 1;
            }
            Action::Send { device, .. } => assert!(device < 500),
            Action::Disconnect { .. } => {
                assert_eq!(planned.at_ns, cut_ns);
                cut += 1;
            }
            Action::Connect { .. } if planned.at_ns > 0 => {
                assert_eq!(planned.at_ns, back_ns);
                back += 1;
            }
            _ => {}
        }
    }
    assert_eq!((cut, back), (2000, 2000));
    assert_eq!(stored, vec![3; 2000]);
}

#[test]
fn each_idle_session_gets_a_message_in_the_counted_time() {
    let settings = [
        ("load.sessions", "5000"),
        ("load.connects_per_second", "1000"),
        ("load.active_pairs", "10"),
        ("load.rate", "50"),
        ("seconds", "20"),
    ];
    let mut watched = Watched::new(&scenario("idle-million", &settings));
    let counted = watched.counted_ns();
    assert_eq!(counted, 10 * SECOND_NS..30 * SECOND_NS);
    let mut received = vec![0; 5000];
    let mut sends = 0;
    let mut last_connect_ns = 0;
    while let Some(planned) = watched.next() {
        match planned.action {
            Action::Connect { .. } => last_connect_ns = planned.at_ns,
            Action::Send { device, chat, .. } if counted.contains(&planned.at_ns) => {
                received[watched.other_user(device, chat) as usize] += 1;
                sends += 1;
            }
            _ => {}
        }
    }
    assert_eq!(last_connect_ns, 4_999_000_000);
    assert!(received.iter().all(|count| *count >= 1));
    let beside = f64::from(sends - 5000);
    assert!((beside - 1000.0).abs() < 5.0 * 1000_f64.sqrt(), "{beside}");
}

#[test]
fn slow_readers_are_a_share_spread_evenly() {
    for (share, count) in [("0.0", 0), ("0.2", 100), ("0.33", 165), ("1.0", 500)] {
        let scenario = scenario("slow-readers", &[("load.slow_share", share)]);
        let schedule = Schedule::new(&scenario).expect("small");
        let population = schedule.population();
        let slow: Vec<u32> = (0..1000)
            .filter(|device| population.reads_slowly(*device))
            .collect();
        assert_eq!(slow.len(), count);
        assert!(slow.iter().all(|device| *device >= 500));
        let in_first_half = slow.iter().filter(|device| **device < 750).count();
        assert!(in_first_half.abs_diff(count / 2) <= 1);
    }
}
