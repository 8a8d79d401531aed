//! What a person who made a mistake is told.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::fault::{Faults, Severity};
use super::*;

/// A desk's folder with these files in it.
struct Desk(TempDir);

impl Desk {
    fn new(main: &str) -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        desk.file("wiredesk.toml", main)
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("written");
        self
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("wiredesk.toml")
    }

    fn faults(&self) -> Faults {
        load(&self.path()).expect_err("a fault")
    }

    /// `file:line:column message | help`
    fn told(&self) -> Vec<String> {
        rows(&self.faults())
    }
}

fn rows(faults: &Faults) -> Vec<String> {
    let row = |row: &fault::Row| {
        let file = row.file.file_name().expect("a name").to_string_lossy().into_owned();
        let help = row.help.as_ref().map(|help| format!(" | {help}")).unwrap_or_default();
        format!("{file}:{}:{} {}{help}", row.line, row.column, row.message)
    };
    faults.rows().iter().filter(|row| row.severity == Severity::Error).map(row).collect()
}

const AGENT: &str = "[fetch]\nuser_agent = \"Example/1 (+https://example.org)\"\n";

#[test]
fn all_faults_of_a_file_are_told_at_once_with_line_and_column() {
    let told = Desk::new(
        "[schedule]\ndefault_intervall = \"15m\"\nmin_interval = 10\n\n[publish]\nkind = \"kafak\"\n\n[pipeline]\npolls = 0\n",
    )
    .told();
    assert_eq!(told.len(), 4, "{told:#?}");
    assert_eq!(
        told[0],
        "wiredesk.toml:2:1 unknown key `default_intervall` in `schedule` | did you mean `default_interval`? \
         Allowed: backfill, default_interval, max_interval, min_interval"
    );
    assert_eq!(
        told[1],
        "wiredesk.toml:3:16 `schedule.min_interval`: a whole number cannot stand here | \
         write a span of time in quotes, as in \"30s\", \"10m\", \"6h\" or \"90d\""
    );
    assert_eq!(
        told[2],
        "wiredesk.toml:6:8 `publish.kind`: \"kafak\" is not one of the values | did you mean \"kafka\"? \
         Allowed: \"log\", \"kafka\" or \"stdout\""
    );
    assert_eq!(
        told[3],
        "wiredesk.toml:9:9 `pipeline.polls` must be at least 1, not 0 | write a whole number from 1 to 4294967295"
    );
}

