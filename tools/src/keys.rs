//! `keys`: makes a key pair for tokens; the private half in PEM for whoever signs, the public one in PEM and as a JSON Web Key Set for nodes.
//!
//! Files that are there already are never written over, and the private one is its owner's only.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use ring::rand::SystemRandom;
use ringpost_gateway_core::limits::KEY_ID_BYTES_MAX;
use ringpost_gateway_core::{Algorithm, TokenSigner};

use crate::arguments::{KeyKind, KeysOptions};
use crate::error::ToolError;
use crate::token::read_private;

/// Writes the files and prints what a node's configuration says of the key.
pub fn run(options: &KeysOptions) -> Result<(), ToolError> {
    let kid = &options.kid;
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let is_name = (1..=KEY_ID_BYTES_MAX).contains(&kid.len()) && kid.chars().all(is_letter);
    if !is_name || kid.starts_with('.') {
        let what = "a kid here has up to 128 letters, digits, -, _ and dots, no dot first";
        return Err(ToolError::Usage(what.to_owned()));
    }
    let signer = match &options.private {
        Some(path) => read_private(path, Some(kid))?,
        None => make(kid, options.algorithm)?,
    };
    let path = |end: &str| options.folder.join(format!("{kid}.{end}"));
    if options.private.is_none() {
        let private = signer.private_pem().unwrap_or_default();
        write(&path("pem"), 0o600, &private)?;
    }
    let public = path("pub.pem");
    write(&public, 0o644, &signer.public_pem().unwrap_or_default())?;
    let set = signer.public_jwks().unwrap_or_default();
    write(&path("jwks.json"), 0o644, &set)?;
    let file = std::path::absolute(&public).unwrap_or(public);
    println!(
        "[[auth.keys]]\nkid = {kid:?}\nalgorithm = \"{}\"\nfile = {file:?}",
        signer.algorithm().name()
    );
    Ok(())
}

fn make(kid: &str, kind: KeyKind) -> Result<TokenSigner, ToolError> {
    let algorithm = match kind {
        KeyKind::Eddsa => Algorithm::EdDsa,
        KeyKind::Es256 => Algorithm::Es256,
    };
    let random = Arc::new(SystemRandom::new());
    Ok(TokenSigner::generate(Some(kid), algorithm, random)?)
}

fn write(path: &Path, mode: u32, text: &str) -> Result<(), ToolError> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(mode).open(path);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| ToolError::file("write", path, source))
}
