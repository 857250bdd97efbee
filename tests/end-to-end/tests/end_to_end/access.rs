//! Tokens of a sign-in service: public keys in PEM and in a key set, rotated under a running node; and the way that docs/access.md shows.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use ring::rand::SystemRandom;
use ringpost_end_to_end::raw::{RawConnection, Said};
use ringpost_end_to_end::{NodeProcess, built_binary, now_s};
use ringpost_gateway_core::{Algorithm, NewToken, TokenSigner};
use ringpost_wire::ErrorCode;
use tempfile::TempDir;

use crate::world::World;

const ISSUER: &str = "https://login.example.com";

/// A node that accepts only tokens of others, and the folder with its configuration and keys.
struct Scene {
    world: World,
    folder: TempDir,
}

impl Scene {
    /// Whose configuration has `keys` in it.
    fn new(folder: TempDir, keys: &str) -> Self {
        let text = format!("[auth]\nlocal_secret = false\nissuer = \"{ISSUER}\"\n{keys}");
        let path = write(folder.path(), "ringpost.toml", &text);
        let flags = vec!["--config".to_owned(), path.display().to_string()];
        let world = World::start_with(2, |options| options.flags.clone_from(&flags));
        Self { world, folder }
    }

    /// What the node says to a token.
    fn sign_in(&self, token: &str) -> (RawConnection, Said) {
        let mut connection = RawConnection::open(self.world.place.native()).unwrap();
        connection.hello(token).unwrap();
        let said = connection.next_said().unwrap();
        (connection, said)
    }

    fn welcomes(&self, token: &str) -> RawConnection {
        let (connection, said) = self.sign_in(token);
        assert_eq!(said, Said::Welcome);
        connection
    }

    fn refuses(&self, token: &str, code: ErrorCode) {
        let fatal = true;
        assert_eq!(self.sign_in(token).1, Said::Failure { code, fatal });
    }

    fn until_metric(&self, name: &str, value: f64) {
        let is_so = |node: &NodeProcess| node.metric(name).unwrap() == Some(value);
        assert!(self.world.until(is_so), "{name}");
    }
}

/// Renamed into its place, so that it is never there in part.
fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, &path).unwrap();
    path
}

fn signer(kid: &str, algorithm: Algorithm) -> TokenSigner {
    TokenSigner::generate(Some(kid), algorithm, Arc::new(SystemRandom::new())).unwrap()
}

fn token(signer: &TokenSigner, issuer: Option<&str>) -> String {
    let token = NewToken {
        subject: "ann",
        device: 1,
        issued_at_s: now_s(),
        expires_at_s: now_s() + 600,
    };
    token.sign_for(signer, "ringpost", issuer).unwrap()
}

#[test]
fn keys_in_pem_and_in_a_set_sign_in_and_rotate_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (ed, es) = (
        signer("ed", Algorithm::EdDsa),
        signer("es-1", Algorithm::Es256),
    );
    let pem = write(folder.path(), "ed.pem", &ed.public_pem().unwrap());
    let set = write(folder.path(), "jwks.json", &es.public_jwks().unwrap());
    let keys = format!(
        "jwks_file = {set:?}\n[[auth.keys]]\nkid = \"ed\"\nalgorithm = \"EdDSA\"\nfile = {pem:?}\n"
    );
    let scene = Scene::new(folder, &keys);
    let mut open = scene.welcomes(&token(&ed, Some(ISSUER)));
    scene.welcomes(&token(&es, Some(ISSUER)));
    scene.refuses(&token(&ed, None), ErrorCode::TokenIssuer);
    let local = scene.world.tokens().make("ann", 1);
    scene.refuses(&local, ErrorCode::TokenKeyUnknown);
    let stolen_name = signer("es-1", Algorithm::EdDsa);
    scene.refuses(
        &token(&stolen_name, Some(ISSUER)),
        ErrorCode::TokenAlgorithm,
    );
    let stolen_name = signer("ed", Algorithm::EdDsa);
    scene.refuses(
        &token(&stolen_name, Some(ISSUER)),
        ErrorCode::TokenSignature,
    );

    let newer = signer("es-2", Algorithm::Es256);
    write(
        scene.folder.path(),
        "jwks.json",
        &newer.public_jwks().unwrap(),
    );
    let taken = "ringpost_token_keys_reads_total{result=\"taken\"}";
    scene.until_metric(taken, 1.0);
    // A core takes the keys at its next turn, and an answer may still be of the turn before.
    let is_welcome = |_: &NodeProcess| {
        let token = token(&newer, Some(ISSUER));
        scene.sign_in(&token).1 == Said::Welcome
    };
    assert!(scene.world.until(is_welcome));
    scene.refuses(&token(&es, Some(ISSUER)), ErrorCode::TokenKeyUnknown);

    write(scene.folder.path(), "jwks.json", "{\"keys\": [");
    scene.until_metric("ringpost_token_keys_stale", 1.0);
    scene.welcomes(&token(&newer, Some(ISSUER)));
    scene.welcomes(&token(&ed, Some(ISSUER)));
    scene.world.node.signal("HUP").unwrap();
    scene.until_metric("ringpost_config_last_reload_successful", 0.0);
    scene.welcomes(&token(&newer, Some(ISSUER)));
    // Sign-ins of the same device end the session before them, and nothing else does.
    let is_end = |said: &Said| matches!(said, Said::Failure { .. });
    let code = ErrorCode::TakenOver;
    let said = open.next_said_of(is_end).unwrap();
    assert_eq!(said, Said::Failure { code, fatal: true });
    scene.world.end();
}

