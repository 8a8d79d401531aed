//! Where a feed's hub is (W3C WebSub §4): the `Link` header goes before the feed's own words, each relation by itself.

use url::Url;
use wiredesk_fetch::answer::Pace;
use wiredesk_model::habits::Hub;
use wiredesk_model::link::bare;

/// The hub that an answer from `url` names, by its header or by what the feed says of itself; a feed that has a hub and calls itself
/// nothing is called by its address.
pub(crate) fn discovered(pace: &Pace, hub: Option<&str>, self_url: Option<&str>, url: &Url) -> Option<Hub> {
    let absolute = |said: Option<&str>| {
        let said = url.join(said?.trim()).ok()?;
        matches!(said.scheme(), "http" | "https").then_some(said)
    };
    let hub = pace.hub.clone().or_else(|| absolute(hub))?;
    let topic = pace.self_url.clone().or_else(|| absolute(self_url)).unwrap_or_else(|| url.clone());
    Some(Hub { url: bare(&hub).into(), topic: bare(&topic).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_goes_before_the_feed_and_what_neither_says_is_the_address() {
        let url: Url = "https://paper.example/feed".parse().expect("an address");
        let parse = |text: &str| text.parse::<Url>().expect("an address");
        let header = |hub: Option<&str>, name: Option<&str>| Pace {
            hub: hub.map(parse),
            self_url: name.map(parse),
            ..Pace::default()
        };
        let (theirs, other) = (Some("https://hub.example/"), Some("https://other.example/"));
        for (pace, hub, name, expected) in [
            (header(None, None), None, Some("/self"), None),
            (header(None, None), theirs, Some("/self"), Some(("https://hub.example/", "https://paper.example/self"))),
            (header(None, None), Some("/hub"), None, Some(("https://paper.example/hub", "https://paper.example/feed"))),
            (
                header(other, None),
                theirs,
                Some("/self"),
                Some(("https://other.example/", "https://paper.example/self")),
            ),
            (header(other, theirs), None, Some("/self"), Some(("https://other.example/", "https://hub.example/"))),
            (header(None, theirs), None, None, None),
            (header(None, None), Some("mailto:hub@hub.example"), None, None),
            (
                header(None, None),
                Some("https://u:p@hub.example/"),
                None,
                Some(("https://hub.example/", "https://paper.example/feed")),
            ),
        ] {
            let found = discovered(&pace, hub, name, &url);
            let found = found.as_ref().map(|found| (found.url.as_str(), found.topic.as_str()));
            assert_eq!(found, expected, "{pace:?} {hub:?} {name:?}");
        }
    }
}
