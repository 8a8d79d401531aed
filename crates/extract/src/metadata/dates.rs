//! Dates as pages write them: ISO 8601 and its misspellings, RFC 2822, epochs, and the textual forms of many languages. What the
//! text does not say is not made up: a day stays a day, and an offset that was not given is 0.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use wiredesk_model::date::{Claimed, Precision};

/// Names of months by number, whole and short, in the cases that dates are written in: English, German, French, Spanish, Portuguese,
/// Italian, Dutch, Polish, Russian, Ukrainian, Czech, Turkish, the Scandinavian languages, Indonesian, Greek and Arabic.
const MONTHS: [&str; 12] = [
    "january jan januar jänner janvier janv enero ene styczeń stycznia sty januari gennaio gen janeiro января янв січня ocak ledna \
     ιανουαρίου ιαν يناير",
    "february feb februar feber février fevrier févr fevr febrero luty lutego lut februari febbraio fevereiro fev февраля фев \
     лютого şubat února φεβρουαρίου φεβ فبراير",
    "march mar märz maerz mrz mars marzo marzec marca maart mrt março marco марта мар березня mart března marts maret μαρτίου \
     μαρ مارس",
    "april apr avril avr abril abr kwiecień kwietnia kwi aprile апреля апр квітня nisan dubna απριλίου απρ أبريل ابريل",
    "may mai mayo maj maja mei maggio mag maio мая травня mayıs května μαΐου μαϊ مايو",
    "june jun juni juin junio czerwiec czerwca cze giugno giu junho июня июн червня haziran června ιουνίου ιουν يونيو",
    "july jul juli juillet juil julio lipiec lipca lip luglio lug julho июля июл липня temmuz července ιουλίου ιουλ يوليو",
    "august aug août aout agosto ago sierpień sierpnia sie augustus augusti agustus августа авг серпня ağustos srpna αυγούστου \
     αυγ أغسطس اغسطس",
    "september sep sept septembre septiembre wrzesień września wrz settembre setembro set сентября сен сент вересня eylül září \
     σεπτεμβρίου σεπ سبتمبر",
    "october oct oktober okt octobre octubre październik października paź ottobre ott outubro out октября окт жовтня ekim října \
     οκτωβρίου οκτ أكتوبر اكتوبر",
    "november nov novembre noviembre listopad listopada lis novembro ноября ноя листопада kasım listopadu νοεμβρίου νοε نوفمبر",
    "december dec dezember dez décembre decembre déc diciembre dic grudzień grudnia gru dicembre dezembro декабря дек грудня \
     aralık prosince desember des δεκεμβρίου δεκ ديسمبر",
];

/// Offsets of the zone names that pages write, hours east of UTC times two.
const ZONES: [(&str, i32); 31] = [
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("bst", 2),
    ("ist", 11),
    ("cet", 2),
    ("cest", 4),
    ("mez", 2),
    ("mesz", 4),
    ("eet", 4),
    ("eest", 6),
    ("sast", 4),
    ("msk", 6),
    ("pkt", 10),
    ("wib", 14),
    ("sgt", 16),
    ("hkt", 16),
    ("jst", 18),
    ("kst", 18),
    ("aest", 20),
    ("aedt", 22),
    ("nzst", 24),
    ("nzdt", 26),
    ("est", -10),
    ("edt", -8),
    ("cst", -12),
    ("cdt", -10),
    ("mst", -14),
    ("mdt", -12),
    ("pst", -16),
    ("pdt", -14),
];

/// What a page says of a date that it prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// Nothing: the date of the article, then.
    Bare,
    /// That the article came out then.
    Published,
    /// That it was changed or looked at again then, or some other thing.
    Changed,
}

/// A date in a line of print.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) claim: Claimed,
    /// The day that the same digits are where the month stands the other way round: `03/04/2026`.
    pub(crate) turned: Option<Date>,
    pub(crate) label: Label,
}

