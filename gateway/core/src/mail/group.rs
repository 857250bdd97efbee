//! One or many of something: the usual mail has one addressee and then needs no allocation.

/// At least one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group<T> {
    /// Exactly one.
    One(T),
    /// Any number but none.
    Many(Vec<T>),
}

impl<T: Copy> Group<T> {
    /// The items, in the order in which they were added.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(item) => core::slice::from_ref(item),
            Self::Many(items) => items,
        }
    }

    /// The items, to be changed in place.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::One(item) => core::slice::from_mut(item),
            Self::Many(items) => items,
        }
    }

    /// The same group with each item changed by `change`.
    pub fn map<U>(&self, change: impl Fn(T) -> U) -> Group<U> {
        match self {
            Self::One(item) => Group::One(change(*item)),
            Self::Many(items) => Group::Many(items.iter().map(|item| change(*item)).collect()),
        }
    }

    /// Adds an item.
    pub fn push(&mut self, item: T) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, item]),
            Self::Many(items) => items.push(item),
        }
    }
}
