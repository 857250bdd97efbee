//! Key files that are rotated, damaged and mended under a running node.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ringpost_gateway_core::{NewToken, TokenSigner};
use tempfile::TempDir;

use super::*;
use crate::configuration::{KeyAlgorithm, KeySettings};

/// RFC 8037, appendix A.2.
const OKP: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const OCT: &str = r#"{"keys":[{"kty":"oct","alg":"HS256","kid":"s","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}"#;

struct Rig {
    folder: TempDir,
    settings: Settings,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = Settings::default();
        settings.auth.jwks_file = folder.path().join("jwks.json");
        let rig = Self { folder, settings };
        rig.write("jwks.json", OKP);
        rig
    }

    /// Renamed over the old one, as a careful operator does.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let beside = path.with_extension("new");
        fs::write(&beside, text).expect("is written");
        fs::rename(&beside, &path).expect("is renamed");
        path
    }

    fn start(&self) -> Result<Arc<LiveTokens>, TokensError> {
        let path = self.folder.path().join("token.secret");
        let secret = Secret::load_or_make(&path).expect("a secret");
        LiveTokens::start(&self.settings, secret).map(Arc::new)
    }

    /// Looks as if a second had passed.
    fn look(tokens: &LiveTokens) -> bool {
        if let Some(before) = Instant::now().checked_sub(LOOK_INTERVAL) {
            tokens.state().looked = before;
        }
        tokens.look()
    }
}

fn accepts(tokens: &LiveTokens, signer: &TokenSigner) -> bool {
    let token = NewToken {
        subject: "ann",
        device: 1,
        issued_at_s: 1_000,
        expires_at_s: 2_000,
    };
    let text = token.sign(signer).expect("is signed");
    tokens.verifier().verify(&text, 1_500_000).is_ok()
}

fn metrics(tokens: &LiveTokens) -> String {
    let mut page = Page::default();
    tokens.write(&mut page);
    page.into_text()
}

#[test]
fn a_changed_file_is_taken_and_a_bad_one_keeps_the_old() {
    let mut rig = Rig::new();
    let signer = TokenSigner::ed25519(Some("k"), &[7; 32]);
    let pem = signer.public_pem().expect("public");
    rig.settings.auth.keys = vec![KeySettings {
        kid: "k".to_owned(),
        algorithm: KeyAlgorithm::EdDSA,
        file: rig.write("k.pem", &pem),
    }];
    let tokens = rig.start().expect("keys");
    let mut seen = 0;
    assert!(accepts(&tokens, &signer) && tokens.newer_than(&mut seen).is_none());

    let newer = TokenSigner::ed25519(Some("k"), &[8; 32]);
    rig.write("k.pem", &newer.public_pem().expect("public"));
    assert!(!Rig::look(&tokens));
    assert!(accepts(&tokens, &newer) && !accepts(&tokens, &signer));
    assert!(tokens.newer_than(&mut seen).is_some() && tokens.newer_than(&mut seen).is_none());

    for bad in ["", "{", r#"{"keys":[]}"#] {
        rig.write("jwks.json", bad);
        assert!(!Rig::look(&tokens));
        assert!(accepts(&tokens, &newer) && tokens.newer_than(&mut seen).is_none());
        assert!(metrics(&tokens).contains("ringpost_token_keys_stale 1"));
    }
    fs::remove_file(rig.folder.path().join("jwks.json")).expect("is removed");
    assert!(!Rig::look(&tokens));
    let told = metrics(&tokens);
    assert!(
        told.contains("ringpost_token_keys_reads_total{result=\"refused\"} 4"),
        "{told}"
    );
    assert!(told.contains("ringpost_token_keys 3"), "{told}");

    rig.write("jwks.json", OKP);
    assert!(!Rig::look(&tokens));
    let told = metrics(&tokens);
    assert!(told.contains("ringpost_token_keys_stale 0"), "{told}");
    assert!(
        told.contains("ringpost_token_keys_reads_total{result=\"taken\"} 2"),
        "{told}"
    );
}

