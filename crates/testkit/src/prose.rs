//! Plausible news that nobody wrote: sentences put together from a seed, so that a million bodies differ and each can be told
//! again from its number.

use std::hash::Hasher;

/// A story: what a page says when all that is not the story is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Part of its address: letters, digits and hyphens.
    pub slug: String,
    /// The headline as the agency wrote it; sites may have their own.
    pub title: String,
    /// One or two sentences for feeds and standfirsts; no part of the body.
    pub summary: String,
    /// The body: paragraphs, in order. `## ` before a heading, `- ` before a list item.
    pub paragraphs: Vec<String>,
    /// The writer's name.
    pub author: String,
    /// RFC 3339, UTC.
    pub published: String,
}

impl Story {
    /// The body as a clean record has it: paragraphs between blank lines, without the marks of headings and items.
    pub fn text(&self) -> String {
        self.paragraphs.iter().map(|paragraph| plain(paragraph)).collect::<Vec<_>>().join("\n\n")
    }
}

/// A paragraph without its mark.
pub fn plain(paragraph: &str) -> &str {
    paragraph.strip_prefix("## ").or_else(|| paragraph.strip_prefix("- ")).unwrap_or(paragraph)
}

/// Only letters and digits, lower case: what is left of two copies when type and punctuation do not count.
pub fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): the same row on every machine and in
/// every version, which a library's default generator does not promise.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A row of its own for every pair.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut dice = Self(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or_default()
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }
}

const ONSETS: [&str; 16] =
    ["Bra", "Cor", "Dun", "El", "Fer", "Gal", "Hal", "Kes", "Lor", "Mar", "Nev", "Ost", "Pel", "Ros", "Tam", "Vel"];
const MIDDLES: [&str; 12] = ["a", "and", "be", "den", "er", "i", "lin", "mor", "o", "ra", "ten", "wi"];
const ENDS: [&str; 14] =
    ["bury", "dale", "field", "ford", "ham", "ley", "mere", "mouth", "ness", "port", "stead", "ton", "wick", "worth"];
