//! Against a real Kubernetes control plane: the same questions put to the program and to kubectl, and what happens when users may
//! not, when the API server goes away, and when something is changed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod acted;
mod agree;
#[path = "../cluster/mod.rs"]
mod cluster;
mod console;
mod guarded;
mod kinds;
mod own;
mod program;
#[path = "../pty/mod.rs"]
mod pty;
mod watched;
