//! A program to be killed: does file operations in a folder, one an argument, says `ready`, and waits.
//! An argument is a verb and its operands, separated by `:`. Any failure ends it with a message.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const O_DSYNC: i32 = 0o10000;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().unwrap_or_default());
    for step in arguments {
        perform(&root, &step).map_err(|error| io::Error::other(format!("{step}: {error}")))?;
    }
    println!("ready");
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn perform(root: &Path, step: &str) -> io::Result<()> {
    let fields: Vec<&str> = step.split(':').collect();
    let path = |index: usize| root.join(fields.get(index).copied().unwrap_or_default());
    let text = |index: usize| fields.get(index).copied().unwrap_or_default();
    let number = |index: usize| text(index).parse::<u64>().map_err(io::Error::other);
    let write = || {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path(1))
    };
    match text(0) {
        "append" => append(&path(1))?.write_all(text(2).as_bytes()),
        "append-sync" => {
            let mut file = append(&path(1))?;
            file.write_all(text(2).as_bytes())?;
            file.sync_data()
        }
        "append-dsync" => {
            let mut options = OpenOptions::new();
            options.append(true).create(true).custom_flags(O_DSYNC);
            options.open(path(1))?.write_all(text(2).as_bytes())
        }
        "write" => write()?.write_all_at(text(3).as_bytes(), number(2)?),
        "fill" => write()?.write_all_at(&vec![b'x'; number(3)? as usize], number(2)?),
        "replace" => fs::write(path(1), text(2)),
        "truncate" => write()?.set_len(number(2)?),
        "sync" => File::open(path(1))?.sync_all(),
        "rename" => fs::rename(path(1), path(2)),
        "copy" => fs::copy(path(1), path(2)).map(drop),
        "link" => fs::hard_link(path(1), path(2)),
        "unlink" => fs::remove_file(path(1)),
        "mkdir" => fs::create_dir(path(1)),
        "rmdir" => fs::remove_dir_all(path(1)),
        "threads" => threads(&path(1), number(2)?),
        other => Err(io::Error::other(format!("no verb {other}"))),
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// Several threads append lines to one descriptor and sync after each; a line in the file `path` was synced by its writer.
fn threads(path: &Path, count: u64) -> io::Result<()> {
    let file = append(path)?;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..count)
            .map(|writer| {
                let mut file = &file;
                scope.spawn(move || {
                    (0..50).try_for_each(|line| {
                        file.write_all(format!("{writer}-{line}\n").as_bytes())?;
                        file.sync_data()
                    })
                })
            })
            .collect();
        writers.into_iter().try_for_each(|writer| {
            writer
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a writer panicked")))
        })
    })
}