/// Beginnings of the words that say "published".
const PUBLISHED: [&str; 17] = [
    "publish",
    "posted",
    "publié",
    "publica",
    "pubblica",
    "veröffentlicht",
    "erschienen",
    "gepubliceerd",
    "geplaatst",
    "opublik",
    "опублик",
    "опублік",
    "publicerad",
    "publisert",
    "yayın",
    "نشر",
    "发布",
];

/// Beginnings of the words that say that a date is another one than the day the article came out.
const CHANGED: [&str; 27] = [
    "updat",
    "modifi",
    "revis",
    "reviewed",
    "edited",
    "corrected",
    "aktualis",
    "geändert",
    "actualiz",
    "atualiz",
    "aggiorn",
    "bijgewerkt",
    "zaktualiz",
    "aktualiz",
    "обновл",
    "изменен",
    "оновлен",
    "güncel",
    "uppdaterad",
    "oppdatert",
    "تحديث",
    "更新",
    "copyright",
    "expire",
    "effective",
    "accessed",
    "retrieved",
];

/// Words that say so when they stand whole: "Stand: 3. Mai", "Mis à jour le 3 mai", but "Evening Standard", "Mill Journal".
const CHANGED_WHOLE: [&str; 4] = ["stand", "jour", "until", "event"];

/// A date out of markup or running text. `month_first` settles `03/04/2026`.
pub(crate) fn parse(text: &str, month_first: bool) -> Option<Claimed> {
    let text = text.trim();
    if text.len() < 6 || text.len() > 200 {
        return None;
    }
    let claimed = epoch(text).or_else(|| read(text, month_first))?;
    (1990..=2100).contains(&claimed.day().year()).then_some(claimed)
}

/// All dates in a line of print, in their order, each with what the words before it say of it.
pub(crate) fn said(text: &str, month_first: bool) -> Vec<Said> {
    let all = pieces(text);
    let mut out: Vec<Said> = Vec::new();
    let (mut at, mut last) = (0, 0);
    while at < all.len() && out.len() < 4 {
        let Some((date, used)) = day(&all[at..], month_first) else {
            at += 1;
            continue;
        };
        let next = at + used;
        let after = all.get(next..).unwrap_or_default();
        let end = (0..after.len()).find(|i| day(&after[*i..], month_first).is_some()).unwrap_or(after.len());
        let label = label(&all[last..at])
            // "May 3, 2026 (updated)"
            .or_else(|| label(&after[..end.min(4)]).filter(|_| end == after.len()))
            .unwrap_or(Label::Bare);
        let claim = claim(date, &after[..end], &all[last..at]);
        let turned = turned(&all[at..], date);
        if let Some(claim) = claim.filter(|claim| (1990..=2100).contains(&claim.day().year())) {
            out.push(Said { claim, turned, label });
        }
        (at, last) = (next, next);
    }
    out
}

/// The other day that `03/04/2026` may be.
fn turned(p: &[Piece], date: Date) -> Option<Date> {
    use Piece::{Mark, Number};
    match p {
        [Number(a @ 1..=12, 1..=2), Mark(x), Number(b @ 1..=12, 1..=2), Mark(y), ..] if x == y && a != b => {
            Date::new(date.year(), date.day(), date.month()).ok()
        }
        _ => None,
    }
}

/// What words say of the date beside them; the last one counts.
fn label(words: &[Piece]) -> Option<Label> {
    words.iter().rev().find_map(|piece| {
        let Piece::Word(word) = piece else {
            return (*piece == Piece::Mark('©')).then_some(Label::Changed);
        };
        let begins = |list: &[&str]| list.iter().any(|beginning| word.starts_with(beginning));
        if begins(&CHANGED) || CHANGED_WHOLE.contains(&word.as_str()) {
            Some(Label::Changed)
        } else {
            begins(&PUBLISHED).then_some(Label::Published)
        }
    })
}

