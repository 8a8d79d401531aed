//! pipeline
pub mod settings;
