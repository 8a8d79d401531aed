//! Readers: connections that cannot write, so that a question never waits in the writer's queue.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::columns::Result;
use crate::error::StoreError;

/// Connections kept open while nobody reads, and questions that are answered at once: more would only open and close files.
const IDLE: usize = 4;

/// A small pool of read-only connections, shared.
#[derive(Clone)]
pub(crate) struct Pool {
    file: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Pool {
    pub(crate) fn new(file: &Path) -> Self {
        Self { file: Arc::new(file.to_owned()), idle: Arc::default(), turns: Arc::new(Semaphore::new(IDLE)) }
    }

    /// Asks on the calling thread.
    pub(crate) fn read<T>(&self, question: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = kept.map_or_else(|| self.connect(), Ok)?;
        let answer = question(&conn);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(conn);
        }
        answer
    }

    /// Asks on a blocking thread of the async floor.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _turn = self.turns.acquire().await.map_err(|_| StoreError::Closed)?;
        let pool = self.clone();
        let asked = tokio::task::spawn_blocking(move || pool.read(question)).await;
        asked.unwrap_or_else(|error| Err(StoreError::Panicked { message: error.to_string() }))
    }

    /// Closes what is idle, so that the writer's last checkpoint can take the whole log.
    pub(crate) fn clear(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    fn connect(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&*self.file, flags)?;
        conn.busy_timeout(Duration::from_secs(10))?;
        conn.set_prepared_statement_cache_capacity(64);
        Ok(conn)
    }
}
