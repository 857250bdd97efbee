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

    /// Adds an item.
    pub fn push(&mut self, item: T) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, item]),
            Self::Many(items) => items.push(item),
        }
    }
}
