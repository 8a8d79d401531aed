//! An address: cleaning it twice is cleaning it once, and what comes out is an address of the same site.
#![no_main]

use libfuzzer_sys::fuzz_target;
use url::Url;
use wiredesk_model::link;

fuzz_target!(|text: &str| {
    let Ok(url) = Url::parse(text) else { return };
    let once = link::cleaned(&url);
    assert_eq!(link::cleaned(&once), once);
    assert!(url.host_str().is_none() || link::same_site(&once, &url));
    assert!(Url::parse(once.as_str()).is_ok());
    link::host_port(&url);
    assert!(!link::printable(text).chars().any(|c| c.is_control()));
});
