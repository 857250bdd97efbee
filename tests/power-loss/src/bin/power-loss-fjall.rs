//! A program to be killed: writes numbered keys into a fjall database without end.
//! Arguments: the folder and `synced`, `unsynced`, or `batched` (batches, each synced but the last).
//! Prints a number once its key, and all before, should be durable.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode};

const KEYS_PER_SYNC: u64 = 20;
const BATCHES: u64 = 8;
const VALUE_BYTES: usize = 2000;
const BATCHED_VALUE_BYTES: usize = 20_000;
/// Flushed to tables many times a run, so that a kill falls into flushes too.
const SMALL_MEMTABLE_BYTES: u64 = 128 * 1024;
/// Never flushed in a run, so that what is not synced is in the journal only.
const LARGE_MEMTABLE_BYTES: u64 = 1 << 30;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("no folder")?;
    let mode = arguments.next().ok_or("no mode")?;
    let database = Database::builder(&folder)
        .journal_compression(CompressionType::None)
        .open()?;
    let memtable_bytes = match mode.as_str() {
        "synced" => SMALL_MEMTABLE_BYTES,
        _ => LARGE_MEMTABLE_BYTES,
    };
    let keys = database.keyspace("keys", || {
        KeyspaceCreateOptions::default().max_memtable_size(memtable_bytes)
    })?;
    // fjall syncs the folder of a new keyspace, but not the folder that lists it.
    File::open(Path::new(&folder).join("keyspaces"))?.sync_all()?;
    let last = last_number(&keys)?;
    match mode.as_str() {
        "batched" => write_batches(&database, &keys, last),
        mode => write_keys(&database, &keys, last, mode == "synced"),
    }
}

fn last_number(keys: &Keyspace) -> Result<u64, Failure> {
    let last = keys.last_key_value().map(|guard| guard.key()).transpose()?;
    let number = last.and_then(|key| key.first_chunk().copied());
    Ok(number.map_or(0, u64::from_be_bytes))
}

fn write_keys(database: &Database, keys: &Keyspace, last: u64, syncs: bool) -> Result<(), Failure> {
    for number in last + 1.. {
        keys.insert(number.to_be_bytes(), value(number, VALUE_BYTES))?;
        if number.is_multiple_of(KEYS_PER_SYNC) {
            if syncs {
                database.persist(PersistMode::SyncAll)?;
            }
            report(number)?;
        }
    }
    Ok(())
}

/// Writes and syncs batches; then one that only reaches the page cache; reports the last synced number and waits.
fn write_batches(database: &Database, keys: &Keyspace, last: u64) -> Result<(), Failure> {
    let mut number = last;
    for _ in 0..BATCHES {
        write_batch(database, keys, number)?;
        database.persist(PersistMode::SyncAll)?;
        number += KEYS_PER_SYNC;
    }
    write_batch(database, keys, number)?;
    database.persist(PersistMode::Buffer)?;
    report(number)?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn write_batch(database: &Database, keys: &Keyspace, last: u64) -> Result<(), Failure> {
    let mut batch = database.batch();
    for number in last + 1..=last + KEYS_PER_SYNC {
        batch.insert(
            keys,
            number.to_be_bytes(),
            value(number, BATCHED_VALUE_BYTES),
        );
    }
    Ok(batch.commit()?)
}

fn report(number: u64) -> Result<(), Failure> {
    let mut output = std::io::stdout();
    writeln!(output, "{number}")?;
    Ok(output.flush()?)
}

fn value(number: u64, bytes: usize) -> Vec<u8> {
    vec![number as u8; bytes]
}
