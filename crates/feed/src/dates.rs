//! Dates in the forms that feeds use, which are most forms there are.
//!
//! RFC 822 with wrong weekdays, two-digit years, names of zones and of months in other languages; RFC 3339 and the rest of
//! ISO 8601; `asctime`; what databases print; seconds since 1970. A reading that leaves the years 1970 to 2100 is no
//! date: this crate has no clock, and what lies beyond is a fault, not a claim.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};
use wiredesk_model::date::{Claimed, Precision};

/// A date longer than this is prose.
const LONGEST: usize = 100;

/// Whether a claim lies in 1970 to 2100.
pub(crate) fn is_possible(claimed: &Claimed) -> bool {
    (1970..=2100).contains(&claimed.day().year())
}

/// Reads a date; `None` where it is none.
pub(crate) fn claimed(text: &str) -> Option<Claimed> {
    let text = text.trim();
    if text.len() < 4 || text.len() > LONGEST {
        return None;
    }
    iso(text).or_else(|| digits_only(text)).or_else(|| words(text))
}

fn number(text: &str) -> Option<i32> {
    (!text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A year as people shorten it: 69 is 1969 and 68 is 2068, as POSIX has it.
fn full_year(year: i32, digits: usize) -> i32 {
    match (digits, year) {
        (4, _) => year,
        (_, 0..=68) => 2000 + year,
        (_, 69..=999) => 1900 + year,
        _ => year,
    }
}

fn at(date: Date, clock: Option<Clock>, zone: Option<i32>) -> Option<Claimed> {
    let Some(Clock { time, precision }) = clock else {
        return Claimed::civil(DateTime::from_parts(date, Time::midnight()), zone.unwrap_or(0), Precision::Day);
    };
    Claimed::civil(DateTime::from_parts(date, time), zone.unwrap_or(0), precision)
}

#[derive(Clone, Copy)]
struct Clock {
    time: Time,
    precision: Precision,
}

/// `hh:mm`, `hh:mm:ss`, `hh:mm:ss.fff`, and the same with dots or after `T` without colons.
fn clock(text: &str) -> Option<Clock> {
    let (whole, _fraction) = text.split_once([',']).unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next());
    // A fourth part is a fraction by another sign.
    let hour = number(hour)?;
    let minute = number(minute.split('.').next()?)?;
    let (second, precision) = match second {
        Some(second) => (number(second.split('.').next()?)?, Precision::Second),
        None => (0, Precision::Minute),
    };
    let hour = if hour == 24 && minute == 0 { 0 } else { hour };
    let small = |n: i32| i8::try_from(n).ok();
    let time = Time::new(small(hour)?, small(minute)?, small(second.min(59))?, 0).ok()?;
    Some(Clock { time, precision })
}

/// ISO 8601 and its subsets: `2026-11-22T09:30:00.1+01:00`, `2026-11-22 09:30`, `2026-W47-7`, `2026-326`, `2026-11`.
fn iso(text: &str) -> Option<Claimed> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || !bytes.get(..4)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = number(&text[..4])?;
    let separator = *bytes.get(4)?;
    if !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let day_end = text.find(['T', 't', ' ', '_']).unwrap_or(text.len());
    let mut parts = text[5..day_end].split(char::from(separator));
    let (first, second, third) = (parts.next()?, parts.next(), parts.next());
    // `2026-11-22-09:30` and `2026-11-22+01:00`.
    let (second, mut zone) = match second.map(|s| s.split_once(['+', 'Z', 'z'])) {
        Some(Some((day, rest))) if !rest.is_empty() => (Some(day), offset(&format!("+{rest}"))),
        Some(Some((day, _))) => (Some(day), Some(0)),
        _ => (second, None),
    };
    let day = if let Some(week) = first.strip_prefix(['W', 'w']) {
        let weekday = Weekday::from_monday_one_offset(i8::try_from(second.and_then(number).unwrap_or(1)).ok()?).ok()?;
        ISOWeekDate::new(i16::try_from(year).ok()?, i8::try_from(number(week)?).ok()?, weekday).ok()?.date()
    } else if first.len() == 3 && second.is_none() && first.bytes().all(|b| b.is_ascii_digit()) {
        let first_day = date(year, 1, 1)?;
        first_day.checked_add(jiff::Span::new().days(number(first)?.checked_sub(1)?)).ok()?
    } else {
        let month = number(first).or_else(|| month(first))?;
        let day = second.map_or(Some(1), number)?;
        // Some write the month last: it cannot be told but where it is beyond twelve.
        if month > 12 { date(year, day, month)? } else { date(year, month, day)? }
    };
    let rest = text.get(day_end + 1..).unwrap_or_default().trim();
    let rest = if rest.is_empty() { third.unwrap_or_default() } else { rest };
    if rest.is_empty() {
        return at(day, None, zone);
    }
    let clock_end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(rest.len());
    let (time, after) = rest.split_at(clock_end);
    let time = if time.contains(':') { clock(time) } else { packed_clock(time) };
    let after = after.trim();
    let (half, after) = half_of_day(after);
    if !after.is_empty() {
        zone = offset(after)
            .or_else(|| zone_name(after))
            .or_else(|| after.split_whitespace().find_map(|w| offset(w).or_else(|| zone_name(w))));
    }
    at(day, time.map(|t| in_half(t, half)), zone)
}

