//! What a part of the node must be able to do to take new settings while it runs.

use crate::configuration::Settings;

/// A part that takes new settings while the node runs.
pub trait Reloadable: Send {
    /// Its name in logs and answers.
    fn name(&self) -> &'static str;

    /// The keys whose changes it takes; one that ends with a dot is a whole group.
    fn keys(&self) -> &'static [&'static str];

    /// Takes the settings, or nothing of them. Asked at every reload, also when none of its keys has changed: files that they name
    /// may have. Tells what has changed beyond its keys, in a few words for the log; never a secret.
    ///
    /// # Errors
    /// Why the old is kept, in a text for the operator.
    fn reload(&mut self, settings: &Settings) -> Result<Option<String>, String>;
}
