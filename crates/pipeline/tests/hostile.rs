//! What pages cost that were made to cost much: the list of what brings parsers down, read from bytes to hash, each in a process of its
//! own, so that the most memory that one took is its own. The allocator is the program's.
//!
//! `cargo test --release -p wiredesk-pipeline --test hostile -- --nocapture` prints the table.

use std::fmt::Write as _;
use std::process::Command;

use wiredesk_model::block::Hints;
use wiredesk_pipeline::article;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What a page may cost: its bytes are there before and do not count. The time is for people to read (300 ms is promised, a busy
/// machine takes longer); a page that takes ten times as long has got away.
const RUNAWAY_MILLISECONDS: u64 = 3_000;
const MOST_KILOBYTES: u64 = 64_000;

/// Which page the process is to read, where it was started to read one.
const PAGE: &str = "WIREDESK_HOSTILE_PAGE";

fn counted(count: usize, piece: impl Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(count * (piece(count).len() + 1));
    for n in 0..count {
        let _ = out.write_str(&piece(n));
    }
    out
}

/// The pages. `Whole` ones are read to their end, `Partial` ones are flagged or `too_costly`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Whole,
    Partial,
}

type Make = fn() -> String;

const PAGES: &[(&str, Read, Make)] = &[
    ("formatting that multiplies, 47 kB", Read::Partial, || counted(3_400, |n| format!("<font x={n}><p>"))),
    ("formatting that multiplies, 4 MB", Read::Partial, || counted(250_000, |n| format!("<font x={n}><p>"))),
    ("64,000 div", Read::Partial, || "<div>".repeat(64_000)),
    ("64,000 ul li", Read::Partial, || "<ul><li>".repeat(64_000)),
    ("tags that cross", Read::Partial, || "<b><i><div>x</b></i>".repeat(30_000)),
    ("b div", Read::Partial, || "<b><div>".repeat(30_000)),
    ("links that cross", Read::Partial, || "<a href=x><div>".repeat(30_000)),
    ("tables in tables", Read::Partial, || "<table><tr><td>".repeat(30_000)),
    ("text before table rows", Read::Partial, || "<table>x<b>y".repeat(30_000)),
    ("a million nested elements", Read::Partial, || "<div>".repeat(1_000_000)),
    ("a million nested spans", Read::Partial, || "<span>".repeat(1_000_000)),
    ("a million paragraphs", Read::Partial, || "<p>x".repeat(1_000_000)),
    ("a million line breaks", Read::Partial, || "x<br><br>".repeat(400_000)),
    ("a million end tags", Read::Partial, || format!("x{}", "</p>".repeat(1_000_000))),
    ("64,000 attributes", Read::Partial, || format!("<p>first<div {}>", counted(64_000, |n| format!("a{n} ")))),
    ("64,000 attributes with values", Read::Partial, || {
        format!("<p>first<div {}>", counted(64_000, |n| format!("a{n}='v>' ")))
    }),
    ("64,000 attributes of an end tag", Read::Partial, || {
        format!("<p>first</div {}>", counted(64_000, |n| format!("a{n}=\"v\" ")))
    }),
    ("60 attributes on each of 20,000 elements", Read::Partial, || {
        format!("<i {}>", counted(60, |n| format!("a{n} "))).repeat(20_000)
    }),
    ("long names around short paragraphs", Read::Partial, || {
        let frames = counted(40, |n| format!("<div id={n}{0} class='{n}{0} {0}a {0}b'>", "x".repeat(36)));
        format!("{frames}{}", "<p>x</p>".repeat(120_000))
    }),
    ("NULs", Read::Whole, || format!("<p>{}</p>", "\0".repeat(4_000_000))),
    ("references without end", Read::Whole, || format!("<p>{}", "&am".repeat(300_000))),
    ("comments that do not end", Read::Whole, || "<!-- --!> <!--->".repeat(20_000)),
    ("a quote that does not end", Read::Whole, || format!("<p>x<a href=\"{}", "y>".repeat(1_000_000))),
    ("brackets in a script", Read::Whole, || {
        format!("<script type=application/ld+json>{}</script><p>x", "[".repeat(1_000_000))
    }),
    ("4 MB in one line", Read::Whole, || "<p>".to_owned() + &"word and more ".repeat(290_000)),
];

#[test]
fn a_hostile_page_costs_at_most_64_mb_does_not_run_away_and_is_flagged() {
    if let Ok(page) = std::env::var(PAGE) {
        return read(&page);
    }
    if !std::path::Path::new("/proc/self/status").exists() {
        eprintln!("skipped: there is no /proc to read what a process cost");
        return;
    }
    let mut costly = Vec::new();
    for (name, expected, _) in PAGES {
        let process = std::env::current_exe().expect("this test");
        let output =
            Command::new(process).args(["--nocapture", "--test-threads=1"]).env(PAGE, name).output().expect("a child");
        let said = String::from_utf8_lossy(&output.stdout);
        let cost =
            said.lines().find_map(|line| line.split_once("cost: ")).unwrap_or_else(|| panic!("{name}: {output:?}")).1;
        let fields: Vec<&str> = cost.split(' ').collect();
        let [milliseconds, kilobytes, is_partial] = fields[..] else { panic!("{name}: {cost}") };
        let (milliseconds, kilobytes): (u64, u64) =
            (milliseconds.parse().expect("a time"), kilobytes.parse().expect("an amount"));
        eprintln!("{name:<45}{milliseconds:>5} ms {:>6.1} MB  {is_partial}", kilobytes as f64 / 1e3);
        // A slow build says nothing of time.
        let slow = !cfg!(debug_assertions) && milliseconds > RUNAWAY_MILLISECONDS;
        if slow || kilobytes > MOST_KILOBYTES || (*expected == Read::Partial) != (is_partial == "partial") {
            costly.push((*name, cost.to_owned()));
        }
    }
    assert!(costly.is_empty(), "{costly:#?}");
}

/// Reads a page and says what it cost.
fn read(name: &str) {
    let (_, _, make) = PAGES.iter().find(|(known, ..)| *known == name).expect("a page of the list");
    // What is made ready once is no page's.
    let _ = article::read(b"<p>Once upon a time there was a mill.", None, &Hints::default(), &Default::default());
    let html = make();
    let (memory, processor) = (most_memory(), processor());
    let outcome =
        article::read(html.as_bytes(), Some("text/html; charset=utf-8"), &Hints::default(), &Default::default());
    // The kernel's count of what is in RAM is not exact to the page: it may seem to be less than before.
    let (processor, memory) = (self::processor() - processor, most_memory().saturating_sub(memory));
    let partial = match outcome {
        Ok(read) => read.article.extraction.flags.iter().any(|flag| flag == "partial_parse"),
        Err(_) => true,
    };
    println!("cost: {processor} {memory} {}", if partial { "partial" } else { "whole" });
}

/// The most memory that this process has had, in kB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Processor time of this process, in milliseconds. The kernel counts hundredths of a second.
fn processor() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("stat");
    let fields = stat.rsplit_once(')').expect("a name in brackets").1.split_whitespace();
    fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks") * 10).sum()
}
