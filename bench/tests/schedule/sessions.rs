//! Who is connected: sessions over a day against the model, and what follows: messages to absent users, receipts, typing.

use ringpost_bench::schedule::{Action, WorldView, expected, world};

use crate::fit::BOUND;
use crate::watched::{Watched, scenario};

const FACTOR: &str = "1e-5";
const USERS: f64 = 10_000.0;
const MOMENTS: usize = 48;

fn day() -> ringpost_bench::scenario::Scenario {
    let settings = [
        ("load.factor", FACTOR),
        ("load.compress", "1440"),
        ("warm_up_s", "0"),
        ("seconds", "60"),
    ];
    scenario("day", &settings)
}

/// The largest distance of sessions from a model at any of the moments, in standard deviations.
fn farthest(sessions: &[f64], by_hour: &[f64; 24]) -> f64 {
    let view = WorldView::new(world::users(1e-5), by_hour, false);
    let distances = sessions.iter().enumerate().map(|(moment, sessions)| {
        let expected = view.sessions(moment as f64 * 86_400.0 / MOMENTS as f64);
        let deviation = (expected * (1.0 - expected / USERS)).sqrt();
        (sessions - expected).abs() / deviation
    });
    distances.fold(0.0, f64::max)
}

#[test]
fn sessions_follow_the_model_over_the_day() {
    let mut watched = Watched::new(&day());
    let moment_ns = watched.counted_ns().end / MOMENTS as u64;
    let mut sessions = Vec::new();
    let mut connects = 0.0;
    loop {
        let before = f64::from(watched.sessions);
        let Some(planned) = watched.next() else { break };
        if planned.at_ns > 0 {
            while sessions.len() as u64 * moment_ns <= planned.at_ns && sessions.len() < MOMENTS {
                sessions.push(before);
            }
            connects += f64::from(u8::from(matches!(planned.action, Action::Connect { .. })));
        }
    }
    let right = farthest(&sessions, &world::MESSAGES_BY_HOUR);
    assert!(right < BOUND, "{right}");
    let shifted: [f64; 24] = std::array::from_fn(|hour| world::MESSAGES_BY_HOUR[(hour + 2) % 24]);
    let wrong = farthest(&sessions, &shifted);
    assert!(wrong > 2.0 * BOUND, "{wrong}");
    let model = USERS * world::SESSIONS_PER_USER_AND_DAY;
    assert!(
        (connects - model).abs() < BOUND * model.sqrt(),
        "{connects}, not {model}"
    );
}

#[test]
fn messages_to_absent_users_have_the_share_that_follows_from_sessions() {
    let mut watched = Watched::new(&day());
    let (mut absent, mut sends, mut typed, mut reads) = (0.0, 0.0, 0.0, 0.0);
    while let Some(planned) = watched.next() {
        match planned.action {
            Action::Send { device, chat, .. } => {
                let receiver = watched.other_user(device, chat);
                absent += f64::from(u8::from(!watched.is_connected(receiver)));
                sends += 1.0;
            }
            Action::Typing { .. } => typed += 1.0,
            Action::Read { .. } => reads += 1.0,
            Action::Connect { .. } | Action::Disconnect { .. } => {}
        }
    }
    let expected = expected(&day());
    let messages = expected.messages.expect("a day has a rate");
    assert!((sends - messages).abs() < BOUND * messages.sqrt());
    let share = absent / sends;
    assert!(
        (share - expected.offline_share).abs() < 0.003,
        "{share}, not {}",
        expected.offline_share
    );
    let deviation = (messages * 0.83 * 0.17).sqrt();
    assert!((typed - expected.typing).abs() < BOUND * (deviation + messages.sqrt()));
    assert!(
        reads < expected.reads_at_most && reads > 0.3 * expected.reads_at_most,
        "{reads}"
    );
}

#[test]
fn each_read_is_of_something_new() {
    let mut watched = Watched::new(&day());
    let mut news = std::collections::HashSet::new();
    let mut without_news = 0;
    while let Some(planned) = watched.next() {
        match planned.action {
            Action::Send { device, chat, .. } => {
                news.insert((watched.other_user(device, chat), chat));
            }
            Action::Read { device, chat } => {
                without_news += u32::from(!news.remove(&(device, chat)));
            }
            _ => {}
        }
    }
    assert_eq!(without_news, 0);
}
