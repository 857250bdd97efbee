//! What the doors of every core are made of.

use ringpost_gateway_tls::ServerTls;
use ringpost_gateway_tls::proxy::Networks;

use super::addresses::Addresses;
use super::certificates::Certificates;
use crate::configuration::Settings;

/// The doors of a core, before they are opened.
#[derive(Clone, Debug)]
pub struct DoorPlan {
    /// Where they are.
    pub addresses: Addresses,
    /// What speaks TLS on the door that has it.
    pub tls: Option<ServerTls>,
    /// Balancers, which say in a header for whom they connect.
    pub balancers: Networks,
    /// Clients whose connections are counted for nobody.
    pub exempt: Networks,
}

impl DoorPlan {
    /// The doors that are configured.
    pub fn new(settings: &Settings, certificates: Option<&Certificates>) -> Self {
        let listen = &settings.listen;
        Self {
            addresses: Addresses {
                native: listen.native,
                tls: certificates.map(|_| listen.tls),
            },
            tls: certificates.map(|certificates| certificates.tls().clone()),
            balancers: listen.balancers(),
            exempt: settings.exempt(),
        }
    }
}
