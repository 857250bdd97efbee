//! Headers of every family, cut at every byte, damaged in every way.

use proptest::prelude::*;

use super::*;

/// A header of that command and family.
fn header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([command, family]);
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// 192.0.2.1:700 to 192.0.2.2:7400.
const IPV4: [u8; 12] = [192, 0, 2, 1, 192, 0, 2, 2, 0x02, 0xbc, 0x1c, 0xe8];

fn ipv6(source: Ipv6Addr) -> Vec<u8> {
    let mut body = source.octets().to_vec();
    body.extend([0; 16]);
    body.extend([0x02, 0xbc, 0x1c, 0xe8]);
    body
}

fn extension(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend((value.len() as u16).to_be_bytes());
    bytes.extend(value);
    bytes
}

fn source_of(bytes: &[u8]) -> Option<SocketAddr> {
    let header = parse(bytes).expect("is one").expect("is whole");
    assert_eq!(header.bytes, bytes.len());
    header.source
}

#[test]
fn each_family_gives_its_source_or_none() {
    let expected = "192.0.2.1:700".parse().ok();
    assert_eq!(source_of(&header(PROXY, TCP_OVER_IPV4, &IPV4)), expected);
    let mapped = ipv6(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped());
    assert_eq!(source_of(&header(PROXY, TCP_OVER_IPV6, &mapped)), expected);
    let other = ipv6("2001:db8::1".parse().expect("an address"));
    let expected = "[2001:db8::1]:700".parse().ok();
    assert_eq!(source_of(&header(PROXY, TCP_OVER_IPV6, &other)), expected);
    assert_eq!(source_of(&header(PROXY, UNSPECIFIED, b"anything")), None);
    assert_eq!(source_of(&header(PROXY, UNIX_STREAM, &[0; 216])), None);
    assert_eq!(source_of(&header(LOCAL, TCP_OVER_IPV4, &IPV4)), None);
    assert_eq!(source_of(&header(LOCAL, 0x77, b"ignored")), None);
    assert_eq!(source_of(&header(LOCAL, UNSPECIFIED, b"")), None);
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (header(0x11, TCP_OVER_IPV4, &IPV4), ProxyError::Unsupported),
        (header(0x22, TCP_OVER_IPV4, &IPV4), ProxyError::Unsupported),
        (header(PROXY, 0x12, &IPV4), ProxyError::Unsupported),
        (
            header(PROXY, TCP_OVER_IPV4, &IPV4[..11]),
            ProxyError::Malformed,
        ),
        (
            header(PROXY, TCP_OVER_IPV6, &[0; 35]),
            ProxyError::Malformed,
        ),
        (header(PROXY, UNIX_STREAM, &[0; 215]), ProxyError::Malformed),
        (
            header(PROXY, TCP_OVER_IPV4, &[0; 4_081]),
            ProxyError::TooLong,
        ),
        (
            b"PROXY TCP4 192.0.2.1 192.0.2.2 700 7400\r\n".to_vec(),
            ProxyError::NotProxy,
        ),
        (b"\r\n\r\n\0\r\nQUIT\r".to_vec(), ProxyError::NotProxy),
    ];
    for (bytes, error) in cases {
        assert_eq!(parse(&bytes), Err(error), "{bytes:?}");
    }
}

#[test]
fn extensions_are_skipped_and_a_checksum_holds() {
    let mut body = IPV4.to_vec();
    body.extend(extension(0x02, b"ringpost.test"));
    body.extend(extension(CHECKSUM, &[0; 4]));
    body.extend(extension(0x04, &[0; 7]));
    let mut bytes = header(PROXY, TCP_OVER_IPV4, &body);
    assert_eq!(parse(&bytes), Err(ProxyError::Checksum));
    let at = FIXED_BYTES + IPV4.len() + EXTENSION_BYTES_MIN + 13 + EXTENSION_BYTES_MIN;
    let sum = crc32c::crc32c(&bytes).to_be_bytes();
    bytes[at..at + 4].copy_from_slice(&sum);
    assert!(source_of(&bytes).is_some());
    // With another kind it is no checksum any more.
    let kind_at = at - EXTENSION_BYTES_MIN;
    for index in (FIXED_BYTES..bytes.len()).filter(|index| *index != kind_at) {
        let mut damaged = bytes.clone();
        damaged[index] ^= 1;
        assert!(parse(&damaged).is_err(), "{index}");
    }
    for (value, error) in [
        (&[0; 3][..], ProxyError::Malformed),
        (&[0; 5], ProxyError::Malformed),
    ] {
        let body = [&IPV4[..], &extension(CHECKSUM, value)].concat();
        assert_eq!(parse(&header(PROXY, TCP_OVER_IPV4, &body)), Err(error));
    }
    let cut = [&IPV4[..], &[0x02, 0, 9, 1]].concat();
    assert_eq!(
        parse(&header(PROXY, TCP_OVER_IPV4, &cut)),
        Err(ProxyError::Malformed)
    );
}

#[test]
fn a_header_cut_at_any_byte_waits_for_the_rest() {
    let bytes = header(PROXY, TCP_OVER_IPV4, &IPV4);
    for end in 0..bytes.len() {
        assert_eq!(parse(&bytes[..end]), Ok(None), "{end}");
    }
    let longer = [&bytes[..], b"the stream"].concat();
    assert_eq!(parse(&longer), parse(&bytes));
}

proptest! {
    #[test]
    fn bad_input_is_never_a_panic_and_never_asks_for_too_much(
        command in any::<u8>(),
        family in any::<u8>(),
        body in proptest::collection::vec(any::<u8>(), 0..300),
        cut in any::<prop::sample::Index>(),
        damaged in any::<prop::sample::Index>(),
    ) {
        let mut bytes = header(command, family, &body);
        let _ = parse(&bytes);
        let known_command = header(PROXY, family % 0x40, &body);
        let _ = parse(&known_command[..cut.index(known_command.len() + 1)]);
        let index = damaged.index(bytes.len());
        bytes[index] ^= 0x80;
        if let Ok(Some(header)) = parse(&bytes) {
            prop_assert!(header.bytes <= bytes.len());
        }
    }

    #[test]
    fn more_bytes_never_change_an_answer(
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
        has_signature in any::<bool>(),
    ) {
        let bytes = if has_signature { [&SIGNATURE[..], &bytes].concat() } else { bytes };
        let mut answer = Ok(None);
        for end in 0..=bytes.len() {
            let now = parse(&bytes[..end]);
            prop_assert!(answer == Ok(None) || answer == now);
            answer = now;
        }
    }
}
