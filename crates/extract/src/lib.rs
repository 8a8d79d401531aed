//! extract
pub mod settings;