/// A day with the clock time that stands after it, or before it where none does.
fn claim(date: Date, after: &[Piece], before: &[Piece]) -> Option<Claimed> {
    let Some((time, precision, used)) = clock(after).or_else(|| clock(before)) else {
        return Claimed::civil(DateTime::from_parts(date, Time::midnight()), 0, Precision::Day);
    };
    let offset = zone(after.get(used..).unwrap_or_default(), date);
    Claimed::civil(DateTime::from_parts(date, time), offset, precision)
}

fn epoch(text: &str) -> Option<Claimed> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let at = match text.len() {
        10 => Timestamp::from_second(number).ok()?,
        13 => Timestamp::from_millisecond(number).ok()?,
        _ => return None,
    };
    Some(Claimed::utc(at))
}

/// A piece of a date: a number with its digits, a word, or a mark.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Number(i32, usize),
    Word(String),
    Mark(char),
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            out.push(Piece::Number(rest[..digits].parse().unwrap_or(i32::MAX), digits));
            rest = &rest[digits..];
        } else if c.is_alphabetic() {
            let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            out.push(Piece::Word(rest[..end].to_lowercase()));
            rest = &rest[end..];
        } else {
            if !c.is_whitespace() {
                out.push(Piece::Mark(c));
            } else if !matches!(out.last(), Some(Piece::Mark(' ')) | None) {
                out.push(Piece::Mark(' '));
            }
            rest = &rest[c.len_utf8()..];
        }
        if out.len() > 64 {
            break;
        }
    }
    out
}

/// Whether a word is the name of a month.
pub(crate) fn is_month(word: &str) -> bool {
    month(&word.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase()).is_some()
}

fn month(word: &str) -> Option<i8> {
    if word.len() < 3 {
        return None;
    }
    let at = MONTHS.iter().position(|names| names.split(' ').any(|name| name == word))?;
    i8::try_from(at + 1).ok()
}

fn read(text: &str, month_first: bool) -> Option<Claimed> {
    let all = pieces(text);
    let (date, next) =
        (0..all.len()).find_map(|at| day(&all[at..], month_first).map(|(date, used)| (date, at + used)))?;
    let before = if text.len() < 60 { &all[..next.min(all.len())] } else { &[] };
    claim(date, all.get(next..).unwrap_or_default(), before)
}