#[test]
fn each_mistake_is_named_where_it_stands() {
    let feed = |rest: &str| format!("[[feeds]]\nid = \"a\"\nurl = \"https://a.example/f\"\n{rest}\n");
    let table: Vec<(String, &[&str])> = vec![
        ("[daemon\n".into(), &["wiredesk.toml:1:8 this is not TOML"]),
        ("a = \n[b\n".into(), &["wiredesk.toml:1:5 this is not TOML: a value is missing", "wiredesk.toml:2:3"]),
        (
            "[a]\nx = [1,\n  2 3,\n]\ny = = 3\na = 1\nz = 2\n[a.b\n".into(),
            &["toml:3:3 this", "toml:5:5 this", "toml:8:5 this"],
        ),
        ("[fetch]\ntimeout = \"3 weeks\"\n".into(), &["2:11 `fetch.timeout`: \"3 weeks\" is not a span of time"]),
        (
            "[pipeline]\nretry = { first = \"5000000000d\", max = \"3651d\" }\n".into(),
            &[
                "2:19 `pipeline.retry.first`: \"5000000000d\" is longer than ten years | write 3650d at most",
                "2:40 `pipeline.retry.max`: \"3651d\" is longer than ten years",
            ],
        ),
        ("[fetch]\npage_limit = \"4\"\n".into(), &["2:14 `fetch.page_limit`: \"4\" is not a size"]),
        (
            "[fetch]\nper_host = { concurrency = 0, dely = \"1s\" }\n".into(),
            &[
                "2:28 `fetch.per_host.concurrency` must be at least 1",
                "2:31 unknown key `dely` in `fetch.per_host` | did you mean `delay`?",
            ],
        ),
        (
            "[fetch]\nper_host = { delay = \"1m\" }\n".into(),
            &["2:22 `fetch.per_host.delay` (1m) is not shorter than `fetch.timeout` (30s)"],
        ),
        ("[fetch]\nallow_networks = [\"10.0.0.0/8\", \"ten\"]\n".into(), &["2:33 `fetch.allow_networks`"]),
        (
            "[fetch]\nmemory = \"1 MiB\"\n".into(),
            &["2:10 `fetch.memory` (1 MiB) is less than one body may weigh (16 MiB)"],
        ),
        ("[fetch]\nproxy = \"ftp://a\"\n".into(), &["2:9 `fetch.proxy` is not the address of a proxy"]),
        ("[fetch]\nuser_agent = \"\"\n".into(), &["2:14 `fetch.user_agent` must be"]),
        ("[fetch]\ntimeout = \"0s\"\n".into(), &["2:11 `fetch.timeout` must be more than 0"]),
        (
            "[daemon]\ntimeout = \"3s\"\n".into(),
            &["2:1 unknown key `timeout` in `daemon` | did you mean `fetch.timeout`?"],
        ),
        ("[deamon]\n".into(), &["1:2 unknown key `deamon` | did you mean `daemon`?"]),
        ("fetch = 3\n".into(), &["1:9 `fetch`: a whole number cannot stand here | write a table of"]),
        ("[daemon]\nlisten = \"0.0.0.0:80\"\n".into(), &["2:10 `daemon.listen`: 0.0.0.0:80 can be reached by other"]),
        (
            "[websub]\ncallback = \"https://news.example/hooks?x=1\"\nlisten = \"127.0.0.1:7377\"\n".into(),
            &[
                "2:12 `websub.callback` is no address that hubs can call",
                "3:10 `websub.listen` (127.0.0.1:7377) is `daemon.listen` too | strangers",
            ],
        ),
        (
            "[websub]\ncallback = \"https://news.example/hooks\"\nlisten = \"0.0.0.0:7377\"\n".into(),
            &["3:10 `websub.listen` (0.0.0.0:7377) is `daemon.listen` too"],
        ),
        ("[websub]\ncallback = \"/hooks\"\n".into(), &["2:12 `websub.callback`: relative URL without a base"]),
        (
            feed("identity = \"guids\""),
            &["4:12 `identity`: \"guids\" is not one of the values | did you mean \"guid\"?"],
        ),
        ("[daemon]\nlisten = \"localhost\"\n".into(), &["2:10 `daemon.listen`:"]),
        (
            "[schedule]\nmin_interval = \"2d\"\n".into(),
            &["2:16 `schedule.min_interval` (2d) is longer than `max_interval` (1d)"],
        ),
        ("[schedule]\nmin_interval = \"1h\"\n".into(), &["2:16 `schedule.default_interval` (15m) is shorter than"]),
        (
            "[pipeline]\nretry = { first = \"7h\" }\n".into(),
            &["2:19 `pipeline.retry.first` (7h) is longer than `max` (6h)"],
        ),
        ("[publish]\nkind = \"kafka\"\n".into(), &["2:8 `publish.kind` is \"kafka\", but no brokers are named"]),
        (
            "[publish]\nkind = \"kafka\"\n[publish.kafka]\nbrokers = \"a:9092,b\"\ntopic = \"a b\"\n".into(),
            &[
                "4:11 `publish.kafka.brokers`: \"b\" is not `host:port`",
                "5:9 `publish.kafka.topic`: \"a b\" cannot be a topic's name",
            ],
        ),
        (
            "[publish.kafka.properties]\n\"acks\" = \"1\"\n\"plugin.library.paths\" = \"x\"\n".into(),
            &[
                "2:1 the property `acks` may not stand here | ",
                "3:1 the property `plugin.library.paths` may not stand here | ",
            ],
        ),
        ("[feeds]\nid = \"a\"\n".into(), &["1:2 `feeds` is a list: its heading has two brackets | write `[[feeds]]`"]),
        ("[[feeds]]\n".into(), &["1:1 this feed has no `id`", "1:1 this feed has no `url`"]),
        (
            "[[feeds]]\nid = \"a\"\nulr = \"https://a.example\"\n".into(),
            &["3:1 unknown key `ulr` | did you mean `url`?"],
        ),
        ("[[feeds]]\nid = \"A b\"\nurl = \"https://a.example\"\n".into(), &["2:6 \"A b\" cannot be a feed's id"]),
        ("[[feeds]]\nid = \"a\"\nurl = \"a.example/feed\"\n".into(), &["3:7 `url`: relative URL without a base"]),
        ("[[feeds]]\nid = \"a\"\nurl = \"file:///etc/passwd\"\n".into(), &["3:7 a feed's address starts with http://"]),
        (feed("interval = \"1m\""), &["4:12 the interval of \"a\" (1m) is out of bounds | write from 5m"]),
        (
            feed("full_text = \"yes\""),
            &["4:13 `full_text`: \"yes\" is not one of the values | write \"auto\", \"page\" or \"feed\""],
        ),
        (format!("{AGENT}per_host = [1, \"1s\"]\n"), &["3:12 `fetch.per_host`: a list cannot stand here"]),
        (feed("headers = { Authorization = [\"x\"] }"), &["4:29 `headers.Authorization`: a list cannot stand here"]),
        (feed("tags = [\"a\", 3]"), &["4:14 `tags`"]),
        (feed("backfill = 0"), &["4:12 `backfill` must be at least 1, not 0"]),
        (
            feed("headers = { \"X Y\" = \"v\", Host = \"v\", a = \"1\", A = \"2\" }"),
            &["\"X Y\" cannot be a header's name", "the header \"Host\" is set by the desk", "is given twice"],
        ),
        (feed("headers = { Authorization = { evn = \"X\" } }"), &["4:29 `headers.Authorization`: this says neither"]),
    ];
    for (text, expected) in table {
        let told = Desk::new(&text).told();
        assert_eq!(told.len(), expected.len(), "{text}\n{told:#?}");
        for part in expected {
            assert!(told.iter().any(|told| told.contains(part)), "{text}\nwanted {part:?} in {told:#?}");
        }
    }
}

