//! What the types of the sections cannot say: values that contradict each other, and values that cannot work.

use wiredesk_model::units::{Size, Span};

use super::fault::Fault;
use super::settings::Config;
use super::source::Document;

/// Checks the sections of the main file; [`super::kafka`] has `[publish.kafka]`.
pub(crate) fn sections(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    daemon(config, main, faults);
    schedule(config, main, faults);
    fetch(config, main, faults);
    websub(config, main, faults);
    nothing_is_zero(config, main, faults);
    let retry = &config.pipeline.retry;
    if retry.first > retry.max {
        let message = format!("`pipeline.retry.first` ({}) is longer than `max` ({})", retry.first, retry.max);
        faults.push(Fault::error(main.file, main.at(&["pipeline", "retry", "first"]), message));
    }
}

fn daemon(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    let daemon = &config.daemon;
    if !daemon.listen.ip().is_loopback() && !daemon.allow_remote {
        let message = format!("`daemon.listen`: {} can be reached by other machines", daemon.listen);
        faults.push(
            Fault::error(main.file, main.at(&["daemon", "listen"]), message)
                .help("write an address of 127.0.0.0/8 or [::1], or add `allow_remote = true`"),
        );
    }
    if daemon.data_dir.as_os_str().is_empty() {
        faults.push(
            Fault::error(main.file, main.at(&["daemon", "data_dir"]), "`daemon.data_dir` is empty")
                .help("write the folder where the desk keeps its state"),
        );
    }
}

fn schedule(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    let schedule = &config.schedule;
    let (min, default, max) = (schedule.min_interval, schedule.default_interval, schedule.max_interval);
    let mut contradiction = |key: &str, message: String| {
        // The default may be the one that is written nowhere: point at what is.
        let written = [key, "min_interval", "max_interval"].into_iter().find(|key| main.has(&["schedule", key]));
        let at = main.at(&["schedule", written.unwrap_or(key)]);
        faults.push(
            Fault::error(main.file, at, message).help("min_interval <= default_interval <= max_interval must hold"),
        );
    };
    if min > max {
        contradiction("min_interval", format!("`schedule.min_interval` ({min}) is longer than `max_interval` ({max})"));
    } else if default < min {
        contradiction(
            "default_interval",
            format!("`schedule.default_interval` ({default}) is shorter than `min_interval` ({min})"),
        );
    } else if default > max {
        contradiction(
            "default_interval",
            format!("`schedule.default_interval` ({default}) is longer than `max_interval` ({max})"),
        );
    }
}

