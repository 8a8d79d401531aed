//! The quality floor: real pages with their true text, scored, may not come out worse than they once did.
//!
//! The sets belong to their publishers and are kept outside the project: beside it as `../shared/bench/extraction`, or where
//! `WIREDESK_BENCH` says. Without them the test says so and is skipped. The figures are pinned in `floor.toml`; a change that
//! moves them writes them anew with `PIN_FLOOR=1`, so that a figure falls by intention only.

#[path = "floor/score.rs"]
mod score;
#[path = "floor/sets.rs"]
mod sets;
#[path = "floor/syndicate.rs"]
mod syndicate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use score::{Figures, Scores};
use sets::Set;

const SETS: [&str; 4] = ["news2019", "news2023", "articles2026", "european"];

fn pins_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/floor.toml")
}

/// Scores one set.
fn figures(set: &Set) -> Figures {
    let mut scores = Scores::default();
    for page in &set.pages {
        let text = page.read();
        scores.add(&page.truth, &text);
    }
    scores.figures()
}

#[test]
fn no_set_is_read_worse_than_it_was_pinned() {
    let Some(folder) = sets::folder() else { return };
    let sets: Vec<Set> = SETS.iter().map(|name| Set::open(&folder, name)).collect();
    let scored: BTreeMap<String, Figures> = std::thread::scope(|scope| {
        // A web of copies, made of the first two sets.
        let copies = scope.spawn(|| syndicate::collapse(&sets[..2]));
        let running: Vec<_> = sets.iter().map(|set| (set, scope.spawn(|| figures(set)))).collect();
        let scores = running.into_iter().map(|(set, score)| (set.name.clone(), score.join().expect("a score")));
        let mut scored: BTreeMap<String, Figures> = scores.collect();
        scored.insert("syndicated".into(), Figures::of_copies(copies.join().expect("a score")));
        scored
    });
    for (name, figures) in &scored {
        println!("{name:14} {figures}");
    }
    if std::env::var_os("PIN_FLOOR").is_some() {
        let pins = toml::to_string(&scored).expect("TOML");
        let head = "# What each set scored when it was last pinned; `PIN_FLOOR=1 cargo test --release -p wiredesk-pipeline --test floor`\n# writes this file. Shares of one; `leaked` and `empty` may not rise, the others may not fall.\n\n";
        std::fs::write(pins_file(), format!("{head}{pins}")).expect("floor.toml can be written");
        return;
    }
    let pinned = std::fs::read_to_string(pins_file()).expect("floor.toml");
    let pinned: BTreeMap<String, Figures> = toml::from_str(&pinned).expect("floor.toml is as it must be");
    let faults: Vec<String> = pinned
        .iter()
        .flat_map(|(name, pin)| scored[name].below(pin).into_iter().map(move |fault| format!("{name}: {fault}")))
        .collect();
    assert!(faults.is_empty(), "below the floor (PIN_FLOOR=1 pins anew):\n{}", faults.join("\n"));
}