#[test]
fn the_same_feed_under_two_names_is_told_with_both_places() {
    let desk = Desk::new("[[feeds]]\nid = \"a\"\nurl = \"https://www.a.example/feed/\"\n").file(
        "feeds.d/more.toml",
        "# more\n[[feeds]]\nid = \"b\"\nurl = \"http://a.example:80/feed?utm_source=rss#top\"\n",
    );
    let told = desk.told();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("more.toml:4:7 \"b\" is the same feed as \"a\", at "), "{told:#?}");
    assert!(told[0].contains("wiredesk.toml:3:7 | a feed is polled once"), "{told:#?}");
    let shown = desk.faults().to_string();
    assert!(shown.contains("the first one") && shown.contains("www.a.example"), "{shown}");
}

#[test]
fn an_id_given_twice_is_told_with_both_places() {
    let desk = Desk::new(
        "[[feeds]]\nid = \"a\"\nurl = \"https://a.example/1\"\n[[feeds]]\nid = \"a\"\nurl = \"https://a.example/2\"\n",
    );
    let told = desk.told();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("wiredesk.toml:5:6 another feed has the id \"a\", at "), "{told:#?}");
    assert!(told[0].contains("wiredesk.toml:2:6"), "{told:#?}");
}

#[test]
fn further_files_hold_feeds_only_and_are_read_by_name() {
    let one = |id: &str| format!("[[feeds]]\nid = \"{id}\"\nurl = \"https://{id}.example/\"\n");
    let desk = Desk::new(AGENT).file("feeds.d/b.toml", &one("b")).file("feeds.d/a.toml", &one("a"));
    let desk = desk.file("feeds.d/.c.toml", "broken").file("feeds.d/d.txt", "broken");
    let ids: Vec<String> = load(&desk.path()).expect("no fault").feeds.iter().map(|feed| feed.id.to_string()).collect();
    assert_eq!(ids, ["a", "b"]);
    let told = desk.file("feeds.d/e.toml", "[fetch]\ntimeout = \"3s\"\n").told();
    assert!(told[0].starts_with("e.toml:1:2 `fetch` does not belong here"), "{told:#?}");
}

