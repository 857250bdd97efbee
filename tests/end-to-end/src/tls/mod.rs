//! Certificates for tests, and a client of TLS that is not the product's own.

mod door;
mod pair;
mod stream;
mod trust;

pub use door::TlsDoor;
pub use pair::CertificatePair;
pub use stream::Stream;
pub use trust::{Trust, Version};
