//! Kafka over TLS and SASL/SCRAM: what is promised holds there too, whoever does not get in is told why, nobody in between is
//! believed, and the password is nowhere to be seen.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use wiredesk_testkit::template::article;
use wiredesk_testkit::{Web, rss, site};
use wiredesk_tests::desk::program;
use wiredesk_tests::restless::Restless;
use wiredesk_tests::secured::{PASSWORD, quoted};
use wiredesk_tests::{Desk, Secured};

const MINUTE: Duration = Duration::from_secs(60);
/// The broker could not be reached in time.
const UNAVAILABLE: Option<i32> = Some(69);

fn web() -> Web {
    Web::start([site("s").feed(rss("feed.xml").entries(["a", "gone"])).page("a", article(1))]).expect("a web")
}

fn desk(web: &Web, publish: &str) -> Desk {
    Desk::new(publish, [("s", web.url("s", "feed.xml"))]).expect("a desk")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What the documentation shows, with this broker's address and names.
fn documented(secured: &Secured, topic: &str) -> String {
    let text = include_str!("../../docs/delivery.md");
    let begun = text.split_once("## Over TLS").and_then(|(_, rest)| rest.split_once("```toml\n")).expect("a section").1;
    let mut shown = begun.split_once("```").expect("an end").0.to_owned();
    let create = "create_topics = { partitions = 3, replication = 1, retention = \"90d\" }";
    for (there, here) in [
        ("kafka.example:9093", secured.brokers.clone()),
        ("topic = \"articles\"", format!("topic = \"{topic}\"\n{create}")),
        ("\"desk\"", quoted(&secured.user)),
        ("KAFKA_PASSWORD", PASSWORD.to_owned()),
        ("/etc/wiredesk/kafka-ca.pem", secured.authority.clone()),
    ] {
        assert!(shown.contains(there), "{there}");
        shown = shown.replace(there, &here);
    }
    shown
}

#[test]
fn records_are_in_the_topic_once_over_tls_and_scram_and_after_a_restart() {
    let Some(secured) = Secured::beside("records_are_in_the_topic_once_over_tls") else { return };
    let web = Restless::start_steady(2, 10).expect("a web");
    let desk = Desk::new(&documented(&secured, "secured"), web.feeds()).expect("a desk");
    for edition in 0..2 {
        if edition > 0 {
            web.edit();
        }
        // Each time START fences the last one, and reads what it left.
        let mut running = desk.start().expect("a daemon");
        running.wait_until_ready().expect("ready");
        running
            .wait_for("this edition", MINUTE, |_| {
                secured.plain.read("secured").is_ok_and(|all| web.holds(&all, edition).is_ok())
            })
            .expect("all of it");
        running.wait_until_drained(web.entries()).expect("drained");
        assert_eq!(running.stop().expect("an end").code(), Some(0), "{}", desk.log());
    }
    let records = secured.plain.read("secured").expect("the topic");
    web.holds(&records, 1).expect("everything once");

    let tail = desk.command(&["tail", "--from-start", "--no-follow", "--output", "json"]).expect("it runs");
    assert_eq!((tail.status.code(), String::from_utf8_lossy(&tail.stdout).lines().count()), (Some(0), records.len()));
    desk.configure("SCRAM-SHA-512", "SCRAM-SHA-256").expect("it stands there");
    let check = desk.command(&["check", "--connect"]).expect("it runs");
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));
    assert!(said(&check).contains(&format!("at {}", secured.brokers)), "{}", said(&check));
}

/// A way not to get in: the brokers, what is put in place of the right properties, and what is said of it.
struct Refusal {
    brokers: String,
    instead: Vec<(&'static str, String)>,
    words: &'static str,
}

impl Refusal {
    fn assert_told(&self, secured: &Secured, desk: &Desk, arguments: &[&str]) {
        let output = desk.command(arguments).expect("it runs");
        let text = said(&output);
        let errors = text.lines().filter(|line| line.starts_with("error: ") || line.contains(" ERROR "));
        let told = errors.filter(|line| line.contains(&self.brokers) && line.contains(self.words));
        assert_eq!(output.status.code(), UNAVAILABLE, "{arguments:?}, {}: {text}", self.words);
        assert_eq!(told.count(), 1, "{arguments:?}, {}: {text}", self.words);
        assert!(!text.contains(&secured.password) && !text.contains("hush-wrong"), "{text}");
    }
}

/// A certificate that vouches for nobody here.
fn stranger(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["elsewhere.example".to_owned()]).expect("a certificate");
    let path = folder.join("stranger.pem");
    std::fs::write(&path, made.cert.pem()).expect("room");
    path.display().to_string()
}

