//! Sets of bytes: which a text holds, and of which a pattern needs one. A pattern that needs a digit need not be tried on a text
//! without one.

use regex_syntax::hir::{Class, Hir, HirKind};

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes([u64; 4]);

impl Bytes {
    /// The bytes of a text.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut set = Self::default();
        text.iter().for_each(|byte| set.add(*byte));
        set
    }

    /// Bytes of which every text that an expression matches holds at least one; of several such sets the one that says most.
    pub(crate) fn needed(expression: &Hir) -> Option<Self> {
        match expression.kind() {
            HirKind::Empty | HirKind::Look(_) => None,
            HirKind::Literal(literal) => literal.0.iter().map(|byte| Self::of(&[*byte])).min_by_key(Self::commonness),
            HirKind::Class(Class::Unicode(class)) => {
                let mut set = Self::default();
                for range in class.ranges() {
                    (first_byte(range.start())..=first_byte(range.end())).for_each(|byte| set.add(byte));
                }
                Some(set)
            }
            HirKind::Class(Class::Bytes(_)) => None,
            HirKind::Repetition(repeated) if repeated.min == 0 => None,
            HirKind::Repetition(repeated) => Self::needed(&repeated.sub),
            HirKind::Capture(group) => Self::needed(&group.sub),
            HirKind::Concat(parts) => parts.iter().filter_map(Self::needed).min_by_key(Self::commonness),
            HirKind::Alternation(ways) => {
                ways.iter().map(Self::needed).try_fold(Self::default(), |all, way| Some(all.or(way?)))
            }
        }
    }

    /// Whether two sets share a byte.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(own, other)| own & other != 0)
    }

    /// Whether there are texts without any of these bytes to speak of.
    pub(crate) fn tell(&self) -> bool {
        self.commonness() < 60
    }

    /// How common its bytes are in print, roughly.
    fn commonness(&self) -> u32 {
        let weight = |byte: u8| match byte {
            b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 30,
            b'j' | b'q' | b'x' | b'z' | b'k' | b'v' | b'w' => 8,
            b'a'..=b'z' => 15,
            b'0'..=b'9' => 3,
            0..=0x7f => 2,
            _ => 1,
        };
        (0..=u8::MAX).filter(|byte| self.0[usize::from(byte / 64)] & 1 << (byte % 64) != 0).map(weight).sum()
    }

    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte / 64)] |= 1 << (byte % 64);
    }

    fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }
}

fn first_byte(c: char) -> u8 {
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).as_bytes().first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(pattern: &str) -> Option<Bytes> {
        Bytes::needed(&regex_syntax::parse(pattern).expect("a pattern"))
    }

    #[test]
    fn what_a_pattern_needs_is_read_off_it() {
        assert_eq!(needed(".* doi: ?10.*"), Some(Bytes::of(b":")));
        assert_eq!(needed("^[a-z ]+(?:kb|\\|x)$"), Some(Bytes::of(b"k|")));
        assert_eq!(needed("^[^0-9]+ [摄攝]?$"), Some(Bytes::of(b" ")));
        assert!(!needed("[a-z]+").is_some_and(|bytes| bytes.tell()));
        assert_eq!(needed("(?:x?|y)"), None);
        let han = needed("[\\p{L}]{2,18}[摄攝]").expect("a byte");
        assert!(han.tell() && han.meets(&Bytes::of("摄".as_bytes())) && !han.meets(&Bytes::of(b"photo")));
    }
}
