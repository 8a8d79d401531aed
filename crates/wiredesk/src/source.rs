//! What the one-off commands read: files, standard input, URLs; `.gz` unpacked, sizes capped.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use url::Url;
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_fetch::settings::Settings;

use crate::cli::FetchArgs;
use crate::config::{self, Written};
use crate::exit::{Exit, Failure, OrExit};

/// Bytes with the addresses they are known by.
pub(crate) struct Source {
    pub(crate) bytes: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) requested: String,
    pub(crate) url: String,
    /// When it was asked for; `None` of what lies in a file.
    pub(crate) fetched: Option<Timestamp>,
}

/// Whether the argument is an address rather than a file.
pub(crate) fn is_url(input: &str) -> bool {
    let lower = input.get(..8).unwrap_or(input).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// The configuration that a one-off command was told to use.
pub(crate) fn configured(args: &FetchArgs) -> Result<Option<Written>, Failure> {
    let Some(path) = &args.config else { return Ok(None) };
    match config::read(path) {
        Ok(written) => Ok(Some(written)),
        Err(faults) => {
            crate::check::show(&faults, false);
            Err(Failure { exit: Exit::Config, error: anyhow::anyhow!("{} has faults", path.display()) })
        }
    }
}

/// The fetcher that a one-off command uses: `[fetch]` of a configuration file, or the defaults.
pub(crate) fn fetch_settings(args: &FetchArgs) -> Result<Settings, Failure> {
    let mut settings = configured(args)?.map(|written| written.config.fetch).unwrap_or_default();
    settings.allow_networks.extend(args.allow_network.iter().copied());
    Ok(settings)
}

/// Reads a file, `-` or URL. `base` is the address that a file came from.
pub(crate) async fn read(input: &str, base: Option<&str>, args: &FetchArgs) -> Result<Source, Failure> {
    let settings = fetch_settings(args)?;
    if is_url(input) {
        let url = Url::parse(input).with_context(|| format!("`{input}` is no web address")).or_exit(Exit::Usage)?;
        let fetcher = Fetcher::new(&settings).or_exit(Exit::Config)?;
        let page = fetcher.page(&url).await.or_exit(Exit::Failed)?;
        return Ok(Source {
            bytes: page.body.to_vec(),
            content_type: page.content_type.clone(),
            requested: input.to_owned(),
            url: page.url.to_string(),
            fetched: Some(Timestamp::now()),
        });
    }
    let limit = settings.page_limit.0.max(settings.feed_limit.0);
    let (bytes, own) = if input == "-" {
        (capped(std::io::stdin().lock(), limit, "standard input").or_exit(Exit::Io)?, String::new())
    } else {
        let path = Path::new(input);
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        (file(path, limit).or_exit(Exit::Io)?, Url::from_file_path(whole).map(String::from).unwrap_or_default())
    };
    let url = match base {
        Some(base) => {
            Url::parse(base).with_context(|| format!("--url: `{base}` is no address")).or_exit(Exit::Usage)?.into()
        }
        None => own,
    };
    Ok(Source { bytes, content_type: None, requested: url.clone(), url, fetched: None })
}

/// A file's bytes, unpacked where it is gzip, at most `limit` of them.
pub(crate) fn file(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let name = path.display().to_string();
    let bytes = plain(path, limit)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return capped(MultiGzDecoder::new(bytes.as_slice()), limit, &name);
    }
    Ok(bytes)
}

/// A file's bytes as they are, at most `limit` of them. It may be a pipe: what a shell puts in a file's place is one.
pub(crate) fn plain(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let name = path.display().to_string();
    capped(File::open(path).with_context(|| format!("{name} cannot be read"))?, limit, &name)
}

fn capped(reader: impl Read, limit: u64, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes).with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > limit {
        bail!("{name} weighs more than {limit} bytes");
    }
    Ok(bytes)
}

/// The file that a manifest's row names: a regular one below the manifest's folder, or not at all.
pub(crate) fn below(folder: &Path, name: &str) -> anyhow::Result<std::path::PathBuf> {
    let relative = Path::new(name);
    let stays = relative
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
    if !stays {
        bail!("`{name}` does not stay below the manifest's folder");
    }
    let path = folder.join(relative);
    let (real, home) =
        (path.canonicalize().with_context(|| format!("{} cannot be read", path.display()))?, folder.canonicalize()?);
    if !real.starts_with(&home) {
        bail!("`{name}` leads out of the manifest's folder");
    }
    if !real.is_file() {
        bail!("`{name}` is no regular file");
    }
    Ok(real)
}