#[test]
fn faults_point_at_the_bad_part_of_the_line() {
    let faults = Desk::new("[fetch]\ntimeout = \"soon\"\n").faults();
    let shown = faults.to_string();
    assert!(shown.contains("2 | timeout = \"soon\"") && shown.contains("^^^^^^"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colour where no terminal is");
    assert!(shown.ends_with("1 error, 1 warning\n"), "{shown}");
}

#[test]
fn a_secret_is_never_shown() {
    let secret = "hunter2-é-hunter2";
    for text in [
        format!(
            "[[feeds]]\nid = \"A\"\nurl = \"https://u:{secret}@a.example/\"\nheaders = {{ \"X Y\" = \"{secret}\", B = [\"{secret}\"] }}\n"
        ),
        format!("[publish.kafka]\nproperties = {{ \"sasl.password\" = \"{secret}\", acks = \"{secret}\" }}\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\" = \"{secret}\nacks = \"1\"\n"),
        format!("[publish.kafka.properties]\nunheard.of = \"{secret}\"\n\"linger.ms\" = \"{secret}\"\n"),
        format!("[publish]\nkafka_password = '{secret}'\n"),
        format!("[fetch]\nproxy = \"ftp://u:{secret}@p.example\"\n"),
        format!(
            "[[feeds]]\nid = \"a\"\nurl = \"https://a.example/\"\n[feeds.headers]\nAuthorization = \"\"\"\n{secret}\n\"\"\"\n"
        ),
        // Slips of the hand around a password, each of which shows its line.
        format!("[publish.kafka.properties]\n\"sasl.password\" = {secret}\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\": \"{secret}\"\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\" \"{secret}\"\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\" = \"\"\"\n{secret}\"\"\" oops\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\" = '''\nx\n{secret}=\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\" = \"{secret}\" oops\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\" = \"{secret}\"\n\"sasl.password\" = \"{secret}\"\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\" = [\"\",\n\"{secret}\"]\n"),
        format!("[publish.kafka.properties]\n\"sasl.password\" = {{ value = \"{secret}\" }}\n"),
        format!("[publish.kafka.properties]\nsasl.password = \"{secret}\"\n"),
        format!("[publish.kafka]\nproperties = \"{secret}\"\n"),
        format!("[publish.kafka]\nproperties = {{ \"sasl.password\" = \"{secret}\" \"acks\" = 1 }}\n"),
        format!("[publish.kafka]\nproperties = {{ \"sasl.password\" = {secret}, acks = \"1\" }}\n"),
        format!(
            "[publish]\nkind = \"kafka\"\n[publish.kafka]\nbrokers = \"k:9\"\n[publish.kafka.properties]\n\
             \"ssl.key.location\" = \"{secret}\"\n"
        ),
    ] {
        let faults = Desk::new(&text).faults();
        let shown = faults.to_string() + &serde_json::to_string(faults.rows()).expect("rows") + &format!("{faults:?}");
        assert!(!shown.contains("hunter2"), "{text}\n{shown}");
    }
}

#[test]
fn secrets_come_from_files_beside_the_configuration_and_lose_their_last_line_end() {
    let feed = |source: &str| {
        format!(
            "{AGENT}[[feeds]]\nid = \"a\"\nurl = \"https://a.example/\"\nheaders = {{ Authorization = {source} }}\n"
        )
    };
    let desk = Desk::new(&feed("{ file = \"token\" }")).file("token", "Bearer x \n");
    let loaded = load(&desk.path()).expect("no fault");
    assert_eq!(loaded.feeds[0].headers[0].1.reveal(), "Bearer x ");
    let told = Desk::new(&feed("{ file = \"absent\" }")).told();
    assert!(
        told[0].contains("the header \"Authorization\" of \"a\": cannot read") && told[0].contains("absent"),
        "{told:#?}"
    );
    let told = Desk::new(&feed("{ env = \"WIREDESK_TEST_ABSENT\" }")).told();
    assert!(told[0].contains("the environment variable WIREDESK_TEST_ABSENT is not set"), "{told:#?}");
    let told = Desk::new(&feed("{ file = \"token\" }")).file("token", "two\nlines\n").told();
    assert!(told[0].contains("cannot carry"), "{told:#?}");
    // Commands that only look at the configuration need no secrets.
    assert!(read(&Desk::new(&feed("{ env = \"WIREDESK_TEST_ABSENT\" }")).path()).is_ok());
}

#[test]
fn what_is_no_file_is_refused_wherever_a_file_is_named() {
    let desk = Desk::new(&format!(
        "{AGENT}[[feeds]]\nid = \"a\"\nurl = \"https://a.example/\"\nheaders = {{ X-Key = {{ file = \"/dev/zero\" }} }}\n"
    ));
    let told = desk.told();
    assert!(told[0].ends_with("\"a\": cannot read /dev/zero: it is no regular file"), "{told:#?}");
    let told = rows(&load(Path::new("/dev/zero")).expect_err("no file"));
    assert!(told[0].contains("cannot read the file: it is no regular file"), "{told:#?}");
    let desk = Desk::new("").file("feeds.d/a.toml", "");
    let link = desk.path().with_file_name("feeds.d").join("b.toml");
    std::os::unix::fs::symlink("/dev/zero", link).expect("a link");
    let told = desk.told();
    assert!(told[0].starts_with("b.toml:1:1 cannot read the file: it is no regular file"), "{told:#?}");
}

#[test]
fn a_file_that_nobody_can_have_meant_is_refused() {
    let desk = Desk::new("").file("token", &"x".repeat(70 << 10));
    std::fs::File::create(desk.path()).and_then(|file| file.set_len(300 << 20)).expect("a large file");
    let told = desk.told();
    assert!(told[0].contains("cannot read the file: it holds more than 67108864 bytes"), "{told:#?}");
    let text = format!(
        "{AGENT}[[feeds]]\nid = \"a\"\nurl = \"https://a.example/\"\nheaders = {{ X-Key = {{ file = \"token\" }} }}\n"
    );
    let told = desk.file("wiredesk.toml", &text).told();
    assert!(told[0].ends_with("token: it holds more than 65536 bytes"), "{told:#?}");
}

#[test]
fn a_hundred_thousand_faults_are_told_in_a_breath() {
    let unknown: String = (0..100_000).map(|n| format!("unheard_of_{n} = 1\n")).collect();
    let twice = "[[feeds]]\nid = \"a\"\nurl = \"https://a.example/feed\"\n".repeat(20_000);
    let desk = Desk::new(&format!("{AGENT}{unknown}")).file("feeds.d/a.toml", &twice);
    let began = std::time::Instant::now();
    let told = desk.told();
    assert_eq!(told.len(), 100_000 + 2 * 19_999);
    assert!(told[99_999].starts_with("wiredesk.toml:100002:1 unknown key `unheard_of_99999`"), "{}", told[99_999]);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn logins_and_cookies_become_headers_for_the_feeds_own_host() {
    let feed = |rest: &str| format!("{AGENT}[[feeds]]\nid = \"a\"\nurl = \"https://a.example/\"\n{rest}\n");
    let desk = Desk::new(&feed("basic_auth = { file = \"login\" }\ncookies = { b = { file = \"b\" }, a = \"1\" }"));
    let desk = desk.file("login", "desk:hunter2\n").file("b", "2\n");
    let headers = load(&desk.path()).expect("no fault").feeds.remove(0).headers;
    let told: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
    assert_eq!(told, [("Authorization", "Basic ZGVzazpodW50ZXIy"), ("Cookie", "a=1; b=2")]);
    for (rest, message) in [
        ("basic_auth = \"hunter2\"", "`basic_auth` of \"a\" has no `:`"),
        ("basic_auth = \"a:hunter2\"\nheaders = { authorization = \"hunter2\" }", "`basic_auth` and another login"),
        ("cookies = { a = \"hunter2;\" }", "the cookie \"a\" of \"a\" holds a character"),
        ("cookies = { \"a b\" = \"hunter2\" }", "cannot be a cookie's name"),
        ("cookies = { a = \"1\" }\nheaders = { Cookie = \"hunter2\" }", "`cookies` and a header `Cookie`"),
    ] {
        let faults = Desk::new(&feed(rest)).faults();
        assert!(rows(&faults).iter().any(|told| told.contains(message)), "{rest}: {:#?}", rows(&faults));
        assert!(!faults.to_string().contains("hunter2"), "{faults}");
    }
}

#[cfg(unix)]
#[test]
fn a_secret_that_everybody_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let text = format!(
        "{AGENT}[publish]\nkind = \"kafka\"\n[publish.kafka]\nbrokers = \"k:9092\"\n\
         properties = {{ \"sasl.username\" = {{ file = \"token\" }} }}\n"
    );
    let desk = Desk::new(&text).file("token", "x");
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(desk.path().with_file_name("token"), permissions).expect("permissions");
        let loaded = load(&desk.path()).expect("no fault");
        assert_eq!(loaded.kafka_properties["sasl.username"].reveal(), "x");
        loaded.warnings.rows().iter().any(|row| row.message.contains("every user of this machine may read"))
    };
    assert!(mode(0o644));
    assert!(!mode(0o600));
}

#[test]
fn the_data_dir_is_beside_the_configuration() {
    let desk = Desk::new("[daemon]\ndata_dir = \"state\"\n");
    let loaded = load(&desk.path()).expect("no fault");
    assert_eq!(loaded.config.daemon.data_dir, desk.0.path().join("state"));
}

#[test]
fn a_desk_that_names_no_operator_is_warned() {
    let loaded = load(&Desk::new("").path()).expect("no fault");
    let warned: Vec<&str> = loaded.warnings.rows().iter().map(|row| row.message.as_str()).collect();
    assert!(warned.iter().any(|message| message.starts_with("say who you are")), "{warned:?}");
    assert!(warned.contains(&"no feeds are configured"), "{warned:?}");
}

#[test]
fn the_config_hash_changes_with_what_shapes_articles_and_with_nothing_else() {
    let hash = |text: &str| config_hash(&load(&Desk::new(text).path()).expect("no fault").config);
    assert_eq!(hash("").len(), 12);
    assert_eq!(hash(""), hash("[fetch]\ntimeout = \"9s\"\n"));
    assert_ne!(hash(""), hash("[extract]\nmin_words = 41\n"));
}

#[test]
fn ten_thousand_feeds_are_read_in_a_breath() {
    let feeds: String = (0..10_000)
        .map(|n| format!("[[feeds]]\nid = \"f{n}\"\nurl = \"https://f{n}.example/feed\"\ntags = [\"x\"]\n"))
        .collect();
    let desk = Desk::new(AGENT).file("feeds.d/many.toml", &feeds);
    let began = std::time::Instant::now();
    assert_eq!(load(&desk.path()).expect("no fault").feeds.len(), 10_000);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

/// The example with the keys that have no default taken out of their comments.
fn example(all: bool) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/wiredesk.toml"));
    let text = std::fs::read_to_string(path).expect("the example is there");
    let open = |line: &str| match line.strip_prefix('#') {
        Some(rest) if all && !rest.is_empty() && !rest.starts_with(' ') => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(open).collect()
}

#[test]
fn the_example_says_what_the_defaults_are() {
    let loaded = read(&Desk::new(&example(false)).path()).expect("no fault");
    let mut defaults = Config::default();
    defaults.daemon.data_dir = loaded.folder.join(defaults.daemon.data_dir);
    assert_eq!(loaded.config, defaults);
}

#[test]
fn the_example_holds_every_key() {
    let text = example(true);
    let desk = Desk::new(&text);
    read(&desk.path()).expect("no fault with every key in use");
    let source = source::Source { holds: source::Holds::All, path: desk.path(), text, readable: true };
    let document = source::parse(0, &source, &mut Vec::new()).expect("TOML");
    let keys = keys::config();
    for path in keys::leaves(&keys) {
        assert!(document.has(&path), "{} is not in config/wiredesk.toml", path.join("."));
    }
    for list in ["feeds", "rules"] {
        let items = document.root.iter().find(|(key, _)| key.get_ref() == list).expect("the list").1;
        let item = items.get_ref().as_array().and_then(|items| items.first()).expect("an item");
        for key in keys::item(&keys, list) {
            let table = item.get_ref().as_table().expect("a table");
            let name = &key.name;
            assert!(source::key_place(table, &[name]).is_some(), "{list}.{name} is not in config/wiredesk.toml");
        }
    }
}

#[test]
fn the_example_and_its_feeds_load_as_they_are() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/wiredesk.toml"));
    let loaded = load(path).expect("no fault");
    assert_eq!((loaded.feeds.len(), loaded.rules.len()), (10, 1));
}

#[test]
fn a_file_that_breaks_off_anywhere_is_told_and_never_a_panic() {
    let text = example(true) + "[publish.kafka.properties]\n\"ü\" = \"\"\"\né\n\"\"\" # ü\n";
    for end in (0..text.len()).step_by(29).filter(|end| text.is_char_boundary(*end)) {
        for broken in [text[..end].to_owned(), text[end..].to_owned(), format!("{}[=\"é{}", &text[..end], &text[end..])]
        {
            if let Err(faults) = read(&Desk::new(&broken).path()) {
                assert!(!print::render(&faults, true).is_empty());
            }
        }
    }
}

#[test]
fn the_configuration_of_the_compose_file_is_sound() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/wiredesk.toml"));
    assert_eq!(load(path).expect("no fault").config.publish.kind, Kind::Kafka);
}

