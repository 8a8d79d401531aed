//! robots.txt and the paths it is asked about.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wiredesk_fetch::robots::Robots;

fuzz_target!(|bytes: &[u8]| {
    let rules = Robots::parse(bytes).rules("Wiredesk/1.0 (+https://desk.example/)");
    for path in ["/", "/a/b.html?c=d", "/robots.txt", "/%7Ejoe/", "*", ""] {
        assert_eq!(rules.allows(path), rules.allows(path));
    }
    for line in bytes.split(|byte| *byte == b'\n').take(20) {
        rules.allows(&String::from_utf8_lossy(line));
    }
});
