//! Opens SQLite connections with the settings that this project needs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure::Failure;

/// The number of statements that stay prepared. The ledger has fewer.
const CACHED_STATEMENTS: usize = 64;

/// The waits between attempts to get a lock, in milliseconds. The last one repeats.
const DELAYS: [u64; 8] = [1, 2, 5, 10, 15, 20, 25, 50];

/// Opens a file. A wait for a lock ends after `timeout`, or once `interrupted` is set.
pub fn open(
    path: PathBuf,
    read_only: bool,
    timeout: Duration,
    interrupted: Arc<AtomicBool>,
) -> Result<Connection, Failure> {
    let access = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    // This build takes a name that begins with `file:` for a URI, but callers mean a file.
    let is_uri = path.to_str().is_some_and(|path| path.starts_with("file:"));
    let path = if is_uri {
        PathBuf::from(".").join(path)
    } else {
        path
    };
    let mut connection =
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Every other SQLite has this default; this build was compiled with another one.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
    let mut since = Instant::now();
    connection.busy_handler(Some(move |attempt: i32| {
        if attempt == 0 {
            since = Instant::now();
        }
        let left = timeout.saturating_sub(since.elapsed());
        if left.is_zero() || interrupted.load(Ordering::Relaxed) {
            return false;
        }
        let delay = DELAYS[usize::try_from(attempt).unwrap_or(0).min(DELAYS.len() - 1)];
        sleep(Duration::from_millis(delay).min(left));
        true
    }))?;
    Ok(connection)
}
