//! schedule
pub mod settings;
