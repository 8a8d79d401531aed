//! Files that an operator names, read whole: regular ones, of a size that somebody may have meant. A device has no end, and a pipe may
//! have no beginning.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The bytes of a regular file that holds at most so many.
///
/// # Errors
/// When it cannot be read, is something else (a device, a pipe, a folder), or holds more.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Asked before it is opened: that alone waits for ever at a pipe that nobody writes to.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it holds more than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read_and_none_that_is_too_large() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "12345").expect("written");
        assert_eq!(read(&file, 5).expect("it is small enough"), b"12345");
        let told = |path: &Path, most| read(path, most).expect_err("refused").to_string();
        assert_eq!(told(&file, 4), "it holds more than 4 bytes");
        assert_eq!(told(folder.path(), 4), "it is no regular file");
        assert_eq!(told(Path::new("/dev/zero"), 4), "it is no regular file");
    }
}
