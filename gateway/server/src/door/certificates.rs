//! The node's certificate and key, in two files: read at the start, and again at a reload or when the files have changed.
//!
//! Invariant: new sessions see the old pair or the new one, never a mixture; a pair that is wrong or over its time changes nothing.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ringpost_gateway_tls::{Identity, IdentityError, ServerTls, Validity};
use ringpost_wire::ALPN_NAME;

use crate::configuration::{Settings, TlsSettings};
use crate::reload::Reloadable;

/// Time between two looks at the files. They are read once they have looked the same twice.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The files hold no pair.
    #[error("{certificate} with {key}: {source}")]
    NoIdentity {
        /// The file of the chain.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        source: IdentityError,
    },
    /// The certificate is not valid now.
    #[error("{certificate}: the certificate is not valid at this time")]
    NotValid {
        /// The file of the chain.
        certificate: PathBuf,
    },
    /// TLS cannot be had.
    #[error("TLS: {0}")]
    Tls(String),
}

/// The pair that new sessions are shown.
pub struct Certificates {
    tls: ServerTls,
    files: Mutex<Files>,
    reloads: AtomicU64,
    failures: AtomicU64,
}

struct Files {
    settings: TlsSettings,
    /// How the files looked when they were last read.
    read: Stamp,
    /// How they looked at the last look.
    seen: Stamp,
    looked: Instant,
}

/// What changes when a file is written or replaced: of both files the node, length and time; `None` for a file that is not there.
type Stamp = [Option<(u64, u64, i64, i64)>; 2];

impl Certificates {
    /// Reads the pair. One that is not valid at this time is taken with a warning: the node may be restarted by night.
    ///
    /// # Errors
    /// See `CertificateError`.
    pub fn load(settings: &TlsSettings) -> Result<Self, CertificateError> {
        let stamp = stamp(settings);
        let identity = read(settings)?;
        if !identity.validity().contains(now_s()) {
            tracing::warn!(certificate = %settings.certificate.display(), "the certificate is not valid at this time");
        }
        let tls = ServerTls::new(identity, ALPN_NAME)
            .map_err(|error| CertificateError::Tls(error.to_string()))?;
        Ok(Self {
            tls,
            files: Mutex::new(Files {
                settings: settings.clone(),
                read: stamp,
                seen: stamp,
                looked: Instant::now(),
            }),
            reloads: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        })
    }

    /// What makes sessions.
    pub fn tls(&self) -> &ServerTls {
        &self.tls
    }

    /// Pairs taken since the start.
    pub fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::Relaxed)
    }

    /// Pairs refused since the start.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Looks at the files now and then, and takes a new pair.
    pub fn watch(&self) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.looked.elapsed() < LOOK_INTERVAL {
            return;
        }
        files.looked = Instant::now();
        let stamp = stamp(&files.settings);
        let is_settled = std::mem::replace(&mut files.seen, stamp) == stamp;
        if !is_settled || files.read == stamp {
            return;
        }
        files.read = stamp;
        match self.take(&files.settings) {
            Ok(Some(taken)) => tracing::info!("{taken}"),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "the certificate files have changed but are not taken: the old pair stays");
            }
        }
    }

    /// Reads the pair and shows it. Tells what is new.
    fn take(&self, settings: &TlsSettings) -> Result<Option<String>, CertificateError> {
        let taken = self.try_take(settings);
        match &taken {
            Ok(Some(_)) => self.reloads.fetch_add(1, Ordering::Relaxed),
            Ok(None) => 0,
            Err(_) => self.failures.fetch_add(1, Ordering::Relaxed),
        };
        taken
    }

    fn try_take(&self, settings: &TlsSettings) -> Result<Option<String>, CertificateError> {
        let identity = read(settings)?;
        if self.tls.shows(&identity) {
            return Ok(None);
        }
        let Validity {
            not_before_s,
            not_after_s,
        } = identity.validity();
        if !(not_before_s..=not_after_s).contains(&now_s()) {
            let certificate = settings.certificate.clone();
            return Err(CertificateError::NotValid { certificate });
        }
        self.tls.replace(identity);
        let days = not_after_s.saturating_sub(now_s()) / 86_400;
        Ok(Some(format!("a new certificate, valid for {days} days")))
    }
}

impl Reloadable for Arc<Certificates> {
    fn name(&self) -> &'static str {
        "tls"
    }

    fn keys(&self) -> &'static [&'static str] {
        &["tls.certificate", "tls.key"]
    }

    fn reload(&mut self, settings: &Settings) -> Result<Option<String>, String> {
        let settings = &settings.tls;
        if !settings.is_on() {
            return Err("the TLS door closes only at a restart".to_owned());
        }
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(settings);
        (files.read, files.seen) = (stamp, stamp);
        let taken = self.take(settings).map_err(|error| error.to_string())?;
        files.settings = settings.clone();
        Ok(taken)
    }
}

fn read(settings: &TlsSettings) -> Result<Identity, CertificateError> {
    let text = |path: &Path| {
        std::fs::read(path).map_err(|source| CertificateError::Unreadable {
            path: path.to_owned(),
            source,
        })
    };
    let (certificate, key) = (text(&settings.certificate)?, text(&settings.key)?);
    Identity::from_pem(&certificate, &key).map_err(|source| CertificateError::NoIdentity {
        certificate: settings.certificate.clone(),
        key: settings.key.clone(),
        source,
    })
}

fn stamp(settings: &TlsSettings) -> Stamp {
    let of = |data: Metadata| (data.ino(), data.size(), data.mtime(), data.mtime_nsec());
    [&settings.certificate, &settings.key].map(|path| std::fs::metadata(path).ok().map(of))
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
