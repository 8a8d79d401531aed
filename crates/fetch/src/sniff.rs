//! What bytes are, by their first few. Servers call videos `text/html` and feeds `application/octet-stream`: the bytes are
//! asked first, the `Content-Type` second (compare the WHATWG MIME Sniffing Standard, §6 and §7).

/// What an answer seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A page.
    Html,
    /// XML, feeds included.
    Xml,
    /// JSON, JSON Feed included.
    Json,
    /// Other text, or nothing at all.
    Text,
    /// A PDF.
    Pdf,
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// An archive, or one compressed file.
    Archive,
    /// Something else that is no text.
    Binary,
}

impl Kind {
    /// The name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Html => "an HTML page",
            Self::Xml => "XML",
            Self::Json => "JSON",
            Self::Text => "text",
            Self::Pdf => "a PDF",
            Self::Image => "an image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Archive => "an archive",
            Self::Binary => "binary data",
        }
    }

    /// Whether there can be an article or a feed in it.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Html | Self::Xml | Self::Json | Self::Text)
    }
}

/// Magic bytes at the very start. No text starts so, in no encoding we read.
const MAGIC: &[(&[u8], Kind)] = &[
    (b"%PDF-", Kind::Pdf),
    (b"\x89PNG\r\n\x1a\n", Kind::Image),
    (b"\xff\xd8\xff", Kind::Image),
    (b"GIF87a", Kind::Image),
    (b"GIF89a", Kind::Image),
    (b"\x00\x00\x01\x00", Kind::Image),
    (b"II*\x00", Kind::Image),
    (b"MM\x00*", Kind::Image),
    (b"ID3", Kind::Audio),
    (b"\xff\xfb", Kind::Audio),
    (b"\xff\xf3", Kind::Audio),
    (b"\xff\xf2", Kind::Audio),
    (b"OggS\x00", Kind::Audio),
    (b"fLaC", Kind::Audio),
    (b"\x1a\x45\xdf\xa3", Kind::Video),
    (b"FLV\x01", Kind::Video),
    (b"PK\x03\x04", Kind::Archive),
    (b"PK\x05\x06", Kind::Archive),
    (b"\x1f\x8b", Kind::Archive),
    (b"BZh", Kind::Archive),
    (b"\xfd7zXZ\x00", Kind::Archive),
    (b"7z\xbc\xaf\x27\x1c", Kind::Archive),
    (b"Rar!\x1a\x07", Kind::Archive),
    (b"\x28\xb5\x2f\xfd", Kind::Archive),
    (b"\x7fELF", Kind::Binary),
    (b"wOFF", Kind::Binary),
    (b"wOF2", Kind::Binary),
];

/// What `bytes` are; only the first 512 are looked at.
pub fn kind(bytes: &[u8], content_type: Option<&str>) -> Kind {
    let head = &bytes[..bytes.len().min(512)];
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return *kind;
    }
    if let Some(kind) = container(head) {
        return kind;
    }
    let claimed = content_type.map(claimed);
    match markup(head) {
        Some(Kind::Text) | None if is_binary(head) => match claimed {
            // Declared as text: the decoder will make of it what it can.
            Some(kind) => kind,
            None => Kind::Binary,
        },
        Some(Kind::Text) | None => match claimed {
            Some(kind) if kind.is_text() => kind,
            _ => Kind::Text,
        },
        Some(Kind::Html) if claimed == Some(Kind::Xml) && !names_html(head) => Kind::Xml,
        Some(kind) => kind,
    }
}

/// Files whose mark stands a few bytes in: RIFF (WAV, AVI, WebP) and ISO media (MP4, MOV, M4A, AVIF, HEIC).
fn container(head: &[u8]) -> Option<Kind> {
    let brand = head.get(8..12)?;
    if head.starts_with(b"RIFF") {
        return Some(match brand {
            b"WEBP" => Kind::Image,
            b"WAVE" => Kind::Audio,
            _ => Kind::Video,
        });
    }
    if &head[4..8] == b"ftyp" {
        return Some(match &brand[..3] {
            b"M4A" | b"M4B" => Kind::Audio,
            b"avi" | b"hei" | b"mif" | b"msf" => Kind::Image,
            _ => Kind::Video,
        });
    }
    None
}

