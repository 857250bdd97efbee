//! Stands before every route: lets a call pass to one that is open, or with the admin token, which is compared in constant time. Makes
//! addresses pause that come with another one too often, as the native door does with failed sign-ins.
//!
//! Invariants: no byte of a body is read before the call may pass, and while an address pauses, no token of it is looked at.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ringpost_gateway_core::{Now, PeerKey, Peers};
use ringpost_gateway_tls::proxy::Networks;
use subtle::ConstantTimeEq;

use super::admin::{Refusal, refusal};
use super::connections::Peer;
use super::routes::is_open;
use crate::configuration::Settings;
use crate::core_loop::read_clocks;
use crate::reload::Reloadable;
use crate::secret::Secret;
use crate::view::NodeView;

/// What an administrator's call must carry, and what the addresses of callers have done.
pub struct AdminGuard {
    token: String,
    started: Instant,
    state: Mutex<Guarded>,
    refused: AtomicU64,
}

struct Guarded {
    peers: Peers,
    exempt: Networks,
}

impl AdminGuard {
    /// Nobody has come yet. `seed` is a number that clients do not know.
    pub fn new(settings: &Settings, token: &Secret, seed: u64) -> Self {
        // There is one thread of HTTP, whatever the number of cores.
        let peers = Peers::new(settings.limits.peers(), 1, seed);
        let exempt = settings.exempt();
        Self {
            token: token.to_hex(),
            started: Instant::now(),
            state: Mutex::new(Guarded { peers, exempt }),
            refused: AtomicU64::new(0),
        }
    }

    /// Calls that were refused for their address.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Lets a call pass that carries the admin token.
    fn authorize(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        let Some(given) = given else {
            let message = "the token of <data>/admin.token is needed as a bearer";
            return Err(refusal(StatusCode::UNAUTHORIZED, message));
        };
        if bool::from(given.ct_eq(self.token.as_bytes())) {
            return Ok(());
        }
        let message = "that is not the admin token";
        Err(refusal(StatusCode::FORBIDDEN, message))
    }

    /// How long the address must still wait before a call of it is looked at, in milliseconds.
    fn pause_ms(&self, address: IpAddr) -> Option<u64> {
        let state = self.state();
        let pause_ms = state.peers.pause_ms(state.key(address), self.now())?;
        self.refused.fetch_add(1, Ordering::Relaxed);
        Some(pause_ms)
    }

    /// A call of the address was answered.
    fn answered(&self, address: IpAddr, status: StatusCode) {
        let mut state = self.state();
        let peer = state.key(address);
        if status == StatusCode::FORBIDDEN {
            state.peers.sign_in_failed(peer, self.now());
        } else if status.is_success() {
            state.peers.signed_in(peer);
        }
    }

    fn now(&self) -> Now {
        read_clocks(self.started)
    }

    fn state(&self) -> MutexGuard<'_, Guarded> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guarded {
    fn key(&self, address: IpAddr) -> PeerKey {
        if self.exempt.contains(address) {
            return PeerKey::default();
        }
        self.peers.key(address)
    }
}

impl Reloadable for Arc<AdminGuard> {
    fn name(&self) -> &'static str {
        "limits of administrators' addresses"
    }

    /// The cores name the keys of limits.
    fn keys(&self) -> &'static [&'static str] {
        &[]
    }

    fn reload(&mut self, settings: &Settings) -> Result<Option<String>, String> {
        let mut state = self.state();
        state.exempt = settings.exempt();
        state.peers.change(settings.limits.peers());
        Ok(None)
    }
}

/// Around every call. One that is not to an open route needs the admin token; it is answered with 429 while its address pauses.
pub(super) async fn guard(
    State(view): State<Arc<NodeView>>,
    Extension(Peer(address)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if is_open(request.uri().path()) {
        return next.run(request).await;
    }
    let guard = view.admin_guard();
    if let Some(pause_ms) = guard.pause_ms(address) {
        return paused(pause_ms);
    }
    let answer = match guard.authorize(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    guard.answered(address, answer.status());
    answer
}

fn paused(pause_ms: u64) -> Response {
    let message = "too many calls with a wrong token came from this address";
    let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, message).into_response();
    let wait_s = HeaderValue::from(pause_ms.div_ceil(1_000));
    answer.headers_mut().insert(header::RETRY_AFTER, wait_s);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(exempt: &[&str]) -> Arc<AdminGuard> {
        let mut settings = Settings::default();
        settings.limits.exempt_addresses = exempt.iter().map(|&text| text.to_owned()).collect();
        settings.limits.address_failed_sign_ins = 2;
        let folder = tempfile::tempdir().expect("a directory");
        let token = Secret::load_or_make(&folder.path().join("admin.token")).expect("a token");
        Arc::new(AdminGuard::new(&settings, &token, 7))
    }

    #[test]
    fn wrong_tokens_bring_a_pause_and_a_missing_one_does_not() {
        let guard = guard(&[]);
        let (one, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        for _ in 0..3 {
            assert_eq!(guard.pause_ms(one), None);
            guard.answered(one, StatusCode::FORBIDDEN);
            guard.answered(other, StatusCode::UNAUTHORIZED);
        }
        assert!(guard.pause_ms(one).is_some() && guard.pause_ms(other).is_none());
        assert_eq!(guard.refused(), 1);
        guard.answered(one, StatusCode::NOT_FOUND);
        assert!(
            guard.pause_ms(one).is_some(),
            "nobody has seen a token there"
        );
        guard.answered(one, StatusCode::OK);
        assert_eq!(guard.pause_ms(one), None);
    }

    #[test]
    fn an_exempt_address_never_pauses_also_when_it_becomes_so() {
        let mut guard = guard(&["127.0.0.0/8"]);
        let address = IpAddr::from([127, 0, 0, 1]);
        (0..50).for_each(|_| guard.answered(address, StatusCode::FORBIDDEN));
        assert_eq!(guard.pause_ms(address), None);
        let mut settings = Settings::default();
        settings.limits.exempt_addresses.clear();
        assert_eq!(guard.reload(&settings), Ok(None));
        (0..50).for_each(|_| guard.answered(address, StatusCode::FORBIDDEN));
        assert!(guard.pause_ms(address).is_some());
        assert_eq!(guard.reload(&Settings::default()), Ok(None));
        assert_eq!(guard.pause_ms(address), None);
    }
}
