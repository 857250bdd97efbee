//! Keys from a JSON Web Key Set (RFC 7517; RFC 8037 for OKP): from its text to the keys that may verify tokens.
//!
//! A key of another kind, use or algorithm is skipped, with its reason; a set that contradicts itself is refused as a whole.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::algorithm::Algorithm;
use super::key::{KeyError, TokenKey};
use super::key_set::{KeySet, KeySetError};
use crate::limits::{JWKS_BYTES_MAX, TOKEN_KEYS_MAX};

/// Bytes of a coordinate of P-256.
const COORDINATE_BYTES: usize = 32;

/// What a set holds.
#[derive(Debug)]
pub struct Jwks {
    /// The keys that may verify tokens, in their order.
    pub keys: Vec<TokenKey>,
    /// What was left out.
    pub skipped: Vec<SkippedKey>,
    /// Whether an entry, even one that is skipped, holds a secret, so that nobody else may read the file.
    pub holds_secret: bool,
}

/// A key that cannot verify tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Its `kid`, as far as it has one.
    pub id: Option<String>,
    /// Why.
    pub reason: &'static str,
}

/// Why a set is refused. Names no byte of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksError {
    /// Larger than `limits::JWKS_BYTES_MAX`.
    TooLarge,
    /// Not JSON with a list `keys`; the line where it breaks.
    Form(usize),
    /// More keys than may be, or two of the same name.
    Keys(KeySetError),
    /// No key in it can verify tokens.
    NoKey,
}

impl core::fmt::Display for JwksError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooLarge => write!(f, "larger than {JWKS_BYTES_MAX} bytes"),
            Self::Form(line) => write!(f, "not a JSON object with a list `keys` (line {line})"),
            Self::Keys(error) => error.fmt(f),
            Self::NoKey => f.write_str("no key in it can verify tokens"),
        }
    }
}

impl core::error::Error for JwksError {}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// One key. `d` is there in a private key only.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    kid: Option<String>,
    x: Option<String>,
    y: Option<String>,
    k: Option<String>,
    d: Option<IgnoredAny>,
}

impl Jwks {
    /// Reads the text of a set.
    ///
    /// # Errors
    /// It is no set, has two keys of the same name, too many, or none that can be used.
    pub fn parse(text: &str) -> Result<Self, JwksError> {
        if text.len() > JWKS_BYTES_MAX {
            return Err(JwksError::TooLarge);
        }
        let set: Set = serde_json::from_str(text).map_err(|error| JwksError::Form(error.line()))?;
        if set.keys.len() > TOKEN_KEYS_MAX {
            return Err(JwksError::Keys(KeySetError::TooMany));
        }
        let holds_secret = set.keys.iter().any(is_secret);
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for (index, value) in set.keys.into_iter().enumerate() {
            let id = value.get("kid").and_then(Value::as_str).map(str::to_owned);
            match read(value) {
                Ok(key) => keys.push(key),
                Err(reason) => skipped.push(SkippedKey { index, id, reason }),
            }
        }
        let set = KeySet::new(keys).map_err(JwksError::Keys)?;
        if set.keys().is_empty() {
            return Err(JwksError::NoKey);
        }
        Ok(Self {
            holds_secret,
            keys: set.keys().to_vec(),
            skipped,
        })
    }
}

/// Whether an entry holds what nobody else may know, whether it is of use here or not.
fn is_secret(entry: &Value) -> bool {
    entry.get("k").is_some() || entry.get("d").is_some()
}

fn read(value: Value) -> Result<TokenKey, &'static str> {
    let jwk: Jwk = serde_json::from_value(value).map_err(|_| "a member of another type")?;
    if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
        return Err("its use is not sig");
    }
    let verifies = |operations: &Vec<String>| operations.iter().any(|name| name == "verify");
    if !jwk.key_ops.as_ref().is_none_or(verifies) {
        return Err("its key_ops do not hold verify");
    }
    if jwk.d.is_some() {
        return Err("a private key, which has no place here");
    }
    let algorithm = algorithm(&jwk)?;
    if let Some(name) = &jwk.alg
        && Algorithm::from_name(name) != Some(algorithm)
    {
        return Err("its alg is not that of its kind");
    }
    make(&jwk, algorithm)
}

fn algorithm(jwk: &Jwk) -> Result<Algorithm, &'static str> {
    match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("OKP", Some("Ed25519")) => Ok(Algorithm::EdDsa),
        ("EC", Some("P-256")) => Ok(Algorithm::Es256),
        // A secret without its algorithm could be meant for any.
        ("oct", _) if jwk.alg.is_some() => Ok(Algorithm::Hs256),
        ("oct", _) => Err("a secret without alg"),
        ("OKP" | "EC", _) => Err("a curve that is not offered"),
        _ => Err("a kind of key that is not offered"),
    }
}

fn make(jwk: &Jwk, algorithm: Algorithm) -> Result<TokenKey, &'static str> {
    let id = jwk.kid.as_deref();
    let made = match algorithm {
        Algorithm::Hs256 => TokenKey::hs256(id, &member(&jwk.k)?),
        Algorithm::EdDsa => TokenKey::ed25519(id, &member(&jwk.x)?),
        Algorithm::Es256 => {
            let (x, y) = (member(&jwk.x)?, member(&jwk.y)?);
            if x.len() != COORDINATE_BYTES || y.len() != COORDINATE_BYTES {
                return Err(KeyError::Encoding.reason());
            }
            TokenKey::es256(id, &[&[4], x.as_slice(), &y].concat())
        }
    };
    made.map_err(KeyError::reason)
}

fn member(text: &Option<String>) -> Result<Vec<u8>, &'static str> {
    let text = text.as_deref().ok_or("a member is missing")?;
    let decoded = URL_SAFE_NO_PAD.decode(text);
    decoded.map_err(|_| "a member is not base64url")
}

#[cfg(test)]
#[path = "jwks_tests.rs"]
mod tests;
