//! Reads `series.csv` into rows. Counts never fall and times rise, from one row to the next.

use std::str::FromStr;

use super::{Fault, Why};
use crate::record::{Row, SERIES_HEADER};

/// Rows of a run at most: two days of seconds.
const ROWS_MAX: usize = 200_000;

/// The rows of a series.
///
/// # Errors
/// The first fault, with its line and column.
pub fn read_series(file: &str, text: &str) -> Result<Vec<Row>, Fault> {
    let malformed =
        |line: usize, what: String| Fault::of(file, format!("line {line}"), Why::Malformed(what));
    let mut lines = text.lines();
    if lines.next() != Some(SERIES_HEADER) {
        return Err(malformed(1, format!("the header is not {SERIES_HEADER}")));
    }
    let mut rows: Vec<Row> = Vec::new();
    for (index, line) in lines.enumerate() {
        let number = index + 2;
        if index >= ROWS_MAX {
            return Err(malformed(number, format!("more than {ROWS_MAX} rows")));
        }
        let row = Columns::new(line)
            .row()
            .map_err(|(column, what)| fault(file, number, column, what))?;
        if let Some(column) = rows.last().and_then(|before| fallen(before, &row)) {
            let what = "is less than in the row before".to_owned();
            return Err(fault(file, number, column, what));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn fault(file: &str, line: usize, column: &str, what: String) -> Fault {
    Fault::of(file, format!("line {line}, {column}"), Why::Malformed(what))
}

/// The first column whose total fell.
fn fallen(before: &Row, row: &Row) -> Option<&'static str> {
    let totals = [
        ("sent", before.sent, row.sent),
        ("delivered", before.delivered, row.delivered),
        ("refused", before.refused, row.refused),
        ("errors", before.errors, row.errors),
        ("bytes_out", before.bytes_out, row.bytes_out),
        ("bytes_in", before.bytes_in, row.bytes_in),
        ("frames_out", before.frames_out, row.frames_out),
        ("frames_in", before.frames_in, row.frames_in),
    ];
    if row.t_s <= before.t_s {
        return Some("t_s");
    }
    if row.generator_cpu_s < before.generator_cpu_s {
        return Some("generator_cpu_s");
    }
    totals
        .into_iter()
        .find_map(|(column, earlier, later)| (later < earlier).then_some(column))
}

type ColumnError = (&'static str, String);

struct Columns<'a> {
    values: std::str::Split<'a, char>,
    names: std::str::Split<'static, char>,
}

impl<'a> Columns<'a> {
    fn new(line: &'a str) -> Self {
        Self {
            values: line.split(','),
            names: SERIES_HEADER.split(','),
        }
    }

    fn row(mut self) -> Result<Row, ColumnError> {
        let row = Row {
            t_s: self.seconds()?,
            sent: self.value()?,
            delivered: self.value()?,
            refused: self.value()?,
            errors: self.value()?,
            sessions: self.value()?,
            server_cpu_s: self.optional()?,
            server_resident_bytes: self.optional()?,
            syncs: self.optional()?,
            backlog_bytes: self.optional()?,
            generator_cpu_s: self.seconds()?,
            generator_lag_ms_max: self.seconds()?,
            bytes_out: self.value()?,
            bytes_in: self.value()?,
            frames_out: self.value()?,
            frames_in: self.value()?,
        };
        match self.values.next() {
            Some(_) => Err(("end", "more values than columns".to_owned())),
            None => Ok(row),
        }
    }

    fn next(&mut self) -> Result<(&'static str, &'a str), ColumnError> {
        let name = self.names.next().unwrap_or("end");
        let value = self
            .values
            .next()
            .ok_or((name, "has no value".to_owned()))?;
        Ok((name, value))
    }

    fn value<T: FromStr>(&mut self) -> Result<T, ColumnError> {
        let (name, text) = self.next()?;
        text.parse()
            .map_err(|_| (name, format!("`{text}` is not a number of this column")))
    }

    fn seconds(&mut self) -> Result<f64, ColumnError> {
        let (name, text) = self.next()?;
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
            _ => Err((name, format!("`{text}` is not a number of this column"))),
        }
    }

    fn optional<T: FromStr>(&mut self) -> Result<Option<T>, ColumnError> {
        let (name, text) = self.next()?;
        if text.is_empty() {
            return Ok(None);
        }
        let value = text.parse();
        value
            .map(Some)
            .map_err(|_| (name, format!("`{text}` is not a number of this column")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rows: &[Row]) -> String {
        let mut text = format!("{SERIES_HEADER}\n");
        for row in rows {
            row.write_to(&mut text);
        }
        text
    }

    fn row(t_s: f64, sent: u64) -> Row {
        Row {
            t_s,
            sent,
            server_cpu_s: Some(0.25),
            ..Row::default()
        }
    }

    #[test]
    fn rows_come_back_as_they_were_written() {
        let rows = [row(1.0, 5), row(2.0, 9)];
        let read = read_series("series.csv", &text(&rows)).expect("it is well-formed");
        assert_eq!(read, rows);
    }

    #[test]
    fn a_fault_names_line_and_column() {
        let told = |text: &str| {
            let fault = read_series("series.csv", text).expect_err("it has a fault");
            fault.to_string()
        };
        let fallen = text(&[row(1.0, 5), row(2.0, 4)]);
        assert!(told(&fallen).starts_with("series.csv: line 3, sent: is less"));
        let still = text(&[row(1.0, 5), row(1.0, 5)]);
        assert!(told(&still).starts_with("series.csv: line 3, t_s: is less"));
        let odd = text(&[row(1.0, 5)]).replace(",5,", ",five,");
        assert!(told(&odd).starts_with("series.csv: line 2, sent: `five`"));
        let short = format!("{SERIES_HEADER}\n1.0,2\n");
        assert!(told(&short).starts_with("series.csv: line 2, delivered: has no value"));
        assert!(told("t,sent\n").starts_with("series.csv: line 1: the header"));
    }
}
