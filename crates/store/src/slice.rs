//! Work on a large table, in slices: what others write waits for one at most. What is to be done is searched beside the writer, which
//! looks again and does it; and between two slices the disk comes to rest, for in a large store each row is in pages of its own.

use std::time::{Duration, Instant};

use crate::columns::Result;

/// So many rows are looked at in one reading, so that no reading holds the log's folding up for long.
pub(crate) const LOOKED_AT: usize = 20_000;
/// A slice ends after so much work, however many rows it had.
const WORK: Duration = Duration::from_millis(2);

/// Does one item after the other, until the slice's work is done. Returns the sum of what each came to, and how many were done.
pub(crate) fn work_off<T>(items: &[T], mut each: impl FnMut(&T) -> Result<usize>) -> Result<(usize, usize)> {
    let begun = Instant::now();
    let (mut sum, mut done) = (0, 0);
    for item in items {
        sum += each(item)?;
        done += 1;
        if begun.elapsed() >= WORK {
            break;
        }
    }
    Ok((sum, done))
}