const RULE: &str = "[[rules]]\nid = \"a\"\nhosts = [\"a.example\"]\nbody = \"article\"\n";

#[test]
fn each_mistake_in_a_rule_is_named_where_it_stands() {
    let rule = |rest: &str| format!("{RULE}{rest}\n");
    let table: Vec<(String, &[&str])> = vec![
        ("[rules]\nid = \"a\"\n".into(), &["1:2 `rules` is a list: its heading has two brackets | write `[[rules]]`"]),
        ("[[rules]]\n".into(), &["1:1 this rule has no `id`", "1:1 this rule has no `hosts`"]),
        ("[[rules]]\nid = \"a\"\nhosts = [\"a.example\"]\n".into(), &["2:6 the rule selects nothing | add `body`"]),
        (rule("bdoy = \"p\""), &["5:1 unknown key `bdoy` | did you mean `body`?"]),
        (rule("strip = 3"), &["5:9 `strip`: a whole number cannot stand here | write a CSS selector in quotes"]),
        (rule("strip = [\"p\", 3]"), &["`strip`: invalid type"]),
        (
            rule("strip = [\"p\", \"p >\"]\ntitle = \"h1::\""),
            &["5:15 `strip`: \"p >\" is no selector: it begins or ends", "6:9 `title`: \"h1::\" is no selector: "],
        ),
        (
            rule("valid_from = \"spring\""),
            &["5:14 `valid_from`: \"spring\" is not a date | write a date, as in 2026-11-27"],
        ),
        (
            rule("valid_from = 2026-04-01\nvalid_until = 2026-03-31"),
            &["6:15 the rule ends (2026-03-31) before it begins"],
        ),
        (
            RULE.replace("[\"a.example\"]", "[\"a.example\", \"https://b\"]"),
            &["3:23 \"https://b\" is no host: it has a scheme"],
        ),
        (
            RULE.replace("[\"a.example\"]", "\"a.example\""),
            &["3:9 `hosts`: a text cannot stand here | write a list of texts"],
        ),
        (RULE.replace("\"a\"", "\"A b\""), &["2:6 \"A b\" cannot be a rule's id"]),
        (
            format!("{RULE}{}", RULE.replace("id = \"a\"", "id = \"b\"")),
            &["7:9 \"b\" is for a.example as \"a\" is, at "],
        ),
        (format!("{RULE}{}", RULE.replace("a.example", "b.example")), &["6:6 another rule has the id \"a\", at "]),
    ];
    for (text, expected) in table {
        let told = Desk::new("").file("rules.d/r.toml", &text).told();
        assert_eq!(told.len(), expected.len(), "{text}\n{told:#?}");
        for part in expected {
            assert!(
                told.iter().any(|told| told.starts_with("r.toml:") && told.contains(part)),
                "{text}\nwanted {part:?} in {told:#?}"
            );
        }
    }
}

