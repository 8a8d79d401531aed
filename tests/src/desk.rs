//! A desk as a process in a folder of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Fault, Record};

/// The program under test, built beside this test or benchmark.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.parent().expect("target/PROFILE/deps/TEST or target/PROFILE/bench");
    let built = if folder.ends_with("deps") { folder.with_file_name("wiredesk") } else { folder.join("wiredesk") };
    assert!(
        built.is_file(),
        "{} is not built: run `cargo build --release --workspace --bins` first, as tests/run does",
        built.display()
    );
    built
}

/// A folder with a configuration and a data dir.
#[derive(Debug)]
pub struct Desk {
    folder: TempDir,
    port: u16,
}

/// A running daemon. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    port: u16,
    log: PathBuf,
    config: PathBuf,
}

impl Desk {
    /// A desk that reads these feeds, may visit loopback, is in no hurry to be polite, and publishes as `publish` says (TOML, the
    /// `[publish]` section and below).
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new<'a>(publish: &str, feeds: impl IntoIterator<Item = (&'a str, String)>) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let desk = Self { folder: TempDir::new()?, port };
        let mut config = format!(
            r#"
[daemon]
data_dir = "data"
listen = "127.0.0.1:{port}"

[schedule]
default_interval = "1s"
min_interval = "1s"

[fetch]
user_agent = "Wiredesk tests (loopback only)"
allow_networks = ["127.0.0.0/8"]
per_host = {{ concurrency = 4, delay = "0s" }}
timeout = "10s"

[pipeline]
grace = "10s"
retry = {{ first = "200ms", max = "2s", attempts = 8 }}

{publish}
"#
        );
        for (id, url) in feeds {
            writeln!(config, "[[feeds]]\nid = \"{id}\"\nurl = \"{url}\"")?;
        }
        std::fs::write(desk.config(), config)?;
        Ok(desk)
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("wiredesk.toml")
    }

    /// The data dir.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Replaces text in the configuration.
    ///
    /// # Errors
    /// When `from` does not stand there.
    pub fn configure(&self, from: &str, to: &str) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(self.config())?;
        ensure!(text.contains(from), "`{from}` is not in the configuration");
        Ok(std::fs::write(self.config(), text.replace(from, to))?)
    }

    /// Runs a command of the program to its end, `-c` and the configuration appended.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        command(arguments, &self.config())
    }

    /// `run --once`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn once(&self) -> anyhow::Result<Output> {
        self.once_with(&Fault::none())
    }

    /// `run --once`, with a fault.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn once_with(&self, fault: &Fault) -> anyhow::Result<Output> {
        self.once_asked(fault, &[])
    }

    /// `run --once`, with a fault and these further arguments.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn once_asked(&self, fault: &Fault, more: &[&str]) -> anyhow::Result<Output> {
        let mut command = Command::new(program());
        command.args(["run", "--once", "--wait", "5s", "--output", "json"]).args(more).arg("-c").arg(self.config());
        Ok(fault.on(&mut command).stdin(Stdio::null()).output()?)
    }

    /// Starts the daemon.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self) -> anyhow::Result<Running> {
        self.start_with(&Fault::none())
    }

    /// Starts the daemon, with a fault.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_with(&self, fault: &Fault) -> anyhow::Result<Running> {
        let log = self.folder.path().join("log.txt");
        let stderr = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let mut command = Command::new(program());
        let child = fault
            .on(command.args(["run", "-c"]).arg(self.config()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()?;
        Ok(Running { child, port: self.port, log, config: self.config() })
    }

    /// How many entries are in each state, as `status` counts them.
    ///
    /// # Errors
    /// When it gives no counts.
    pub fn counts(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        counts(&self.config())
    }

    /// What the embedded log holds on a channel (`articles`, `articles.dlq`, `articles.copies`), read from its files.
    ///
    /// # Errors
    /// When a line is no record.
    pub fn embedded(&self, channel: &str) -> anyhow::Result<Vec<Record>> {
        let mut segments: Vec<_> = std::fs::read_dir(self.data().join("log").join(channel))?
            .map(|file| Ok(file?.path()))
            .collect::<anyhow::Result<_>>()?;
        segments.sort();
        let mut records = Vec::new();
        for segment in segments {
            for line in read(&segment).lines() {
                let line: Value = serde_json::from_str(line)?;
                let headers = line["headers"].as_object().context("no headers")?;
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                records.push(Record {
                    partition: 0,
                    offset: line["offset"].as_i64().context("no offset")?,
                    key: text(&line["key"]),
                    headers: headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
                    value: line["value"].clone(),
                });
            }
        }
        Ok(records)
    }

    /// What the daemon has logged so far.
    pub fn log(&self) -> String {
        read(&self.folder.path().join("log.txt"))
    }
}

