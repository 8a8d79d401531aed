//! Ids for feeds that come without one: short, readable, and never taken.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use url::Url;
use wiredesk_model::link::without_www;

/// The longest id that is made; people may write longer ones.
const LONGEST: usize = 48;

/// Gives out ids, each once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    /// How often a name was asked for, so that ten thousand "News" are not tried one by one each time.
    asked: HashMap<String, usize>,
}

impl Names {
    /// Names beside these.
    pub(crate) fn beside<'a>(taken: impl IntoIterator<Item = &'a str>) -> Self {
        Self { taken: taken.into_iter().map(str::to_owned).collect(), asked: HashMap::new() }
    }

    /// A free id for the feed of this title at this address.
    pub(crate) fn give(&mut self, title: &str, url: &Url) -> String {
        let wanted = [slug(title), slug(host(url)), "feed".to_owned()].into_iter().find(|name| !name.is_empty());
        let wanted = wanted.unwrap_or_default();
        loop {
            let count = self.asked.entry(wanted.clone()).or_insert(0);
            *count += 1;
            let name = if *count == 1 { wanted.clone() } else { format!("{wanted}-{count}") };
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

fn host(url: &Url) -> &str {
    without_www(url.host_str().unwrap_or_default())
}

/// Small letters and digits with single hyphens between: "El País – Última hora" is `el-pais-ultima-hora`.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        if out.len() >= LONGEST {
            break;
        }
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'ø' => out.push('o'),
            '\'' | '’' => {}
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_readable_ids() {
        for (title, id) in [
            ("El País – Última hora", "el-pais-ultima-hora"),
            ("Crooked O'Neill's Weekly", "crooked-oneills-weekly"),
            ("  Straße & Weg  ", "strasse-weg"),
            ("日本", ""),
        ] {
            assert_eq!(slug(title), id, "{title}");
        }
        assert!(slug(&"long ".repeat(100)).len() <= LONGEST);
    }

    #[test]
    fn an_id_is_given_once_and_falls_back_to_the_host() {
        let url: Url = "https://www.news.example/feed".parse().expect("a url");
        let mut names = Names::beside(["news"]);
        assert_eq!(names.give("News", &url), "news-2");
        assert_eq!(names.give("News", &url), "news-3");
        assert_eq!(names.give("日本", &url), "news-example");
    }
}
