//! Quantities as people read them: three or four digits and the unit that fits.

/// Milliseconds, as µs, ms or s.
pub fn latency(ms: f64) -> String {
    match ms {
        0.0 => "0".to_owned(),
        ms if ms < 1.0 => format!("{} µs", digits(ms * 1e3)),
        ms if ms < 1e3 => format!("{} ms", digits(ms)),
        ms => format!("{} s", digits(ms / 1e3)),
    }
}

/// Microseconds of processor time.
pub fn microseconds(us: f64) -> String {
    format!("{} µs", digits(us))
}

/// Bytes, in powers of ten.
pub fn bytes(bytes: f64) -> String {
    scaled(bytes, &["B", "kB", "MB", "GB", "TB"])
}

/// A count, shortened: 196 k.
pub fn short_count(count: f64) -> String {
    scaled(count, &["", "k", "M", "G", "T"])
        .trim_end()
        .to_owned()
}

/// A plain number of at most four digits.
pub fn plain(value: f64) -> String {
    digits(value)
}

/// Seconds, as seconds, minutes or hours.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 180.0 => format!("{} s", digits(s)),
        s if s < 10_800.0 => format!("{} min", digits(s / 60.0)),
        s => format!("{} h", digits(s / 3600.0)),
    }
}

/// A whole number with its thousands set apart.
pub fn whole(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn scaled(value: f64, units: &[&str]) -> String {
    let mut scaled = value;
    let mut index = 0;
    // 999.95 would be written as 1000 already.
    while scaled.abs() >= 999.95 && index + 1 < units.len() {
        scaled /= 1e3;
        index += 1;
    }
    format!("{} {}", digits(scaled), units[index])
}

/// At most four digits, no zeros at the end.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_fits_the_size() {
        assert_eq!(latency(0.0), "0");
        assert_eq!(latency(0.0123), "12.3 µs");
        assert_eq!(latency(37.74), "37.7 ms");
        assert_eq!(latency(1183.842303), "1.18 s");
        assert_eq!(bytes(149e6), "149 MB");
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(short_count(196_405.0), "196 k");
        assert_eq!(short_count(999_990.0), "1 M");
        assert_eq!(short_count(0.0), "0");
        assert_eq!(duration(86_400.0), "24 h");
        assert_eq!(whole(1_234_567), "1,234,567");
        assert_eq!(whole(12), "12");
    }
}