/// A day at the beginning of the pieces, and how many pieces it took.
fn day(p: &[Piece], month_first: bool) -> Option<(Date, usize)> {
    use Piece::{Mark, Number, Word};
    let date =
        |y: i32, m: i32, d: i32| Date::new(i16::try_from(y).ok()?, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok();
    match p {
        // 2026-11-22, 2026/11/22, 2026.11.22
        [Number(y, 4), Mark(a), Number(m, 1..=2), Mark(b), Number(d, 1..=2), ..]
            if a == b && matches!(a, '-' | '/' | '.') =>
        {
            Some((date(*y, *m, *d)?, 5))
        }
        // 2026年11月22日
        [Number(y, 4), Word(a), Number(m, 1..=2), Word(b), Number(d, 1..=2), ..] if a == "年" && b == "月" => {
            Some((date(*y, *m, *d)?, 5))
        }
        // 2026년 11월 22일
        [Number(y, 4), Word(a), Mark(' '), Number(m, 1..=2), Word(b), Mark(' '), Number(d, 1..=2), ..]
            if a == "년" && b == "월" =>
        {
            Some((date(*y, *m, *d)?, 7))
        }
        // 2026. 11. 22.
        [Number(y, 4), Mark('.'), Mark(' '), Number(m, 1..=2), Mark('.'), Mark(' '), Number(d, 1..=2), ..] => {
            Some((date(*y, *m, *d)?, 7))
        }
        // 2026-Nov-22, 2026 November 22
        [Number(y, 4), Mark(a), Word(w), Mark(b), Number(d, 1..=2), ..] if a == b && matches!(a, '-' | ' ') => {
            Some((date(*y, i32::from(month(w)?), *d)?, 5))
        }
        // 20261122 or 20261122T0930
        [Number(n, 8), ..] => Some((date(n / 10_000, n / 100 % 100, n % 100)?, 1)),
        // 22.11.2026, 22/11/2026, 11/22/2026, 22-11-2026
        [Number(a, 1..=2), Mark(x), Number(b, 1..=2), Mark(y), Number(c, digits @ (4 | 2)), ..]
            if x == y && matches!(x, '.' | '/' | '-') =>
        {
            // The day before the month is the rule; Americans turn it where they write slashes.
            let first_is_month = *a <= 12 && (*b > 12 || (month_first && *x == '/'));
            let (d, m) = if first_is_month { (*b, *a) } else { (*a, *b) };
            let c = if *digits == 2 { c + 2000 } else { *c };
            Some((date(c, m, d)?, 5))
        }
        // 22 November 2026, 22. November 2026, 22nd of November, 2026, 22-Nov-2026
        [Number(d, 1..=2), rest @ ..] => {
            let skip = rest
                .iter()
                .take_while(|piece| match piece {
                    Mark(c) => matches!(c, '.' | ' ' | '-' | '/'),
                    Word(w) => matches!(w.as_str(), "st" | "nd" | "rd" | "th" | "of" | "de" | "er" | "del"),
                    Number(..) => false,
                })
                .count();
            let m = match rest.get(skip)? {
                Word(w) => month(w)?,
                _ => return None,
            };
            let (y, used) = year(rest.get(skip + 1..)?)?;
            Some((date(y, i32::from(m), *d)?, 1 + skip + 1 + used))
        }
        // November 22, 2026; Nov. 22 2026
        [Word(w), rest @ ..] => {
            let m = month(w)?;
            let skip = rest.iter().take_while(|piece| matches!(piece, Mark('.' | ' '))).count();
            let Some(Number(d, 1..=2)) = rest.get(skip) else { return None };
            let mut after = skip + 1;
            if let Some(Word(w)) = rest.get(after)
                && matches!(w.as_str(), "st" | "nd" | "rd" | "th")
            {
                after += 1;
            }
            let (y, used) = year(rest.get(after..)?)?;
            Some((date(y, i32::from(m), *d)?, 1 + after + used))
        }
        _ => None,
    }
}

fn year(p: &[Piece]) -> Option<(i32, usize)> {
    let skip = p
        .iter()
        .take_while(|piece| match piece {
            Piece::Mark(c) => matches!(c, ',' | '.' | ' ' | '-' | '/'),
            Piece::Word(w) => matches!(w.as_str(), "de" | "del"),
            Piece::Number(..) => false,
        })
        .count();
    match p.get(skip)? {
        Piece::Number(y, 4) => Some((*y, skip + 1)),
        _ => None,
    }
}

/// The first clock time among the pieces, its precision and the number of pieces up to its end.
fn clock(p: &[Piece]) -> Option<(Time, Precision, usize)> {
    use Piece::{Mark, Number, Word};
    for at in 0..p.len() {
        let (mut hour, minute, second, mut used) = match &p[at..] {
            [Number(h, 1..=2), Mark(':'), Number(m, 2), Mark(':'), Number(s, 2), ..] => (*h, *m, Some(*s), 5),
            [Number(h, 1..=2), Mark(':'), Number(m, 2), ..] => (*h, *m, None, 3),
            [Number(h, 1..=2), Word(w), Number(m, 2), ..] if w == "h" => (*h, *m, None, 3),
            [Number(h, 1..=2), Mark('.'), Number(m, 2), Mark(' '), Word(w), ..]
                if matches!(w.as_str(), "uhr" | "am" | "pm") =>
            {
                (*h, *m, None, 3)
            }
            [Number(h, 1..=2), Mark('.'), Number(m, 2), Word(w), ..] if matches!(w.as_str(), "uhr" | "am" | "pm") => {
                (*h, *m, None, 3)
            }
            [Number(h, 1..=2), Mark(' '), Word(w), ..] if w == "uhr" => (*h, 0, None, 1),
            // 20261122T0930
            [Word(w), Number(n, 4), ..] if w == "t" => (n / 100, n % 100, None, 2),
            [Word(w), Number(n, 6), ..] if w == "t" => (n / 10_000, n / 100 % 100, Some(n % 100), 2),
            _ => continue,
        };
        // Parts of a second.
        if second.is_some() && matches!(p.get(at + used..), Some([Mark('.' | ','), Number(..), ..])) {
            used += 2;
        }
        let mut mark = at + used;
        while matches!(p.get(mark), Some(Mark(' '))) {
            mark += 1;
        }
        match p.get(mark..).unwrap_or_default() {
            [Word(w), ..] if matches!(w.as_str(), "am" | "pm") => {
                hour = hour % 12 + if w == "pm" { 12 } else { 0 };
                mark += 1;
            }
            [Word(a), Mark('.'), Word(b), ..] if b == "m" && matches!(a.as_str(), "a" | "p") => {
                hour = hour % 12 + if a == "p" { 12 } else { 0 };
                mark += 4;
            }
            _ => {}
        }
        let (h, m, s) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second.unwrap_or(0)).ok()?);
        let Ok(time) = Time::new(h, m, s, 0) else { continue };
        let precision = if second.is_some() { Precision::Second } else { Precision::Minute };
        return Some((time, precision, mark));
    }
    None
}

