//! robots.txt, read as RFC 9309 says and as forgivingly as the large crawlers do. Pure: bytes in, rules out.

use std::time::Duration;

/// The most of a robots.txt that is read (RFC 9309 §2.5 asks for at least this much).
pub const LIMIT: usize = 500 << 10;
/// The most rules that are kept of one file; the rest is passed over.
const MOST_RULES: usize = 10_000;
/// The most that is looked at to judge one path, in bytes of it for each rule with a star. A long path under so many rules is taken for
/// one that they do not allow: who writes thousands of them does not want such addresses asked for.
const MOST_WORK: usize = 16 << 20;
/// What takes more is not judged between other things.
const LONG_WORK: usize = 1 << 20;
/// The longest wait that a `Crawl-delay` is taken for at all.
const MOST_DELAY: f64 = 86_400.0;

/// A robots.txt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Robots {
    groups: Vec<Group>,
}

/// Rules and the user agents they are for.
#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    /// Product tokens in lower case; `*` is everybody else.
    agents: Vec<String>,
    rules: Rules,
}

/// What one user agent may fetch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    rules: Vec<Rule>,
    /// How many of them hold a star: those look through the whole of a path.
    stars: usize,
    delay: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    allow: bool,
    /// Normalised; may hold `*`, and end in `$`.
    pattern: Box<str>,
}

enum Line<'a> {
    Agent(&'a str),
    Rule { allow: bool, pattern: &'a str },
    Delay(&'a str),
}

impl Robots {
    /// Reads a robots.txt; what is no rule is passed over, so there is no wrong one.
    ///
    /// Lines end in LF, CR or both; a byte order mark and comments are skipped; only the first 500 KiB count.
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(LIMIT)];
        // A byte order mark, or as much of one as is there.
        let mark = bytes.iter().zip(b"\xef\xbb\xbf").take_while(|(byte, mark)| byte == mark).count();
        let bytes = &bytes[mark..];
        let text = String::from_utf8_lossy(bytes);
        let mut groups: Vec<Group> = Vec::new();
        let mut naming = false; // inside the user-agent lines that open a group
        let mut kept = 0;
        for line in text.split(['\n', '\r']).filter_map(line) {
            match line {
                Line::Agent(name) => {
                    if !naming {
                        groups.push(Group::default());
                    }
                    naming = true;
                    if let Some(group) = groups.last_mut() {
                        group.agents.push(token(name));
                    }
                }
                Line::Rule { allow, pattern } => {
                    naming = false;
                    kept += 1;
                    // A rule before any group is nobody's; an empty one says nothing.
                    if let Some(group) = groups.last_mut().filter(|_| !pattern.is_empty() && kept <= MOST_RULES) {
                        group.rules.rules.push(Rule { allow, pattern: normalised(pattern, true).into() });
                    }
                }
                Line::Delay(value) => {
                    naming = false;
                    if let Some(group) = groups.last_mut()
                        && let Some(seconds) = value.parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0)
                    {
                        group.rules.delay = Some(Duration::from_secs_f64(seconds.min(MOST_DELAY)));
                    }
                }
            }
        }
        Self { groups }
    }

    /// What `user_agent` may fetch: all groups that name its product token, taken together; where there are none, all
    /// groups for `*`; where there are none either, anything (RFC 9309 §2.2.1).
    pub fn rules(&self, user_agent: &str) -> Rules {
        let agent = token(user_agent);
        let wanted = if self.groups.iter().any(|group| group.agents.contains(&agent)) { agent } else { "*".into() };
        let mut all = Rules::default();
        for group in self.groups.iter().filter(|group| group.agents.contains(&wanted)) {
            all.rules.extend(group.rules.rules.iter().cloned());
            all.delay = all.delay.max(group.rules.delay);
        }
        // What is said twice is asked once, and the longest first: it decides, and of two as long the one that allows.
        all.rules.sort_unstable_by(|a, b| {
            (b.pattern.len(), &b.pattern, b.allow).cmp(&(a.pattern.len(), &a.pattern, a.allow))
        });
        all.rules.dedup_by(|later, earlier| later.pattern == earlier.pattern);
        all.stars = all.rules.iter().filter(|rule| rule.pattern.contains('*')).count();
        all
    }
}

