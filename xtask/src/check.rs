//! Everything that is checked without running a test.

use anyhow::Result;

use crate::run::{cargo, run, target_dir, tools};
use crate::tidy::tidy;

/// The crates that run in the page.
const WASM: [&str; 6] = ["-p", "shared", "-p", "wallet-wasm", "-p", "web"];

/// Runs all checks.
pub(crate) fn check() -> Result<()> {
    tidy()?;
    run("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    run("format, fuzz", &mut cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))?;
    let native = ["clippy", "--locked", "--workspace", "--all-targets", "--no-default-features"];
    let end_to_end = ["--features", "e2e/programs"];
    run("lints, native", cargo(&native).args(end_to_end).args(["--", "-D", "warnings"]))?;
    // A workspace of its own, which no build of this one looks at.
    let fuzz = ["clippy", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--all-targets", "--target-dir"];
    run("lints, fuzz", cargo(&fuzz).arg(target_dir().join("fuzz")).args(["--", "-D", "warnings"]))?;
    let wasm = ["clippy", "--locked", "--target", "wasm32-unknown-unknown"];
    run("lints, WASM", cargo(&wasm).args(WASM).args(["--", "-D", "warnings"]))?;
    let docs = ["doc", "--locked", "--workspace", "--no-deps", "--no-default-features"];
    run("documentation", cargo(&docs).env("RUSTDOCFLAGS", "-D warnings"))?;
    let deny = tools().join("bin/cargo-deny");
    if deny.exists() {
        // The advisories' database is a git repository, which a machine without that network cannot fetch.
        let arguments = ["--locked", "check", "bans", "licenses", "sources"];
        run("licences and sources", &mut crate::run::command(deny, &arguments))?;
    } else {
        println!("\n!! SKIPPED licences and sources: cargo-deny is not installed; run `cargo xtask setup`");
    }
    Ok(())
}
