//! No log holds a secret: everything that a node says at the level `trace`, over all that it is given, is searched for each of them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringpost_end_to_end::raw::{RawConnection, Said, hello_frame};
use ringpost_end_to_end::tls::{CertificatePair, Trust, Version};
use ringpost_end_to_end::{NodeOptions, NodeProcess, Place, now_s};
use ringpost_gateway_core::{NewToken, TokenSigner};
use ringpost_wire::UserId;
use tempfile::TempDir;

use crate::world::World;

/// A header of the PROXY protocol from a balancer itself.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
/// The secret in the key set.
const SET_SECRET: &[u8; 32] = b"a secret that is in a key set...";
const GUESSED: &str = "a-guess-at-the-token-of-an-administrator";

/// Texts that no log may hold, each with what it is.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, text: &str) {
        assert!(text.len() >= 8, "{what} is too short to be searched for");
        self.0.push((what, text.to_owned()));
    }

    /// A token as a whole, and each of its parts.
    fn add_token(&mut self, what: &'static str, token: &str) -> String {
        token
            .split('.')
            .skip(1)
            .for_each(|part| self.add(what, part));
        token.to_owned()
    }

    /// The secrets that a node has made for itself.
    fn add_files(&mut self, data: &Path) {
        for name in ["token.secret", "admin.token"] {
            let text = std::fs::read_to_string(data.join(name)).unwrap();
            self.add("a secret file", text.trim());
        }
    }

    /// What of it is in the log.
    fn found_in<'a>(&'a self, log: &[String]) -> Vec<(&'static str, &'a str)> {
        let is_in = |secret: &str| {
            log.iter()
                .any(|line| line.to_lowercase().contains(&secret.to_lowercase()))
        };
        let found = self.0.iter().filter(|(_, secret)| is_in(secret));
        found
            .map(|(what, secret)| (*what, secret.as_str()))
            .collect()
    }
}