fn packed_clock(text: &str) -> Option<Clock> {
    let text = text.split('.').next()?;
    match text.len() {
        2 => clock(&format!("{text}:00")),
        4 => clock(&format!("{}:{}", &text[..2], &text[2..])),
        6 => clock(&format!("{}:{}:{}", &text[..2], &text[2..4], &text[4..])),
        _ => None,
    }
}

/// `20261122`, `20261122093000`, `20261122T093000Z`, and seconds or milliseconds since 1970.
fn digits_only(text: &str) -> Option<Claimed> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (head, rest) = text.split_at(digits);
    let day = |t: &str| date(number(&t[..4])?, number(&t[4..6])?, number(&t[6..8])?);
    match (digits, rest) {
        (8, "") => at(day(head)?, None, None),
        (8, rest) if rest.starts_with(['T', 't']) => {
            let rest = &rest[1..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len());
            let (time, zone) = rest.split_at(end);
            let clock = if time.contains(':') { clock(time) } else { packed_clock(time) };
            at(day(head)?, clock, offset(zone))
        }
        (14, rest) => at(day(head)?, packed_clock(&head[8..]), offset(rest.trim())),
        (9 | 10, "") => Some(Claimed::utc(Timestamp::from_second(head.parse().ok()?).ok()?)),
        (12 | 13, "") => Some(Claimed::utc(Timestamp::from_second(head.parse::<i64>().ok()? / 1000).ok()?)),
        _ => None,
    }
}

/// Everything with a name of a month in it, and days parted by slashes or dots.
fn words(text: &str) -> Option<Claimed> {
    let mut numbers: Vec<(i32, usize)> = Vec::new();
    let (mut named, mut time, mut zone, mut half, mut month_first) = (None, None, None, None, false);
    let mut slashed = None;
    // A comment in brackets says the zone again.
    let text = text.split('(').next().unwrap_or_default();
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()) {
        if time.is_none() && word.contains(':') && word.as_bytes()[0].is_ascii_digit() {
            let end = word.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(word.len());
            let (clock_text, after) = word.split_at(end);
            time = Some(clock(clock_text)?);
            let (found, after) = half_of_day(after);
            half = half.or(found);
            zone = zone.or_else(|| offset(after)).or_else(|| zone_name(after));
        } else if let Some(found) = offset(word).filter(|_| time.is_some() || !numbers.is_empty() && named.is_some()) {
            zone = Some(match zone {
                Some(named) if named != 0 => named,
                _ => found,
            });
        } else if let (Some(found), _) = half_of_day(word) {
            half = Some(found);
        } else if let Some(value) = number(word.trim_end_matches(['.', 't', 'h', 's', 'n', 'd', 'r'])) {
            numbers.push((value, word.bytes().take_while(u8::is_ascii_digit).count()));
        } else if let Some(found) = all_in_one(word) {
            slashed = slashed.or(Some(found));
        } else if let Some(found) = month(word).filter(|_| named.is_none()) {
            month_first = numbers.is_empty();
            named = Some(found);
        } else if let Some(found) = zone_name(word) {
            zone = zone.or(Some(found));
        }
    }
    let day = match (named, slashed) {
        (_, Some(day)) => day,
        (Some(month), None) => {
            let (first, second) = (*numbers.first()?, *numbers.get(1)?);
            let (day, year) =
                if first.1 == 4 && !month_first || first.0 > 31 { (second, first) } else { (first, second) };
            date(full_year(year.0, year.1), month, day.0)?
        }
        (None, None) => return None,
    };
    at(day, time.map(|t| in_half(t, half)), zone)
}