#[test]
fn rules_stand_in_files_of_their_own_or_in_the_main_file_and_nothing_else_stands_there() {
    let desk =
        Desk::new(&RULE.replace("\"a\"", "\"main\"").replace("a.example", "main.example")).file("rules.d/b.toml", RULE);
    let loaded = load(&desk.path()).expect("no fault");
    assert_eq!(loaded.rules.len(), 2);
    assert_eq!(loaded.rules.choose("https://a.example/x", None).map(|rule| rule.id()), Some("a"));
    let told = desk.file("rules.d/c.toml", "[[rule]]\n").file("feeds.d/d.toml", RULE).told();
    assert!(
        told[0].starts_with("d.toml:1:3 `rules` does not belong here | files in feeds.d hold `[[feeds]]` only"),
        "{told:#?}"
    );
    assert!(told[1].starts_with("c.toml:1:3 `rule` does not belong here | did you mean `[[rules]]`?"), "{told:#?}");
}

#[test]
fn the_config_hash_covers_the_rules_but_neither_their_order_nor_what_is_said_about_them() {
    let hash = |main: &str, rules: &str| {
        config_hash(&load(&Desk::new(main).file("rules.d/r.toml", rules).path()).expect("no fault").config)
    };
    let other = RULE.replace("id = \"a\"", "id = \"b\"").replace("a.example", "b.example");
    assert_ne!(hash("", ""), hash("", RULE));
    assert_ne!(hash("", RULE), hash("", &RULE.replace("article", "main")));
    assert_ne!(hash("", RULE), hash("", &format!("{RULE}valid_until = 2026-04-01\n")));
    assert_eq!(hash("", RULE), hash("", &format!("{RULE}about = \"said\"\n")));
    assert_eq!(hash("", &format!("{RULE}{other}")), hash(RULE, &other));
    assert_eq!(hash(&other, RULE), hash(RULE, &other));
}

