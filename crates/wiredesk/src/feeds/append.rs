//! New feeds behind what a file of `feeds.d` already holds. What a person wrote there is kept to the letter.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::config::settings::FeedSettings;

#[derive(Serialize)]
struct File<'a> {
    feeds: &'a [FeedSettings],
}

/// Puts feeds at the end of a file, which is made if it is not there. The file is replaced whole or not at all.
///
/// # Errors
/// When the file can be neither read nor written.
pub(crate) fn append(path: &Path, heading: &str, feeds: &[FeedSettings]) -> anyhow::Result<()> {
    let mut text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => heading_of(heading),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&toml::to_string(&File { feeds }).context("cannot write the feeds as TOML")?);

    let folder = path.parent().unwrap_or(Path::new("."));
    let cannot = || format!("cannot write {}", path.display());
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut whole = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder).with_context(cannot)?;
    whole.write_all(text.as_bytes()).and_then(|()| whole.as_file().sync_all()).with_context(cannot)?;
    readable_like_the_old(whole.as_file(), path).with_context(cannot)?;
    whole.persist(path).map_err(|error| error.error).with_context(cannot)?;
    Ok(())
}

fn heading_of(heading: &str) -> String {
    heading.lines().map(|line| format!("# {line}\n")).collect()
}

/// A temporary file is for its owner alone; a configuration is read by the service's account too.
#[cfg(unix)]
fn readable_like_the_old(file: &std::fs::File, old: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(old).map_or(0o644, |old| old.permissions().mode());
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn readable_like_the_old(_: &std::fs::File, _: &Path) -> std::io::Result<()> {
    Ok(())
}
