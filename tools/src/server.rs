//! Where a tool connects, and with which TLS.

use ringpost_client_native::Tls;

use crate::arguments::ServerOptions;
use crate::error::ToolError;

/// The native door of a node on this machine.
const PLAIN: &str = "127.0.0.1:7400";
/// The same with TLS.
const WITH_TLS: &str = "127.0.0.1:7401";

/// A node's door. Clones share the tickets of TLS.
#[derive(Clone)]
pub struct Server {
    /// `host:port`.
    pub address: String,
    /// Whom to trust; `None` without TLS.
    pub tls: Option<Tls>,
}

impl Server {
    /// The door that the options name. Reads the file of the authority, or the system's.
    pub fn new(options: &ServerOptions) -> Result<Self, ToolError> {
        let usual = if options.tls { WITH_TLS } else { PLAIN };
        let address = options.server.as_deref().unwrap_or(usual).to_owned();
        let tls = options.tls.then(|| tls(options)).transpose()?;
        Ok(Self { address, tls })
    }
}

fn tls(options: &ServerOptions) -> Result<Tls, ToolError> {
    let trusting = match &options.ca {
        Some(path) => {
            let text =
                std::fs::read(path).map_err(|source| ToolError::file("read", path, source))?;
            Tls::authority(&text)
        }
        None => Tls::system(),
    };
    let of_file = |error| match &options.ca {
        Some(path) => ToolError::Usage(format!("{}: {error}", path.display())),
        None => ToolError::Usage(format!("{error}: name one with --ca")),
    };
    let tls = trusting.map_err(of_file)?;
    match &options.server_name {
        Some(name) => tls
            .server_name(name)
            .map_err(|error| ToolError::Usage(format!("{name}: {error}"))),
        None => Ok(tls),
    }
}