/// `22-Nov-2026`, `22/11/2026`, `11/22/2026`, `22.11.26`.
fn all_in_one(word: &str) -> Option<Date> {
    let separator = word.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
    let mut parts = word.split(separator);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some_and(|rest| !rest.is_empty()) {
        return None;
    }
    if let Some(named) = month(b) {
        return if a.len() == 4 {
            date(number(a)?, named, number(c)?)
        } else {
            date(full_year(number(c)?, c.len()), named, number(a)?)
        };
    }
    let (a, b, year) = (number(a)?, number(b)?, full_year(number(c)?, c.len()));
    // With slashes the month comes first (America), unless it cannot; with dots and dashes the day does.
    match separator {
        '/' if a <= 12 => date(year, a, b).or_else(|| date(year, b, a)),
        _ => date(year, b, a).or_else(|| date(year, a, b)),
    }
}

fn half_of_day(text: &str) -> (Option<bool>, &str) {
    let lower = text.trim_start();
    for (mark, afternoon) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
        let is_it = lower.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark))
            && !lower[mark.len()..].starts_with(|c: char| c.is_alphabetic());
        if is_it {
            return (Some(afternoon), lower[mark.len()..].trim());
        }
    }
    (None, text)
}

fn in_half(clock: Clock, half: Option<bool>) -> Clock {
    let hour = match (half, clock.time.hour()) {
        (Some(true), hour @ 1..=11) => hour + 12,
        (Some(false), 12) => 0,
        (_, hour) => hour,
    };
    let time = Time::new(hour, clock.time.minute(), clock.time.second(), 0).unwrap_or(clock.time);
    Clock { time, ..clock }
}

/// `+0100`, `-05:30`, `+1`, `Z`, `GMT+2`, `UTC-03:00`, in seconds east of UTC.
fn offset(text: &str) -> Option<i32> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let text = ["GMT", "UTC", "UT"].iter().find_map(|zone| text.strip_prefix(zone)).unwrap_or(text);
    let (sign, rest) = match *text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    // `+-0500` is written by programs that add their own sign.
    let (sign, rest) = rest.strip_prefix('-').map_or((sign, rest), |rest| (-1, rest));
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number(&digits)?, 0),
        3 => (number(&digits[..1])?, number(&digits[1..])?),
        4 => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    let seconds = sign * (hours * 3600 + minutes * 60);
    // No place on earth is further away: the number is a fault and the hour is kept.
    Some(if seconds.abs() > 15 * 3600 || minutes > 59 { 0 } else { seconds })
}

