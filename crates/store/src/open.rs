//! Opening a data dir: the folder, the lock, the version of what lies in it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::columns::Result;
use crate::error::{StoreError, has_no_room};

/// The steps that bring a store from each version to the next; the first makes version 1 of an empty file.
const MIGRATIONS: [&str; 4] = [
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
    include_str!("../migrations/0003.sql"),
    include_str!("../migrations/0004.sql"),
];

/// The version this program writes.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Where the state lies in a data dir.
pub(crate) fn database(dir: &Path) -> PathBuf {
    dir.join("desk.sqlite")
}

/// Makes the data dir, for its owner alone, if it is not there. Returns a remark where others may look into it.
pub(crate) fn folder(dir: &Path) -> Result<Option<String>> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| not_writable(dir, e))?;
    #[cfg(unix)]
    {
        let about = std::fs::metadata(dir).map_err(|e| not_writable(dir, e))?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Ok(Some(format!(
                "the data dir {} is open to others (mode {mode:03o}): chmod 700 it",
                dir.display()
            )));
        }
    }
    Ok(None)
}

/// Who only asks whether a desk runs (`status`) holds the lock for a moment: that is no other desk, and tried again so often.
const LOOKERS: u32 = 20;
const LOOK: Duration = Duration::from_millis(50);

/// Takes the data dir for this process. The lock is the system's and ends with the process; the pid in the file is for
/// people.
pub(crate) fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|e| not_writable(&path, e))?;
    let mut locked = file.try_lock();
    for _ in 0..LOOKERS {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(LOOK);
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // A lock file that cannot be read leaves the pid unknown.
            let _ = file.take(32).read_to_string(&mut text);
            return Err(StoreError::Locked { dir: dir.to_owned(), pid: text.trim().parse().ok() });
        }
        Err(TryLockError::Error(e)) => return Err(not_writable(&path, e)),
    }
    let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).and_then(|()| file.flush());
    match written {
        // The lock holds without the pid, and a full disk is no reason not to start.
        Err(e) if !has_no_room(&e) => Err(not_writable(&path, e)),
        _ => Ok(file),
    }
}

/// The connection that writes, on a store of the newest version.
pub(crate) fn connect(dir: &Path) -> Result<Connection> {
    let mut conn = Connection::open(database(dir))?;
    conn.busy_timeout(Duration::from_secs(10))?;
    refuse_newer(&conn)?;
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // The log is folded beside the writer (`fold`).
    conn.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;
         PRAGMA wal_autocheckpoint = 0;",
    )?;
    conn.query_row("PRAGMA journal_size_limit = 67108864", [], |_| Ok(()))?;
    conn.set_prepared_statement_cache_capacity(128);
    migrate(&mut conn)?;
    Ok(conn)
}

/// The connection that folds the log of an open store.
pub(crate) fn connect_to_fold(dir: &Path) -> Result<Connection> {
    let conn = Connection::open(database(dir))?;
    // It syncs the log before it writes the file, and the file before it calls anything folded.
    conn.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -64;")?;
    Ok(conn)
}

/// The store's version, where it is one that this program can read as it is.
pub(crate) fn readable(conn: &Connection) -> Result<()> {
    refuse_newer(conn)?;
    match version(conn)? {
        KNOWN => Ok(()),
        found => Err(StoreError::Older { found, known: KNOWN }),
    }
}

/// The desk's name, drawn when the store was made.
pub(crate) fn desk(conn: &Connection) -> Result<String> {
    let drawn: Option<String> =
        conn.query_row("SELECT value FROM meta WHERE name = 'desk'", [], |row| row.get(0)).optional()?;
    if let Some(name) = drawn {
        return Ok(name);
    }
    let name = format!("{:016x}", rand::random::<u64>());
    conn.execute("INSERT INTO meta (name, value) VALUES ('desk', ?1)", [&name])?;
    Ok(name)
}

fn migrate(conn: &mut Connection) -> Result<()> {
    let from = version(conn)?;
    for (to, step) in (1..).zip(MIGRATIONS).skip_while(|(to, _)| *to <= from) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", to)?;
        tx.commit()?;
        tracing::debug!(version = to, "the store was brought up to date");
    }
    Ok(())
}

fn refuse_newer(conn: &Connection) -> Result<()> {
    match version(conn)? {
        found if found > KNOWN => Err(StoreError::Newer { found, known: KNOWN }),
        _ => Ok(()),
    }
}

fn version(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn not_writable(path: &Path, source: io::Error) -> StoreError {
    StoreError::NotWritable { path: path.to_owned(), source: Arc::new(source) }
}
