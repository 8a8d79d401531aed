//! Pictures of the article: what the page shows to other programs, and the figures of the body with their captions.

use url::Url;
use wiredesk_model::article::Image;
use wiredesk_model::block::Verdict;

use super::absolute;
use super::facts::Facts;
use super::json_ld::Linked;
use crate::outline::Outline;
use crate::words::Words;

/// The credit in a caption: after the last of these marks.
const CREDIT: [&str; 8] = ["(photo by ", "photo: ", "photo by ", "foto: ", "credit: ", "image: ", "picture: ", "© "];

pub(super) fn of(
    facts: &Facts,
    linked: &Linked,
    outline: &Outline,
    verdicts: &[Verdict],
    base: Option<&Url>,
) -> Vec<Image> {
    let mut out: Vec<Image> = Vec::new();
    let mut add = |image: Image| {
        let full = out.len() >= 30;
        let known = out.iter_mut().find(|other| !image.url.is_empty() && same_picture(&other.url, &image.url));
        match known {
            Some(other) => {
                other.caption = other.caption.take().or(image.caption);
                other.credit = other.credit.take().or(image.credit);
            }
            None if full => {}
            None => out.push(image),
        }
    };
    for picture in &outline.pictures {
        let last = (picture.last as usize).min(verdicts.len());
        let lines: Vec<Line> = (picture.first as usize..last)
            .filter(|at| matches!(&verdicts[*at], Verdict::Field { field, .. } if field == "images"))
            .map(|at| &outline.blocks[at])
            .map(|block| Line { text: &block.text, credit: outline.own_words(block).has(Words::CREDIT) })
            .collect();
        let Some(url) = absolute(&picture.src, base) else { continue };
        if lines.is_empty() {
            continue;
        }
        let (caption, credit) = parts(&lines);
        add(Image { url, caption, credit });
    }
    let claimed = facts.first(&["og:image", "og:image:url", "twitter:image", "twitter:image:src"]).map(str::to_owned);
    let claimed = claimed.map(|url| Image { url, ..Image::default() });
    for image in claimed.into_iter().chain(linked.images("image")) {
        if let Some(url) = absolute(&image.url, base) {
            add(Image { url, ..image });
        }
    }
    out
}

fn same_picture(a: &str, b: &str) -> bool {
    let name = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
    name(a) == name(b)
}

/// A line under a picture.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    /// Its names say that it is a credit.
    credit: bool,
}

/// The caption and the credit that lines under a picture give.
fn parts(lines: &[Line<'_>]) -> (Option<String>, Option<String>) {
    let mut caption: Vec<String> = Vec::new();
    let mut credit = None;
    // Where all lines are named a credit, the name is that of the whole.
    let named = lines.iter().any(|line| !line.credit);
    for line in lines {
        let is_credit = named && line.credit;
        let line = without_count(line.text);
        let lower = line.to_lowercase();
        let mark = CREDIT.iter().filter_map(|mark| lower.rfind(mark).map(|at| (at, mark.len()))).min();
        match mark {
            Some((at, length))
                if lower.len() == line.len() && line.is_char_boundary(at) && line.is_char_boundary(at + length) =>
            {
                let said = line[at + length..].trim_matches(|c: char| c == ')' || c.is_whitespace());
                if !said.is_empty() {
                    credit = Some(said.to_owned());
                }
                let before = line[..at].trim_matches(|c: char| c == '(' || c.is_whitespace());
                if !before.is_empty() {
                    caption.push(before.to_owned());
                }
            }
            _ if line.is_empty() => {}
            _ if is_credit => credit = credit.or(Some(line.to_owned())),
            _ => caption.push(line.to_owned()),
        }
    }
    ((!caption.is_empty()).then(|| caption.join(" ")), credit)
}

/// A line without the place of its picture in a gallery: "1 / 3 ", "2 of 7: ".
fn without_count(line: &str) -> &str {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let number = digits(line);
    if number == 0 || number > 3 {
        return line;
    }
    let rest = line[number..].trim_start();
    let words = ["of ", "von ", "de ", "di ", "sur ", "z ", "из "];
    let (rest, spoken) = match rest.strip_prefix('/') {
        Some(rest) => (rest.trim_start(), false),
        None => match words.iter().find_map(|word| rest.strip_prefix(word)) {
            Some(rest) => (rest.trim_start(), true),
            None => return line,
        },
    };
    let all = digits(rest);
    let after = &rest[all..];
    let signs = [':', '.', '|', '-', '–'];
    // "24 of 30 mills closed" counts mills.
    let ends = after.is_empty() || after.trim_start().starts_with(signs) || (!spoken && after.starts_with(' '));
    if (1..=3).contains(&all) && ends {
        after.trim_start_matches(' ').trim_start_matches(signs).trim_start()
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_told_from_captions() {
        let told = |lines: &[(&str, bool)]| {
            let lines: Vec<Line> = lines.iter().map(|(text, credit)| Line { text, credit: *credit }).collect();
            let (caption, credit) = parts(&lines);
            (caption.unwrap_or_default(), credit.unwrap_or_default())
        };
        for (lines, caption, credit) in [
            (&[("The mill at noon. Photo: Ada Brook", false)][..], "The mill at noon.", "Ada Brook"),
            (&[("The mill", false)], "The mill", ""),
            (&[("© Mill Press", false)], "", "Mill Press"),
            (&[("The mill.", false), ("Ada Brook/Pool photo", true)], "The mill.", "Ada Brook/Pool photo"),
            (&[("The mill.", true)], "The mill.", ""),
            (&[("24 of 30 mills closed", false)], "24 of 30 mills closed", ""),
            (&[("2 of 7: The mill.", false)], "The mill.", ""),
            (&[("2 / 7 The mill. Photo: Ada Brook", false)], "The mill.", "Ada Brook"),
        ] {
            assert_eq!(told(lines), (caption.to_owned(), credit.to_owned()));
        }
    }
}