/// Names of zones in tenths of an hour. Where a name has several meanings, the one that feeds mean.
const ZONES: &[(&str, i32)] = &[
    ("UT", 0),
    ("GMT", 0),
    ("UTC", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 10),
    ("BST", 10),
    ("CET", 10),
    ("MET", 10),
    ("MEZ", 10),
    ("CEST", 20),
    ("MEST", 20),
    ("MESZ", 20),
    ("EET", 20),
    ("SAST", 20),
    ("CAT", 20),
    ("EEST", 30),
    ("MSK", 30),
    ("EAT", 30),
    ("TRT", 30),
    ("GST", 40),
    ("PKT", 50),
    ("IST", 55),
    ("ICT", 70),
    ("WIB", 70),
    ("CST6CDT", -60),
    ("SGT", 80),
    ("HKT", 80),
    ("PHT", 80),
    ("AWST", 80),
    ("JST", 90),
    ("KST", 90),
    ("ACST", 95),
    ("AEST", 100),
    ("ACDT", 105),
    ("AEDT", 110),
    ("NZST", 120),
    ("NZDT", 130),
    ("NDT", -25),
    ("ADT", -30),
    ("NST", -35),
    ("ART", -30),
    ("BRT", -30),
    ("AST", -40),
    ("EDT", -40),
    ("EST", -50),
    ("CDT", -50),
    ("ET", -50),
    ("CST", -60),
    ("CT", -60),
    ("MDT", -60),
    ("MST", -70),
    ("MT", -70),
    ("PDT", -70),
    ("PST", -80),
    ("PT", -80),
    ("AKDT", -80),
    ("AKST", -90),
    ("HST", -100),
];

fn zone_name(word: &str) -> Option<i32> {
    let word = word.trim_end_matches('.');
    ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, tenths)| tenths * 360)
}