#[test]
fn who_does_not_get_in_is_told_why_in_one_line_and_ends_with_69() {
    let Some(secured) = Secured::beside("who_does_not_get_in") else { return };
    let (web, folder) = (web(), tempfile::tempdir().expect("a folder"));
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let other_name = by_another_name(&secured);
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "hush-wrong-0458\n").expect("room");
    let refusal = |brokers: &str, instead: &[(&'static str, String)], words| Refusal {
        brokers: brokers.to_owned(),
        instead: instead.to_vec(),
        words,
    };
    let refusals = [
        refusal(
            &secured.brokers,
            &[("sasl.password", format!("{{ file = \"{}\" }}", wrong.display()))],
            "it does not know this user with this password: see `sasl.username` and `sasl.password`",
        ),
        refusal(
            &secured.brokers,
            &[("ssl.ca.location", quoted(&stranger(folder.path())))],
            "its certificate is not trusted",
        ),
        refusal(
            &other_name,
            &[],
            "or is for another name: see `ssl.ca.location`, and name the broker as its certificate does",
        ),
        refusal(&secured.plain.brokers, &[], "the listener at this port speaks no TLS: see `security.protocol`"),
        refusal(
            &secured.brokers,
            &[("security.protocol", quoted("PLAINTEXT"))],
            "the listener at this port may want TLS, see `security.protocol`",
        ),
        refusal(&secured.brokers, &[("security.protocol", quoted("SSL"))], "or wants a login, see `security.protocol`"),
        refusal(
            &secured.brokers,
            &[("sasl.mechanism", quoted("PLAIN"))],
            "it takes other logins than this `sasl.mechanism`: SCRAM-SHA-",
        ),
        refusal(&silent.local_addr().expect("an address").to_string(), &[], "no answer"),
    ];
    std::thread::scope(|scope| {
        for refusal in &refusals {
            let (web, secured) = (&web, &secured);
            scope.spawn(move || {
                let there = Secured { brokers: refusal.brokers.clone(), ..secured.clone() };
                let desk = desk(web, &there.publish("refused", &refusal.instead));
                desk.configure("connect_timeout = \"10s\"", "connect_timeout = \"5s\"").expect("it stands there");
                std::thread::scope(|commands| {
                    for arguments in
                        [&["check", "--connect"][..], &["tail", "--no-follow"], &["run", "--once", "--wait", "0s"]]
                    {
                        let desk = &desk;
                        commands.spawn(move || refusal.assert_told(secured, desk, arguments));
                    }
                });
                // The daemon waits, says why, and can be stopped while it does.
                let mut running = desk.start().expect("a daemon");
                running
                    .wait_for("the reason at readyz", MINUTE, |running| {
                        running.ask("/readyz").is_ok_and(|(status, body)| status == 503 && body.contains(refusal.words))
                    })
                    .expect("not ready, and why");
                assert_eq!(running.stop().expect("an end").code(), Some(0), "{}: {}", refusal.words, desk.log());
            });
        }
    });
}