/// Files with secrets that a node is shown.
fn make_files(secrets: &mut Secrets) -> (TempDir, CertificatePair) {
    let folder = tempfile::tempdir().unwrap();
    let pair = CertificatePair::new().unwrap();
    pair.write(folder.path()).unwrap();
    let lines = pair.key.lines().filter(|line| !line.starts_with("---"));
    lines.for_each(|line| secrets.add("the key of TLS", line));
    let encoded = URL_SAFE_NO_PAD.encode(SET_SECRET);
    secrets.add("the secret of the set", &encoded);
    let set = folder.path().join("jwks.json");
    let key = format!(r#"{{"kty":"oct","alg":"HS256","kid":"set","k":"{encoded}"}}"#);
    let skipped = format!(r#"{{"kty":"oct","alg":"HS512","kid":"else","k":"{encoded}"}}"#);
    std::fs::write(&set, format!(r#"{{"keys":[{key},{skipped}]}}"#)).unwrap();
    std::fs::set_permissions(&set, std::fs::Permissions::from_mode(0o600)).unwrap();
    (folder, pair)
}

/// Good and bad sign-ins through `open`, which connects.
fn sign_in_well_and_badly(world: &World, secrets: &mut Secrets, open: impl Fn() -> RawConnection) {
    let mut say = |what, token: &str, is_good: bool| {
        secrets.add_token(what, token);
        let mut connection = open();
        connection.write(&hello_frame(token, 0)).unwrap();
        let said = connection.next_said().unwrap();
        assert_eq!(said == Said::Welcome, is_good, "{what}: {said:?}");
    };
    let good = world.tokens().make("ann", 1);
    say("a good token", &good, true);
    let of_set = TokenSigner::hs256(Some("set"), SET_SECRET);
    let token = NewToken {
        subject: "a-subject-of-a-token",
        device: 1,
        issued_at_s: now_s(),
        expires_at_s: now_s() + 600,
    };
    say("a token of the set", &token.sign(&of_set).unwrap(), true);
    let unknown = of_set.named(Some("unknown"));
    say("an unknown key", &token.sign(&unknown).unwrap(), false);
    let forged = TokenSigner::hs256(Some("set"), &[7; 32]);
    say("a forged token", &token.sign(&forged).unwrap(), false);
    let over = world.tokens().make_for("ann", 1, (1_000, 2_000));
    say("a token that is over", &over, false);
    say(
        "no token at all",
        "not.a-password-but.hunter2-hunter2",
        false,
    );
}

/// Calls with the right token, a wrong one and none.
fn administer(world: &World) {
    let token = std::fs::read_to_string(world.place.data().join("admin.token")).unwrap();
    let ann = UserId::from_subject("ann");
    let revocation = format!("/admin/users/{ann}/devices/1/revocation");
    for (method, path, body) in [
        ("GET", "/admin/config", ""),
        ("POST", &revocation, "{}"),
        ("DELETE", &revocation, ""),
        ("POST", "/admin/reload", ""),
    ] {
        for (bearer, expected) in [(Some(token.trim()), 200), (Some(GUESSED), 403), (None, 401)] {
            let (status, answer) = world.node.ask(method, path, bearer, body).unwrap();
            assert_eq!(status, expected, "{method} {path}: {answer}");
            assert!(!answer.contains(token.trim()));
        }
    }
}

/// Ends a node and searches all that it said.
fn search(mut world: World, mut secrets: Secrets) {
    secrets.add("a guess", GUESSED);
    secrets.add_files(&world.place.data());
    assert!(world.node.stop().unwrap().success());
    let log = world.node.log();
    assert_eq!(secrets.found_in(&log), []);
    // The search finds what is there: the node has said much, and where it listens.
    let mut there = Secrets::default();
    there.add("an address", &world.place.native().to_string());
    assert_eq!(there.found_in(&log).len(), 1);
    assert!(log.iter().any(|line| line.contains("\"level\":\"DEBUG\"")));
    assert!(
        log.iter()
            .any(|line| line.contains("an administrator set a revocation"))
    );
}

#[test]
fn files_named_by_variables_and_sessions_over_tls() {
    let mut secrets = Secrets::default();
    let (folder, pair) = make_files(&mut secrets);
    let path: &Path = folder.path();
    let world = World::start_with(2, |options| {
        CertificatePair::show(options, path);
        let set = path.join("jwks.json").display().to_string();
        for (name, value) in [("AUTH__JWKS_FILE", &set[..]), ("LOG__LEVEL", "trace")] {
            let variable = (format!("RINGPOST_{name}"), value.to_owned());
            options.variables.push(variable);
        }
    });
    let trust = Trust::new(&pair, Version::Tls13).unwrap();
    let tls = world.node.tls().unwrap();
    sign_in_well_and_badly(&world, &mut secrets, || {
        RawConnection::open_tls(tls, &trust).unwrap()
    });
    administer(&world);
    // Files that are broken under the running node.
    let key = std::fs::read_to_string(path.join("jwks.json")).unwrap();
    std::fs::write(path.join("jwks.json"), &key[..key.len() - 3]).unwrap();
    let stale = "ringpost_token_keys_stale";
    assert!(world.until(|node| node.metric(stale).unwrap() == Some(1.0)));
    search(world, secrets);
}

#[test]
fn files_named_by_a_configuration_file_and_sessions_behind_a_balancer() {
    let mut secrets = Secrets::default();
    let (folder, _) = make_files(&mut secrets);
    let file = folder.path().join("ringpost.toml");
    let set = folder.path().join("jwks.json");
    let text =
        format!("[auth]\njwks_file = {set:?}\n[listen]\nproxy_protocol_from = [\"127.0.0.0/8\"]\n");
    std::fs::write(&file, text).unwrap();
    let world = World::start_with(2, |options| {
        let config = ["--config".to_owned(), file.display().to_string()];
        let level = ["--log-level", "trace"].map(str::to_owned);
        options.flags.extend(config.into_iter().chain(level));
    });
    let native = world.place.native();
    sign_in_well_and_badly(&world, &mut secrets, || {
        let mut connection = RawConnection::open(native).unwrap();
        connection.write(LOCAL).unwrap();
        connection
    });
    administer(&world);
    search(world, secrets);
}

/// What a node says that does not start.
fn refusal(options: &NodeOptions) -> Vec<String> {
    let output = options.command().unwrap().output().unwrap();
    assert!(!output.status.success());
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(!told.is_empty());
    told.lines().map(str::to_owned).collect()
}

#[test]
fn secrets_in_the_wrong_place_stop_the_start_and_are_not_repeated() {
    let place = Place::new().unwrap();
    let options = place.options(1);
    NodeProcess::start(&options).unwrap().stop().unwrap();
    let mut secrets = Secrets::default();
    secrets.add_files(&place.data());
    let secret = secrets.0[0].1.clone();
    let mut in_variable = options.clone();
    let variable = ("RINGPOST_AUTH__LOCAL_SECRET".to_owned(), secret.clone());
    in_variable.variables.push(variable);
    assert_eq!(secrets.found_in(&refusal(&in_variable)), []);

    let file = place.data().join("wrong.toml");
    for text in [
        format!("[auth]\nlocal_secret = \"{secret}\"\n"),
        format!("[auth]\nlocal_secret = {secret}\n"),
        format!("[auth]\nsecret = \"{secret}\"\n"),
        format!("auth.keys = [\"{secret}\"]\n"),
    ] {
        std::fs::write(&file, &text).unwrap();
        let mut in_file = options.clone();
        let config = ["--config".to_owned(), file.display().to_string()];
        in_file.flags.extend(config);
        assert_eq!(secrets.found_in(&refusal(&in_file)), [], "{text}");
    }
    let half = format!("{}\n", &secret[..63]);
    secrets.add("half a secret", half.trim());
    std::fs::write(place.data().join("token.secret"), half).unwrap();
    assert_eq!(secrets.found_in(&refusal(&options)), []);
}