#[test]
fn unchanged_files_are_not_read_again() {
    let rig = Rig::new();
    let tokens = rig.start().expect("keys");
    for _ in 0..3 {
        assert!(!Rig::look(&tokens));
    }
    assert!(metrics(&tokens).contains("ringpost_token_keys_reads_total{result=\"taken\"} 0"));
}

#[test]
fn a_reload_takes_new_settings_or_none_of_them() {
    let mut rig = Rig::new();
    let mut tokens = rig.start().expect("keys");
    rig.settings.auth.jwks_file = PathBuf::from("/no/such/file");
    assert!(tokens.reload(&rig.settings).is_err());
    assert!(metrics(&tokens).contains("ringpost_token_keys 2"));
    rig.settings.auth.jwks_file = PathBuf::new();
    let told = tokens.reload(&rig.settings).expect("is right");
    assert_eq!(told.as_deref(), Some("1 token keys"));
    assert_eq!(tokens.reload(&rig.settings), Ok(None));
}

#[test]
fn files_of_a_refused_reload_are_watched_and_the_old_ones_do_not_hide_it() {
    let mut rig = Rig::new();
    let mut tokens = rig.start().expect("keys");
    rig.settings.auth.jwks_file = rig.write("next.json", "{");
    assert!(tokens.reload(&rig.settings).is_err());
    assert!(metrics(&tokens).contains("ringpost_token_keys_stale 1"));
    assert!(!Rig::look(&tokens), "nothing has changed");

    rig.write("jwks.json", OKP);
    assert!(!Rig::look(&tokens), "that one is not of the refused ones");
    let told = metrics(&tokens);
    assert!(told.contains("reads_total{result=\"taken\"} 1"), "{told}");
    assert!(told.contains("ringpost_token_keys_stale 1"), "{told}");

    rig.write("next.json", "[");
    assert!(Rig::look(&tokens) && !Rig::look(&tokens), "told once");
    assert!(tokens.reload(&rig.settings).is_err());
    rig.write("next.json", OKP);
    assert!(Rig::look(&tokens));
    assert!(tokens.reload(&rig.settings).is_ok());
    assert!(metrics(&tokens).contains("ringpost_token_keys_stale 0"));
    assert!(!Rig::look(&tokens));
}

#[test]
fn a_reload_of_the_old_settings_ends_a_refusal() {
    let mut rig = Rig::new();
    let mut tokens = rig.start().expect("keys");
    let old = rig.settings.clone();
    rig.settings.auth.jwks_file = rig.write("next.json", "{");
    assert!(tokens.reload(&rig.settings).is_err());
    assert!(tokens.reload(&old).is_ok());
    assert!(metrics(&tokens).contains("ringpost_token_keys_stale 0"));
    rig.write("next.json", OKP);
    assert!(!Rig::look(&tokens), "nobody wants it");
}

#[test]
fn a_set_with_a_secret_is_for_its_owner_only() {
    let rig = Rig::new();
    let path = rig.write("jwks.json", OCT);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    let error = rig.start().map(drop).expect_err("is exposed");
    assert!(
        matches!(error, TokensError::Exposed { mode: 0o640, .. }),
        "{error}"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    assert!(rig.start().is_ok());
}

#[test]
fn keys_that_contradict_each_other_or_are_none_stop_the_start() {
    let mut rig = Rig::new();
    let pem = TokenSigner::ed25519(None, &[7; 32]).public_pem();
    let file = rig.write("k.pem", &pem.expect("public"));
    let key = |kid: &str, algorithm| KeySettings {
        kid: kid.to_owned(),
        algorithm,
        file: file.clone(),
    };
    for (key, told) in [
        (key("a", KeyAlgorithm::EdDSA), "two keys have the kid \"a\""),
        (key("", KeyAlgorithm::EdDSA), "a kid that is empty"),
        (key("b", KeyAlgorithm::ES256), "not an encoding of a key"),
    ] {
        rig.settings.auth.keys = vec![key];
        let error = rig.start().map(drop).expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    }
    rig.write("jwks.json", r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#);
    rig.settings.auth.keys.clear();
    let error = rig.start().map(drop).expect_err("two nameless keys");
    assert!(
        error.to_string().contains("two keys have no kid"),
        "{error}"
    );
    rig.settings.auth.local_secret = false;
    assert!(rig.start().is_ok());
}