/// How the months begin, in the languages that feeds' dates are written in; longer beginnings first where one is
/// another's start.
const MONTHS: &[(&str, i32)] = &[
    ("jan", 1),
    ("ene", 1),
    ("gen", 1),
    ("jän", 1),
    ("янв", 1),
    ("sty", 1),
    ("oca", 1),
    ("led", 1),
    ("feb", 2),
    ("fév", 2),
    ("fev", 2),
    ("фев", 2),
    ("lut", 2),
    ("şub", 2),
    ("úno", 2),
    ("febr", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("maa", 3),
    ("mrt", 3),
    ("мар", 3),
    ("bře", 3),
    ("márc", 3),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("апр", 4),
    ("kwi", 4),
    ("nis", 4),
    ("dub", 4),
    ("ápr", 4),
    ("may", 5),
    ("mai", 5),
    ("mag", 5),
    ("mei", 5),
    ("maj", 5),
    ("мая", 5),
    ("май", 5),
    ("kvě", 5),
    ("máj", 5),
    ("jun", 6),
    ("juin", 6),
    ("giu", 6),
    ("июн", 6),
    ("cze", 6),
    ("haz", 6),
    ("jún", 6),
    ("jul", 7),
    ("juil", 7),
    ("lug", 7),
    ("июл", 7),
    ("lip", 7),
    ("tem", 7),
    ("júl", 7),
    ("aug", 8),
    ("aoû", 8),
    ("aou", 8),
    ("ago", 8),
    ("авг", 8),
    ("sie", 8),
    ("ağu", 8),
    ("srp", 8),
    ("sep", 9),
    ("set", 9),
    ("сен", 9),
    ("wrz", 9),
    ("eyl", 9),
    ("szept", 9),
    ("zář", 9),
    ("oct", 10),
    ("okt", 10),
    ("ott", 10),
    ("out", 10),
    ("окт", 10),
    ("paź", 10),
    ("eki", 10),
    ("říj", 10),
    ("nov", 11),
    ("ноя", 11),
    ("lis", 11),
    ("kas", 11),
    ("dec", 12),
    ("dez", 12),
    ("déc", 12),
    ("dic", 12),
    ("des", 12),
    ("дек", 12),
    ("gru", 12),
    ("ara", 12),
    ("pro", 12),
];

fn month(word: &str) -> Option<i32> {
    if !word.chars().next()?.is_alphabetic() {
        return None;
    }
    // ASCII months are nearly all there are: no copy for them.
    let lower = if word.is_ascii() { word.to_ascii_lowercase() } else { word.to_lowercase() };
    let weekday = ["mond", "sat", "sun", "tue", "wed", "thu", "fri", "mard", "sept"];
    if weekday[..8].iter().any(|day| lower.starts_with(day)) {
        return None;
    }
    MONTHS.iter().find(|(start, _)| lower.starts_with(start)).map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Claimed> {
        claimed(text).filter(is_possible)
    }

    #[test]
    fn the_forms_that_occur() {
        for (text, expected) in [
            ("Sun, 22 Nov 2026 09:30:15 +0100", "2026-11-22T09:30:15+01:00"),
            ("Mon, 22 Nov 2026 09:30:15 GMT", "2026-11-22T09:30:15+00:00"),
            ("22 Nov 26 09:30 EST", "2026-11-22T09:30:00-05:00"),
            ("Sun, 22 November 2026 09:30:15", "2026-11-22T09:30:15+00:00"),
            ("Sun, Nov 22 2026 09:30:15 PM PDT", "2026-11-22T21:30:15-07:00"),
            ("November 22, 2026 9:30 am", "2026-11-22T09:30:00+00:00"),
            ("Sun Nov 22 09:30:15 2026", "2026-11-22T09:30:15+00:00"),
            ("Sun Nov 22 09:30:15 PST 2026", "2026-11-22T09:30:15-08:00"),
            ("Sun Nov 22 2026 09:30:15 GMT+0100 (Central European Standard Time)", "2026-11-22T09:30:15+01:00"),
            ("Sun, 22-Nov-2026 09:30:15 UTC", "2026-11-22T09:30:15+00:00"),
            ("Sun, 22 Nov 2026 09:30:15 Z", "2026-11-22T09:30:15+00:00"),
            ("Sun, 22 Nov 2026", "2026-11-22T00:00:00+00:00"),
            ("22nd November 2026", "2026-11-22T00:00:00+00:00"),
            ("dim., 22 nov. 2026 09:30:15 +0100", "2026-11-22T09:30:15+01:00"),
            ("So, 22 Dez 2026 09:30:15 +0100", "2026-12-22T09:30:15+01:00"),
            ("Вс, 22 ноя 2026 09:30:15 +0300", "2026-11-22T09:30:15+03:00"),
            ("2026-11-22T09:30:15Z", "2026-11-22T09:30:15+00:00"),
            ("2026-11-22T09:30:15.123456-05:00", "2026-11-22T09:30:15-05:00"),
            ("2026-11-22t09:30z", "2026-11-22T09:30:00+00:00"),
            ("2026-11-22 09:30:15", "2026-11-22T09:30:15+00:00"),
            ("2026-11-22 09:30:15 +0100", "2026-11-22T09:30:15+01:00"),
            ("2026-11-22 09:30:15 UTC", "2026-11-22T09:30:15+00:00"),
            ("2026/11/22 09:30", "2026-11-22T09:30:00+00:00"),
            ("2026-11-22", "2026-11-22T00:00:00+00:00"),
            ("2026-11", "2026-11-01T00:00:00+00:00"),
            ("2026-W47-7", "2026-11-22T00:00:00+00:00"),
            ("2026-326", "2026-11-22T00:00:00+00:00"),
            ("20261122", "2026-11-22T00:00:00+00:00"),
            ("20261122T093015Z", "2026-11-22T09:30:15+00:00"),
            ("20261122093015", "2026-11-22T09:30:15+00:00"),
            ("1795340000", "2026-11-22T09:33:20+00:00"),
            ("11/22/2026 9:30:15 PM", "2026-11-22T21:30:15+00:00"),
            ("22/11/2026", "2026-11-22T00:00:00+00:00"),
            ("22.11.2026 09:30", "2026-11-22T09:30:00+00:00"),
            ("Sun, 22 Nov 2026 24:00:00 +0000", "2026-11-22T00:00:00+00:00"),
            ("Sun, 22 Nov 2026 09:30:60 +9900", "2026-11-22T09:30:59+00:00"),
        ] {
            assert_eq!(parse(text).map(|d| d.rfc3339()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "soon",
            "0000-00-00",
            "9999-12-31",
            "1899-12-31T00:00:00Z",
            "Mon, 99 Nov 2026",
            "2026-13-45",
            "yesterday at 9:30",
            "–––––",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn precision_is_what_was_given() {
        let precision = |text| parse(text).expect("a date").precision;
        assert_eq!(precision("2026-11-22"), Precision::Day);
        assert_eq!(precision("2026-11-22T09:30Z"), Precision::Minute);
        assert_eq!(precision("Sun, 22 Nov 2026 09:30:15 GMT"), Precision::Second);
    }
}
