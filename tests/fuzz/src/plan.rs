//! `Plan`: an input read as a list of small choices, so that a fuzzer's bytes become a course of events.
//!
//! Invariant: reading never fails; past the end every choice is 0.

/// What of an input is not yet read.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'a> {
    rest: &'a [u8],
}

impl<'a> Plan<'a> {
    pub(crate) fn of(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let (first, rest) = self.rest.split_first().unwrap_or((&0, &[]));
        self.rest = rest;
        *first
    }

    /// A number below `bound`, which is 1 to 256.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Little-endian; missing bytes are 0.
    pub(crate) fn number(&mut self) -> u64 {
        let mut bytes = [0; 8];
        let part = self.take(8);
        bytes[..part.len()].copy_from_slice(part);
        u64::from_le_bytes(bytes)
    }

    /// A number that is mostly small, sometimes at a limit, and seldom any.
    pub(crate) fn near(&mut self, limit: u64) -> u64 {
        match self.byte() {
            small @ 0..=0xdf => u64::from(small),
            close @ 0xe0..=0xef => limit.wrapping_add(8).wrapping_sub(u64::from(close - 0xe0)),
            _ => self.number(),
        }
    }

    /// At most `bytes` bytes.
    pub(crate) fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// A part whose length, at most 65,535, stands before it.
    pub(crate) fn part(&mut self) -> &'a [u8] {
        let bytes = usize::from(self.byte()) | usize::from(self.byte()) << 8;
        self.take(bytes)
    }

    /// All that is left.
    pub(crate) fn remainder(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }
}
