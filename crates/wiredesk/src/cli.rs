//! What was typed: the command line's contract.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use ipnet::IpNet;
use wiredesk_model::units::Span;

use crate::schema::Described;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// Feeds in, clean article records out on a Kafka topic, exactly once.
#[derive(Debug, Parser)]
#[command(name = "wiredesk", version, styles = STYLES, propagate_version = true, max_term_width = 120)]
#[command(
    after_help = "First minute: `wiredesk demo`. Exit codes: 0 ok, 1 the thing checked failed, 64 usage, 69 broker unavailable, 70 internal, \
    74 I/O, 75 another desk holds the data dir or took over, 78 configuration."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// How log lines are written to standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Auto)]
    pub(crate) log_format: LogFormat,

    /// What is logged, as in `info`, `debug` or `wiredesk_fetch=debug,info`.
    #[arg(long, global = true, env = "WIREDESK_LOG", value_name = "FILTER")]
    pub(crate) log_filter: Option<String>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Auto,
    /// One JSON object a line.
    Json,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// JSON, one object a line where there are several.
    Json,
}

/// How an article is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ArticleOutput {
    /// Title and text.
    Text,
    /// The article's JSON.
    Json,
    /// Plain HTML of the clean body.
    Html,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArg {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", default_value = "wiredesk.toml", value_hint = ValueHint::FilePath)]
    pub(crate) config: PathBuf,
}

