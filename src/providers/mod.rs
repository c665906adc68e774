//! providers
pub mod aws;