/// The first mark of the text, past a byte order mark and white space; UTF-16 is read by leaving out its zero bytes.
fn markup(head: &[u8]) -> Option<Kind> {
    let start = opening(head);
    match start.first()? {
        b'<' if names_html(head) => Some(Kind::Html),
        b'<' if [&b"<?xml"[..], b"<rss", b"<feed", b"<rdf", b"<channel", b"<opml", b"<svg"]
            .iter()
            .any(|m| start.starts_with(m)) =>
        {
            Some(Kind::Xml)
        }
        b'<' => Some(Kind::Html),
        b'{' | b'[' => Some(Kind::Json),
        _ => Some(Kind::Text),
    }
}

fn names_html(head: &[u8]) -> bool {
    let start = opening(head);
    [&b"<!doctype html"[..], b"<html"].iter().any(|mark| start.windows(mark.len()).any(|window| window == *mark))
}

/// The head in lower case, without byte order mark, leading white space and (UTF-16) zero bytes.
fn opening(head: &[u8]) -> Vec<u8> {
    let head = [&b"\xef\xbb\xbf"[..], b"\xfe\xff", b"\xff\xfe"]
        .iter()
        .find_map(|mark| head.strip_prefix(*mark))
        .unwrap_or(head);
    head.iter()
        .filter(|byte| **byte != 0)
        .map(u8::to_ascii_lowercase)
        .skip_while(|byte| byte.is_ascii_whitespace())
        .collect()
}

/// Whether there is a control character that no text has, and no sign of UTF-16.
fn is_binary(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return false;
    }
    let odd = head.iter().filter(|byte| matches!(byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f)).count();
    odd * 50 > head.len()
}

fn claimed(content_type: &str) -> Kind {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/html" | "application/xhtml+xml" => Kind::Html,
        "application/pdf" => Kind::Pdf,
        "application/zip" | "application/gzip" | "application/x-gzip" | "application/x-tar" => Kind::Archive,
        e if e.ends_with("/xml") || e.ends_with("+xml") => Kind::Xml,
        e if e.ends_with("/json") || e.ends_with("+json") => Kind::Json,
        e if e.starts_with("text/") => Kind::Text,
        e if e.starts_with("image/") => Kind::Image,
        e if e.starts_with("audio/") => Kind::Audio,
        e if e.starts_with("video/") => Kind::Video,
        _ => Kind::Binary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_believed_before_the_content_type() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for (bytes, content_type, expected) in [
            (&b"%PDF-1.7\n"[..], Some("text/html"), Kind::Pdf),
            (b"\x89PNG\r\n\x1a\nxxxx", Some("text/html"), Kind::Image),
            (b"\xff\xd8\xff\xe0", None, Kind::Image),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", None, Kind::Image),
            (b"RIFF\x01\x02\x03\x04WAVEfmt ", None, Kind::Audio),
            (b"\x00\x00\x00\x20ftypisom", Some("text/html"), Kind::Video),
            (b"\x00\x00\x00\x20ftypM4A ", None, Kind::Audio),
            (b"ID3\x04", Some("text/html"), Kind::Audio),
            (b"\x1a\x45\xdf\xa3", None, Kind::Video),
            (b"PK\x03\x04\x14", Some("text/html"), Kind::Archive),
            (b"\x1f\x8b\x08", Some("application/rss+xml"), Kind::Archive),
            (b"\x01\x02\x03\x04\x05\x06", None, Kind::Binary),
            (b"\x01\x02\x03\x04\x05\x06", Some("video/mp2t"), Kind::Video),
            (b"<!DOCTYPE html><p>x", Some("video/mp4"), Kind::Html),
            (b"\xef\xbb\xbf  <html>", None, Kind::Html),
            (b"<?xml version='1.0'?><html xmlns=''>", Some("text/xml"), Kind::Html),
            (b"<?xml version='1.0'?><rss>", Some("text/html"), Kind::Xml),
            (b"<rss version='2.0'>", Some("text/html"), Kind::Xml),
            (b"<entry/>", Some("application/atom+xml"), Kind::Xml),
            (b"<div>x", None, Kind::Html),
            (b"<p>a\x00b</p>", Some("text/html"), Kind::Html),
            (b"{\"version\":\"\"}", Some("text/html"), Kind::Json),
            (b"Plain words", Some("application/octet-stream"), Kind::Text),
            (b"Plain words", Some("text/html; charset=x"), Kind::Html),
            (b"", None, Kind::Text),
        ] {
            assert_eq!(kind(bytes, content_type), expected, "{:?} as {content_type:?}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(kind(&utf16("\u{feff}<?xml version='1.0'?><rss/>"), None), Kind::Xml);
        assert_eq!(kind(&utf16("<?xml version='1.0'?><rss/>"), None), Kind::Xml);
        assert_eq!(kind(&utf16("\u{feff}<html>"), None), Kind::Html);
    }
}
