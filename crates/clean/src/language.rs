//! The language of a body: what the page claims, held against what the words say.

use whatlang::{Detector, Lang};

/// So many bytes of the body are enough to tell, and cost a tenth of a whole article.
const SAMPLE: usize = 600;
/// From so many letters on, and this sure, the words outweigh the claim.
const ENOUGH: usize = 200;
const SURE: f64 = 0.9;

/// What is known of a language.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// BCP 47, the language alone.
    pub(crate) code: Option<String>,
    /// How sure the words are; none where it is only claimed.
    pub(crate) confidence: Option<f32>,
    /// The claim was wrong.
    pub(crate) contradicted: bool,
    /// The words decided.
    pub(crate) from_text: bool,
}

/// The language of a text that claims to be in `claimed`.
pub(crate) fn of(text: &str, claimed: Option<&str>) -> Told {
    let claimed = claimed.and_then(primary);
    let mut end = text.len().min(SAMPLE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let sample = &text[..end];
    if let Some(told) = claimed.as_deref().and_then(|c| confirmed(sample, c)) {
        return told;
    }
    let heard = whatlang::detect(sample).and_then(|i| Some((short(i.lang())?, i.confidence())));
    match (claimed, heard) {
        (claimed, Some((code, confidence))) => {
            let agrees = claimed.as_deref().map(|c| same(c, code));
            if agrees == Some(true) || agrees.is_none() {
                let from_text = agrees.is_none();
                let code = claimed.unwrap_or_else(|| code.to_owned());
                return Told { code: Some(code), confidence: Some(rounded(confidence)), from_text, ..Told::default() };
            }
            let letters = sample.chars().filter(|c| c.is_alphabetic()).count();
            if letters >= ENOUGH && confidence >= SURE {
                let confidence = Some(rounded(confidence));
                return Told { code: Some(code.to_owned()), confidence, contradicted: true, from_text: true };
            }
            Told { code: claimed, ..Told::default() }
        }
        (code, None) => Told { code, ..Told::default() },
    }
}

/// The languages that a claim is first held against: asking about few costs a third of asking about all.
const COMMON: &[Lang] = &[
    Lang::Eng,
    Lang::Deu,
    Lang::Fra,
    Lang::Spa,
    Lang::Por,
    Lang::Ita,
    Lang::Nld,
    Lang::Pol,
    Lang::Rus,
    Lang::Ara,
    Lang::Cmn,
];

/// A claim that the words bear out among the common languages; none where they do not, and all must be asked about.
fn confirmed(sample: &str, claimed: &str) -> Option<Told> {
    let lang = Lang::all().iter().copied().find(|l| short(*l).is_some_and(|code| same(claimed, code)))?;
    let mut asked = COMMON.to_vec();
    if !asked.contains(&lang) {
        asked.push(lang);
    }
    let info = Detector::with_allowlist(asked).detect(sample).filter(|i| i.lang() == lang && i.confidence() >= SURE)?;
    Some(Told { code: Some(claimed.to_owned()), confidence: Some(rounded(info.confidence())), ..Told::default() })
}

/// Two digits are all that the figure is worth.
fn rounded(confidence: f64) -> f32 {
    (confidence * 100.0).round() as f32 / 100.0
}

/// Norwegian and its kind have several codes for what whatlang calls one.
fn same(claimed: &str, heard: &str) -> bool {
    claimed == heard
        || matches!(
            (claimed, heard),
            ("no" | "nn", "nb")
                | ("hr" | "bs" | "sh" | "me", "sr")
                | ("sr" | "bs" | "sh", "hr")
                | ("ms", "id")
                | ("he", "iw")
        )
}

/// The primary subtag of a language tag, lower case; none where it is no language (`und`, `x-default`, a sentence).
fn primary(tag: &str) -> Option<String> {
    let tag = tag.trim().split(['-', '_', ',', ';', '.']).next()?.to_ascii_lowercase();
    let known = (2..=3).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_lowercase());
    let tag = match tag.as_str() {
        "und" | "mul" | "zxx" | "xx" => return None,
        "eng" => "en".into(),
        "deu" | "ger" => "de".into(),
        "fra" | "fre" => "fr".into(),
        "spa" => "es".into(),
        "iw" => "he".into(),
        "in" => "id".into(),
        _ => tag,
    };
    known.then_some(tag)
}

/// The two-letter code of a language that whatlang knows.
fn short(lang: Lang) -> Option<&'static str> {
    Some(match lang.code() {
        "epo" => "eo",
        "eng" => "en",
        "rus" => "ru",
        "cmn" => "zh",
        "spa" => "es",
        "por" => "pt",
        "ita" => "it",
        "ben" => "bn",
        "fra" => "fr",
        "deu" => "de",
        "ukr" => "uk",
        "kat" => "ka",
        "ara" => "ar",
        "hin" => "hi",
        "jpn" => "ja",
        "heb" => "he",
        "yid" => "yi",
        "pol" => "pl",
        "amh" => "am",
        "jav" => "jv",
        "kor" => "ko",
        "nob" => "nb",
        "dan" => "da",
        "swe" => "sv",
        "fin" => "fi",
        "tur" => "tr",
        "nld" => "nl",
        "hun" => "hu",
        "ces" => "cs",
        "ell" => "el",
        "bul" => "bg",
        "bel" => "be",
        "mar" => "mr",
        "kan" => "kn",
        "ron" => "ro",
        "slv" => "sl",
        "hrv" => "hr",
        "srp" => "sr",
        "mkd" => "mk",
        "lit" => "lt",
        "lav" => "lv",
        "est" => "et",
        "tam" => "ta",
        "vie" => "vi",
        "urd" => "ur",
        "tha" => "th",
        "guj" => "gu",
        "uzb" => "uz",
        "pan" => "pa",
        "aze" => "az",
        "ind" => "id",
        "tel" => "te",
        "pes" => "fa",
        "mal" => "ml",
        "ori" => "or",
        "mya" => "my",
        "nep" => "ne",
        "sin" => "si",
        "khm" => "km",
        "tuk" => "tk",
        "aka" => "ak",
        "zul" => "zu",
        "sna" => "sn",
        "afr" => "af",
        "lat" => "la",
        "slk" => "sk",
        "cat" => "ca",
        "tgl" => "tl",
        "hye" => "hy",
        "cym" => "cy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "The ferry to the island will run again from Monday, the harbour board said after nine hours of talks with \
        the crew and the two towns that pay for it. Nobody had expected an answer so soon, and the mayor said that she would believe \
        it when she saw the first boat leave the pier in the morning with people on it.";

    #[test]
    fn the_words_are_held_against_the_claim() {
        assert_eq!(of(ENGLISH, Some("en-GB")).code.as_deref(), Some("en"));
        assert!(of(ENGLISH, Some("en-GB")).confidence.is_some());
        let wrong = of(ENGLISH, Some("de"));
        assert_eq!((wrong.code.as_deref(), wrong.contradicted), (Some("en"), true));
        assert_eq!(of(ENGLISH, None).code.as_deref(), Some("en"));
        assert_eq!(of("Kurz.", Some("de_DE")).code.as_deref(), Some("de"));
        assert_eq!(of("", Some("x-default")), Told::default());
        assert_eq!(of("新华社北京电 两国外长在北京举行会谈", None).code.as_deref(), Some("zh"));
    }
}
