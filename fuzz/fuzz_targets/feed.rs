//! A feed, from bytes to its items: decoded, read, named, and the same a second time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let base = Url::parse("https://feeds.example/news.xml").expect("an address");
    let text = wiredesk_decode::feed(bytes, None);
    let parsed = wiredesk_feed::parse(&text.text, &base);
    if let Ok(parsed) = &parsed {
        assert!(parsed.items.len() <= wiredesk_feed::MOST_ITEMS);
    }
    let report = |parsed| wiredesk_feed::report("a", parsed);
    assert_eq!(report(&parsed), report(&wiredesk_feed::parse(&text.text, &base)));
});
