//! Checks of values that their types do not make.

use ringpost_gateway_core::limits::{TOKEN_KEYS_MAX, TOKEN_LEEWAY_MS_MAX};
use ringpost_gateway_tls::proxy::Network;
use ringpost_storage_core::limits::{DEVICE_UNSEEN_DAYS_MAX, DEVICE_UNSEEN_DAYS_MIN};

use super::settings::{
    AuthSettings, DrainSettings, Engine, LimitSettings, Settings, StoreSettings,
};
use crate::store::HAS_FOUNDATIONDB;

const DRAIN_MS_MAX: u64 = 900_000;
/// Time of a drain after its waits: closing sockets take what was written to them.
const DRAIN_FLUSH_MS: u64 = 1_000;
const NODE_MAX: u64 = 65_535;
const CLIENT_THREADS_MAX: u64 = 64;
const LEEWAY_S_MAX: u64 = TOKEN_LEEWAY_MS_MAX / 1_000;
const LIFE_S_MAX: u64 = 366 * 24 * 3_600;
/// Beside these a key of the node's own.
const KEYS_MAX: u64 = TOKEN_KEYS_MAX as u64 - 1;
const PREFIX_BYTES_MAX: usize = 64;
const NOT_BUILT: &str = "embedded: this program was built without FoundationDB (build it with `cargo build --release -p ringpost \
     --features foundationdb`, on a machine with FoundationDB's client package and libclang)";

/// A value outside its limits: the key and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfRange {
    pub(super) key: &'static str,
    pub(super) expected: String,
}

fn within(key: &'static str, value: u64, least: u64, most: u64) -> Result<(), OutOfRange> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(OutOfRange {
        key,
        expected: format!("a number from {least} to {most}, not {value}"),
    })
}

/// Checks every value.
pub(super) fn validate(settings: &Settings) -> Result<(), OutOfRange> {
    let (store, limits) = (&settings.store, &settings.limits);
    within("cores", settings.cores as u64, 0, 256)?;
    within(
        "store.retention_days",
        u64::from(store.retention_days),
        0,
        36_500,
    )?;
    within(
        "store.device_unseen_days",
        u64::from(store.device_unseen_days),
        u64::from(DEVICE_UNSEEN_DAYS_MIN),
        u64::from(DEVICE_UNSEEN_DAYS_MAX),
    )?;
    within("store.overlay_mib", store.overlay_mib as u64, 8, 65_536)?;
    within("store.flush_age_ms", store.flush_age_ms, 100, 600_000)?;
    validate_foundationdb(store)?;
    validate_auth(&settings.auth)?;
    within(
        "limits.sessions_per_core",
        u64::from(limits.sessions_per_core),
        16,
        1_000_000,
    )?;
    within(
        "limits.queue_delay_ms",
        u64::from(limits.queue_delay_ms),
        10,
        900,
    )?;
    within(
        "limits.sends_per_second",
        u64::from(limits.sends_per_second),
        1,
        10_000_000,
    )?;
    within(
        "limits.sends_burst",
        u64::from(limits.sends_burst),
        1,
        10_000_000,
    )?;
    within(
        "limits.session_queue_bytes",
        limits.session_queue_bytes as u64,
        256 * 1024,
        64 * 1024 * 1024,
    )?;
    validate_drain(&settings.drain)?;
    let balancers = &settings.listen.proxy_protocol_from;
    validate_networks("listen.proxy_protocol_from", balancers)?;
    validate_addresses(limits)?;
    if settings.tls.is_on() == settings.tls.key.as_os_str().is_empty() {
        return Err(OutOfRange {
            key: "tls.key",
            expected: "a file, together with tls.certificate, or neither".to_owned(),
        });
    }
    if settings.data_dir.as_os_str().is_empty() {
        return Err(OutOfRange {
            key: "data_dir",
            expected: "a directory, not an empty text".to_owned(),
        });
    }
    Ok(())
}

fn validate_networks(key: &'static str, texts: &[String]) -> Result<(), OutOfRange> {
    texts.iter().try_for_each(|text| {
        let parsed = text.parse::<Network>();
        parsed.map(drop).map_err(|error| OutOfRange {
            key,
            expected: format!("addresses and networks: {text} is {error}"),
        })
    })
}

/// Limits of addresses. Of no connection at once, none would ever be taken.
fn validate_addresses(limits: &LimitSettings) -> Result<(), OutOfRange> {
    within(
        "limits.address_connects_burst",
        u64::from(limits.address_connects_burst),
        1,
        10_000_000,
    )?;
    within(
        "limits.address_pause_ms_max",
        u64::from(limits.address_pause_ms_max),
        1_000,
        3_600_000,
    )?;
    within(
        "limits.address_ipv6_prefix_bits",
        u64::from(limits.address_ipv6_prefix_bits),
        16,
        64,
    )?;
    validate_networks("limits.exempt_addresses", &limits.exempt_addresses)
}

/// Everything that a drain waits for must fit into the part of its limit that is not the store's.
fn validate_drain(drain: &DrainSettings) -> Result<(), OutOfRange> {
    within("drain.notice_ms", drain.notice_ms, 0, DRAIN_MS_MAX)?;
    within(
        "drain.spread_ms",
        u64::from(drain.spread_ms),
        0,
        DRAIN_MS_MAX,
    )?;
    within("drain.leave_ms", u64::from(drain.leave_ms), 0, DRAIN_MS_MAX)?;
    let waits = drain.notice_ms + u64::from(drain.spread_ms) + u64::from(drain.leave_ms);
    let least = (waits + DRAIN_FLUSH_MS) * 4 / 3;
    within("drain.limit_ms", drain.limit_ms, least, 4 * DRAIN_MS_MAX)
}

fn validate_foundationdb(store: &StoreSettings) -> Result<(), OutOfRange> {
    within("store.node", u64::from(store.node), 1, NODE_MAX)?;
    let threads = u64::from(store.client_threads);
    within("store.client_threads", threads, 1, CLIENT_THREADS_MAX)?;
    if !(1..=PREFIX_BYTES_MAX).contains(&store.prefix.len()) {
        return Err(OutOfRange {
            key: "store.prefix",
            expected: format!("a text of 1 to {PREFIX_BYTES_MAX} bytes"),
        });
    }
    if store.client_threads > 1 && store.client_library.as_os_str().is_empty() {
        return Err(OutOfRange {
            key: "store.client_threads",
            expected: "1, or store.client_library too: the library is loaded once a thread"
                .to_owned(),
        });
    }
    if store.engine == Engine::FoundationDb && !HAS_FOUNDATIONDB {
        return Err(OutOfRange {
            key: "store.engine",
            expected: NOT_BUILT.to_owned(),
        });
    }
    Ok(())
}

fn validate_auth(auth: &AuthSettings) -> Result<(), OutOfRange> {
    within("auth.leeway_s", auth.leeway_s, 0, LEEWAY_S_MAX)?;
    within("auth.life_max_s", auth.life_max_s, 0, LIFE_S_MAX)?;
    within("auth.keys", auth.keys.len() as u64, 0, KEYS_MAX)?;
    let wrong = |key, expected: &str| {
        Err(OutOfRange {
            key,
            expected: expected.to_owned(),
        })
    };
    if auth.audience.is_empty() {
        return wrong("auth.audience", "a text that is not empty");
    }
    let is_without_key = auth.keys.is_empty() && auth.jwks_file.as_os_str().is_empty();
    if !auth.local_secret && is_without_key {
        let expected = "true, or auth.keys or auth.jwks_file too: without a key nobody can sign in";
        return wrong("auth.local_secret", expected);
    }
    Ok(())
}
