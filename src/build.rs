//! Asks the linker for a smaller program where one is built for size, as the `dist` profile does: the SDKs generate thousands of
//! functions that are the same to the last byte, and one of each is enough.

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    let is = |variable: &str, value: &str| std::env::var(variable).is_ok_and(|it| it == value);
    let small = is("OPT_LEVEL", "s") || is("OPT_LEVEL", "z");
    // What the toolchain links with by itself there; elsewhere the linker may not know the word.
    let lld = is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_ENV", "gnu");
    if small && lld {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}
