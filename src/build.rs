//! Asks the linker for a program that takes little memory where one is built for size, as the `dist` profile does.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    println!("cargo::rerun-if-env-changed=QUARTERDECK_LAYOUT");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|it| it == value);
    let small = is("OPT_LEVEL", "s") || is("OPT_LEVEL", "z");
    // What the toolchain links with by itself there; elsewhere the linker may not know these words.
    let lld = is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_ENV", "gnu");
    if !small || !lld {
        return;
    }
    // The SDKs generate thousands of functions that are the same to the last byte, and one of each is enough.
    println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    // What `.ci/dist` has seen to be run. Code is resident by the page, and a fifth of it ever runs: that fifth is put together.
    if let Ok(layout) = env::var("QUARTERDECK_LAYOUT") {
        println!("cargo::rerun-if-changed={layout}");
        println!("cargo::rustc-link-arg-bins=-Wl,--symbol-ordering-file={layout}");
        println!("cargo::rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
    }
}