fn fetch(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    let fetch = &config.fetch;
    let at = |key: &str| main.at(&["fetch", key]);
    let agent = fetch.user_agent.trim();
    if agent.is_empty() || !agent.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        faults.push(
            Fault::error(main.file, at("user_agent"), "`fetch.user_agent` must be ASCII text of one line")
                .help(r#"write who you are and where to complain: "Example Desk/1.0 (+https://example.org/bot)""#),
        );
    } else if fetch.user_agent == wiredesk_fetch::settings::Settings::default().user_agent {
        faults.push(
            Fault::warning(main.file, at("user_agent"), "say who you are: `fetch.user_agent` names no operator")
                .help(r#"publishers block readers they cannot ask: "Example Desk/1.0 (+https://example.org/bot)""#),
        );
    }
    let largest = fetch.page_limit.max(fetch.feed_limit);
    if fetch.memory < largest {
        let message = format!("`fetch.memory` ({}) is less than one body may weigh ({largest})", fetch.memory);
        let key = ["memory", "feed_limit", "page_limit"].into_iter().find(|key| main.has(&["fetch", key]));
        faults.push(
            Fault::error(main.file, at(key.unwrap_or("memory")), message)
                .help("raise it over `page_limit` and `feed_limit`"),
        );
    }
    if fetch.per_host.delay >= fetch.timeout && !fetch.timeout.0.is_zero() {
        let message = format!(
            "`fetch.per_host.delay` ({}) is not shorter than `fetch.timeout` ({})",
            fetch.per_host.delay, fetch.timeout
        );
        let written = main.has(&["fetch", "per_host", "delay"]);
        let at = if written { main.at(&["fetch", "per_host", "delay"]) } else { at("timeout") };
        faults
            .push(Fault::error(main.file, at, message).help("a redirect within a host waits for the host's next turn"));
    }
    let Some(proxy) = &fetch.proxy else { return };
    let good = url::Url::parse(proxy)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host());
    if !good {
        faults.push(
            Fault::error(main.file, at("proxy"), "`fetch.proxy` is not the address of a proxy")
                .help(r#"write "http://host:port" or "socks5h://host:port""#),
        );
    }
}

fn websub(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    let websub = &config.websub;
    let Some(callback) = &websub.callback else { return };
    let at = |key: &str| main.at(&["websub", key]);
    let whole = matches!(callback.scheme(), "http" | "https") && callback.has_host();
    let plain = callback.query().is_none() && callback.fragment().is_none() && callback.username().is_empty();
    if !whole || !plain || callback.password().is_some() {
        let message = "`websub.callback` is no address that hubs can call";
        faults.push(Fault::error(main.file, at("callback"), message).help(r#"write "https://host/path""#));
    } else if callback.scheme() == "http" {
        let message = "`websub.callback` is not https: whoever listens in can read what hubs push, and hold it back";
        faults.push(
            Fault::warning(main.file, at("callback"), message).help("put a proxy with TLS before `websub.listen`"),
        );
    }
    let admin = config.daemon.listen;
    // An unspecified address is all of them. Port 0 is another one each time.
    let everywhere = websub.listen.ip().is_unspecified() || admin.ip().is_unspecified();
    let same = websub.listen.port() == admin.port() && (everywhere || websub.listen.ip() == admin.ip());
    if same && admin.port() != 0 {
        let message = format!("`websub.listen` ({}) is `daemon.listen` too", websub.listen);
        faults.push(
            Fault::error(main.file, at("listen"), message)
                .help("strangers speak to this port: give it one of its own, as in \"127.0.0.1:7378\""),
        );
    }
}

/// Spans and sizes have no `NonZero`: where 0 would hang or refuse everything, it is refused here.
fn nothing_is_zero(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    let Config { schedule, fetch, pipeline, dedup, publish, .. } = config;
    let spans: [(&[&str], Span); 9] = [
        (&["schedule", "default_interval"], schedule.default_interval),
        (&["schedule", "min_interval"], schedule.min_interval),
        (&["schedule", "max_interval"], schedule.max_interval),
        (&["fetch", "timeout"], fetch.timeout),
        (&["pipeline", "retry", "first"], pipeline.retry.first),
        (&["pipeline", "retry", "max"], pipeline.retry.max),
        (&["dedup", "window"], dedup.window),
        (&["publish", "kafka", "connect_timeout"], publish.kafka.connect_timeout),
        (
            &["publish", "kafka", "create_topics", "retention"],
            publish.kafka.create_topics.as_ref().map_or(Span::days(1), |topics| topics.retention),
        ),
    ];
    let sizes: [(&[&str], Size); 5] = [
        (&["fetch", "page_limit"], fetch.page_limit),
        (&["fetch", "feed_limit"], fetch.feed_limit),
        (&["fetch", "memory"], fetch.memory),
        (&["publish", "in_flight", "bytes"], publish.in_flight.bytes),
        (&["publish", "log", "rotate"], publish.log.rotate),
    ];
    let zeros = spans.iter().filter(|(_, span)| span.0.is_zero()).map(|(path, _)| path);
    for path in zeros.chain(sizes.iter().filter(|(_, size)| size.0 == 0).map(|(path, _)| path)) {
        let message = format!("`{}` must be more than 0", path.join("."));
        faults.push(Fault::error(main.file, main.at(path), message));
    }
}