/// The offset that follows a clock time, seconds east of UTC.
fn zone(p: &[Piece], date: Date) -> i32 {
    use Piece::{Mark, Number, Word};
    for at in 0..p.len().min(4) {
        match &p[at..] {
            [Mark(sign @ ('+' | '-' | '−')), Number(h, 2), Mark(':'), Number(m, 2), ..] if *h <= 14 && *m < 60 => {
                return signed(*sign, *h * 3600 + *m * 60);
            }
            [Mark(sign @ ('+' | '-' | '−')), Number(n, 4), ..] if *n <= 1400 && n % 100 < 60 => {
                return signed(*sign, n / 100 * 3600 + n % 100 * 60);
            }
            [Mark(sign @ ('+' | '-' | '−')), Number(h, 2), ..] if *h <= 14 => return signed(*sign, *h * 3600),
            [Word(w), ..] => {
                let offset_follows = matches!(p.get(at + 1), Some(Mark('+' | '-')));
                if let Some((_, halves)) = ZONES.iter().find(|(name, _)| name == w && !offset_follows) {
                    return halves * 1800;
                }
                // "9:30 a.m. ET" leaves it to the season.
                if let Some(hours) = ["et", "ct", "mt", "pt"].iter().position(|name| name == w) {
                    let hours = i32::try_from(hours).unwrap_or(0) + 5 - i32::from(is_american_summer(date));
                    return hours * -3600;
                }
            }
            _ => {}
        }
    }
    0
}

/// From the second Sunday of March to the first of November, as Americans have had it since 2007.
fn is_american_summer(date: Date) -> bool {
    let sunday = |month: i8, nth: i8| {
        Date::new(date.year(), month, 1).and_then(|d| d.nth_weekday_of_month(nth, Weekday::Sunday))
    };
    match (sunday(3, 2), sunday(11, 1)) {
        (Ok(first), Ok(last)) => (first..last).contains(&date),
        _ => false,
    }
}

fn signed(sign: char, seconds: i32) -> i32 {
    if sign == '+' { seconds } else { -seconds }
}

