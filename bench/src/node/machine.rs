//! The machine a run was made on, for its record: what bears on speed, nothing that names the machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor as it names itself; its architecture where it does not.
    pub processor: String,
    /// Logical processors, whatever this process is bound to.
    pub cores: usize,
    /// Memory that the kernel has.
    pub memory_bytes: u64,
    /// Release of the kernel.
    pub kernel: String,
    /// Whether it is a virtual machine, as far as it can be told from inside.
    pub virtualised: bool,
}

/// The kernel does not tell about the machine.
#[derive(Debug, thiserror::Error)]
pub enum ReadMachineError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The size of the memory is not where it is expected.
    #[error("/proc/meminfo names no MemTotal")]
    NoMemory,
}

impl Machine {
    /// Reads this machine.
    ///
    /// # Errors
    /// `/proc` is not there, or has an unknown form.
    pub fn read() -> Result<Self, ReadMachineError> {
        let processors = read("/proc/cpuinfo")?;
        Ok(Self {
            processor: processor(&processors),
            cores: cores(&processors),
            memory_bytes: memory_bytes(&read("/proc/meminfo")?)
                .ok_or(ReadMachineError::NoMemory)?,
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            virtualised: has_hypervisor_flag(&processors)
                || Path::new("/sys/hypervisor/type").exists(),
        })
    }
}

fn read(path: &str) -> Result<String, ReadMachineError> {
    fs::read_to_string(path).map_err(|source| ReadMachineError::Unreadable {
        path: PathBuf::from(path),
        source,
    })
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

fn processor(processors: &str) -> String {
    field(processors, "model name")
        .filter(|name| !name.is_empty())
        .unwrap_or(std::env::consts::ARCH)
        .to_owned()
}

fn cores(processors: &str) -> usize {
    let keys = processors.lines().filter_map(|line| line.split_once(':'));
    keys.filter(|(key, _)| key.trim() == "processor").count()
}

fn memory_bytes(memory: &str) -> Option<u64> {
    let kib = field(memory, "MemTotal")?.strip_suffix("kB")?.trim();
    Some(kib.parse::<u64>().ok()? * 1024)
}

/// x86 processors tell a guest by a flag; others have none.
fn has_hypervisor_flag(processors: &str) -> bool {
    field(processors, "flags")
        .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUEST: &str =
        "processor\t: 0\nmodel name\t: A Processor: fast\nflags\t\t: fpu hypervisor vme\n";

    #[test]
    fn what_the_kernel_writes_is_read() {
        assert_eq!(processor(GUEST), "A Processor: fast");
        assert_eq!(cores(&GUEST.repeat(3)), 3);
        assert!(has_hypervisor_flag(GUEST));
        assert!(!has_hypervisor_flag("flags : fpu\n"));
        assert_eq!(processor("CPU part : 0xd40\n"), std::env::consts::ARCH);
        assert_eq!(
            memory_bytes("MemFree: 1 kB\nMemTotal:       24 kB\n"),
            Some(24_576)
        );
        assert_eq!(memory_bytes("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn this_machine_can_be_read() {
        let machine = Machine::read().unwrap();
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20);
        assert!(!machine.kernel.is_empty() && !machine.kernel.contains('\n'));
    }
}
