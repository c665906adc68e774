//! The guard with hands that a test holds.
