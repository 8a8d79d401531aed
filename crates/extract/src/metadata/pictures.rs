//! Pictures of the article: what the page shows to other programs, and the figures of the body with their captions.

use url::Url;
use wiredesk_model::article::Image;
use wiredesk_model::block::Verdict;

use super::absolute;
use super::facts::Facts;
use super::json_ld::Linked;
use crate::outline::Outline;

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
        let lines: Vec<&str> = (picture.first as usize..last)
            .filter(|at| matches!(&verdicts[*at], Verdict::Field { field, .. } if field == "images"))
            .map(|at| outline.blocks[at].text.as_str())
            .collect();
        let Some(url) = absolute(&picture.src, base) else { continue };
        if lines.is_empty() {
            continue;
        }
        let (caption, credit) = parts(&lines);
        add(Image { url, caption, credit });
    }
    let claimed = facts.first(&["og:image", "og:image:url", "twitter:image", "twitter:image:src"]).map(str::to_owned);
    for link in claimed.into_iter().chain(linked.images("image")) {
        if let Some(url) = absolute(&link, base) {
            add(Image { url, ..Image::default() });
        }
    }
    out
}

fn same_picture(a: &str, b: &str) -> bool {
    let name = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
    name(a) == name(b)
}

fn parts(lines: &[&str]) -> (Option<String>, Option<String>) {
    let mut caption: Vec<String> = Vec::new();
    let mut credit = None;
    for line in lines {
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
            _ => caption.push((*line).to_owned()),
        }
    }
    ((!caption.is_empty()).then(|| caption.join(" ")), credit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_told_from_captions() {
        assert_eq!(
            parts(&["The mill at noon. Photo: Ada Brook"]),
            (Some("The mill at noon.".into()), Some("Ada Brook".into()))
        );
        assert_eq!(parts(&["The mill"]), (Some("The mill".into()), None));
        assert_eq!(parts(&["© Mill Press"]), (None, Some("Mill Press".into())));
    }
}
