//! The verifier that all cores use: renewed at a reload, and when a key file has changed.
//!
//! Invariant: a file that is wrong changes nothing; the keys of before stay, and log and metrics say so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ringpost_gateway_core::TokenVerifier;

use super::TokensError;
use super::load::{Stamp, load, stamps};
use crate::configuration::{AuthSettings, Settings};
use crate::http::Page;
use crate::reload::Reloadable;
use crate::secret::Secret;

/// Time between two looks at the files.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Keys and rules of tokens, shared by all cores.
pub struct LiveTokens {
    secret: Secret,
    state: Mutex<State>,
    version: AtomicU64,
    renewed: AtomicU64,
    failed: AtomicU64,
}

struct State {
    verifier: Arc<TokenVerifier>,
    keys: usize,
    auth: AuthSettings,
    stamps: Vec<Stamp>,
    looked: Instant,
    /// The last attempt failed.
    is_stale: bool,
    /// The settings of the last reload, if they were not taken.
    refused: Option<Refused>,
}

/// Settings that name a file that is wrong, and their files as they were then.
struct Refused {
    auth: AuthSettings,
    stamps: Vec<Stamp>,
}

impl Refused {
    /// Whether a file is another one by now. Told once.
    fn has_changed(&mut self) -> bool {
        let stamps = stamps(&self.auth);
        let before = std::mem::replace(&mut self.stamps, stamps);
        before != self.stamps
    }
}

impl LiveTokens {
    /// The keys and rules at the start.
    ///
    /// # Errors
    /// A file that is not what it should be.
    pub fn start(settings: &Settings, secret: Secret) -> Result<Self, TokensError> {
        let auth = settings.auth.clone();
        let stamps = stamps(&auth);
        let (verifier, keys) = load(&auth, &secret)?;
        let state = State {
            verifier: Arc::new(verifier),
            keys,
            auth,
            stamps,
            looked: Instant::now(),
            is_stale: false,
            refused: None,
        };
        Ok(Self {
            secret,
            state: Mutex::new(state),
            version: AtomicU64::new(0),
            renewed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        })
    }

    /// The verifier that holds.
    pub fn verifier(&self) -> Arc<TokenVerifier> {
        self.state().verifier.clone()
    }

    /// The verifier, unless the core has seen this version of it, which it updates.
    pub fn newer_than(&self, seen: &mut u64) -> Option<Arc<TokenVerifier>> {
        let version = self.version.load(Ordering::Acquire);
        if *seen == version {
            return None;
        }
        *seen = version;
        Some(self.verifier())
    }

    /// Reads the files again if one has changed, at most once a second. Answers whether one has changed that settings name which were
    /// refused: it is time to offer them again.
    #[must_use]
    pub fn look(&self) -> bool {
        let mut state = self.state();
        if state.looked.elapsed() < LOOK_INTERVAL {
            return false;
        }
        state.looked = Instant::now();
        if state.stamps.iter().any(Stamp::is_old) {
            let auth = state.auth.clone();
            match self.renew(&mut state, auth) {
                Ok(()) => tracing::info!(keys = state.keys, "the keys of tokens are read anew"),
                Err(error) => {
                    tracing::warn!(%error, "the keys of tokens are wrong: the old ones stay");
                }
            }
        }
        state.refused.as_mut().is_some_and(Refused::has_changed)
    }

    /// Writes what is counted.
    pub fn write(&self, page: &mut Page) {
        let state = self.state();
        let help = "Keys that session tokens may be signed with.";
        page.single("ringpost_token_keys", "gauge", help, state.keys as f64);
        let help =
            "1 while key files, or settings that name them, are wrong and older keys are used.";
        let is_stale = f64::from(state.is_stale || state.refused.is_some());
        page.single("ringpost_token_keys_stale", "gauge", help, is_stale);
        let name = "ringpost_token_keys_reads_total";
        page.family(name, "counter", "Times that the key files were read again.");
        for (result, count) in [("taken", &self.renewed), ("refused", &self.failed)] {
            let count = count.load(Ordering::Relaxed) as f64;
            page.sample(name, &format!("result=\"{result}\""), count);
        }
    }

    fn renew(&self, state: &mut State, auth: AuthSettings) -> Result<(), TokensError> {
        // Before the files are read: a change in between is seen at the next look.
        let stamps = stamps(&auth);
        let loaded = load(&auth, &self.secret);
        if loaded.is_err() {
            self.failed.fetch_add(1, Ordering::Relaxed);
            if auth == state.auth {
                (state.stamps, state.is_stale) = (stamps, true);
            } else {
                state.refused = Some(Refused { auth, stamps });
            }
            return loaded.map(drop);
        }
        let (verifier, keys) = loaded?;
        *state = State {
            verifier: Arc::new(verifier),
            keys,
            auth,
            stamps,
            looked: state.looked,
            is_stale: false,
            refused: state.refused.take(),
        };
        self.renewed.fetch_add(1, Ordering::Relaxed);
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reloadable for Arc<LiveTokens> {
    fn name(&self) -> &'static str {
        "token keys"
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "auth.audience",
            "auth.issuer",
            "auth.jwks_file",
            "auth.keys",
            "auth.leeway_s",
            "auth.life_max_s",
            "auth.local_secret",
        ]
    }

    fn reload(&mut self, settings: &Settings) -> Result<Option<String>, String> {
        let mut state = self.state();
        let auth = settings.auth.clone();
        let is_changed = stamps(&auth) != state.stamps || state.is_stale;
        state.refused = None;
        match self.renew(&mut state, auth) {
            Ok(()) => Ok(is_changed.then(|| format!("{} token keys", state.keys))),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
