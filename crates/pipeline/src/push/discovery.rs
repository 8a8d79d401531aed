//! Where a feed's hub is (W3C WebSub §4): the `Link` header goes before the feed's own words, each relation by itself.

use url::Url;
use wiredesk_fetch::answer::Pace;
use wiredesk_model::habits::Hub;
use wiredesk_model::link::{bare, may_be_asked};

/// The hub that an answer from `url` names, by its header or by what the feed says of itself (`said`: its hub, and its own name). A feed
/// that has a hub and calls itself nothing is called `otherwise`, which is to be the same each time: another name is another subscription.
/// An address that is longer than any that is asked for is as good as none.
pub(crate) fn discovered(pace: &Pace, said: (Option<&str>, Option<&str>), url: &Url, otherwise: &Url) -> Option<Hub> {
    let (hub, self_url) = said;
    let absolute = |said: Option<&str>| {
        let said = url.join(said?.trim()).ok()?;
        matches!(said.scheme(), "http" | "https").then_some(said).filter(may_be_asked)
    };
    let hub = pace.hub.clone().filter(may_be_asked).or_else(|| absolute(hub))?;
    let topic =
        pace.self_url.clone().filter(may_be_asked).or_else(|| absolute(self_url)).unwrap_or_else(|| otherwise.clone());
    Some(Hub { url: bare(&hub).into(), topic: bare(&topic).into() })
}

#[cfg(test)]
mod tests {
    use wiredesk_model::link::LONGEST;

    use super::*;

    #[test]
    fn the_header_goes_before_the_feed_and_what_neither_says_is_the_address() {
        let url: Url = "https://paper.example/feed".parse().expect("an address");
        let otherwise: Url = "https://paper.example/configured".parse().expect("an address");
        let parse = |text: &str| text.parse::<Url>().expect("an address");
        let header = |hub: Option<&str>, name: Option<&str>| Pace {
            hub: hub.map(parse),
            self_url: name.map(parse),
            ..Pace::default()
        };
        let (long, long_hub) =
            (format!("/{}", "x".repeat(LONGEST)), format!("https://hub.example/{}", "x".repeat(LONGEST)));
        let (theirs, other) = (Some("https://hub.example/"), Some("https://other.example/"));
        for (pace, hub, name, expected) in [
            (header(None, None), None, Some("/self"), None),
            (header(None, None), theirs, Some("/self"), Some(("https://hub.example/", "https://paper.example/self"))),
            (
                header(None, None),
                Some("/hub"),
                None,
                Some(("https://paper.example/hub", "https://paper.example/configured")),
            ),
            (
                header(other, None),
                theirs,
                Some("/self"),
                Some(("https://other.example/", "https://paper.example/self")),
            ),
            (header(other, theirs), None, Some("/self"), Some(("https://other.example/", "https://hub.example/"))),
            (header(None, theirs), None, None, None),
            (header(None, None), Some(long_hub.as_str()), Some("/self"), None),
            (
                header(Some(&long_hub), None),
                theirs,
                Some("/self"),
                Some(("https://hub.example/", "https://paper.example/self")),
            ),
            (
                header(None, Some(&long_hub)),
                theirs,
                Some(long.as_str()),
                Some(("https://hub.example/", "https://paper.example/configured")),
            ),
            (header(None, None), Some("mailto:hub@hub.example"), None, None),
            (
                header(None, None),
                Some("https://u:p@hub.example/"),
                None,
                Some(("https://hub.example/", "https://paper.example/configured")),
            ),
        ] {
            let found = discovered(&pace, (hub, name), &url, &otherwise);
            let found = found.as_ref().map(|found| (found.url.as_str(), found.topic.as_str()));
            assert_eq!(found, expected, "{pace:?} {hub:?} {name:?}");
        }
    }
}
