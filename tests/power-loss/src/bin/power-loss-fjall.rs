//! A program to be killed: writes numbered keys into a fjall database without end.
//! Arguments: the folder and `synced` or `unsynced`. Prints a number once its key, and all before, should be durable.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use fjall::{Database, KeyspaceCreateOptions, PersistMode};

const KEYS_PER_SYNC: u64 = 20;
const VALUE_BYTES: usize = 2000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("no folder")?;
    let syncs = arguments.next().as_deref() == Some("synced");
    let database = Database::builder(&folder).open()?;
    let keys = database.keyspace("keys", || {
        KeyspaceCreateOptions::default().max_memtable_size(128 * 1024)
    })?;
    // fjall syncs the folder of a new keyspace, but not the folder that lists it.
    File::open(Path::new(&folder).join("keyspaces"))?.sync_all()?;
    let start = keys.last_key_value().map(|guard| guard.key()).transpose()?;
    let start = start
        .and_then(|key| key.first_chunk().copied())
        .map_or(0, u64::from_be_bytes);
    let mut output = std::io::stdout().lock();
    for number in start + 1.. {
        let value = vec![number as u8; VALUE_BYTES];
        keys.insert(number.to_be_bytes(), value)?;
        if number.is_multiple_of(KEYS_PER_SYNC) {
            if syncs {
                database.persist(PersistMode::SyncAll)?;
            }
            writeln!(output, "{number}")?;
            output.flush()?;
        }
    }
    Ok(())
}
