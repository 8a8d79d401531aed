//! Wiredesk, the program: feeds in, clean article records out on a Kafka topic, exactly once.
//!
//! The only place that builds parts: it reads the command line and the configuration, puts a desk together, listens to signals,
//! and says how things went. What the desk does is in the crates below.
//!
//! # Architecture
//! - [`cli`]: what was typed. [`exit`]: how it ends. [`telemetry`], [`progress`], [`report`]: what people see meanwhile.
//! - [`config`], [`check`], [`schema`]: the configuration, all its faults at once, and the schemas.
//! - [`daemon`], [`admin`], [`hooks`]: `run`, and the servers beside it, for its operator and for hubs. [`connections`]: what
//!   strangers may cost them. [`handles`], [`process`]: what the system gives.
//! - [`demo`]: the first minute. [`tail`], [`views`], [`trace`], [`dlq`], [`probe`]: looking on from outside.
//! - [`extract`], [`explain`], [`explain_html`], [`feed`], [`bulk`], [`source`]: the desk's own reading, without a desk.
//! - [`feeds`]: OPML, and adding feeds. [`rules`]: rules for sites, listed and tried on stored pages.

mod admin;
mod bulk;
mod check;
mod cli;
mod config;
mod connect;
mod connections;
mod daemon;
mod demo;
mod dlq;
mod exit;
mod explain;
mod explain_html;
mod extract;
mod feed;
mod feeds;
mod handles;
mod hooks;
mod out;
mod probe;
mod process;
mod progress;
mod report;
mod rules;
mod schema;
mod source;
mod tail;
mod telemetry;
mod trace;
mod views;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::cli::{Cli, Command, FeedsCommand, Output, RulesCommand};

use crate::exit::{Exit, Failure, OrExit};

/// Pages come and go in all sizes on several threads, and the system's allocator keeps what they leave behind (200 MB where 26 are
/// in use, measured with 1,000 feeds). This one gives it back after a second: see `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed standard error is nobody to tell.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok.into(),
                _ => Exit::Usage.into(),
            };
        }
    };
    match dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(Failure { error, .. }) if is_broken_pipe(&error) => Exit::Ok.into(), // the reader has seen enough
        Err(Failure { exit, error }) => {
            let style = anstyle::AnsiColor::Red.on_default().bold();
            anstream::eprintln!("{style}error{style:#}: {}", wiredesk_model::link::printable(&format!("{error:#}")));
            exit.into()
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// What a command logs where the user gave no filter: a daemon tells what it does, other commands only what is wrong.
fn default_filter(command: &Command) -> &'static str {
    match command {
        Command::Run { .. } => "info,hyper=warn,reqwest=warn,librdkafka=warn,rdkafka=warn,html5ever=error",
        _ => "warn,librdkafka=error,rdkafka=error,html5ever=error",
    }
}

fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    telemetry::start(cli.log_format, cli.log_filter.as_deref(), default_filter(&cli.command)).or_exit(Exit::Usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(4 << 20)
        .build()
        .context("the runtime cannot be started")
        .or_exit(Exit::Internal)?;
    let exit = match cli.command {
        Command::Run { config, once, wait, rebuild_index, output } => {
            let order =
                daemon::Order { config: &config.config, once: once.then_some(wait.0), rebuild: rebuild_index, output };
            runtime.block_on(daemon::run(order))
        }
        Command::Check { config, connect, output } => connect::check(&config.config, connect, output == Output::Json),
        Command::Demo { output, log } => runtime.block_on(demo::demo(output, log.as_deref())),
        Command::Extract { inputs, url, jsonl, jobs, output, fetch } => match jsonl {
            Some(manifest) => extract::extract_bulk(&manifest, jobs, &fetch),
            None => runtime.block_on(extract::extract(&inputs, url.as_deref(), output, &fetch)),
        },
        Command::Explain { input, url, html, why, output, fetch } => {
            let question = explain::Question {
                input: &input,
                url: url.as_deref(),
                html: html.as_deref(),
                why: why.as_deref(),
                output,
            };
            runtime.block_on(explain::explain(question, &fetch))
        }
        Command::Feed { input, url, jsonl, fetch } => match (jsonl, input) {
            (Some(manifest), _) => feed::feed_bulk(&manifest),
            (None, Some(input)) => runtime.block_on(feed::feed(&input, url.as_deref(), &fetch)),
            (None, None) => Ok(Exit::Usage),
        },
        Command::Feeds(command) => runtime.block_on(feeds_command(command)),
        Command::Rules(RulesCommand::List { config, output }) => rules::list(&config.config, output),
        Command::Rules(RulesCommand::Test { folder, config, output }) => {
            rules::test::test(&config.config, folder.as_deref(), output)
        }
        Command::Tail { config, from_start, number, no_follow, output } => {
            tail::tail(&config.config, &tail::Wish { from_start, number, onwards: !no_follow, output })
        }
        Command::Trace { url, config, output } => runtime.block_on(trace::trace(&config.config, &url, output)),
        Command::Dlq(command) => runtime.block_on(dlq::dlq(command)),
        Command::Status { config, output } => runtime.block_on(views::status(&config.config, output)),
        Command::Schema { what } => {
            crate::out::print(format_args!("{}", schema::text(what)));
            Ok(Exit::Ok)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "wiredesk", &mut std::io::stdout());
            Ok(Exit::Ok)
        }
        Command::Man { folder } => man(folder.as_deref()),
    };
    // Threads that still wait on somebody else's server or on a broker hold nothing that matters.
    runtime.shutdown_background();
    exit
}

async fn feeds_command(command: FeedsCommand) -> Result<Exit, Failure> {
    match command {
        FeedsCommand::List { config, sick, output } => views::feeds(&config.config, sick, output).await,
        FeedsCommand::Show { id, config, output } => views::feed(&config.config, &id, output).await,
        FeedsCommand::Add { url, id, interval, config } => {
            let written = views::written(&config.config)?;
            let added = feeds::add::add(&written, &url, id.as_deref(), interval).or_exit(Exit::Failed)?;
            crate::out::line(format_args!("added {} to {}", added.id, added.file.display()));
            Ok(Exit::Ok)
        }
        FeedsCommand::Import { file, config } => {
            let written = views::written(&config.config)?;
            let imported = feeds::import::import(&written, &file).or_exit(Exit::Failed)?;
            for skipped in &imported.skipped {
                eprintln!("skipped {} ({}): {}", skipped.title, skipped.url, skipped.reason);
            }
            crate::out::line(format_args!(
                "{} feeds added to {}, {} skipped",
                imported.added.len(),
                imported.file.display(),
                imported.skipped.len()
            ));
            Ok(Exit::Ok)
        }
        FeedsCommand::Export { config } => {
            let written = views::written(&config.config)?;
            let opml = feeds::export::export(&written.config.feeds, &HashMap::new()).or_exit(Exit::Internal)?;
            crate::out::print(format_args!("{opml}"));
            Ok(Exit::Ok)
        }
    }
}

/// The man pages of the program and of each command.
fn man(folder: Option<&Path>) -> Result<Exit, Failure> {
    let command = Cli::command();
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).or_exit(Exit::Io)?;
            clap_mangen::generate_to(command, folder).or_exit(Exit::Io)?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).or_exit(Exit::Io)?;
            std::io::stdout().write_all(&page).or_exit(Exit::Io)?;
        }
    }
    Ok(Exit::Ok)
}
