//! Rules for single sites: where the body stands, what is not part of it, where title, date and authors are. None is shipped;
//! they are for the site whose pages matter to somebody and that the general rules read wrongly.
//!
//! A rule is configuration: the program compiles it once and hands it down. Which rule a page falls to is decided by the page's
//! address and the time of its fetch, both of them data (law 4); whether it fits is decided by the page. A rule that finds nothing
//! there costs nothing: the page is read as if there were no rule, and says so, for a layout that changed must be seen.
//!
//! # Architecture
//! - `written`: a rule as it is typed. `pattern`: the hosts that it is for.
//! - [`SiteRules`]: all rules; chooses. [`SiteRule`]: one of them, compiled.
//! - `selected`: what a rule's selectors found in a page. `verdicts`: what becomes of the blocks because of it.

mod pattern;
mod selected;
mod verdicts;
mod written;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use scraper::Selector;
use scraper::error::SelectorErrorKind;
use url::Url;

use self::pattern::{Pattern, Reach};
pub(crate) use self::selected::Selected;
pub use self::written::{RuleSettings, Selectors};

/// The flag of an article whose site has a rule that found nothing on the page.
pub const MISSED: &str = "site_rule_missed";

/// The longest selector: what is longer was not meant, and would cost every page.
const LONGEST: usize = 1_000;

/// Something that is wrong with a rule as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Problem {
    /// The key behind which it stands.
    pub key: &'static str,
    /// Which of a list it is, from 0.
    pub item: usize,
    /// What is wrong.
    pub what: String,
    /// What is allowed.
    pub help: String,
}

/// A rule, compiled.
#[derive(Clone, Debug)]
pub struct SiteRule {
    id: String,
    hosts: Vec<Pattern>,
    from: Option<Date>,
    until: Option<Date>,
    body: Vec<Selector>,
    strip: Vec<Selector>,
    title: Vec<Selector>,
    date: Vec<Selector>,
    authors: Vec<Selector>,
}

impl SiteRule {
    /// Compiles a rule.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn compile(written: &RuleSettings) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut hosts = Vec::new();
        for (item, host) in written.hosts.iter().enumerate() {
            match host.parse() {
                Ok(pattern) => hosts.push(pattern),
                Err(what) => problems.push(Problem { key: "hosts", item, what, help: pattern::ALLOWED.to_owned() }),
            }
        }
        if written.hosts.is_empty() {
            let what = "the rule is for no host".to_owned();
            problems.push(Problem { key: "hosts", item: 0, what, help: pattern::ALLOWED.to_owned() });
        }
        if written.selectors().all(|(_, selectors)| selectors.0.is_empty()) {
            let what = "the rule selects nothing".to_owned();
            let help = "add `body`, `strip`, `title`, `date` or `authors`, as in body = \"article .text\"".to_owned();
            problems.push(Problem { key: "id", item: 0, what, help });
        }
        if let (Some(from), Some(until)) = (written.valid_from, written.valid_until)
            && from > until
        {
            let what = format!("the rule ends ({until}) before it begins ({from})");
            problems.push(Problem { key: "valid_until", item: 0, what, help: "both days are within".to_owned() });
        }
        let mut compiled = |key: &'static str, selectors: &Selectors| -> Vec<Selector> {
            let compile = |(item, text): (usize, &String)| match selector(text) {
                Ok(selector) => Some(selector),
                Err(why) => {
                    let what = format!("`{key}`: {text:?} is no selector: {why}");
                    let help = "write a CSS selector, as in \"article .text > p\" or \"time[datetime]\"".to_owned();
                    problems.push(Problem { key, item, what, help });
                    None
                }
            };
            selectors.0.iter().enumerate().filter_map(compile).collect()
        };
        let rule = Self {
            id: written.id.clone(),
            hosts,
            from: written.valid_from,
            until: written.valid_until,
            body: compiled("body", &written.body),
            strip: compiled("strip", &written.strip),
            title: compiled("title", &written.title),
            date: compiled("date", &written.date),
            authors: compiled("authors", &written.authors),
        };
        if problems.is_empty() { Ok(rule) } else { Err(problems) }
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The host that both rules are for, in the same words and at the same time: nobody could say which of them holds.
    pub fn clash(&self, other: &Self) -> Option<String> {
        let apart = |until: Option<Date>, from: Option<Date>| until.zip(from).is_some_and(|(until, from)| until < from);
        if apart(self.until, other.from) || apart(other.until, self.from) {
            return None;
        }
        self.hosts.iter().find(|host| other.hosts.contains(host)).map(ToString::to_string)
    }

    /// Whether it says anything about this day; of a page whose day is not known, always.
    fn holds_on(&self, day: Option<Date>) -> bool {
        day.is_none_or(|day| self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until))
    }

    /// Whether a page on which it finds nothing has changed: strips may well have nothing to do.
    pub(crate) fn expects_something(&self) -> bool {
        ![&self.body, &self.title, &self.date, &self.authors].into_iter().all(Vec::is_empty)
    }

    fn reach(&self, url: &Url) -> Option<Reach> {
        self.hosts.iter().filter_map(|host| host.reach(url)).max()
    }
}