/// What is told of a desk that publishes to Kafka with these properties.
fn told_of_properties(properties: &str) -> Vec<String> {
    let text = format!(
        "{AGENT}[publish]\nkind = \"kafka\"\n[publish.kafka]\nbrokers = \"k:9092\"\ntopic = \"t\"\n\
         [publish.kafka.properties]\n{properties}\n[[feeds]]\nid = \"a\"\nurl = \"https://a.example/\"\n"
    );
    let faults = match load(&Desk::new(&text).path()) {
        Ok(loaded) => loaded.warnings,
        Err(faults) => faults,
    };
    faults.rows().iter().map(|row| row.message.clone()).collect()
}

#[test]
fn protections_towards_kafka_that_are_off_or_of_no_effect_are_warned_of() {
    for (properties, warning) in [
        ("\"sasl.password\" = \"p\"", "`sasl.password` stands in the configuration"),
        ("\"sasl.username\" = \"u\"", "`sasl.username` has no effect: `security.protocol` is plaintext"),
        (
            "\"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanism\" = \"PLAIN\"\n\"sasl.username\" = \"u\"\n\
             \"sasl.password\" = { env = \"PATH\" }",
            "the password travels as it is",
        ),
    ] {
        let told = told_of_properties(properties);
        assert!(told.iter().any(|line| line.contains(warning)), "{properties}: {told:#?}");
    }
    assert_eq!(told_of_properties("\"socket.keepalive.enable\" = \"true\""), Vec::<String>::new());
}

#[test]
fn properties_that_cannot_work_together_are_a_fault_before_any_broker_is_asked() {
    let sasl = "\"security.protocol\" = \"SASL_PLAINTEXT\"\n";
    let told = told_of_properties(&format!("{sasl}\"sasl.mechanism\" = \"PLAIN\""));
    assert!(told.iter().any(|line| line.contains("sasl.username and sasl.password must be set")), "{told:#?}");
    let told = told_of_properties(&format!("{sasl}\"sasl.mechanism\" = \"CHARM\""));
    assert!(told.iter().any(|line| line.contains("cannot work") && line.contains("CHARM")), "{told:#?}");
}
