//! Reads what callgrind writes: the total of instructions, and how often functions were called.
//!
//! Format: "Callgrind Format Specification" of Valgrind's manual. Names are written once, `(7) malloc`, and referred to by
//! number later, `(7)`; a line `calls=12 0x0` follows the name of the function called, `cfn=`. `summary` is what was counted in
//! this part; `totals` holds more where a part ends inside functions, and is not looked at.

use std::collections::BTreeMap;

/// What a profile says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Instructions counted.
    pub instructions: u64,
    calls: BTreeMap<String, u64>,
}

/// Why a text is no such profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The first event is not the number of instructions.
    #[error("the profile counts {events:?}, not instructions first")]
    Events {
        /// What it counts.
        events: String,
    },
    /// A total that is no number, or none.
    #[error("the profile holds no total: {line:?}")]
    Total {
        /// The line, empty where there is none.
        line: String,
    },
    /// A call that is not preceded by a name, or whose count is no number.
    #[error("line {number} of the profile is no call: {line:?}")]
    Call {
        /// Counted from 1.
        number: usize,
        /// The line.
        line: String,
    },
    /// A number of a name that was not given before.
    #[error("line {number} of the profile refers to an unknown name: {line:?}")]
    Name {
        /// Counted from 1.
        number: usize,
        /// The line.
        line: String,
    },
}

/// Functions of the C library that give memory.
const ALLOCATORS: [&str; 5] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
];

impl Profile {
    /// Reads the text of a profile.
    ///
    /// # Errors
    /// The first line that is not understood; lines of other kinds are passed over.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(index + 1, line)?;
        }
        let total = reader.total.ok_or_else(|| total_error(""))?;
        Ok(Self {
            instructions: total,
            calls: reader.calls,
        })
    }

    /// Calls of the function `name`.
    pub fn calls(&self, name: &str) -> u64 {
        self.calls.get(name).copied().unwrap_or(0)
    }

    /// Calls of the allocator that give memory.
    pub fn allocations(&self) -> u64 {
        ALLOCATORS.iter().map(|name| self.calls(name)).sum()
    }
}

#[derive(Default)]
struct Reader {
    names: BTreeMap<String, String>,
    called: Option<String>,
    calls: BTreeMap<String, u64>,
    total: Option<u64>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), ProfileError> {
        let Some((key, value)) = line.split_once(['=', ':']) else {
            return Ok(());
        };
        match key {
            "events" if value.split_whitespace().next() != Some("Ir") => {
                let events = value.trim().to_owned();
                return Err(ProfileError::Events { events });
            }
            "summary" => {
                let total = value.split_whitespace().next().and_then(|n| n.parse().ok());
                self.total = Some(total.ok_or_else(|| total_error(line))?);
            }
            "fn" => {
                self.name(number, line, value)?;
            }
            "cfn" => self.called = Some(self.name(number, line, value)?),
            "calls" => self.call(value).ok_or_else(|| ProfileError::Call {
                number,
                line: line.to_owned(),
            })?,
            _ => {}
        }
        Ok(())
    }

    /// The name of a function: given, or by its number.
    fn name(&mut self, number: usize, line: &str, value: &str) -> Result<String, ProfileError> {
        let Some((id, name)) = value.split_once(')') else {
            return Ok(value.to_owned());
        };
        let name = name.trim_start();
        if !name.is_empty() {
            self.names.insert(id.to_owned(), name.to_owned());
        }
        let known = self.names.get(id);
        known.cloned().ok_or_else(|| ProfileError::Name {
            number,
            line: line.to_owned(),
        })
    }

    fn call(&mut self, value: &str) -> Option<()> {
        let count: u64 = value.split_whitespace().next()?.parse().ok()?;
        // A recursive call has `'2` behind its name; no allocator has.
        *self.calls.entry(self.called.take()?).or_default() += count;
        Some(())
    }
}

fn total_error(line: &str) -> ProfileError {
    ProfileError::Total {
        line: line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
# callgrind format
version: 1
creator: callgrind-3.19.0
cmd:  target/release/instructions trace splitter
part: 1

desc: I1 cache:
desc: Timerange: Basic block 0 - 9089802
desc: Trigger: --dump-before=ringpost_instructions::measure::lap::end_counting

positions: line
events: Ir
summary: 1500


ob=(1) target/release/instructions
fl=(1) src/map.rs
fn=(1) ringpost::Store::push
10 7
cob=(2) libc.so.6
cfi=(2) ???
cfn=(2) malloc
calls=12 0
10 600
+3 8
cfn=(3) memcpy
calls=40 0
+1 400

fn=(4) ringpost::Store::grow
20 5
cob=(2)
cfi=(2)
cfn=(2)
calls=3 0
20 150
cfn=(5) realloc
calls=2 0
* 330

totals: 1700
";

    #[test]
    fn totals_and_calls_are_read() {
        let profile = Profile::parse(SAMPLE).unwrap();
        assert_eq!(profile.instructions, 1_500);
        assert_eq!(profile.calls("malloc"), 15);
        assert_eq!(profile.calls("memcpy"), 40);
        assert_eq!(profile.calls("free"), 0);
        assert_eq!(profile.allocations(), 17);
    }

    #[test]
    fn another_first_event_is_refused() {
        let text = SAMPLE.replace("events: Ir", "events: Cycles Ir");
        let events = "Cycles Ir".to_owned();
        assert_eq!(Profile::parse(&text), Err(ProfileError::Events { events }));
    }

    #[test]
    fn a_profile_without_a_total_is_refused() {
        let text = SAMPLE.replace("summary: 1500\n", "");
        assert_eq!(Profile::parse(&text), Err(total_error("")));
        let text = SAMPLE.replace("summary: 1500", "summary: none");
        assert_eq!(Profile::parse(&text), Err(total_error("summary: none")));
    }

    #[test]
    fn calls_of_nothing_known_are_refused() {
        let text = SAMPLE.replace("cfn=(5) realloc", "cfn=(6)");
        let (number, line) = (37, "cfn=(6)".to_owned());
        let expected = Err(ProfileError::Name { number, line });
        assert_eq!(Profile::parse(&text), expected);
        let text = SAMPLE.replace("cfn=(5) realloc\n", "");
        let (number, line) = (37, "calls=2 0".to_owned());
        let expected = Err(ProfileError::Call { number, line });
        assert_eq!(Profile::parse(&text), expected);
    }
}
