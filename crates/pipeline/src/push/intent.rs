//! What a hub asks back before it believes that we asked (W3C WebSub §5.3), or says when it will not push (§5.2).

use url::form_urlencoded;

/// No hub needs a longer challenge.
const LONGEST: usize = 2048;

/// What a hub says in the query of the callback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// `subscribe`, `unsubscribe` or `denied`.
    pub mode: String,
    /// What the hub calls the feed.
    pub topic: String,
    /// To be given back by who meant it.
    pub challenge: Option<String>,
    /// The lease that is granted, in seconds.
    pub lease_seconds: Option<u64>,
    /// Why it is denied.
    pub reason: Option<String>,
}

impl Intent {
    /// Reads the query of a request to the callback; `None` where it is no hub's.
    pub fn read(query: &str) -> Option<Self> {
        let mut intent = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "hub.mode" => intent.mode = value.into_owned(),
                "hub.topic" => intent.topic = value.into_owned(),
                "hub.challenge" => intent.challenge = Some(value.into_owned()).filter(|text| text.len() <= LONGEST),
                "hub.lease_seconds" => intent.lease_seconds = value.trim().parse().ok(),
                "hub.reason" => intent.reason = Some(value.chars().take(200).collect()),
                _ => {}
            }
        }
        (!intent.mode.is_empty() && !intent.topic.is_empty()).then_some(intent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hubs_question_is_read_from_the_query() {
        let query = "x=1&hub.mode=subscribe&hub.topic=http%3A%2F%2Fa.example%2F%3Fb%26c&hub.challenge=a%20b+c&hub.lease_seconds=60";
        let intent = Intent::read(query).expect("a question");
        assert_eq!((intent.mode.as_str(), intent.topic.as_str()), ("subscribe", "http://a.example/?b&c"));
        assert_eq!((intent.challenge.as_deref(), intent.lease_seconds), (Some("a b c"), Some(60)));
        let odd = Intent::read("hub.mode=denied&hub.topic=x&hub.lease_seconds=-1&hub.reason=no").expect("a word");
        assert_eq!((odd.lease_seconds, odd.reason.as_deref(), odd.challenge), (None, Some("no"), None));
        for query in ["", "hub.mode=subscribe", "hub.topic=x", "a=b&&=&%"] {
            assert_eq!(Intent::read(query), None, "{query}");
        }
        let long = format!("hub.mode=subscribe&hub.topic=x&hub.challenge={}", "x".repeat(LONGEST + 1));
        assert_eq!(Intent::read(&long).and_then(|intent| intent.challenge), None);
    }
}
