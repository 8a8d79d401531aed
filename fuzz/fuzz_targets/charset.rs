//! Bytes of a page or feed that say what charset they are in, or do not: always text, and the same a second time.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first line is what the server says.
    let (said, body) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (std::str::from_utf8(&bytes[..at]).ok(), &bytes[at + 1..]),
        None => (None, bytes),
    };
    for decode in [wiredesk_decode::page, wiredesk_decode::feed] {
        let text = decode(body, said);
        assert_eq!(text.text, decode(body, said).text);
    }
});
