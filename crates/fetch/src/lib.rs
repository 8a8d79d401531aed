//! fetch
pub mod settings;
