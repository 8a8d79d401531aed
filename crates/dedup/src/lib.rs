//! dedup
pub mod settings;