/// Whether a short text is a date and nothing else to speak of: "Published: 22 November 2026, 9.30 am".
pub(crate) fn is_only_a_date(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.len() > 80 || digits < 3 || parse(text, false).is_none() {
        return false;
    }
    let other = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.len() > 3)
        .filter(|word| {
            let word = word.to_lowercase();
            month(&word).is_none()
                && !word.ends_with("day")
                && !word.ends_with("tag")
                && !matches!(
                    word.as_str(),
                    "published"
                        | "updated"
                        | "posted"
                        | "date"
                        | "last"
                        | "modified"
                        | "veröffentlicht"
                        | "aktualisiert"
                        | "stand"
                        | "publié"
                        | "publicado"
                        | "actualizado"
                        | "mittwoch"
                        | "lundi"
                        | "mardi"
                        | "mercredi"
                        | "jeudi"
                        | "vendredi"
                        | "samedi"
                        | "dimanche"
                        | "lunes"
                        | "martes"
                        | "miércoles"
                        | "jueves"
                        | "viernes"
                        | "sábado"
                        | "domingo"
                        | "cest"
                        | "time"
                )
        })
        .count();
    other == 0
}

/// A day out of an address: `/2026/11/22/`, `/2026-11-22-`, `/20261122`.
pub(crate) fn of_url(url: &str) -> Option<Claimed> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let all = pieces(path);
    let date = (0..all.len()).find_map(|at| {
        let starts_clean = at == 0 || matches!(all[at - 1], Piece::Mark(_));
        match &all[at..] {
            [
                Piece::Number(y @ 1990..=2100, 4),
                Piece::Mark('/'),
                Piece::Word(m),
                Piece::Mark('/'),
                Piece::Number(d, 1..=2),
                ..,
            ] if starts_clean => Date::new(i16::try_from(*y).ok()?, month(m)?, i8::try_from(*d).ok()?).ok(),
            [Piece::Number(y, 4), Piece::Mark('/' | '-' | '_'), ..]
            | [Piece::Number(y @ 19_900_101..=21_001_231, 8), ..]
                if starts_clean && *y >= 1990 =>
            {
                day(&all[at..], false).map(|(date, _)| date)
            }
            _ => None,
        }
    })?;
    Claimed::civil(DateTime::from_parts(date, Time::midnight()), 0, Precision::Day)
        .filter(|claim| (1990..=2100).contains(&claim.day().year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_pages_write_them() {
        for (text, want) in [
            ("2026-11-22T09:30:00+01:00", "2026-11-22T09:30:00+01:00 Second"),
            ("2026-11-22T09:30:00.123Z", "2026-11-22T09:30:00+00:00 Second"),
            ("2026-11-22T09:30+0100", "2026-11-22T09:30:00+01:00 Minute"),
            ("2026-11-22 09:30:00 -0500", "2026-11-22T09:30:00-05:00 Second"),
            ("20261122T093000Z", "2026-11-22T09:30:00+00:00 Second"),
            ("2026-11-22", "2026-11-22T00:00:00+00:00 Day"),
            ("Sun, 22 Nov 2026 09:30:00 GMT", "2026-11-22T09:30:00+00:00 Second"),
            ("Sun Nov 22 2026 09:30:00 GMT+0100 (CET)", "2026-11-22T09:30:00+01:00 Second"),
            ("1795339800", "2026-11-22T09:30:00+00:00 Second"),
            ("1795339800000", "2026-11-22T09:30:00+00:00 Second"),
            ("November 22, 2026 at 9:30 p.m. EST", "2026-11-22T21:30:00-05:00 Minute"),
            ("Published Nov. 22, 2026 9:30am", "2026-11-22T09:30:00+00:00 Minute"),
            ("22nd of November, 2026", "2026-11-22T00:00:00+00:00 Day"),
            ("22. November 2026, 9.30 Uhr", "2026-11-22T09:30:00+00:00 Minute"),
            ("November 22, 2026 — 9.30pm", "2026-11-22T21:30:00+00:00 Minute"),
            ("22.11.2026 - 09:30", "2026-11-22T09:30:00+00:00 Minute"),
            ("Publié le 1er août 2026 à 9h30", "2026-08-01T09:30:00+00:00 Minute"),
            ("22 de noviembre de 2026", "2026-11-22T00:00:00+00:00 Day"),
            ("22 listopada 2026", "2026-11-22T00:00:00+00:00 Day"),
            ("22/11/2026", "2026-11-22T00:00:00+00:00 Day"),
            ("11/22/2026", "2026-11-22T00:00:00+00:00 Day"),
            ("2026年11月22日", "2026-11-22T00:00:00+00:00 Day"),
            ("2026년 11월 22일 09:30", "2026-11-22T09:30:00+00:00 Minute"),
            ("2026. 11. 22.", "2026-11-22T00:00:00+00:00 Day"),
            ("2026-Nov-22", "2026-11-22T00:00:00+00:00 Day"),
            ("22 novembro 2026", "2026-11-22T00:00:00+00:00 Day"),
            ("22 ноября 2026, 09:30", "2026-11-22T09:30:00+00:00 Minute"),
            ("22 Kasım 2026 Pazar", "2026-11-22T00:00:00+00:00 Day"),
            ("22 نوفمبر 2026", "2026-11-22T00:00:00+00:00 Day"),
            ("02-12-2026", "2026-12-02T00:00:00+00:00 Day"),
            ("Nov 22, 2026 9:30 AM ET", "2026-11-22T09:30:00-05:00 Minute"),
            ("July 22, 2026 9:30 AM PT", "2026-07-22T09:30:00-07:00 Minute"),
        ] {
            let got = parse(text, false).map(|c| format!("{} {:?}", c.rfc3339(), c.precision));
            assert_eq!(got.as_deref(), Some(want), "{text}");
        }
        assert_eq!(parse("03/04/2026", true).map(|c| c.day().month()), Some(3));
        assert_eq!(parse("03/04/2026", false).map(|c| c.day().month()), Some(4));
        for text in ["", "yesterday", "1.5.", "9999-12-31", "may 2026", "0001-01-01T00:00:00", "(12) 2026"] {
            assert_eq!(parse(text, false), None, "{text}");
        }
    }

    #[test]
    fn print_says_what_its_dates_are() {
        let read = |text: &str| {
            let days = said(text, true).into_iter().map(|s| format!("{} {:?}", s.claim.day(), s.label));
            days.collect::<Vec<_>>().join(", ")
        };
        for (text, want) in [
            ("By Ada Brook | May 3, 2026 | 4 min", "2026-05-03 Bare"),
            ("Published May 3, 2026 Last updated: May 5, 2026", "2026-05-03 Published, 2026-05-05 Changed"),
            ("Updated 3 May 2026, first published 1 May 2026", "2026-05-03 Changed, 2026-05-01 Published"),
            ("3. Mai 2026, zuletzt aktualisiert am 5. Mai 2026", "2026-05-03 Bare, 2026-05-05 Changed"),
            ("May 3, 2026 (updated)", "2026-05-03 Changed"),
            ("Medically reviewed by Ada Brook on May 3, 2026", "2026-05-03 Changed"),
            ("Mis à jour le 3 mai 2026", "2026-05-03 Changed"),
            ("Mill Journal May 3, 2026", "2026-05-03 Bare"),
            ("no date", ""),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
        let turned = said("03/04/2026", true)[0];
        assert_eq!((turned.claim.day().month(), turned.turned.map(|d| d.month())), (3, Some(4)));
        assert_eq!(said("13/04/2026", true)[0].turned, None);
    }

    #[test]
    fn a_date_alone_is_told_from_a_sentence() {
        assert!(is_only_a_date("Updated: Sunday, 22 November 2026 9:30 am"));
        assert!(!is_only_a_date("On 22 November 2026 the river rose."));
    }

    #[test]
    fn addresses_tell_days() {
        for url in [
            "https://a.test/2026/11/22/x",
            "https://a.test/x-2026-11-22-y",
            "https://a.test/2026/nov/22/x",
            "https://a.test/20261122/x",
        ] {
            assert_eq!(of_url(url).map(|c| c.day().to_string()).as_deref(), Some("2026-11-22"), "{url}");
        }
        for url in ["https://a.test/12345678", "https://a.test/story-2026", "https://a.test/1.2.2026x"] {
            assert_eq!(of_url(url), None, "{url}");
        }
    }
}