impl Rules {
    /// Whether the path, with its query, may be fetched: the longest pattern that matches decides, and of two as long the
    /// one that allows (RFC 9309 §2.2.2). `/robots.txt` itself is always allowed.
    pub fn allows(&self, path_and_query: &str) -> bool {
        if path_and_query == "/robots.txt" {
            return true;
        }
        let path = normalised(if path_and_query.is_empty() { "/" } else { path_and_query }, false);
        if self.work(path.len()) > MOST_WORK {
            return false;
        }
        let mut matching = self.rules.iter().filter(|rule| matches(&rule.pattern, &path));
        let Some(first) = matching.next() else { return true };
        // The longest stand first; another as long may allow it.
        first.allow || matching.take_while(|rule| rule.pattern.len() == first.pattern.len()).any(|rule| rule.allow)
    }

    /// Whether to judge this path may take so long that a thread is needed for it.
    pub(crate) fn takes_long(&self, path_and_query: &str) -> bool {
        // An octet may be written as three.
        self.work(path_and_query.len() * 3) > LONG_WORK
    }

    fn work(&self, length: usize) -> usize {
        self.stars * length
    }

    /// `Crawl-delay`, which is no part of the RFC but is meant. Up to a day; the longest where there are several.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.delay
    }

    /// About how many bytes the rules weigh in memory.
    pub(crate) fn weight(&self) -> usize {
        self.rules.iter().map(|rule| size_of::<Rule>() + rule.pattern.len() + 16).sum()
    }
}

/// Key and value of a line, where it has any meaning for us. Misspelt keys are those that Google's parser takes as well, and
/// like there the colon may be missing between exactly two words.
fn line(line: &str) -> Option<Line<'_>> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let (key, value) = match line.split_once(':') {
        Some((key, value)) => (key.trim(), value.trim()),
        None => line.split_once([' ', '\t']).map(|(k, v)| (k, v.trim())).filter(|(_, v)| !v.contains([' ', '\t']))?,
    };
    Some(match key.to_ascii_lowercase().as_str() {
        "user-agent" | "useragent" | "user agent" => Line::Agent(value),
        "allow" => Line::Rule { allow: true, pattern: value },
        "disallow" | "dissallow" | "dissalow" | "disalow" | "diasllow" | "disallaw" => {
            Line::Rule { allow: false, pattern: value }
        }
        "crawl-delay" | "crawldelay" | "crawl delay" => Line::Delay(value),
        _ => return None,
    })
}

/// The product token that a user agent is known by: `Wiredesk` of `Wiredesk/0.1 (+https://…)`, in lower case.
pub(crate) fn token(user_agent: &str) -> String {
    let name = user_agent.trim_start();
    if name == "*" || name.starts_with("* ") {
        return "*".to_owned();
    }
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(name.len());
    name[..end].to_ascii_lowercase()
}

/// One spelling for all octets (RFC 9309 §2.2.2, RFC 3986 §6.2.2): what need not be escaped is not, what must be is, hex
/// digits are upper case. In a path `*` and `$` are plain characters and are escaped, so that they meet a pattern's
/// `%2A` and `%24`; in a pattern `*` stays, and `$` where it is last.
fn normalised(text: &str, is_pattern: bool) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(bytes.len());
    let escape = |out: &mut String, byte: u8| {
        out.push('%');
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match byte {
            b'%' => match (hex(at), hex(at + 1)) {
                (Some(high), Some(low)) => {
                    at += 2;
                    let octet = high << 4 | low;
                    if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
                        out.push(char::from(octet));
                    } else {
                        escape(&mut out, octet);
                    }
                }
                _ => out.push('%'),
            },
            b'*' if is_pattern => out.push('*'),
            b'$' if is_pattern && at == bytes.len() => out.push('$'),
            b'*' | b'$' => escape(&mut out, byte),
            byte if byte.is_ascii_graphic() => out.push(char::from(byte)),
            byte => escape(&mut out, byte),
        }
    }
    out
}

