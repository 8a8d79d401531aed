//! The variables in which a test says what it wants.

/// `ACTION@POINT#COUNT`: what to do when a point is reached for the COUNT-th time. ACTION is `abort` or `stop` (SIGSTOP).
pub const AT: &str = "WIREDESK_FAULT_AT";

/// The name of a [`Protection`](crate::Protection) to go without.
pub const WITHOUT: &str = "WIREDESK_FAULT_WITHOUT";

/// A word. A page that holds it kills the process that reads it.
pub const POISON: &str = "WIREDESK_FAULT_POISON";

/// `NAME=VALUE`, separated by commas: a [`Number`](crate::Number) and what it is to be.
pub const NUMBERS: &str = "WIREDESK_FAULT_NUMBERS";

/// What the process says on standard error before it dies or stands still, with the point's name behind it.
pub const SAID: &str = "fault asked for at: ";