fn command(arguments: &[&str], config: &Path) -> anyhow::Result<Output> {
    Ok(Command::new(program()).args(arguments).arg("-c").arg(config).stdin(Stdio::null()).output()?)
}

fn counts(config: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let output = command(&["status", "--output", "json"], config)?;
    let status: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("no status: {}", String::from_utf8_lossy(&output.stderr)))?;
    let entries = &status["entries"];
    let mut counts = BTreeMap::new();
    for open in ["pending", "waiting"] {
        counts.insert(open.to_owned(), entries[open].as_u64().context("no count of open entries")?);
    }
    for settled in entries["settled"].as_array().context("no count of settled entries")? {
        let outcome = settled["outcome"].as_str().context("no outcome")?.to_owned();
        *counts.entry(outcome).or_default() += settled["entries"].as_u64().context("no count")?;
    }
    Ok(counts)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

impl Running {
    /// The daemon's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the admin server; gives the status and the body.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn ask(&self, path: &str) -> anyhow::Result<(u16, String)> {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"))
    }

    /// Sends a request as it stands.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn request(&self, text: &str) -> anyhow::Result<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(text.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status line")?;
        Ok((status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()))
    }

    /// A metric's value, all label sets together; 0 where it does not stand yet.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let (_, text) = self.ask("/metrics")?;
        let of = |line: &str| line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{'])).map(str::to_owned);
        Ok(text.lines().filter_map(of).filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Both sides of the account of entries, by the metrics alone: what there was to end, and what has become of it or is pending.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn account(&self) -> anyhow::Result<(f64, f64)> {
        let sum = |names: &[&str]| {
            names.iter().map(|name| self.metric(&format!("wiredesk_entries_{name}"))).sum::<anyhow::Result<f64>>()
        };
        let ends = ["settled_at_start_total", "published_total", "duplicate_total", "looked_again_total"];
        Ok((sum(&["pending_at_start", "seen_total"])?, sum(&ends)? + sum(&["dropped_total", "pending"])?))
    }

    /// Waits until `condition` holds, at most `limit`; on failure the log's end is shown.
    ///
    /// # Errors
    /// When it does not hold in time or the daemon ends meanwhile.
    pub fn wait_for(
        &mut self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut(&Self) -> bool,
    ) -> anyhow::Result<()> {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if condition(self) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the daemon ended ({status}) while waiting for: {what}\n{}", self.log_end());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("waited {limit:?} in vain for: {what}\n{}", self.log_end())
    }

    /// Waits until the desk is ready to publish.
    ///
    /// # Errors
    /// When it is not within a minute.
    pub fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        self.wait_for("readyz", Duration::from_secs(60), |desk| {
            desk.ask("/readyz").is_ok_and(|(status, _)| status == 200)
        })
    }

    /// Waits until the desk has seen so many entries and all of them are settled, by the store itself: the gauge of the pending
    /// ones lags behind.
    ///
    /// # Errors
    /// When that is not so within two minutes and a second more for each twenty entries.
    pub fn wait_until_drained(&mut self, entries: u64) -> anyhow::Result<()> {
        let limit = Duration::from_secs(120 + entries / 20);
        self.wait_for("everything to be settled", limit, |desk| {
            counts(&desk.config).is_ok_and(|counts| {
                counts.values().sum::<u64>() >= entries && counts["pending"] + counts["waiting"] == 0
            })
        })
    }

    /// Whether the process was stopped by SIGSTOP and not yet continued.
    pub fn stands_still(&self) -> bool {
        let stat = read(Path::new(&format!("/proc/{}/stat", self.id())));
        // The state stands behind the name, which is in brackets and may hold anything.
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    }

    /// Sends a signal by name.
    ///
    /// # Errors
    /// When `kill` fails.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status()?;
        ensure!(status.success(), "kill -{name} failed");
        Ok(())
    }

    /// kill -9.
    ///
    /// # Errors
    /// When the process cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and the exit status.
    ///
    /// # Errors
    /// When it does not end within a minute.
    pub fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.signal("TERM")?;
        self.end()
    }

    /// Waits for the end, at most a minute.
    ///
    /// # Errors
    /// When it does not end.
    pub fn end(&mut self) -> anyhow::Result<ExitStatus> {
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the daemon did not end\n{}", self.log_end())
    }

    fn log_end(&self) -> String {
        let log = read(&self.log);
        let lines: Vec<_> = log.lines().rev().take(40).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
