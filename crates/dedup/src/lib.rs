//! Two copies of one body share one hash, whatever typography, spacing and punctuation each newsroom gave it.
//!
//! Eleven papers run the same wire story with their own quotes, dashes, ligatures and line breaks. What they share are its
//! letters, so those are what is hashed. The folding is part of the record's contract (`content_hash`): changing it would
//! make every body in a topic new, so it is frozen by the table in [`fold`]'s tests.
//!
//! # Architecture
//! - [`fold`]: text to folded letters, in one pass.
//! - [`hash`]: the digest over them, streaming.
//! - [`settings`]: how long a desk remembers.

pub mod fold;
pub mod hash;
pub mod settings;

pub use fold::folded;
pub use hash::content_hash;
