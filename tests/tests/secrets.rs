//! Secrets stay secret: whatever a command prints, logs or stores, in good order and in bad, no password, key or cookie is in it.

use std::path::Path;
use std::process::{Command, Stdio};

use wiredesk_testkit::template::article;
use wiredesk_testkit::{Web, rss, site};
use wiredesk_tests::Desk;
use wiredesk_tests::desk::program;

/// In the environment, in files, and in the configuration itself; each is recognised by its first letters.
const ENVIRONMENT: [(&str, &str); 3] =
    [("DESK_KEY", "hush-key-0451"), ("DESK_SESSION", "hush-cookie-0452"), ("DESK_KAFKA", "hush-sasl-0453")];
const WRITTEN: [&str; 4] = ["hush-url-0454", "hush-login-0455", "hush-proxy-0456", "hush-plain-0457"];

/// All that a command says, at the most talkative.
fn said(desk: &Desk, arguments: &[&str]) -> String {
    let output = Command::new(program())
        .args(arguments)
        .arg("-c")
        .arg(desk.config())
        .envs(ENVIRONMENT)
        .env("WIREDESK_LOG", "trace")
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!text.trim().is_empty(), "{arguments:?} says something");
    text
}

fn assert_hushed(what: &str, text: &str) {
    let secrets = ENVIRONMENT.iter().map(|(_, value)| *value).chain(WRITTEN);
    for secret in secrets {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{what} says {secret}: {line:?}");
    }
    // As it travels: `reader:hush-url-0454` in base64.
    assert!(!text.contains("cmVhZGVyOmh1c2gt"), "{what} says a login");
}

/// Every file below a folder, as text.
fn stored(folder: &Path, all: &mut String) {
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if file.path().is_dir() {
            stored(&file.path(), all);
        } else {
            *all += &String::from_utf8_lossy(&std::fs::read(file.path()).expect("bytes"));
            all.push('\n');
        }
    }
}

fn web() -> Web {
    Web::start([site("s").feed(rss("feed.xml").entries(["a", "gone"])).page("a", article(1))]).expect("a web")
}

/// A desk whose feed has a key, a login, a session and a password in its address.
fn desk(web: &Web, publish: &str) -> Desk {
    let url = web.url("s", "feed.xml").replace("http://", "http://reader:hush-url-0454@");
    let desk = Desk::new(publish, [("s", url)]).expect("a desk");
    let text = std::fs::read_to_string(desk.config()).expect("text");
    let more = "headers = { X-Api-Key = { env = \"DESK_KEY\" }, X-Plain = \"hush-plain-0457\" }\n\
                cookies = { session = { env = \"DESK_SESSION\" } }\n";
    std::fs::write(desk.config(), text + more).expect("room");
    desk
}

#[test]
fn a_feeds_key_and_cookie_and_password_are_sent_and_nowhere_said() {
    let web = web();
    let desk = desk(&web, "[publish]\nkind = \"log\"\n");
    let url = web.url("s", "a");
    for arguments in [
        &["check"][..],
        &["check", "--output", "json"],
        &["run", "--once", "--wait", "0s"],
        &["status"],
        &["status", "--output", "json"],
        &["feeds", "list"],
        &["feeds", "list", "--output", "json"],
        &["feeds", "show", "s"],
        &["feeds", "show", "s", "--output", "json"],
        &["feeds", "export"],
        &["tail", "--from-start", "--no-follow", "--output", "json"],
        &["trace", &url],
        &["dlq", "list"],
    ] {
        assert_hushed(&arguments.join(" "), &said(&desk, arguments));
    }
    let mut all = String::new();
    stored(&desk.data(), &mut all);
    assert!(all.contains("content_hash"), "there is a record");
    assert_hushed("the data dir", &all);
    let got = |name: &str| web.requests("s").iter().find_map(|seen| seen.header(name).map(str::to_owned));
    assert_eq!(got("x-api-key").as_deref(), Some("hush-key-0451"), "the server gets it");
    assert!(got("cookie").is_some_and(|cookie| cookie.contains("hush-cookie-0452")));
}

#[test]
fn a_configuration_with_faults_is_shown_without_its_secrets() {
    let web = web();
    let desk = desk(&web, "[publish]\nkind = \"log\"\n");
    let text = std::fs::read_to_string(desk.config()).expect("text");
    let faults =
        "basic_auth = \"hush-login-0455\"\ninterval = 3\n[fetch2]\nproxy = \"http://me:hush-proxy-0456@127.0.0.1:9\"\n";
    std::fs::write(desk.config(), text + faults).expect("room");
    for arguments in [&["check"][..], &["check", "--output", "json"], &["run", "--once", "--wait", "0s"], &["status"]] {
        assert_hushed(&arguments.join(" "), &said(&desk, arguments));
    }
}

#[test]
fn a_proxys_password_is_not_in_what_fails_behind_it() {
    let web = web();
    let desk = desk(&web, "[publish]\nkind = \"log\"\n");
    desk.configure("timeout = \"10s\"", "timeout = \"2s\"\nproxy = \"http://me:hush-proxy-0456@127.0.0.1:9\"")
        .expect("it stands there");
    for arguments in
        [&["check"][..], &["run", "--once", "--wait", "0s"], &["feeds", "list"], &["feeds", "show", "s"], &["status"]]
    {
        assert_hushed(&arguments.join(" "), &said(&desk, arguments));
    }
}

#[test]
fn a_brokers_password_is_not_in_what_fails_without_it() {
    let web = web();
    let publish = "[publish]\nkind = \"kafka\"\n[publish.kafka]\nbrokers = \"127.0.0.1:9\"\ntopic = \"t\"\nconnect_timeout = \"2s\"\n\
                   [publish.kafka.properties]\n\"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanism\" = \"PLAIN\"\n\
                   \"sasl.username\" = \"desk\"\n\"sasl.password\" = { env = \"DESK_KAFKA\" }\n";
    let desk = desk(&web, publish);
    // Each of them waits for the broker for a while: all at once.
    std::thread::scope(|scope| {
        for arguments in [
            &["check"][..],
            &["check", "--connect"],
            &["run", "--once", "--wait", "0s"],
            &["tail", "--no-follow"],
            &["status"],
        ] {
            let desk = &desk;
            scope.spawn(move || assert_hushed(&arguments.join(" "), &said(desk, arguments)));
        }
    });
}
