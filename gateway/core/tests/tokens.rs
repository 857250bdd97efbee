//! Properties of tokens and key files: no text makes their readers panic, and no changed token is accepted.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use ring::rand::SystemRandom;
use ringpost_gateway_core::{
    Algorithm, Jwks, KeySet, NewToken, TokenKey, TokenRules, TokenSigner, TokenVerifier,
};

const CLOCK_MS: u64 = 1_500_000;
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256];

/// A signer of each algorithm, with the `kid` of its name.
static SIGNERS: LazyLock<Vec<TokenSigner>> = LazyLock::new(|| {
    let make = |algorithm: Algorithm| {
        let random = Arc::new(SystemRandom::new());
        TokenSigner::generate(Some(algorithm.name()), algorithm, random).expect("randomness")
    };
    ALGORITHMS.map(make).to_vec()
});

static VERIFIER: LazyLock<TokenVerifier> = LazyLock::new(|| {
    let keys = SIGNERS.iter().map(TokenSigner::verifying);
    let keys = keys.collect::<Result<_, _>>().expect("keys");
    let set = KeySet::new(keys).expect("three names");
    TokenVerifier::new(set, TokenRules::default())
});

fn token(signer: usize) -> String {
    let token = NewToken {
        subject: "ann",
        device: 1,
        issued_at_s: 1_000,
        expires_at_s: 2_000,
    };
    token.sign(&SIGNERS[signer]).expect("randomness")
}

/// A change of a text at a place: another character, one more, or one less.
fn changed(text: &str, kind: u8, place: usize, character: char) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let place = place % characters.len();
    match kind {
        0 => characters[place] = character,
        1 => characters.insert(place, character),
        2 => drop(characters.remove(place)),
        _ => characters.truncate(place),
    }
    characters.into_iter().collect()
}

fn verifies(token: &str) -> bool {
    VERIFIER.verify(token, CLOCK_MS).is_ok()
}

/// The sets of the two public keys.
fn sets() -> Vec<String> {
    let sets = SIGNERS.iter().filter_map(TokenSigner::public_jwks);
    sets.collect()
}

proptest! {
    #[test]
    fn a_changed_token_never_verifies(
        signer in 0_usize..3,
        changes in prop::collection::vec(
            (0_u8..4, any::<usize>(), "[A-Za-z0-9_.=-]|."),
            1..4,
        ),
    ) {
        let good = token(signer);
        prop_assert!(verifies(&good));
        let change = |text: String, (kind, place, character): &(u8, usize, String)| {
            let character = character.chars().next().unwrap_or('A');
            if text.is_empty() { text } else { changed(&text, *kind, *place, character) }
        };
        let other = changes.iter().fold(good.clone(), change);
        prop_assert!(other == good || !verifies(&other), "{other}");
    }

    #[test]
    fn parts_of_two_tokens_never_verify_together(
        (one, other) in (0_usize..3, 0_usize..3),
        parts in prop::array::uniform3(any::<bool>()),
    ) {
        let (one, other) = (token(one), token(other));
        let pairs = one.split('.').zip(other.split('.')).zip(parts);
        let mixed: Vec<&str> = pairs
            .map(|((one, other), is_one)| if is_one { one } else { other })
            .collect();
        let mixed = mixed.join(".");
        // The same claims and ES256's fresh randomness: only the header tells the tokens apart.
        let is_whole = |token: &str| mixed.split('.').eq(token.split('.'));
        let is_same_header = one.split('.').next() == other.split('.').next();
        if is_whole(&one) || is_whole(&other) || is_same_header {
            return Ok(());
        }
        prop_assert!(!verifies(&mixed), "{mixed}");
    }

    #[test]
    fn no_text_is_a_token(text in ".{0,300}|[A-Za-z0-9_.-]{0,300}") {
        prop_assert!(!verifies(&text));
    }

    #[test]
    fn no_text_breaks_the_readers_of_keys(text in ".{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(Jwks::parse(&text).is_err());
        for algorithm in ALGORITHMS {
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
            prop_assert!(TokenKey::from_pem(None, algorithm, &pem).is_err());
        }
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        prop_assert!(TokenSigner::from_pem(None, &pem, Arc::new(SystemRandom::new())).is_err());
        // Some are keys by chance; none breaks.
        let _ = TokenKey::ed25519(None, &bytes);
        let _ = TokenKey::es256(None, &bytes);
    }

    #[test]
    fn any_32_bytes_are_judged_as_a_key_of_ed25519(bytes in any::<[u8; 32]>()) {
        if let Ok(key) = TokenKey::ed25519(Some("EdDSA"), &bytes) {
            let verifier = TokenVerifier::of_key(key);
            prop_assert!(verifier.verify(&token(1), CLOCK_MS).is_err());
        }
    }

    #[test]
    fn a_changed_set_is_read_or_refused(
        set in 0_usize..2,
        kind in 0_u8..4,
        place in any::<usize>(),
        character in any::<char>(),
    ) {
        let text = changed(&sets()[set], kind, place, character);
        if let Ok(jwks) = Jwks::parse(&text) {
            prop_assert!(jwks.keys.len() + jwks.skipped.len() == 1);
        }
    }
}