/// Whether a normalised pattern matches the beginning of a normalised path, or all of it where it ends in `$`.
///
/// Each piece between stars is looked for from where the last one ended: the leftmost place is never a wrong choice, so the
/// work is linear, whatever the pattern.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return !whole || rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() && whole {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(robots: &str, agent: &str, path: &str) -> bool {
        Robots::parse(robots.as_bytes()).rules(agent).allows(path)
    }

    #[test]
    fn patterns_match_as_the_rfc_says() {
        for (pattern, path, expected) in [
            ("/", "/", true),
            ("/", "/any/thing?x=1", true),
            ("/fish", "/fish", true),
            ("/fish", "/fish.html", true),
            ("/fish", "/fishheads/yummy.html", true),
            ("/fish", "/Fish.asp", false),
            ("/fish", "/catfish", false),
            ("/fish/", "/fish", false),
            ("/fish/", "/fish/?id=anything", true),
            ("/*.php", "/index.php", true),
            ("/*.php", "/filename.php?parameters", true),
            ("/*.php", "/folder/any.php.file.html", true),
            ("/*.php", "/windows.PHP", false),
            ("/*.php$", "/filename.php", true),
            ("/*.php$", "/filename.php?parameters", false),
            ("/*.php$", "/filename.php5", false),
            ("/*.php$", "/a.php.php", true),
            ("/fish*.php", "/fish.php", true),
            ("/fish*.php", "/fishheads/catfish.php?parameters", true),
            ("/fish*.php", "/Fish.PHP", false),
            ("/a*b*c$", "/a1b2b3c", true),
            ("/a*b*c$", "/a1b2c3", false),
            ("/x$", "/x", true),
            ("/x$", "/xy", false),
            ("/x*$", "/xyz", true),
            ("/$", "/", true),
            ("/$", "/a", false),
            ("*", "/a", true),
            ("*/private", "/deep/private/x", true),
            ("/aba*ba$", "/aba", false),
            // percent-encoding, RFC 9309 §2.2.2
            ("/foo/bar?baz=quz", "/foo/bar?baz=quz", true),
            ("/foo/bar?baz=http://foo.bar", "/foo/bar?baz=http://foo.bar", true),
            ("/foo/bar/ツ", "/foo/bar/%E3%83%84", true),
            ("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", true),
            ("/foo/bar/%62%61%7A", "/foo/bar/baz", true),
            ("/foo/bar/baz", "/foo/bar/%62%61%7A", true),
            ("/a%2Fb", "/a/b", false),
            ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", true),
            ("/path/foo-%24", "/path/foo-$", true),
            ("/path/foo-%24", "/path/foo-x", false),
            ("/100%", "/100%", true),
        ] {
            let robots = format!("user-agent: *\ndisallow: {pattern}\n");
            assert_eq!(allows(&robots, "Any/1", path), !expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn the_longest_match_wins_and_allow_wins_ties() {
        for (rules, path, expected) in [
            ("allow: /p\ndisallow: /", "/page", true),
            ("disallow: /\nallow: /p", "/page", true),
            ("allow: /folder\ndisallow: /folder", "/folder/page", true),
            ("disallow: /folder\nallow: /folder", "/folder/page", true),
            ("allow: /page\ndisallow: /*.htm", "/page.htm", false),
            ("allow: /page\ndisallow: /*.ph", "/page.php5", true),
            ("allow: /$\ndisallow: /", "/", true),
            ("allow: /$\ndisallow: /", "/page.htm", false),
            ("allow: /example/page/\ndisallow: /example/page/disallowed.gif", "/example/page/disallowed.gif", false),
            ("disallow:", "/", true),
            ("disallow: /\nallow:", "/", false),
            ("disallow: /", "/robots.txt", true),
            ("disallow: /x", "", true),
        ] {
            assert_eq!(allows(&format!("user-agent: *\n{rules}"), "Any", path), expected, "{rules} on {path}");
        }
    }

    #[test]
    fn groups_are_found_by_product_token_and_merged() {
        let robots = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\
            User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\
            User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\
            User-Agent: quxbot\n\nEOF";
        for (agent, path, expected) in [
            ("foobot", "/", false),
            ("FooBot/2.1 (+https://a.example)", "/example/page.html", true),
            ("barbot", "/example/page.html", false),
            ("BAZBOT", "/example/page.html", false),
            ("barbot", "/x.gif", true),
            ("quxbot", "/example/", true),
            ("foobotnews", "/x.gif", false),
            ("other", "/x.gif", false),
            ("other", "/example/y", false),
            ("other", "/publications/", true),
            ("other", "/", true),
        ] {
            assert_eq!(allows(robots, agent, path), expected, "{agent} on {path}");
        }
        let split = "user-agent: a\ndisallow: /1\n\nuser-agent: b\ndisallow: /2\n\nuser-agent: a\ndisallow: /3\n";
        assert!(!allows(split, "a", "/1") && allows(split, "a", "/2") && !allows(split, "a", "/3"));
        assert!(
            !allows("user-agent: a/1.0\ndisallow: /", "A/2", "/"),
            "a version in robots.txt is no part of the name"
        );
    }

    #[test]
    fn sloppy_files_are_read_as_they_were_meant() {
        for robots in [
            "USER-AGENT: *\nDISALLOW: /x",
            "user-agent:*\rdisallow:/x\r",
            "user-agent: *\r\n\r\n\r\ndisallow: /x # because\r\n",
            "\u{feff}user-agent: *\ndisallow: /x",
            "  useragent :  *  \n\tdissallow :\t/x  ",
            "user agent: *\ndisalow: /x",
            "user-agent *\ndisallow /x",
            "user-agent: *\nsitemap: https://a.example/s.xml\ndiasllow: /x",
            "sitemap: /s\nallow: /x\nuser-agent: *\nnonsense\n: \nfoo: bar\ndisallaw: /x",
            "user-agent: *\nsitemap: https://a.example/s.xml\nuser-agent: other\ndisallow: /x",
        ] {
            assert!(!allows(robots, "any", "/x"), "{robots:?}");
            assert!(allows(robots, "any", "/y"), "{robots:?}");
        }
        for robots in [
            "",
            "disallow: /",
            "<!doctype html><p>user-agent: none",
            "user-agent: *",
            "\u{0}\u{1}",
            "user-agent: *\nthis disallow /",
        ] {
            assert!(allows(robots, "any", "/x"), "{robots:?}");
        }
        assert!(Robots::parse(b"user-agent: *\ndisallow: /\xff\xfe").rules("a").allows("/x"));
    }

    /// What Google's open parser is documented and tested to do (its readme, its reference page on robots.txt, and the RFC's own
    /// examples), said here in other words. Left out is `index.html` for its folder, which is no part of the RFC.
    #[test]
    fn the_published_cases_of_the_large_crawlers_hold() {
        let groups = "allow: /before/any\n\nuser-agent: First\ndisallow: /\nallow: /one/\nuser-agent: Second\ndisallow: /\n\
            allow: /two/\n\n\nallow: /too/\nuser-agent: Third\n\nuser-agent: First\nallow: /again/\ndisallow: /\n";
        let fallback = "user-agent: *\nallow: /\nuser-agent: First\ndisallow: /\n";
        let only_others =
            "user-agent: First\nallow: /\nuser-agent: Second\ndisallow: /\nuser-agent: Third\ndisallow: /\n";
        let spaced = "user-agent: *\ndisallow: /\nuser-agent: First of all\nallow: /x/\ndisallow: /\n";
        let sitemap = "user-agent: Second\nsitemap: https://a.example/s.xml\nuser-agent: *\ndisallow: /\n";
        let unknown = "user-agent: First\nhost: a.example\nuser-agent: *\ndisallow: /\n";
        for (robots, agent, path, expected) in [
            ("", "First", "/", true),
            ("user-agent: First\ndisallow: /\n", "", "/", true),
            // Key and value may be in any case, and the colon may be missing; other keys are no rules.
            ("USER-AGENT: First\nDISALLOW: /\n", "First", "/x", false),
            ("foo: First\nbar: /\n", "First", "/x", true),
            ("user-agent First\ndisallow /\n", "First", "/x", false),
            // A group is all that follows its user agents up to the next, and a group that comes twice is one.
            (groups, "First", "/one/b", true),
            (groups, "First", "/again/d", true),
            (groups, "First", "/two/c", false),
            (groups, "Second", "/two/c", true),
            (groups, "Second", "/too/a", true),
            (groups, "Second", "/one/b", false),
            (groups, "Third", "/again/d", true),
            (sitemap, "First", "/x", false),
            (sitemap, "Second", "/x", false),
            (unknown, "First", "/x", false),
            // User agents have no case and end at the first character that is none of a product token's.
            ("user-agent: FIRST\ndisallow: /\n", "first", "/x", false),
            (spaced, "First", "/x/y", true),
            (spaced, "First", "/z", false),
            (spaced, "Other", "/x/y", false),
            // Everybody's group is for those who have none of their own.
            (fallback, "First", "/x", false),
            (fallback, "Other", "/x", true),
            (only_others, "Other", "/x", true),
            // Paths have case.
            ("user-agent: *\ndisallow: /X/", "First", "/x/y", true),
            ("user-agent: *\ndisallow: /x/", "First", "/x/y", false),
            // The longest match wins, whatever the order; of two as long, the one that allows.
            ("user-agent: *\ndisallow: /x/page.html\nallow: /x/\n", "First", "/x/page.html", false),
            ("user-agent: *\nallow: /x/page.html\ndisallow: /x/\n", "First", "/x/page.html", true),
            ("user-agent: *\nallow: /x/page.html\ndisallow: /x/\n", "First", "/x/", false),
            ("user-agent: *\ndisallow:\nallow:\n", "First", "/x/page.html", true),
            ("user-agent: *\ndisallow: /\nallow: /\n", "First", "/x/page.html", true),
            ("user-agent: *\ndisallow: /x\nallow: /x/\n", "First", "/x", false),
            ("user-agent: *\ndisallow: /x\nallow: /x/\n", "First", "/x/", true),
            ("user-agent: *\ndisallow: /*.html\nallow: /x.html\n", "First", "/y.html", false),
            // Escaped or not, in the path or in the rule.
            ("user-agent: *\ndisallow: /\nallow: /foo/bar/\u{30c4}\n", "First", "/foo/bar/%E3%83%84", true),
            ("user-agent: *\ndisallow: /\nallow: /foo/bar/%E3%83%84\n", "First", "/foo/bar/\u{30c4}", true),
            (
                "user-agent: *\ndisallow: /\nallow: /foo/bar?q=http://a.example\n",
                "First",
                "/foo/bar?q=http://a.example",
                true,
            ),
            // `*` and `$`.
            ("user-agent: *\ndisallow: /foo/bar/quz\nallow: /foo/*/qux\n", "First", "/foo/bar/quz", false),
            ("user-agent: *\ndisallow: /foo/bar/quz\nallow: /foo/*/qux\n", "First", "/foo/quz", true),
            ("user-agent: *\ndisallow: /foo/bar$\nallow: /foo/bar/qux\n", "First", "/foo/bar", false),
            ("user-agent: *\ndisallow: /foo/bar$\nallow: /foo/bar/qux\n", "First", "/foo/bar/", true),
            ("user-agent: *\ndisallow: /foo/bar$\nallow: /foo/bar/qux\n", "First", "/foo/bar/baz", true),
            ("user-agent: *\n# disallow: /\nallow: /foo/quz#qux\n", "First", "/foo/bar", true),
            // A mark at the front, whole or in part, and one in the middle.
            ("\u{feff}user-agent: *\ndisallow: /\nallow: /x\n", "First", "/y", false),
            ("user-agent: *\n\u{feff}disallow: /\n", "First", "/y", true),
        ] {
            assert_eq!(allows(robots, agent, path), expected, "{agent} on {path}\n{robots}");
        }
        for (front, expected) in [(&b"\xef"[..], false), (b"\xef\xbb", false), (b"\xef\x11\xbf", true)] {
            let robots = Robots::parse(&[front, b"user-agent: *\ndisallow: /\n"].concat());
            assert_eq!(robots.rules("First").allows("/x"), expected, "{front:?}");
        }
    }

    /// Ten thousand such rules and fifty links of 60 KB kept every thread of the program busy for ten seconds.
    #[test]
    fn a_long_path_under_thousands_of_rules_with_stars_is_not_asked_for() {
        let rules: String = (0..10_000).map(|n| format!("disallow: /*aaaaaaaaaaaaaaaaaaaaab{n}\n")).collect();
        let rules = Robots::parse(format!("user-agent: *\nallow: /\n{rules}").as_bytes()).rules("any");
        let path = |length: usize| format!("/{}", "a".repeat(length));
        assert!(rules.allows(&path(100)) && rules.takes_long(&path(100)));
        assert!(!rules.allows(&path(8000)));
        // Many plain rules are no work, and what is said ten thousand times is asked once.
        let plain: String = (0..10_000).map(|n| format!("disallow: /a{n}\n")).collect();
        for robots in [plain, "disallow: /*aaaaaaaaaaaaaaaaaaaaab\n".repeat(10_000)] {
            let rules = Robots::parse(format!("user-agent: *\n{robots}").as_bytes()).rules("any");
            assert!(rules.allows(&path(8000)) && !rules.takes_long(&path(8000)));
        }
    }

    #[test]
    fn crawl_delay_is_read_and_nonsense_in_it_is_not() {
        let delay = |value: &str| {
            Robots::parse(format!("user-agent: *\ncrawl-delay: {value}").as_bytes()).rules("a").crawl_delay()
        };
        assert_eq!(delay("10"), Some(Duration::from_secs(10)));
        assert_eq!(delay("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(delay("1e300"), Some(Duration::from_secs(86_400)));
        for nonsense in ["-1", "NaN", "inf", "soon", ""] {
            assert_eq!(delay(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn only_the_first_500_kib_and_10_000_rules_count() {
        let mut long = "user-agent: *\n# ".to_owned();
        long.push_str(&"x".repeat(LIMIT));
        long.push_str("\ndisallow: /x");
        assert!(allows(&long, "any", "/x"));
        let many = format!("user-agent: *\n{}", "allow:/\n".repeat(60_000));
        assert_eq!(Robots::parse(many.as_bytes()).groups[0].rules.rules.len(), MOST_RULES);
    }
}
