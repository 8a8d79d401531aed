//! Blocks held against blocks: a page of 60,000 lines has billions of pairs. So what compares them counts what it looks at, and stops
//! comparing when it has looked at more than any page that people read asks for. It counts work and not time, for the same page must
//! come out the same on every machine.

/// What may be looked at for one page by one pass, in bytes. A page of 300 KB with two hundred quotations takes an eighth of it.
const MOST: usize = 512 << 20;

/// What a comparison costs beside the bytes it looks at.
const STEP: usize = 16;

/// The work that a pass may still do.
#[derive(Debug)]
pub(crate) struct Work(usize);

impl Default for Work {
    fn default() -> Self {
        Self(MOST)
    }
}

impl Work {
    /// Whether one more comparison may be made, which looks at so many bytes; if so, they are counted.
    pub(crate) fn affords(&mut self, bytes: usize) -> bool {
        match self.0.checked_sub(bytes + STEP) {
            Some(left) => self.0 = left,
            None => self.0 = 0,
        }
        self.0 > 0
    }
}
