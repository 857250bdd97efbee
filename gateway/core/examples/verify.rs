//! Verifies tokens of each algorithm for two seconds and prints how many a second: the signature, the claims and all parsing.
//!
//! `cargo run --release -p ringpost-gateway-core --example verify`

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ring::rand::SystemRandom;
use ringpost_gateway_core::{Algorithm, NewToken, TokenSigner, TokenVerifier};

const TIME: Duration = Duration::from_secs(2);
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256];

fn main() {
    for algorithm in ALGORITHMS {
        let random = Arc::new(SystemRandom::new());
        let signer = TokenSigner::generate(Some("2026-11"), algorithm, random).expect("a key");
        let token = NewToken {
            subject: "0b9d2d9c-6f0a-4c8e-9c0e-2f6f4f2f7b11",
            device: 1,
            issued_at_s: 1_000,
            expires_at_s: 87_400,
        };
        let text = token.sign(&signer).expect("is signed");
        let verifier = TokenVerifier::of_key(signer.verifying().expect("a key"));
        let per_second = measure(|| verifier.verify(black_box(&text), 2_000_000).is_ok());
        println!("{:6} {per_second:9.0} tokens/s", algorithm.name());
    }
}

/// Calls a second, each of which must succeed.
fn measure(call: impl Fn() -> bool) -> f64 {
    let started = Instant::now();
    let mut calls = 0;
    while started.elapsed() < TIME {
        for _ in 0..100 {
            assert!(call());
        }
        calls += 100;
    }
    f64::from(calls) / started.elapsed().as_secs_f64()
}
