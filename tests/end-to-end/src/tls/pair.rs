//! A certificate that signs itself, with its key, and the two files of a node that shows it.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use crate::NodeOptions;

/// The name in every certificate.
pub const SERVER_NAME: &str = "ringpost.test";

/// A certificate for `ringpost.test` and 127.0.0.1 with its key, both in PEM.
#[derive(Clone, Debug)]
pub struct CertificatePair {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl CertificatePair {
    /// A new one, valid for long.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new() -> Result<Self, rcgen::Error> {
        Self::valid_until(2_090)
    }

    /// One that is over since the beginning of `year`, or will be.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn valid_until(year: i32) -> Result<Self, rcgen::Error> {
        let names = [SERVER_NAME.to_owned(), "127.0.0.1".to_owned()];
        let mut parameters = CertificateParams::new(names)?;
        parameters.not_before = date_time_ymd(2_000, 1, 1);
        parameters.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate()?;
        Ok(Self {
            certificate: parameters.self_signed(&key)?.pem(),
            key: key.serialize_pem(),
        })
    }

    /// The file of the certificate in a folder.
    pub fn certificate_in(folder: &Path) -> PathBuf {
        let [certificate, _] = files(folder);
        certificate
    }

    /// Writes both files into a folder; each is there whole or as before.
    ///
    /// # Errors
    /// The system refuses.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let [certificate, key] = files(folder);
        for (path, text) in [(certificate, &self.certificate), (key, &self.key)] {
            let new = path.with_extension("new");
            std::fs::write(&new, text)?;
            std::fs::rename(new, path)?;
        }
        Ok(())
    }

    /// Has a node show what the folder holds, on a free port.
    pub fn show(options: &mut NodeOptions, folder: &Path) {
        Self::show_at(options, folder, SocketAddr::from(([127, 0, 0, 1], 0)));
    }

    /// Has a node show what the folder holds at an address.
    pub fn show_at(options: &mut NodeOptions, folder: &Path, address: SocketAddr) {
        let [certificate, key] = files(folder).map(|path| path.display().to_string());
        let variables = [
            ("RINGPOST_TLS__CERTIFICATE", certificate),
            ("RINGPOST_TLS__KEY", key),
            ("RINGPOST_LISTEN__TLS", address.to_string()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        options.variables.extend(variables);
    }
}

fn files(folder: &Path) -> [PathBuf; 2] {
    [folder.join("node.crt"), folder.join("node.key")]
}
