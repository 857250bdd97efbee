//! Bytes as text: lines of an offset and up to 16 bytes, the form of the golden files and of the examples in the page.

use std::fmt::Write;

/// `bytes` as lines `0010: 0a 0b ...`.
pub fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, line) in bytes.chunks(16).enumerate() {
        write!(text, "{:04x}:", index * 16).expect("a String takes all");
        for byte in line {
            write!(text, " {byte:02x}").expect("a String takes all");
        }
        text.push('\n');
    }
    text
}

/// The bytes of a dump.
///
/// # Panics
/// The text is not a dump.
pub fn parse(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in text.lines() {
        let (offset, line) = line.split_once(':').expect("a line has an offset");
        assert_eq!(usize::from_str_radix(offset, 16), Ok(bytes.len()), "{line}");
        let values = line
            .split_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).expect("a byte is two digits"));
        bytes.extend(values);
    }
    bytes
}

#[test]
fn a_dump_is_read_back() {
    for length in [0, 1, 16, 17, 300] {
        let bytes: Vec<u8> = (0..length).map(|value| value as u8).collect();
        assert_eq!(parse(&dump(&bytes)), bytes);
    }
    assert_eq!(dump(&[7, 255]), "0000: 07 ff\n");
}
