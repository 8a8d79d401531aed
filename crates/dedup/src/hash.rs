//! The content hash: SHA-256 over the folded letters, fed piece by piece so that no second copy of the body is made.

use sha2::{Digest as _, Sha256};
use wiredesk_model::id::Digest;

use crate::fold::{Sink, fold};

/// Folded bytes are handed to SHA-256 in pieces of this many: a few blocks at a time, small enough for the stack.
const PIECE: usize = 1024;

/// A hasher with a small buffer before it: SHA-256 is fed whole blocks, not single letters.
struct Hasher {
    sha: Sha256,
    buffer: [u8; PIECE],
    filled: usize,
}

impl Hasher {
    fn flush(&mut self) {
        self.sha.update(&self.buffer[..self.filled]);
        self.filled = 0;
    }
}

impl Sink for Hasher {
    fn ascii(&mut self, letter: u8) {
        if self.filled == PIECE {
            self.flush();
        }
        self.buffer[self.filled] = letter;
        self.filled += 1;
    }

    fn char(&mut self, letter: char) {
        if self.filled + 4 > PIECE {
            self.flush();
        }
        self.filled += letter.encode_utf8(&mut self.buffer[self.filled..]).len();
    }
}

/// The content hash of a body: SHA-256 over its [`folded`](crate::fold::folded) letters in UTF-8.
pub fn content_hash(text: &str) -> Digest {
    let mut hasher = Hasher { sha: Sha256::new(), buffer: [0; PIECE], filled: 0 };
    fold(text, &mut hasher);
    hasher.flush();
    Digest::from_bytes(hasher.sha.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::folded;

    fn plain(text: &str) -> Digest {
        Digest::from_bytes(Sha256::digest(text.as_bytes()).into())
    }

    #[test]
    fn the_hash_is_sha256_of_the_folded_letters() {
        for text in ["", "Hello, World 1.5!", "Straße — „Größe“ 1 000", &"Überall ﬁel Schnee. ".repeat(300)]
        {
            assert_eq!(content_hash(text), plain(&folded(text)), "{text}");
        }
    }

    #[test]
    fn the_hash_is_frozen() {
        // `printf helloworld1.5 | sha256sum`: what a consumer can check with nothing of ours.
        assert_eq!(content_hash("“Hello, World” 1.5"), plain("helloworld1.5"));
        assert_eq!(
            content_hash("").to_string(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    proptest::proptest! {
        #[test]
        fn streaming_and_whole_agree(text in "\\PC{0,2000}") {
            proptest::prop_assert_eq!(content_hash(&text), plain(&folded(&text)));
        }
    }
}