/// Settings of commands that fetch without a daemon.
#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    /// Take `[fetch]`, `[extract]` and the rules for sites from this configuration file.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,

    /// A private network that may be reached all the same, as in 127.0.0.0/8.
    #[arg(long, value_name = "CIDR")]
    pub(crate) allow_network: Vec<IpNet>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the desk: poll the feeds, read the pages, publish clean records.
    Run {
        #[command(flatten)]
        config: ConfigArg,
        /// Poll every feed once, read every pending entry, print a summary, and end.
        #[arg(long)]
        once: bool,
        /// With --once: wait this long for an entry's next try; what is due later stays pending.
        #[arg(long, value_name = "SPAN", default_value = "30s", requires = "once")]
        wait: Span,
        /// Read the whole topic again and add its keys to the index of what was published.
        #[arg(long)]
        rebuild_index: bool,
        /// How the summary of --once is written.
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Check the configuration; report every fault at once.
    Check {
        #[command(flatten)]
        config: ConfigArg,
        /// Also reach for the broker and look at the topics.
        #[arg(long)]
        connect: bool,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// A small built-in syndicated web through the real pipeline, in a few seconds: no network, no setup.
    Demo {
        /// `json`: one record a line.
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
        /// Publish to the embedded log in this folder instead of the in-process broker.
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        log: Option<PathBuf>,
    },
    /// Read articles out of files or URLs.
    Extract {
        /// Files (HTML, plain text, .gz) or URLs; `-` is standard input.
        #[arg(value_name = "FILE or URL", required_unless_present = "jsonl", conflicts_with = "jsonl")]
        inputs: Vec<String>,
        /// The address a file came from.
        #[arg(long, value_name = "URL", conflicts_with = "jsonl")]
        url: Option<String>,
        /// Bulk: rows {"id","html","url"}, `html` relative to the manifest; one line out per row, in order.
        #[arg(long, value_name = "MANIFEST", value_hint = ValueHint::FilePath)]
        jsonl: Option<PathBuf>,
        /// Bulk: work on this many pages at once. Default: the cores.
        #[arg(long, value_name = "N", requires = "jsonl")]
        jobs: Option<std::num::NonZeroUsize>,
        #[arg(long, value_enum, default_value_t = ArticleOutput::Text)]
        output: ArticleOutput,
        #[command(flatten)]
        fetch: FetchArgs,
    },
    /// The ledger of a page: each block, its verdict, and the rule that gave it.
    Explain {
        /// A file or a URL; `-` is standard input.
        #[arg(value_name = "FILE or URL")]
        input: String,
        /// The address a file came from.
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Write the page's text with its blocks coloured by verdict, as a self-contained HTML page.
        #[arg(long, value_name = "OUT", value_hint = ValueHint::FilePath)]
        html: Option<PathBuf>,
        /// Show only the blocks that hold these words, each in full.
        #[arg(long, value_name = "WORDS")]
        why: Option<String>,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
        #[command(flatten)]
        fetch: FetchArgs,
    },
    /// What the feed parser sees in a file or URL, as JSON lines.
    Feed {
        /// A file or a URL; `-` is standard input.
        #[arg(value_name = "FILE or URL", required_unless_present = "jsonl", conflicts_with = "jsonl")]
        input: Option<String>,
        /// The address a file came from: relative links are seen from there.
        #[arg(long, value_name = "URL", conflicts_with = "jsonl")]
        url: Option<String>,
        /// Bulk: rows {"id","feed","url","charset"}, `feed` relative to the manifest; one line out per row, in order.
        #[arg(long, value_name = "MANIFEST", value_hint = ValueHint::FilePath)]
        jsonl: Option<PathBuf>,
        #[command(flatten)]
        fetch: FetchArgs,
    },
    /// The configured feeds.
    #[command(subcommand)]
    Feeds(FeedsCommand),
    /// The rules for single sites.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Follow what is published.
    Tail {
        #[command(flatten)]
        config: ConfigArg,
        /// From the first record the topic holds, not from now on.
        #[arg(long)]
        from_start: bool,
        /// End after so many records.
        #[arg(short, long, value_name = "N")]
        number: Option<u64>,
        /// End when the topic's end is reached.
        #[arg(long)]
        no_follow: bool,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Why an entry is in the topic or not.
    Trace {
        /// The entry's address.
        url: String,
        #[command(flatten)]
        config: ConfigArg,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// What was dropped, why, and another try.
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// The desk on one screen.
    Status {
        #[command(flatten)]
        config: ConfigArg,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// JSON Schema, generated from the program's own types.
    Schema {
        /// Of what.
        #[arg(value_enum)]
        what: Described,
    },
    /// Completions for a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Man pages, written into a folder; to standard output without one.
    Man {
        /// Where to write them.
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FeedsCommand {
    /// All feeds with their state.
    List {
        #[command(flatten)]
        config: ConfigArg,
        /// Only feeds that fail or are gone.
        #[arg(long)]
        sick: bool,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// One feed with all that is known of it.
    Show {
        /// The feed's name.
        id: String,
        #[command(flatten)]
        config: ConfigArg,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Add a feed to feeds.d/added.toml.
    Add {
        /// Where the feed is.
        url: String,
        /// The name to know it by; made from its address where not given.
        #[arg(long)]
        id: Option<String>,
        /// How often to ask.
        #[arg(long, value_name = "SPAN")]
        interval: Option<Span>,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Add the feeds of an OPML file.
    Import {
        /// The OPML file.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Write the feeds as OPML 2.0 to standard output.
    Export {
        #[command(flatten)]
        config: ConfigArg,
    },
}

/// Which dropped entries are meant.
#[derive(Debug, Args)]
pub(crate) struct LettersArgs {
    /// Only entries of this feed.
    #[arg(long, value_name = "ID")]
    pub(crate) feed: Option<String>,
    /// Only entries that were dropped for this reason, as in `exhausted` or `too_short`.
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// Dropped entries, the latest first.
    List {
        #[command(flatten)]
        which: LettersArgs,
        /// At most so many.
        #[arg(short, long, value_name = "N")]
        number: Option<usize>,
        #[command(flatten)]
        config: ConfigArg,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// One of them with all that is known of it.
    Show {
        /// The entry's name (`wd-entry`) or its link.
        #[arg(value_name = "ENTRY or URL")]
        entry: String,
        #[command(flatten)]
        config: ConfigArg,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Make dropped entries pending again, with all their attempts before them. The desk must not run meanwhile.
    Retry {
        /// The entries' names (`wd-entry`) or links.
        #[arg(value_name = "ENTRY or URL")]
        entries: Vec<String>,
        #[command(flatten)]
        which: LettersArgs,
        /// Whatever was dropped, for whatever reason.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        config: ConfigArg,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// All rules with their hosts and what they select.
    List {
        #[command(flatten)]
        config: ConfigArg,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Read stored pages by their sites' rules and hold the articles against what was written down of them.
    ///
    /// A fixture is a page `NAME.html` (or `NAME.html.gz`) with a `NAME.toml` beside it: `url`, and any of `must` and `must_not`
    /// (lists of phrases), `title`, `date`, `authors`, and `fetched` (the day, where a rule for an earlier time is meant).
    Test {
        /// The folder of the fixtures. Default: `rules.d/fixtures` beside the configuration file.
        #[arg(value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
        #[command(flatten)]
        config: ConfigArg,
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
}
