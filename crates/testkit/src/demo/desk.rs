//! Who carries what: the stories, and each house's list in the order of its feed.

use crate::prose::Story;

macro_rules! stories {
    ($($slug:literal),* $(,)?) => {
        [$(($slug, include_str!(concat!("stories/", $slug, ".txt")))),*]
    };
}

/// The wire's stories, which several houses carry.
pub(super) const WIRE: [(&str, &str); 9] = stories![
    "tidal-barrier",
    "rail-strike",
    "central-bank",
    "comet-probe",
    "ferry-rescue",
    "trade-talks",
    "fever-vaccine",
    "lake-fire",
    "hill-tour",
];

/// The houses' own.
pub(super) const OWN: [(&str, &str); 18] = stories![
    "lantern-clock",
    "lantern-chowder",
    "channel-bridge",
    "channel-dog",
    "ledger-archive",
    "ledger-night-trains",
    "portal-kites",
    "kiln-write-ahead",
    "kiln-small-tools",
    "kiln-heat",
    "gazette-bells",
    "gazette-market",
    "quick-night-market",
    "bote-bruecke",
    "bote-schule",
    "bote-forst",
    "standard-orchestra",
    "standard-lighthouse",
];

/// Reads a story's file: headline, summary, writer, date, then paragraphs between blank lines.
pub(super) fn read(slug: &str, file: &str) -> Story {
    let (head, body) = file.split_once("\n\n").unwrap_or((file, ""));
    let mut lines = head.lines().map(str::to_owned);
    let mut line = || lines.next().unwrap_or_default();
    let (title, summary, author, published) = (line(), line(), line(), line());
    // A list's items stand on neighbouring lines.
    let paragraphs = body
        .split("\n\n")
        .flat_map(|part| if part.trim_start().starts_with("- ") { part.lines().collect() } else { vec![part] });
    let paragraphs = paragraphs.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    Story { slug: slug.to_owned(), title, summary, paragraphs, author, published }
}

/// A house's list: a story's slug, and the house's own headline where it has one.
type List = &'static [(&'static str, Option<&'static str>)];

/// What each house carries.
pub(super) const LISTS: [(&str, List); 10] = [
    (
        "lantern",
        &[
            ("lantern-clock", None),
            ("tidal-barrier", Some("Eleven gates for the Ell: council says yes to the barrier")),
            ("ferry-rescue", Some("“He had soup”: all 214 safe after ferry grounding")),
            ("rail-strike", None),
            ("lantern-chowder", None),
            ("fever-vaccine", None),
            ("hill-tour", None),
        ],
    ),
    (
        "channel6",
        &[
            ("channel-bridge", None),
            ("ferry-rescue", None),
            ("comet-probe", Some("Space probe lands on comet, sends picture of own shadow")),
            ("channel-dog", None),
            ("lake-fire", Some("Crews stop Lake Tamsin fire two streets from water")),
            ("fever-vaccine", Some("Trial: New vaccine protects 4 in 5 against marsh fever")),
            ("central-bank", None),
            ("tidal-barrier", None),
        ],
    ),
    (
        "ledger",
        &[
            ("ledger-archive", None),
            ("central-bank", Some("Varesk keeps rate at 5.25 percent as three dissent")),
            ("trade-talks", Some("‘They brought maps’: Varesk and Corrowan resume toll talks")),
            ("tidal-barrier", Some("Port Ellery to build barrier against the sea")),
            ("ledger-night-trains", None),
            ("fever-vaccine", None),
            ("comet-probe", Some("Probe lands on comet after nine years")),
            ("hill-tour", Some("Voss, 20, wins Tour of the Halden Hills on final climb")),
        ],
    ),
    (
        "portal",
        &[
            ("ferry-rescue", Some("214 people saved from stranded ferry")),
            ("central-bank", None),
            ("portal-kites", None),
            ("trade-talks", None),
            ("rail-strike", Some("Rail strike over: trains back to normal by Saturday")),
            ("lake-fire", None),
            ("comet-probe", None),
            ("hill-tour", None),
        ],
    ),
    (
        "newsloom",
        &[
            ("tidal-barrier", Some("Port Ellery votes for tidal barrier")),
            ("central-bank", Some("Bank of Varesk: rate cut possible in spring")),
            ("trade-talks", Some("Border tolls: talks between Varesk and Corrowan “a beginning”")),
            ("ferry-rescue", Some("Ferry runs aground, all passengers rescued")),
            ("lake-fire", Some("Wildfire halted at edge of Tamsin Falls")),
            ("rail-strike", Some("Corrowan train drivers end strike")),
        ],
    ),
    (
        "kiln",
        &[
            ("kiln-write-ahead", None),
            ("comet-probe", Some("Lodestar is down (Meridian Wire)")),
            ("kiln-small-tools", None),
            ("kiln-heat", None),
        ],
    ),
    (
        "gazette",
        &[
            ("gazette-bells", None),
            ("ferry-rescue", Some("Passengers saved in Brannock Strait")),
            ("rail-strike", Some("Railway settlement in Corrowan")),
            ("lake-fire", None),
            ("gazette-market", None),
            ("trade-talks", Some("Ministers to meet again over border tolls")),
        ],
    ),
    (
        "quickread",
        &[
            ("tidal-barrier", Some("City votes for sea barrier")),
            ("ferry-rescue", Some("All 214 safe after ferry grounding")),
            ("hill-tour", Some("Rookie wins Hills tour by 4 seconds")),
            ("quick-night-market", None),
            ("fever-vaccine", Some("Marsh fever shot works in big trial")),
            ("lake-fire", Some("Wildfire stopped at lake town")),
        ],
    ),
    ("bote", &[("bote-bruecke", None), ("bote-schule", None), ("bote-forst", None)]),
    (
        "standard",
        &[
            ("standard-orchestra", None),
            ("rail-strike", Some("Drivers accept 35-hour week, ending the rail strike")),
            ("trade-talks", Some("Corrowan and Varesk return to the table over tolls")),
            ("standard-lighthouse", None),
            ("central-bank", Some("Three dissenters as Varesk’s central bank waits for spring")),
            ("hill-tour", Some("The baker’s boy who won the Hills")),
            ("lake-fire", Some("The line the width of a garden hose")),
        ],
    ),
];

/// Where a house puts its stories; `number` counts them from 1.
pub(super) fn path(house: &str, slug: &str, number: usize) -> String {
    match house {
        "lantern" => format!("2026/11/{slug}/"),
        "channel6" => format!("news/local/{slug}/"),
        "ledger" => format!("world/2026/nov/{slug}"),
        "portal" => format!("article/{}-{slug}.html", 48_210 + number),
        "newsloom" => format!("{slug}/"),
        "kiln" => format!("posts/{slug}"),
        "gazette" => format!("show.asp?id={}", 7_300 + number),
        "quickread" => format!("amp/{slug}"),
        "bote" => format!("lokales/{slug}-art{}.html", 9_100 + number),
        _ => format!("story/{slug}"),
    }
}
