use std::borrow::Cow;

use proptest::prelude::*;

use super::*;

fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn utf32(text: &str, big_endian: bool) -> Vec<u8> {
    text.chars().flat_map(|c| if big_endian { (c as u32).to_be_bytes() } else { (c as u32).to_le_bytes() }).collect()
}

#[test]
fn valid_utf8_is_borrowed() {
    let decoded = page("<p>žluťoučký</p>".as_bytes(), None);
    assert!(matches!(decoded.text, Cow::Borrowed(_)));
    assert_eq!((decoded.encoding, decoded.source, decoded.had_errors), ("UTF-8", Source::Utf8, false));
}

#[test]
fn a_byte_order_mark_beats_the_header_and_the_header_beats_the_declaration() {
    let marked = [b"\xef\xbb\xbf".as_slice(), "é".as_bytes()].concat();
    let decoded = page(&marked, Some("text/html; charset=windows-1251"));
    assert_eq!((&*decoded.text, decoded.source), ("é", Source::Bom));

    let decoded = page(b"<meta charset=windows-1251>\xe9", Some("text/html; charset=\"ISO-8859-1\""));
    assert_eq!((decoded.encoding, decoded.source), ("windows-1252", Source::Http));
    assert!(decoded.text.ends_with('é'));
}

#[test]
fn declarations_of_pages() {
    for (head, encoding) in [
        ("<meta charset=\"windows-1251\">", "windows-1251"),
        ("<META CHARSET = koi8-r >", "KOI8-R"),
        ("<meta http-equiv=Content-Type content='text/html; charset=gb2312'>", "GBK"),
        ("<meta content=\"text/html;charset=shift_jis\" http-equiv=\"content-type\"/>", "Shift_JIS"),
        ("<!-- <meta charset=koi8-r> --><meta charset=iso-8859-2>", "ISO-8859-2"),
        ("<meta name=a content='charset=koi8-r'><meta charset=big5>", "Big5"),
        ("<?xml version='1.0' encoding='iso-8859-15'?><html>", "ISO-8859-15"),
        ("<meta charset=utf-16>", "UTF-8"),
    ] {
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend(b"x\xa4\xa4x");
        let decoded = page(&bytes, None);
        assert_eq!((decoded.encoding, decoded.source), (encoding, Source::Declared), "{head}");
    }
}

#[test]
fn an_unknown_label_is_no_declaration() {
    assert_eq!(page(b"<meta charset=martian>abc", Some("text/html; charset=none")).source, Source::Utf8);
}

#[test]
fn declarations_of_feeds() {
    let decoded = feed(b"\n<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?><rss>caf\xe9</rss>", None);
    assert_eq!((decoded.encoding, decoded.source), ("windows-1252", Source::Declared));
    assert!(decoded.text.contains("café"));
    // A declaration in ASCII bytes that says UTF-16 cannot be true.
    assert_eq!(feed("<?xml version='1.0' encoding='UTF-16'?><a>é</a>".as_bytes(), None).encoding, "UTF-8");
}

#[test]
fn wide_charsets_with_and_without_mark() {
    let text = "<?xml version='1.0'?><rss>Grüße 😀</rss>";
    for big_endian in [true, false] {
        for with_mark in [true, false] {
            let marked = if with_mark { format!("\u{feff}{text}") } else { text.into() };
            let decoded = feed(&utf16(&marked, big_endian), None).into_owned();
            assert_eq!(decoded.text, text, "UTF-16 {big_endian} {with_mark}");
            let decoded = feed(&utf32(&marked, big_endian), None).into_owned();
            assert_eq!(decoded.text, text, "UTF-32 {big_endian} {with_mark}");
            assert!(!decoded.had_errors);
        }
    }
}

#[test]
fn utf8_called_latin1_is_read_as_utf8_and_said_so() {
    let bytes = "<meta charset=iso-8859-1>Überraschung".as_bytes();
    let decoded = page(bytes, Some("text/html; charset=ISO-8859-1"));
    assert!(decoded.text.ends_with("Überraschung"));
    assert_eq!((decoded.source, decoded.overruled), (Source::Utf8, Some("windows-1252")));
}

#[test]
fn a_short_double_byte_text_is_not_mistaken_for_utf8() {
    let (bytes, _, _) = encoding_rs::GBK.encode("<meta charset=gbk>聯通");
    assert!(page(&bytes, None).text.ends_with("聯通"));
}

#[test]
fn stray_windows_1252_bytes_in_utf8_are_read() {
    let decoded = feed(b"<?xml version='1.0' encoding='utf-8'?><t>\x93caf\xc3\xa9\x94 caf\xe9 s</t>", None);
    assert!(decoded.text.contains("“café” café s"), "{}", decoded.text);
    assert!(decoded.had_errors);
}

#[test]
fn a_cut_character_is_replaced() {
    let decoded = feed("<t>déjà vu, naïve — €".as_bytes().split_last().expect("text").1, None);
    assert!(decoded.text.ends_with('\u{fffd}'));
}

#[test]
fn undeclared_legacy_text_is_guessed() {
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode("Сегодня в городе прошёл большой праздник, пишут газеты");
    let decoded = page(&bytes, None);
    assert_eq!((decoded.encoding, decoded.source), ("windows-1251", Source::Detected));
}

#[test]
fn nuls_go() {
    assert_eq!(page(b"a\0b", None).text, "ab");
}

proptest! {
    #[test]
    fn any_bytes_decode(bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in proptest::option::of(".{0,40}")) {
        for decoded in [page(&bytes, kind.as_deref()), feed(&bytes, kind.as_deref())] {
            prop_assert!(!decoded.text.contains('\0'));
        }
    }

    #[test]
    fn any_text_survives(text in "[^\0\u{feff}]{0,200}") {
        let with_markup = format!("<x>{text}");
        prop_assert_eq!(&*page(with_markup.as_bytes(), Some("text/html; charset=utf-8")).text, &with_markup);
    }
}
