//! Header fields as servers write them: three forms of dates, waits in seconds or as a date, validators with any bytes.

use std::time::Duration;

use jiff::{Timestamp, civil, fmt::rfc2822, tz::TimeZone};
use reqwest::header::{CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER};
use wiredesk_model::feed::Validators;

/// The least and the most that a `Retry-After` is taken for.
const RETRY: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(24 * 3600));

/// The field as text, what is no UTF-8 replaced.
pub(crate) fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned())
}

/// The field byte for byte; `None` where it is no UTF-8 and could not be kept as it is.
fn exact(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = std::str::from_utf8(headers.get(name)?.as_bytes()).ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// What the answer gave to ask again with.
pub(crate) fn validators(headers: &HeaderMap) -> Validators {
    Validators { etag: exact(headers, ETAG), last_modified: exact(headers, LAST_MODIFIED) }
}

/// The validators after a 304, where it changed any: a field that it does not repeat stays (RFC 9111 §4.3.4).
pub(crate) fn refreshed(old: &Validators, headers: &HeaderMap) -> Option<Validators> {
    let given = validators(headers);
    let new = Validators {
        etag: given.etag.or_else(|| old.etag.clone()),
        last_modified: given.last_modified.or_else(|| old.last_modified.clone()),
    };
    (new != *old).then_some(new)
}

/// An HTTP date in any of its three forms (RFC 9110 §5.6.7).
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let rfc2822 = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    if let Ok(timestamp) = rfc2822.parse_timestamp(text) {
        return Some(timestamp);
    }
    let forms =
        ["%A, %d-%b-%y %H:%M:%S GMT", "%a, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S GMT"];
    let civil = forms.iter().find_map(|form| civil::DateTime::strptime(form, text).ok())?;
    // The last day of the year 9999 is a favourite for "never", and later than the last time there is.
    Some(civil.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp()))
}

/// The answer's own clock, or ours where it shows none.
fn sent(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    text(headers, DATE).and_then(|value| date(&value)).unwrap_or(now)
}

fn between(from: Timestamp, to: Timestamp) -> Option<Duration> {
    u64::try_from(to.as_second().saturating_sub(from.as_second())).ok().map(Duration::from_secs)
}

/// How long to stay away, in seconds or until a date (RFC 9110 §10.2.3), clamped to between a minute and a day.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?;
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        between(sent(headers, now), date(value)?).unwrap_or_default()
    };
    Some(wait.clamp(RETRY.0, RETRY.1))
}

/// For how long the answer stays fresh. `None` where it says nothing, or that it must not be kept.
pub(crate) fn max_age(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let mut age = None;
    for line in headers.get_all(CACHE_CONTROL) {
        for directive in String::from_utf8_lossy(line.as_bytes()).split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-cache" | "no-store" => return None,
                "max-age" if age.is_none() => {
                    let digits = value.trim().trim_matches('"');
                    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                        age = Some(Duration::from_secs(digits.parse().unwrap_or(u64::from(u32::MAX))));
                    }
                }
                _ => {}
            }
        }
    }
    age.or_else(|| between(sent(headers, now), date(&text(headers, EXPIRES)?)?))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn now() -> Timestamp {
        "1994-11-06T08:49:37Z".parse().expect("a time")
    }

    fn headers(fields: &[(&'static str, &[u8])]) -> HeaderMap {
        fields.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_bytes(v).expect("a value"))).collect()
    }

    #[test]
    fn dates_are_read_in_their_three_forms() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(date(text), Some(now()), "{text}");
        }
        for text in ["", "0", "-1", "tomorrow", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn retry_after_is_read_in_seconds_or_as_a_date_and_clamped() {
        for (value, seconds) in [
            ("120", 120),
            ("0", 60),
            ("999999999999999999999999", 86_400),
            ("Sun, 06 Nov 1994 09:49:37 GMT", 3600),
            ("Sun, 06 Nov 1994 07:49:37 GMT", 60),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ] {
            let read = retry_after(&headers(&[("retry-after", value.as_bytes())]), now());
            assert_eq!(read, Some(Duration::from_secs(seconds)), "{value}");
        }
        for value in ["", "soon", "-5", "1.5"] {
            assert_eq!(retry_after(&headers(&[("retry-after", value.as_bytes())]), now()), None, "{value}");
        }
        // A server whose clock is a year ahead still means an hour.
        let skewed =
            [("date", &b"Mon, 06 Nov 1995 08:49:37 GMT"[..]), ("retry-after", b"Mon, 06 Nov 1995 09:49:37 GMT")];
        assert_eq!(retry_after(&headers(&skewed), now()), Some(Duration::from_secs(3600)));
    }

    #[test]
    fn freshness_is_max_age_or_expires_minus_date() {
        for (fields, seconds) in [
            (vec![("cache-control", &b"public, max-age=300"[..])], Some(300)),
            (vec![("cache-control", b"Max-Age=\"60\", s-maxage=9")], Some(60)),
            (vec![("cache-control", b"max-age=0")], Some(0)),
            (vec![("cache-control", b"no-cache, max-age=300")], None),
            (vec![("cache-control", b"max-age=oops")], None),
            (vec![("expires", b"Sun, 06 Nov 1994 08:59:37 GMT")], Some(600)),
            (vec![("expires", b"0")], None),
            (vec![("expires", b"Sun, 06 Nov 1994 08:00:00 GMT")], None),
            (vec![("cache-control", b"max-age=5"), ("expires", b"Sun, 06 Nov 1994 08:59:37 GMT")], Some(5)),
            (vec![], None),
        ] {
            assert_eq!(max_age(&headers(&fields), now()), seconds.map(Duration::from_secs), "{fields:?}");
        }
    }

    #[test]
    fn validators_are_kept_byte_for_byte_or_not_at_all() {
        let odd =
            validators(&headers(&[("etag", b"W/\"\xc3\xa4 b\""), ("last-modified", b"yesterday, \"about\" noon")]));
        assert_eq!(odd.etag.as_deref(), Some("W/\"ä b\""));
        assert_eq!(odd.last_modified.as_deref(), Some("yesterday, \"about\" noon"));
        assert_eq!(validators(&headers(&[("etag", b"\"\xe4\"")])).etag, None);
    }

    #[test]
    fn a_304_that_repeats_one_validator_leaves_the_other() {
        let old = Validators { etag: Some("\"1\"".into()), last_modified: Some("then".into()) };
        assert_eq!(refreshed(&old, &headers(&[("etag", b"\"1\"")])), None);
        let new = refreshed(&old, &headers(&[("etag", b"\"2\"")])).expect("changed");
        assert_eq!(new, Validators { etag: Some("\"2\"".into()), last_modified: Some("then".into()) });
    }
}
