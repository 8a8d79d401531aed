//! A piece of HTML as a feed carries it.
#![no_main]

mod promises;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let html = String::from_utf8_lossy(bytes);
    let hints = promises::hints();
    if let Ok(ledger) = wiredesk_extract::fragment(&html, &hints) {
        promises::hold(&wiredesk_clean::body(ledger, &hints));
    }
});
