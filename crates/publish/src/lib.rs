//! publish
pub mod settings;
