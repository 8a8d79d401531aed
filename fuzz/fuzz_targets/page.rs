//! A page: read, cleaned, and the same a second time.
#![no_main]

mod promises;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let html = String::from_utf8_lossy(bytes);
    let hints = promises::hints();
    if let Ok(ledger) = wiredesk_extract::read(&html, &hints) {
        let cleaned = wiredesk_clean::body(ledger.clone(), &hints);
        promises::hold(&cleaned);
        assert_eq!(wiredesk_extract::read(&html, &hints), Ok(ledger));
    }
});
