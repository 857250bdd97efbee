//! A certificate for the node of one run, made anew: for every name below `NODE_DOMAIN`, so that each device may know the node by a name of
//! its own and keep tickets of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

/// Below which the node's names are.
pub const NODE_DOMAIN: &str = "node.test";

/// Writes certificate and key (ECDSA P-256) into a folder. The certificate's text, and the settings of a node that shows it.
///
/// # Errors
/// It cannot be made or written.
pub(crate) fn write_certificate(folder: &Path) -> io::Result<(String, Vec<(String, String)>)> {
    let mut parameters =
        CertificateParams::new([format!("*.{NODE_DOMAIN}")]).map_err(io::Error::other)?;
    parameters.not_before = date_time_ymd(2_000, 1, 1);
    parameters.not_after = date_time_ymd(2_090, 1, 1);
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = parameters
        .self_signed(&key)
        .map_err(io::Error::other)?
        .pem();
    let write = |name: &str, text: &str| -> io::Result<PathBuf> {
        let path = folder.join(name);
        fs::write(&path, text).map(|()| path)
    };
    let files = [
        (
            "RINGPOST_TLS__CERTIFICATE",
            write("node.crt", &certificate)?,
        ),
        (
            "RINGPOST_TLS__KEY",
            write("node.key", &key.serialize_pem())?,
        ),
    ];
    let mut variables: Vec<(String, String)> = files
        .into_iter()
        .map(|(name, path)| (name.to_owned(), path.display().to_string()))
        .collect();
    let door = ("RINGPOST_LISTEN__TLS", "127.0.0.1:0");
    variables.push((door.0.to_owned(), door.1.to_owned()));
    Ok((certificate, variables))
}
