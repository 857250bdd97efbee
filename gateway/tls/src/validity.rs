//! When a certificate is valid: the two times in it (RFC 5280, section 4.1.2.5), found without reading the rest.
//!
//! Bad input gives none, never a panic.

/// From when to when a certificate is valid, in seconds since 1970, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before_s: u64,
    /// The last second.
    pub not_after_s: u64,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl Validity {
    /// The times of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = expect(certificate, SEQUENCE)?;
        let (mut fields, _) = expect(certificate, SEQUENCE)?;
        if let Some((_, after)) = expect(fields, VERSION) {
            fields = after;
        }
        let (_, fields) = expect(fields, INTEGER)?;
        let (_, fields) = expect(fields, SEQUENCE)?;
        let (_, fields) = expect(fields, SEQUENCE)?;
        let (times, _) = expect(fields, SEQUENCE)?;
        let (not_before_s, times) = time(times)?;
        let (not_after_s, _) = time(times)?;
        Some(Self {
            not_before_s,
            not_after_s,
        })
    }

    /// Whether it holds at a time, in seconds since 1970.
    pub fn contains(self, now_s: u64) -> bool {
        (self.not_before_s..=self.not_after_s).contains(&now_s)
    }
}

/// An element of that tag: its content, and what follows.
fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let add = |sum: usize, &byte: &u8| sum << 8 | usize::from(byte);
            (bytes.iter().fold(0, add), rest)
        }
        _ => return None,
    };
    (first == tag).then(|| rest.split_at_checked(length))?
}

/// A time, and what follows.
fn time(bytes: &[u8]) -> Option<(u64, &[u8])> {
    if let Some((text, after)) = expect(bytes, UTC_TIME) {
        let year = number(text.get(..2)?)?;
        let century = if year < 50 { 2_000 } else { 1_900 };
        return Some((seconds(century + year, text.get(2..)?)?, after));
    }
    let (text, after) = expect(bytes, GENERALIZED_TIME)?;
    let year = number(text.get(..4)?)?;
    Some((seconds(year, text.get(4..)?)?, after))
}

fn number(digits: &[u8]) -> Option<u64> {
    let add = |sum: u64, digit: &u8| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u64::from(digit - b'0'))
    };
    digits.iter().try_fold(0, add)
}

/// `rest` is month, day, hour, minute and second with two digits each, and `Z`.
fn seconds(year: u64, rest: &[u8]) -> Option<u64> {
    let (digits, zone) = rest.split_at_checked(10)?;
    let pair = |index: usize| number(&digits[2 * index..2 * index + 2]);
    let (month, day) = (pair(0)?, pair(1)?);
    let (hour, minute, second) = (pair(2)?, pair(3)?, pair(4)?);
    let is_right = zone == b"Z"
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let days = is_right.then(|| days_since_1970(year, month, day))??;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// The civil calendar, with years that begin in March; none before 1970.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year;
    days.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(seconds(1970, b"0101000000Z"), Some(0));
        assert_eq!(seconds(2000, b"0229123456Z"), Some(951_827_696));
        assert_eq!(seconds(2026, b"1231235959Z"), Some(1_798_761_599));
        assert_eq!(seconds(1969, b"1231235959Z"), None);
        assert_eq!(seconds(2026, b"1331235959Z"), None);
        assert_eq!(seconds(2026, b"0131235959+0000"), None);
    }

    #[test]
    fn a_real_certificate_is_read() {
        let mut parameters =
            rcgen::CertificateParams::new(["ringpost.test".to_owned()]).expect("a name");
        parameters.not_before = rcgen::date_time_ymd(2020, 2, 29);
        parameters.not_after = rcgen::date_time_ymd(2060, 1, 1);
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("signs");
        let validity = Validity::of(certificate.der()).expect("is one");
        assert_eq!(validity.not_before_s, 1_582_934_400);
        assert_eq!(validity.not_after_s, 2_840_140_800);
        for end in 0..certificate.der().len() / 4 {
            let _ = Validity::of(&certificate.der()[..end]);
        }
    }

    proptest! {
        #[test]
        fn bad_input_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Validity::of(&bytes);
            let _ = time(&bytes);
        }
    }
}
