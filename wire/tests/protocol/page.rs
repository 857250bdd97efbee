//! Checks docs/protocol.md against the code: its tables, its numbers and its example.