/// What a tool prints; it ends well.
fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let told = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {told}");
    String::from_utf8(stdout).unwrap()
}

fn tool(folder: &Path, arguments: &[&str]) -> String {
    let tools = built_binary("ringpost-tools").unwrap();
    run(Command::new(tools).current_dir(folder).args(arguments))
}

/// A private key made by OpenSSL in `name`; `None` where it is not installed.
fn openssl_key(folder: &Path, name: &str, arguments: &[&str]) -> Option<()> {
    Command::new("openssl").arg("version").output().ok()?;
    let mut command = Command::new("openssl");
    command.current_dir(folder).arg("genpkey").args(arguments);
    run(command.args(["-out", name]));
    Some(())
}

#[test]
fn a_stranger_makes_keys_and_signs_in_with_their_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut keys = String::new();
    let mut kids = vec!["own-ed", "own-es"];
    keys.push_str(&tool(path, &["keys", "--kid", "own-ed"]));
    let algorithm = ["--algorithm", "es256"];
    keys.push_str(&tool(
        path,
        &[&["keys", "--kid", "own-es"][..], &algorithm].concat(),
    ));
    for (kid, arguments) in [
        ("open-ed", &["-algorithm", "ed25519"][..]),
        (
            "open-es",
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ),
    ] {
        let private = format!("{kid}.pem");
        if openssl_key(path, &private, arguments).is_some() {
            let made = tool(path, &["keys", "--kid", kid, "--private", &private]);
            let written = std::fs::read_to_string(path.join(format!("{kid}.pub.pem"))).unwrap();
            let mut command = Command::new("openssl");
            command.current_dir(path).args(["pkey", "-pubout", "-in"]);
            assert_eq!(run(command.arg(&private)), written);
            keys.push_str(&made);
            kids.push(kid);
        }
    }
    let scene = Scene::new(folder, &keys);
    for kid in kids {
        let private = format!("{kid}.pem");
        let signing = ["token", "--user", "ann", "--kid", kid, "--signing-key"];
        let arguments = [&signing[..], &[&private, "--issuer", ISSUER]].concat();
        let token = tool(scene.folder.path(), &arguments);
        scene.welcomes(token.trim());
        let elsewhere = [&arguments[..], &["--audience", "mail"]].concat();
        let token = tool(scene.folder.path(), &elsewhere);
        scene.refuses(token.trim(), ErrorCode::TokenAudience);
    }
    scene.world.end();
}

#[test]
fn a_key_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    tool(folder.path(), &["keys", "--kid", "a"]);
    let private = folder.path().join("a.pem");
    let before = std::fs::read(&private).unwrap();
    let tools = built_binary("ringpost-tools").unwrap();
    let mut command = Command::new(tools);
    command.current_dir(folder.path());
    for kid in ["a", "../a", ".a", ""] {
        let output = command.args(["keys", "--kid", kid]).output().unwrap();
        assert!(!output.status.success(), "{kid}");
        command = Command::new(command.get_program());
        command.current_dir(folder.path());
    }
    assert_eq!(std::fs::read(&private).unwrap(), before);
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&private).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