const FIRST: [&str; 14] = [
    "Ada", "Bram", "Celia", "Dorin", "Edda", "Farrell", "Greta", "Hollis", "Ines", "Jory", "Lena", "Milo", "Orla",
    "Tobin",
];
const BODIES: [&str; 14] = [
    "the harbour board",
    "the county council",
    "the transport ministry",
    "the water company",
    "the teachers' union",
    "the regional hospital",
    "the port authority",
    "the housing trust",
    "the energy regulator",
    "the fishing cooperative",
    "the university",
    "the election office",
    "the fire service",
    "the museum's trustees",
];
const ACTS: [&str; 14] = [
    "approved",
    "postponed",
    "published",
    "defended",
    "withdrew",
    "questioned",
    "extended",
    "rejected",
    "presented",
    "revised",
    "welcomed",
    "suspended",
    "outlined",
    "reopened",
];
const THINGS: [&str; 18] = [
    "a plan to rebuild the northern quay",
    "a survey of empty houses",
    "a new timetable for the valley line",
    "the budget for the coming year",
    "a report on river pollution",
    "an agreement on night shifts",
    "a ban on heavy lorries in the old town",
    "the licence for a wind farm",
    "a scheme to repair school roofs",
    "the tender for thirty electric buses",
    "an inquiry into last winter's floods",
    "the sale of the former barracks",
    "a programme for young apprentices",
    "rules for short holiday lets",
    "a forecast of the grain harvest",
    "the accounts of the opera house",
    "a map of unsafe bridges",
    "a settlement with former workers",
];
const SAID: [&str; 8] = [
    "said",
    "told reporters",
    "argued",
    "told a public meeting",
    "wrote in a statement",
    "conceded",
    "added",
    "told the assembly",
];
const QUOTES: [&str; 16] = [
    "We have waited long enough for an answer",
    "Nobody here expects a miracle",
    "The figures speak for themselves",
    "It is a start, and no more than that",
    "People want to know who will pay for it",
    "We shall look at every objection",
    "This was decided over our heads",
    "I have seen three such plans come and go",
    "The work cannot be done in the winter months",
    "There is no money hidden in a drawer",
    "What matters is that the doors stay open",
    "We would do it again tomorrow",
    "Our members will have the last word",
    "The river does not read our minutes",
    "A delay would cost more than the repair",
    "I understand the anger and I share some of it",
];
const LINKS: [&str; 10] = [
    "Meanwhile",
    "At the same time",
    "In a second vote",
    "Later in the day",
    "According to the minutes",
    "By contrast",
    "For the first time",
    "After a long debate",
    "Under the proposal",
    "Since the spring",
];
const TAILS: [&str; 12] = [
    "and asked for a second opinion before the summer",
    "although two of its members abstained",
    "despite protests outside the building",
    "and promised to report every quarter",
    "but left the date of completion open",
    "with the votes of all but one group",
    "after a hearing that lasted into the evening",
    "and set aside a reserve for rising prices",
    "in spite of a warning from the auditors",
    "on condition that local firms are asked first",
    "and named an ombudsman for complaints",
    "while the opposition left the room",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn place(dice: &mut Dice) -> String {
    format!("{}{}{}", dice.of(&ONSETS), dice.of(&MIDDLES), dice.of(&ENDS))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn sentence(dice: &mut Dice, towns: &[String], people: &[String]) -> String {
    let town = towns[dice.below(towns.len())].as_str();
    let person = people[dice.below(people.len())].as_str();
    let (body, act, thing) = (dice.of(&BODIES), dice.of(&ACTS), dice.of(&THINGS));
    let number = 11 + dice.below(980);
    match dice.below(8) {
        0 => format!("{} in {town} {act} {thing} on {}, {}.", capital(body), dice.of(&DAYS), dice.of(&TAILS)),
        1 => format!(
            "“{},” {person} {}, “and {number} households in {town} are still waiting.”",
            dice.of(&QUOTES),
            dice.of(&SAID)
        ),
        2 => format!("{}, {body} {act} {thing}, {}.", dice.of(&LINKS), dice.of(&TAILS)),
        3 => format!(
            "Of the {number} people who answered, {} were from {town}, where {body} {act} {thing} last year.",
            2 + number / 3
        ),
        4 => format!(
            "{person}, who speaks for {body}, {} that {thing} would cost {}.{} million crowns.",
            dice.of(&SAID),
            number,
            dice.below(10)
        ),
        5 => format!(
            "In {town}, {} kilometres to the {}, {body} {act} {thing} without a debate.",
            3 + dice.below(90),
            dice.of(&["north", "south", "east", "west"])
        ),
        6 => format!(
            "“{},” {} {person}, who has lived in {town} for {} years.",
            dice.of(&QUOTES),
            "said",
            4 + dice.below(60)
        ),
        _ => format!("{} {act} {thing} in {town} {}.", capital(body), dice.of(&TAILS)),
    }
}

/// Story `number` of a seed: 200 to 600 words. The same pair gives the same story for ever; another pair another body.
pub fn story(seed: u64, number: u64) -> Story {
    let mut dice = Dice::new(seed, number);
    let towns: Vec<String> = (0..4).map(|_| place(&mut dice)).collect();
    let people: Vec<String> = (0..4).map(|_| format!("{} {}", dice.of(&FIRST), place(&mut dice))).collect();
    let goal = 210 + dice.below(330);
    let mut paragraphs = Vec::new();
    let mut words = 0;
    while words < goal {
        let count = 2 + dice.below(3);
        let paragraph = (0..count).map(|_| sentence(&mut dice, &towns, &people)).collect::<Vec<_>>().join(" ");
        words += paragraph.split_whitespace().count();
        paragraphs.push(paragraph);
    }
    let title = format!("{}: {} {} {}", towns[0], capital(dice.of(&BODIES)), dice.of(&ACTS), dice.of(&THINGS));
    let summary = format!("{} of {} {} {}.", capital(dice.of(&BODIES)), towns[0], dice.of(&ACTS), dice.of(&THINGS));
    let minutes = dice.below(59);
    Story {
        slug: format!("{}-{number}", towns[0].to_lowercase()),
        title,
        summary,
        paragraphs,
        author: people[0].clone(),
        published: format!("2026-11-{:02}T{:02}:{minutes:02}:00Z", 10 + dice.below(10), dice.below(24)),
    }
}

/// The story that belongs to a path, for pages of which a test says only how they behave.
pub fn story_for(path: &str) -> Story {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(path.as_bytes());
    story(0x7E57, hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn stories_are_distinct_repeatable_and_of_the_promised_length() {
        let mut bodies = HashSet::new();
        for number in 0..2_000 {
            let told = story(1, number);
            let words = told.text().split_whitespace().count();
            assert!((200..=620).contains(&words), "{words} words");
            assert!(bodies.insert(letters(&told.text())), "story {number} was told before");
        }
        assert_eq!(story(1, 7), story(1, 7));
        assert_ne!(story(2, 7).text(), story(1, 7).text());
    }
}