/// All rules of a desk.
#[derive(Clone, Debug, Default)]
pub struct SiteRules(Vec<SiteRule>);

impl SiteRules {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rule for a page: of those for its address that held when it was fetched, the one that names the address most closely,
    /// and of several such the latest. Of a page whose time is not known the latest is taken, whenever it holds.
    pub fn choose(&self, url: &str, fetched: Option<Timestamp>) -> Option<&SiteRule> {
        if self.0.is_empty() {
            return None;
        }
        let url = Url::parse(url).ok()?;
        let day = fetched.map(|at| Offset::UTC.to_datetime(at).date());
        let candidates = self.0.iter().filter(|rule| rule.holds_on(day));
        candidates
            .filter_map(|rule| Some((rule.reach(&url)?, rule)))
            .max_by(|(a, one), (b, other)| (a, one.from, &other.id).cmp(&(b, other.from, &one.id)))
            .map(|(_, rule)| rule)
    }
}

impl FromIterator<SiteRule> for SiteRules {
    fn from_iter<T: IntoIterator<Item = SiteRule>>(rules: T) -> Self {
        Self(rules.into_iter().collect())
    }
}

fn selector(text: &str) -> Result<Selector, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    Selector::parse(text).map_err(|error| match error {
        SelectorErrorKind::EndOfLine => "it breaks off".to_owned(),
        SelectorErrorKind::UnexpectedToken => "it has a sign where none can stand".to_owned(),
        SelectorErrorKind::UnexpectedSelectorParseError(inner) => in_words(&format!("{inner:?}")),
        other => other.to_string().to_lowercase(),
    })
}

