//! Nothing happens.

use crate::{Number, Point, Protection};

/// Nothing.
#[inline]
pub const fn reach(_: Point) {}

/// Never.
#[inline]
pub const fn without(_: Protection) -> bool {
    false
}

/// Nothing.
#[inline]
pub const fn meet(_: &[u8]) {}

/// What it is.
#[inline]
pub const fn number(_: Number, usual: u64) -> u64 {
    usual
}
