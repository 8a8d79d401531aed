//! A flattened page.
#![no_main]

mod promises;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let hints = promises::hints();
    promises::hold(&wiredesk_clean::body(wiredesk_clean::text(&text, &hints), &hints));
});
