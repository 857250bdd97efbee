//! The keys that tokens may be signed with, each found by its name.
//!
//! Invariant: no two keys have the same name, and at most one has none.

use super::key::TokenKey;
use crate::limits::TOKEN_KEYS_MAX;

/// Keys of session tokens.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<TokenKey>);

/// Why keys are no set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySetError {
    /// Two keys have this `kid`; `None` for two without one.
    Duplicate(Option<String>),
    /// More keys than `limits::TOKEN_KEYS_MAX`.
    TooMany,
}

impl core::fmt::Display for KeySetError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Duplicate(Some(id)) => write!(f, "two keys have the kid {id:?}"),
            Self::Duplicate(None) => f.write_str("two keys have no kid"),
            Self::TooMany => write!(f, "more than {TOKEN_KEYS_MAX} keys"),
        }
    }
}

impl core::error::Error for KeySetError {}

impl KeySet {
    /// A set of `keys`.
    ///
    /// # Errors
    /// Two have the same name, or there are too many.
    pub fn new(keys: Vec<TokenKey>) -> Result<Self, KeySetError> {
        if keys.len() > TOKEN_KEYS_MAX {
            return Err(KeySetError::TooMany);
        }
        for (index, key) in keys.iter().enumerate() {
            if keys[..index].iter().any(|other| other.id() == key.id()) {
                return Err(KeySetError::Duplicate(key.id().map(str::to_owned)));
            }
        }
        Ok(Self(keys))
    }

    /// The set of one key.
    pub fn of_key(key: TokenKey) -> Self {
        Self(vec![key])
    }

    /// The keys, in the order in which they were given.
    pub fn keys(&self) -> &[TokenKey] {
        &self.0
    }

    /// The key that a token means: the one of that name. Without a name, the one that has none, or else the only one.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&TokenKey> {
        let named = self.0.iter().find(|key| key.id() == id);
        match (named, id, self.0.as_slice()) {
            (None, None, [only]) => Some(only),
            (named, ..) => named,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: Option<&str>) -> TokenKey {
        TokenKey::hs256(id, &[1; 32]).expect("a key")
    }

    #[test]
    fn names_are_found_and_no_name_means_the_nameless_or_the_only_one() {
        let found = |ids: &[Option<&str>], wanted: Option<&str>| {
            let set = KeySet::new(ids.iter().map(|id| key(*id)).collect()).expect("a set");
            set.find(wanted).map(|key| key.id().map(str::to_owned))
        };
        assert_eq!(found(&[None, Some("a")], Some("a")), Some(Some("a".into())));
        assert_eq!(found(&[None, Some("a")], None), Some(None));
        assert_eq!(found(&[Some("a")], None), Some(Some("a".into())));
        assert_eq!(found(&[Some("a"), Some("b")], None), None);
        assert_eq!(found(&[None], Some("a")), None);
        assert_eq!(found(&[], None), None);
    }

    #[test]
    fn duplicates_and_crowds_are_refused() {
        for id in [None, Some("a")] {
            let error = KeySet::new(vec![key(id), key(Some("b")), key(id)]).map(drop);
            assert_eq!(error, Err(KeySetError::Duplicate(id.map(str::to_owned))));
        }
        let many = (0..=TOKEN_KEYS_MAX).map(|number| key(Some(&number.to_string())));
        assert_eq!(
            KeySet::new(many.collect()).map(drop),
            Err(KeySetError::TooMany)
        );
    }
}