/// The broker at an address that its certificate does not name; as long as the test runs.
fn by_another_name(secured: &Secured) -> String {
    let listener = TcpListener::bind("127.0.0.2:0").expect("a port");
    let (address, broker) = (listener.local_addr().expect("an address"), secured.brokers.clone());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(&broker) else { return };
            for (mut from, mut to) in [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))].map(both) {
                std::thread::spawn(move || {
                    // Either side may go away.
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    address.to_string()
}

fn both((from, to): (std::io::Result<TcpStream>, std::io::Result<TcpStream>)) -> (TcpStream, TcpStream) {
    (from.expect("a handle"), to.expect("a handle"))
}

#[test]
fn only_who_says_so_talks_to_a_broker_that_cannot_prove_its_name_and_check_warns_of_it() {
    let Some(secured) = Secured::beside("only_who_says_so_talks") else { return };
    let (web, folder) = (web(), tempfile::tempdir().expect("a folder"));
    let other_name = by_another_name(&secured);
    let stranger = ("ssl.ca.location", quoted(&stranger(folder.path())));
    for (brokers, instead, warning) in [
        (
            &secured.brokers,
            vec![stranger, ("enable.ssl.certificate.verification", quoted("false"))],
            "are not verified",
        ),
        (
            &other_name,
            vec![("ssl.endpoint.identification.algorithm", quoted("none"))],
            "are not compared with the brokers' names",
        ),
    ] {
        let there = Secured { brokers: brokers.clone(), ..secured.clone() };
        let check = desk(&web, &there.publish("unproven", &instead)).command(&["check", "--connect"]).expect("it runs");
        let text = said(&check);
        assert_eq!(check.status.code(), Some(0), "{text}");
        assert!(text.contains(&format!("warning: certificates {warning}")), "{text}");
    }
}

#[test]
fn the_password_is_nowhere_to_be_seen_however_much_is_asked_for() {
    let Some(secured) = Secured::beside("the_password_is_nowhere_to_be_seen") else { return };
    let (web, folder) = (web(), tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("password");
    std::fs::write(&file, format!("{}\n", secured.password)).expect("room");
    let kept = format!("{{ file = \"{}\" }}", file.display());
    let written = quoted(&secured.password);
    for (topic, instead) in [
        ("hushed-env", vec![("debug", quoted("all"))]),
        ("hushed-file", vec![("debug", quoted("all")), ("sasl.password", kept)]),
        // Not the way to keep it; it is warned of, and hidden all the same.
        ("hushed-written", vec![("debug", quoted("all")), ("sasl.password", written)]),
    ] {
        let desk = desk(&web, &secured.publish(topic, &instead));
        for (code, arguments) in [
            (0, &["run", "--once", "--wait", "0s"][..]),
            (0, &["check"]),
            (0, &["check", "--output", "json"]),
            (0, &["check", "--connect"]),
            (0, &["status"]),
            (0, &["status", "--output", "json"]),
            (0, &["tail", "--from-start", "--no-follow", "--output", "json"]),
            (0, &["dlq", "list"]),
            (0, &["schema", "config"]),
        ] {
            let mut command = Command::new(program());
            command.args(arguments).env("WIREDESK_LOG", "trace").env("RUST_BACKTRACE", "1").stdin(Stdio::null());
            if arguments[0] != "schema" {
                command.arg("-c").arg(desk.config());
            }
            let output = command.output().expect("it runs");
            let text = said(&output);
            assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
            assert!(arguments[0] != "run" || text.contains("SCRAM"), "librdkafka is talkative: {text}");
            assert_hushed(&secured, &format!("{topic}: {arguments:?}"), &text);
        }
        let mut running = desk.start().expect("a daemon");
        running.wait_until_ready().expect("ready");
        for path in ["/healthz", "/readyz", "/metrics"] {
            assert_hushed(&secured, path, &running.ask(path).expect("an answer").1);
        }
        assert_eq!(running.stop().expect("an end").code(), Some(0));
        assert_hushed(&secured, "the log", &desk.log());
        let mut all = String::new();
        stored(&desk.data(), &mut all);
        assert!(all.contains("SQLite"), "there is a store");
        assert_hushed(&secured, "the data dir", &all);
        let records = secured.plain.read(topic).expect("the topic");
        assert_eq!(records.len(), 1);
        for record in records.into_iter().chain(secured.plain.read(&format!("{topic}.dlq")).expect("dead letters")) {
            assert_hushed(&secured, "a record", &format!("{record:?}"));
        }
    }
}

fn assert_hushed(secured: &Secured, what: &str, text: &str) {
    let line = text.lines().find(|line| line.contains(&secured.password));
    assert!(line.is_none(), "{what} says the password: {line:?}");
}

/// Every file below a folder, as text.
fn stored(folder: &Path, all: &mut String) {
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if file.path().is_dir() {
            stored(&file.path(), all);
        } else {
            *all += &String::from_utf8_lossy(&std::fs::read(file.path()).expect("bytes"));
        }
    }
}
