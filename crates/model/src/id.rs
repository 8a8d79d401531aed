//! The names of things. All are digests or opaque strings, so none can be mistaken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A name that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct BadName {
    text: String,
    wanted: &'static str,
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)] as char, DIGITS[usize::from(b & 15)] as char]).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(out)
}

fn sha256(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            hash.update([0]);
        }
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

fn first_half(whole: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

macro_rules! name_of_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// The name made of these bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes of the name, as the store keeps them.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Lower-case hexadecimal digits, without a prefix.
            pub fn hex(&self) -> String {
                hex(&self.0)
            }

            /// Reads what [`Self::hex`] wrote.
            ///
            /// # Errors
            /// When the text has another length or holds another character.
            pub fn from_hex(text: &str) -> Result<Self, BadName> {
                unhex(text).map(Self).ok_or_else(|| BadName { text: text.chars().take(80).collect(), wanted: $wanted })
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = BadName;
            fn try_from(bytes: &[u8]) -> Result<Self, BadName> {
                bytes.try_into().map(Self).map_err(|_| BadName { text: hex(bytes), wanted: $wanted })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name_of_bytes!(
    /// The SHA-256 of a body's folded letters: two copies that differ in typography, spacing or punctuation share it.
    ///
    /// Written `sha256:` + 64 hexadecimal digits.
    Digest, 32, "a content hash (`sha256:` and 64 hexadecimal digits)"
);

impl Default for Digest {
    /// All zeros: the hash of nothing that was ever hashed.
    fn default() -> Self {
        Self([0; 32])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl FromStr for Digest {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        Self::from_hex(text.strip_prefix("sha256:").unwrap_or(text))
    }
}

impl schemars::JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"})
    }
}

name_of_bytes!(
    /// An article through all its revisions: 16 bytes of the SHA-256 of its `url` at first sight, kept though the URL change.
    ArticleId, 16, "an article id (32 hexadecimal digits)"
);

name_of_bytes!(
    /// One entry of one feed: 16 bytes of the SHA-256 over the feed's id and the entry's identity in it.
    ///
    /// It depends on nothing the desk draws or counts, so it survives the loss of the store (law 3: `wd-entry`).
    EntryKey, 16, "an entry key (32 hexadecimal digits)"
);

name_of_bytes!(
    /// 16 bytes of the SHA-256 of some text, for comparing without keeping: cleaned links, titles, an entry's fields.
    Fingerprint, 16, "a fingerprint (32 hexadecimal digits)"
);

macro_rules! plain_hex {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.hex())
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::from_hex(text)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{32}$"})
            }
        }
    )*};
}
plain_hex!(ArticleId, EntryKey, Fingerprint);

impl ArticleId {
    /// The id of an article first seen at this URL.
    pub fn of(url: &str) -> Self {
        Self(first_half(sha256(&[url])))
    }
}

impl EntryKey {
    /// The key of the entry that its feed calls `identity`.
    pub fn of(feed: &FeedId, identity: &str) -> Self {
        Self(first_half(sha256(&[feed.as_str(), identity])))
    }
}

impl Fingerprint {
    /// The fingerprint of these texts, kept apart from each other.
    pub fn of(parts: &[&str]) -> Self {
        Self(first_half(sha256(parts)))
    }
}

/// A feed's name in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct FeedId(String);

impl FeedId {
    /// The feed of this name.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The name as configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who wrote a record: the data dir's own name and when this process took the topic (`wd-desk`, law 3).
///
/// Written `name@milliseconds`. The later start is the *younger* desk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeskId {
    /// Drawn once per data dir, 16 hexadecimal digits.
    pub name: String,
    /// When the process started, in milliseconds since 1970, UTC.
    pub started: i64,
}

impl DeskId {
    /// Whether `other` is another data dir's desk that started after this one: it has taken over.
    pub fn was_taken_over_by(&self, other: &Self) -> bool {
        self.name != other.name && other.started > self.started
    }
}

impl fmt::Display for DeskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.started)
    }
}

impl FromStr for DeskId {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        text.split_once('@')
            .and_then(|(name, started)| Some(Self { name: name.to_owned(), started: started.parse().ok()? }))
            .ok_or_else(|| BadName { text: text.chars().take(80).collect(), wanted: "a desk id (`name@milliseconds`)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_what_it_wrote() {
        let digest = Digest::from_bytes([0xab; 32]);
        assert_eq!(digest.to_string().parse::<Digest>().expect("own spelling"), digest);
        assert!("sha256:ab".parse::<Digest>().is_err());
    }

    #[test]
    fn an_entry_key_tells_feed_and_identity_apart() {
        let key = |feed: &str, identity: &str| EntryKey::of(&FeedId::new(feed), identity);
        assert_ne!(key("a", "bc"), key("ab", "c"));
        assert_eq!(key("a", "b"), key("a", "b"));
    }

    #[test]
    fn only_another_and_later_desk_has_taken_over() {
        let desk = |name: &str, started| DeskId { name: name.into(), started };
        assert!(desk("a", 1).was_taken_over_by(&desk("b", 2)));
        assert!(!desk("a", 2).was_taken_over_by(&desk("b", 1)));
        assert!(!desk("a", 1).was_taken_over_by(&desk("a", 2)));
    }
}
