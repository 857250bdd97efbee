//! The machine that was measured on: what bears on speed, nothing that names it.

use std::fs;

use serde::Serialize;

/// A machine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// The processor as it names itself.
    pub(crate) processor: String,
    /// Logical processors.
    pub(crate) cores: usize,
    /// Release of the kernel.
    pub(crate) kernel: String,
}

impl Machine {
    /// Reads this machine; what the kernel does not tell is `unknown`.
    pub(crate) fn read() -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
        Self {
            processor: processor(&processors),
            cores: processors
                .lines()
                .filter(|line| line.starts_with("processor"))
                .count(),
            kernel: kernel.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned()),
        }
    }
}

fn processor(processors: &str) -> String {
    let named = processors.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    named.unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_found() {
        assert_eq!(processor("a : b\nmodel name\t: Fast: 2\n"), "Fast: 2");
        assert_eq!(processor(""), "unknown");
    }
}
