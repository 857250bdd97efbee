//! The bounds of a scenario's fields: says which field is out of them, and what is allowed.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::bounds::*;
use super::kind::{
    Day, HotChat, IdleMillion, Load, OfflineDrain, Overload, Pairs, ReconnectStorm, SlowReaders,
};
use super::read::Wrong;
use super::scenario_file::{Arrivals, Scenario};
use super::sizes::Sizes;

type Checked = Result<(), Wrong>;

/// Checks every field.
pub(super) fn check(scenario: &Scenario) -> Checked {
    texts(scenario)?;
    within("seed", scenario.seed, 0..=SEED_MAX)?;
    within("warm_up_s", scenario.warm_up_s, 0..=WARM_UP_S_MAX)?;
    within("seconds", scenario.seconds, 1..=SECONDS_MAX)?;
    payload(&scenario.payload)?;
    match &scenario.load {
        Load::Pairs(load) => pairs(load),
        Load::OfflineDrain(load) => offline_drain(load),
        Load::ReconnectStorm(load) => reconnect_storm(load, scenario.seconds),
        Load::IdleMillion(load) => idle_million(load),
        Load::SlowReaders(load) => slow_readers(load),
        Load::HotChat(load) => hot_chat(load),
        Load::Overload(load) => overload(load),
        Load::Day(load) => day(load, scenario.arrivals),
    }
}

fn texts(scenario: &Scenario) -> Checked {
    let name = &scenario.name;
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
        let allowed = format!("1 to {NAME_BYTES_MAX} lower-case letters, digits and -");
        return wrong("name", format!("{allowed}, not {name:?}"));
    }
    if scenario.about.len() > ABOUT_BYTES_MAX {
        return wrong("about", format!("at most {ABOUT_BYTES_MAX} bytes"));
    }
    Ok(())
}

fn payload(sizes: &Sizes) -> Checked {
    let bytes = PAYLOAD_BYTES_MIN..=PAYLOAD_BYTES_MAX;
    match sizes {
        Sizes::Fixed { bytes: size } => within("payload.bytes", *size, bytes),
        Sizes::LogNormal {
            median_bytes,
            sigma,
            max_bytes,
        } => {
            within("payload.median_bytes", *median_bytes, bytes)?;
            within("payload.sigma", *sigma, 0.0..=SIGMA_MAX)?;
            within(
                "payload.max_bytes",
                *max_bytes,
                *median_bytes..=PAYLOAD_BYTES_MAX,
            )
        }
        Sizes::Ciphertext {} => Ok(()),
    }
}

fn pairs(load: &Pairs) -> Checked {
    within("load.pairs", load.pairs, 1..=PAIRS_MAX)?;
    within("load.in_flight", load.in_flight, 1..=IN_FLIGHT_MAX)?;
    within("load.rate", load.rate, 0..=RATE_MAX)?;
    let most = CHATS_PER_SENDER_MAX
        .min(load.pairs)
        .min(CHATS_MAX / load.pairs);
    within("load.chats_per_sender", load.chats_per_sender, 1..=most)
}

fn offline_drain(load: &OfflineDrain) -> Checked {
    within("load.devices", load.devices, 1..=DEVICES_MAX / 2)?;
    let most = DRAIN_MESSAGES_MAX / u64::from(load.devices);
    let most = most.min(u64::from(MESSAGES_MAX));
    within("load.messages", u64::from(load.messages), 1..=most)?;
    within("load.senders", load.senders, 1..=load.devices)?;
    within("load.in_flight", load.in_flight, 1..=IN_FLIGHT_MAX)?;
    let pace = 0..=CONNECTS_PER_SECOND_MAX;
    within("load.returns_per_second", load.returns_per_second, pace)
}

fn reconnect_storm(load: &ReconnectStorm, seconds: u64) -> Checked {
    within(
        "load.sessions",
        load.sessions,
        2..=DEVICES_MAX - STORM_SENDERS_MAX,
    )?;
    within(
        "load.pairs_active",
        load.pairs_active,
        0..=load.sessions / 2,
    )?;
    let least_rate = u64::from(load.pairs_active > 0);
    within("load.rate", load.rate, least_rate..=RATE_MAX)?;
    within("load.away_s", load.away_s, 0..=seconds.saturating_sub(1))?;
    let latest = seconds.saturating_sub(1 + load.away_s);
    within("load.cut_after_s", load.cut_after_s, 0..=latest)?;
    let most = if load.away_s == 0 {
        0
    } else {
        STORM_BACKLOG_MAX
    };
    within("load.backlog", load.backlog, 0..=most)?;
    within(
        "load.senders",
        load.senders,
        1..=STORM_SENDERS_MAX.min(load.sessions),
    )
}

fn idle_million(load: &IdleMillion) -> Checked {
    within("load.sessions", load.sessions, 2..=DEVICES_MAX)?;
    if load.sessions % 2 == 1 {
        return wrong(
            "load.sessions",
            format!("an even number, not {}", load.sessions),
        );
    }
    let pace = 1..=CONNECTS_PER_SECOND_MAX;
    within("load.connects_per_second", load.connects_per_second, pace)?;
    within(
        "load.active_pairs",
        load.active_pairs,
        0..=load.sessions / 2,
    )?;
    let most_rate = if load.active_pairs == 0 { 0 } else { RATE_MAX };
    within("load.rate", load.rate, 0..=most_rate)
}

fn slow_readers(load: &SlowReaders) -> Checked {
    within("load.pairs", load.pairs, 1..=PAIRS_MAX)?;
    within("load.slow_share", load.slow_share, 0.0..=1.0)?;
    within(
        "load.read_every_ms",
        load.read_every_ms,
        0..=READ_EVERY_MS_MAX,
    )?;
    within("load.rate", load.rate, 0..=RATE_MAX)?;
    within("load.in_flight", load.in_flight, 1..=IN_FLIGHT_MAX)
}

fn hot_chat(load: &HotChat) -> Checked {
    let devices = 1..=DEVICES_PER_USER_MAX;
    within("load.devices_per_user", load.devices_per_user, devices)?;
    within("load.in_flight", load.in_flight, 1..=IN_FLIGHT_MAX)?;
    within("load.rate", load.rate, 0..=RATE_MAX)
}

fn overload(load: &Overload) -> Checked {
    within("load.pairs", load.pairs, 1..=PAIRS_MAX)?;
    within("load.in_flight", load.in_flight, 1..=IN_FLIGHT_MAX)?;
    within("load.top_senders", load.top_senders, 1..=PAIRS_MAX)?;
    within("load.top_s", load.top_s, 1..=TOP_S_MAX)?;
    let factors = OVERLOAD_FACTOR_MIN..=OVERLOAD_FACTOR_MAX;
    within("load.factor", load.factor, factors)
}

fn day(load: &Day, arrivals: Arrivals) -> Checked {
    within("load.factor", load.factor, FACTOR_MIN..=FACTOR_MAX)?;
    within("load.compress", load.compress, 1..=COMPRESS_MAX)?;
    within("load.begin_hour", load.begin_hour, 0..=23)?;
    if arrivals != Arrivals::Poisson {
        return wrong("arrivals", "poisson for a day".to_owned());
    }
    Ok(())
}

fn within<T: PartialOrd + Display>(key: &str, value: T, allowed: RangeInclusive<T>) -> Checked {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (least, most) = allowed.into_inner();
    wrong(key, format!("a number from {least} to {most}, not {value}"))
}

fn wrong(key: &str, message: String) -> Checked {
    Err(Wrong {
        key: key.to_owned(),
        message,
    })
}