/// The selector parser's own name of an error, `DanglingCombinator` or `UnsupportedPseudoClassOrElement("hover")`, in words. Its
/// type is not ours to name.
fn in_words(debug: &str) -> String {
    let (name, rest) = debug.split_once('(').unwrap_or((debug, ""));
    let about = rest.trim_end_matches(')').trim_matches('"');
    match name {
        "EmptySelector" => "it is empty, or a comma stands alone".to_owned(),
        "DanglingCombinator" => "it begins or ends with a combinator".to_owned(),
        "UnsupportedPseudoClassOrElement" => {
            "it asks with `:` for what only a browser knows, or what is not known here".to_owned()
        }
        "ClassNeedsIdent" => "a `.` without the name of a class".to_owned(),
        "NoQualifiedNameInAttributeSelector" | "UnexpectedTokenInAttributeSelector" | "BadValueInAttr" => {
            "what stands in its brackets is no attribute".to_owned()
        }
        _ if about.is_empty() => name.to_owned(),
        _ => format!("{name} ({about})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(id: &str, hosts: &[&str]) -> RuleSettings {
        RuleSettings {
            id: id.to_owned(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            body: Selectors(vec!["article".to_owned()]),
            ..RuleSettings::default()
        }
    }

    fn compiled(written: &RuleSettings) -> SiteRule {
        SiteRule::compile(written).expect("a sound rule")
    }

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    #[test]
    fn the_rule_that_names_an_address_most_closely_is_chosen() {
        let rules: SiteRules = [
            written("below", &["*.mill.example"]),
            written("host", &["mill.example"]),
            written("sport", &["mill.example/sport"]),
            written("far-below", &["*.news.mill.example"]),
        ]
        .iter()
        .map(compiled)
        .collect();
        for (url, want) in [
            ("https://mill.example/a", Some("host")),
            ("https://www.mill.example/a", Some("host")),
            ("https://mill.example/sport", Some("sport")),
            ("https://mill.example/sport/a?b=c", Some("sport")),
            ("https://mill.example/sports", Some("host")),
            ("http://de.mill.example:8080/", Some("below")),
            ("https://a.news.mill.example/", Some("far-below")),
            ("https://windmill.example/", None),
            ("file:///mill.example", None),
            ("no address", None),
        ] {
            assert_eq!(rules.choose(url, None).map(SiteRule::id), want, "{url}");
        }
    }

    #[test]
    fn the_rule_of_the_day_of_the_fetch_is_chosen_and_the_latest_where_that_is_not_known() {
        let old = RuleSettings { valid_until: Some(day("2026-03-31")), ..written("old", &["mill.example"]) };
        let new = RuleSettings { valid_from: Some(day("2026-04-01")), ..written("new", &["mill.example"]) };
        let (old, new) = (compiled(&old), compiled(&new));
        assert_eq!(old.clash(&new), None);
        let rules: SiteRules = [new, old].into_iter().collect();
        let at =
            |time: &str| rules.choose("https://mill.example/", Some(time.parse().expect("a time"))).map(SiteRule::id);
        assert_eq!(at("2026-03-31T23:59:59Z"), Some("old"));
        assert_eq!(at("2026-04-01T00:00:00Z"), Some("new"));
        assert_eq!(rules.choose("https://mill.example/", None).map(SiteRule::id), Some("new"));
    }

    #[test]
    fn two_rules_for_one_host_at_one_time_clash() {
        let one = compiled(&written("one", &["a.example", "www.mill.example"]));
        let other = compiled(&written("other", &["mill.example"]));
        assert_eq!(one.clash(&other).as_deref(), Some("mill.example"));
        assert_eq!(one.clash(&compiled(&written("third", &["mill.example/sport"]))), None);
    }

    #[test]
    fn all_that_is_wrong_with_a_rule_is_told_in_words() {
        let rule = RuleSettings {
            body: Selectors(vec!["article >".into(), "p:hover".into(), "".into(), "[a=".into(), "p..a".into()]),
            valid_from: Some(day("2026-04-01")),
            valid_until: Some(day("2026-03-01")),
            ..written("bad", &["https://mill.example", "a.*.example", ""])
        };
        let problems = SiteRule::compile(&rule).expect_err("problems");
        let told: Vec<String> = problems.iter().map(|p| format!("{} {}: {}", p.key, p.item, p.what)).collect();
        for want in [
            "hosts 0: \"https://mill.example\" is no host: it has a scheme",
            "hosts 1: \"a.*.example\" is no host: a `*` stands only at the beginning, before a dot",
            "hosts 2: \"\" is no host",
            "valid_until 0: the rule ends (2026-03-01) before it begins (2026-04-01)",
            "body 0: `body`: \"article >\" is no selector: it begins or ends with a combinator",
            "body 1: `body`: \"p:hover\" is no selector: it asks with `:`",
            "body 2: `body`: \"\" is no selector",
            "body 3: `body`: \"[a=\" is no selector",
            "body 4: `body`: \"p..a\" is no selector",
        ] {
            assert!(told.iter().any(|told| told.starts_with(want)), "wanted {want:?} in {told:#?}");
        }
        let empty = RuleSettings { body: Selectors::default(), ..written("empty", &["mill.example"]) };
        assert_eq!(SiteRule::compile(&empty).expect_err("a problem")[0].what, "the rule selects nothing");
    }
}
