//! Checks `docs/protocol.md` against the code and the schema: its tables, its ids and the bytes of its example.

use std::collections::{BTreeMap, BTreeSet};

use ringpost_wire::{Answer, ErrorCode, FrameKind, PROTOCOL_VERSION, UserId, limits};

use crate::{encode, golden, hex, samples};

const PAGE: &str = include_str!("../../../docs/protocol.md");
const SCHEMA: &str = include_str!("../../schema/ringpost.fbs");

/// The cells of the first table below the heading `title`, without its head.
fn table(title: &str) -> Vec<Vec<&'static str>> {
    let mut lines = PAGE.lines().skip_while(|line| !is_heading(line, title));
    assert!(lines.next().is_some(), "no heading {title}");
    lines
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

fn is_heading(line: &str, title: &str) -> bool {
    let text = line.trim_start_matches('#').trim_start();
    line.starts_with('#')
        && text.trim_start_matches(|c: char| c.is_ascii_digit() || ". ".contains(c)) == title
}

#[test]
fn the_table_of_kinds_is_the_codes() {
    let sent_by = |kind| match (encode::is_from_client(kind), encode::is_from_server(kind)) {
        (true, true) => "both",
        (true, false) => "client",
        (false, true) => "server",
        (false, false) => "nobody",
    };
    let expected: Vec<Vec<String>> = FrameKind::ALL
        .iter()
        .map(|&kind| {
            vec![
                (kind as u8).to_string(),
                format!("{kind:?}"),
                sent_by(kind).to_owned(),
                kind.header_bytes().to_string(),
                kind.frame_bytes_max().to_string(),
            ]
        })
        .collect();
    let rows: Vec<_> = table("Kinds of frames")
        .iter()
        .map(|row| row[..5].to_vec())
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_table_of_error_codes_is_the_codes() {
    let expected: Vec<Vec<String>> = ErrorCode::ALL
        .iter()
        .map(|&code| {
            let answer: Answer = code.answer();
            let number = (code as u16).to_string();
            vec![number, code.name().to_owned(), format!("{answer:?}")]
        })
        .collect();
    let rows: Vec<_> = table("Error codes")
        .iter()
        .map(|row| row[..3].to_vec())
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_table_of_limits_is_the_codes() {
    macro_rules! values {
        ($($name:ident),* $(,)?) => {
            vec![$((stringify!($name).to_owned(), limits::$name.to_string())),*]
        };
    }
    let mut expected = vec![("PROTOCOL_VERSION".to_owned(), PROTOCOL_VERSION.to_string())];
    expected.extend(values![
        FRAME_BYTES_MAX,
        TOKEN_FRAME_BYTES_MAX,
        SIGNAL_FRAME_BYTES_MAX,
        SMALL_FRAME_BYTES_MAX,
        PREFIX_BYTES,
        PAYLOAD_BYTES_MAX,
        SLICES_MAX,
        SLICE_BYTES,
        SEQ_MAX,
        UNANSWERED_MAX,
        TOKEN_BYTES_MAX,
        TEXT_BYTES_MAX,
        SUBJECT_BYTES_MAX,
        PENDING_CHATS_MAX,
        CURSOR_BYTES_MAX,
        PAGE_MESSAGES_MAX,
        PAGE_BYTES_MAX,
        PAGE_EMPTY_RANGES_MAX,
        SIGNAL_BYTES_MAX,
        HEARTBEAT_MS,
        HEARTBEAT_MS_MIN,
        HEARTBEAT_MS_MAX,
        HANDSHAKE_TIMEOUT_MS,
        CLOCK_MS_MAX,
    ]);
    let rows: Vec<(String, String)> = table("Limits and timeouts")
        .iter()
        .map(|row| (row[0].to_owned(), row[1].to_owned()))
        .collect();
    assert_eq!(rows, expected);
    let source = include_str!("../../src/limits.rs");
    let constants = source.matches("pub const ").count();
    assert_eq!(constants, rows.len() - 1, "a limit is not on the page");
}

/// A `table` or `struct` of the schema with its fields and their types.
struct Block {
    is_table: bool,
    name: &'static str,
    fields: Vec<(&'static str, &'static str)>,
}

fn schema() -> Vec<Block> {
    let mut found = Vec::new();
    for part in SCHEMA.split('}') {
        let Some((head, body)) = part.split_once('{') else {
            continue;
        };
        let mut words = head.split_whitespace().rev();
        let name = words.next().expect("a block has a name");
        let is_table = words.next() == Some("table");
        let fields = body
            .split(';')
            .filter_map(|field| field.trim().split_once(':'))
            .map(|(name, kind)| (name, kind.split(' ').next().expect("a field has a type")))
            .collect();
        found.push(Block {
            is_table,
            name,
            fields,
        });
    }
    found
}

fn bytes_of(kind: &str) -> usize {
    match kind {
        "Id" => 16,
        "uint64" => 8,
        "uint32" => 4,
        "uint16" => 2,
        "uint8" => 1,
        other => panic!("a struct with a field of type {other}"),
    }
}

#[test]
fn every_field_of_the_schema_stands_on_the_page_in_its_place() {
    let blocks = schema();
    assert_eq!(blocks.iter().filter(|block| block.is_table).count(), 17);
    for Block {
        is_table,
        name,
        fields,
    } in blocks
    {
        if matches!(name, "Id" | "Prefix") {
            continue;
        }
        let kind = if is_table { "Table" } else { "Struct" };
        let rows = table(&format!("{kind} {name}"));
        assert_eq!(rows.len(), fields.len(), "{name}");
        let mut offset = 0;
        for (number, (row, (field, of_type))) in rows.iter().zip(fields).enumerate() {
            if is_table {
                assert_eq!(row[..3], [&number.to_string(), field, of_type], "{name}");
            } else {
                assert_eq!(row[..3], [&offset.to_string(), of_type, field], "{name}");
                offset += bytes_of(of_type);
            }
        }
    }
}

#[test]
fn required_fields_are_marked() {
    let required: usize = SCHEMA.matches("(required)").count();
    let marked = PAGE.matches("| required; ").count();
    assert_eq!(marked, required);
}

/// The blocks of bytes on the page, by their names.
fn examples() -> BTreeMap<&'static str, &'static str> {
    PAGE.split("```hex ")
        .skip(1)
        .map(|block| {
            let (name, rest) = block.split_once('\n').expect("a block has a first line");
            let (bytes, _) = rest.split_once("```").expect("a block ends");
            (name, bytes)
        })
        .collect()
}

#[test]
fn the_example_is_made_of_the_golden_frames() {
    let examples = examples();
    for (name, bytes) in &examples {
        assert_eq!(*bytes, golden::text(name), "{name}");
        let bytes = hex::parse(bytes);
        let kind = encode::kind_of(&bytes);
        let from_client = ringpost_wire::ClientFrame::decode(kind, &bytes);
        let from_server = ringpost_wire::ServerFrame::decode(kind, &bytes);
        assert!(from_client.is_ok() || from_server.is_ok(), "{name}");
    }
    let shown: BTreeSet<FrameKind> = examples
        .values()
        .map(|bytes| encode::kind_of(&hex::parse(bytes)))
        .collect();
    let mut left_out: BTreeSet<FrameKind> = FrameKind::ALL.iter().copied().collect();
    left_out.retain(|kind| !shown.contains(kind));
    assert!(left_out.is_empty(), "not in the example: {left_out:?}");
}

#[test]
fn the_ids_on_the_page_are_right() {
    let expected = [
        UserId::from_subject("ann").to_string(),
        UserId::from_subject("bob").to_string(),
        samples::chat().to_string(),
    ];
    for id in expected {
        assert!(PAGE.contains(&format!("| `{id}` |")), "{id}");
    }
}
