//! Settings that are kept elsewhere: in the environment, or in a file. No message ever shows a value.

use std::ops::Range;
use std::path::Path;

use wiredesk_model::secret::{InEnv, InFile, Secret, SecretSource, Setting};

use super::fault::Fault;
use super::plain_file;

/// The most a secret's file may hold: the wrong file named by mistake is not read into memory.
const LARGEST: u64 = 64 << 10;

/// The value of a setting. `folder` is where relative files start from; `what` names the setting in messages.
pub(crate) fn resolve(
    setting: &Setting,
    what: &str,
    folder: &Path,
    (file, span): (usize, Range<usize>),
    faults: &mut Vec<Fault>,
) -> Option<Secret> {
    let read = match setting {
        Setting::Plain(value) => return Some(Secret::new(value.as_str())),
        Setting::Secret(SecretSource::Env(InEnv { env })) => from_environment(env),
        Setting::Secret(SecretSource::File(InFile { file: path })) => {
            let path = folder.join(path);
            if readable_by_all(&path) {
                let message = format!("{what}: every user of this machine may read {}", path.display());
                let help = format!("chmod 600 {}", path.display());
                faults.push(Fault::warning(file, span.clone(), message).help(help));
            }
            from_file(&path)
        }
    };
    match read {
        Ok(secret) => Some(secret),
        Err(problem) => {
            faults.push(Fault::error(file, span, format!("{what}: {problem}")));
            None
        }
    }
}

fn from_environment(name: &str) -> Result<Secret, String> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Err(format!("the environment variable {name} is empty")),
        Ok(value) => Ok(Secret::new(value)),
        Err(std::env::VarError::NotPresent) => Err(format!("the environment variable {name} is not set")),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("the environment variable {name} is not UTF-8")),
    }
}

fn from_file(path: &Path) -> Result<Secret, String> {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    let bytes = plain_file::read(path, LARGEST).map_err(cannot)?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()))?;
    let value = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if value.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(Secret::new(value))
}

#[cfg(unix)]
fn readable_by_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn readable_by_all(_: &Path) -> bool {
    false
}
