//! Every test, in parts.

use anyhow::Result;
use clap::ValueEnum;

use crate::fuzz;
use crate::page::page;
use crate::run::{cargo, command, is_installed, root, run, target_dir};
use crate::setup::{has_npm_packages, may_install, python_path, setup, wasm_runner};

/// One part of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Unit and integration tests, with real sockets, stores and processes.
    Native,
    /// The same rules and vectors in a real browser.
    Wasm,
    /// Ten seconds of random inputs for everything that reads what comes from outside.
    Fuzz,
    /// The built programs with a real browser and an independent client.
    EndToEnd,
}

/// Runs one part, or all.
pub(crate) fn test(part: Option<Part>) -> Result<()> {
    if part != Some(Part::Native) && may_install() {
        setup()?;
    }
    let wanted = |this| part.is_none_or(|part| part == this);
    if wanted(Part::Native) {
        let arguments = ["test", "--locked", "--workspace", "--exclude", "e2e", "--no-default-features"];
        run("native tests", &mut cargo(&arguments))?;
    }
    if wanted(Part::Fuzz) {
        smoke()?;
    }
    let missing = missing();
    if !missing.is_empty() && !matches!(part, Some(Part::Native | Part::Fuzz)) {
        println!(
            "\n!! SKIPPED the browser tests: no {}. Run `cargo xtask setup` first.",
            missing.join(", no ")
        );
        return Ok(());
    }
    if wanted(Part::Wasm) {
        wasm()?;
    }
    if wanted(Part::EndToEnd) {
        end_to_end()?;
    }
    Ok(())
}

/// A few seconds find what is plainly broken; `cargo xtask long fuzz` looks for the rest.
fn smoke() -> Result<()> {
    if fuzz::tool().exists() {
        return fuzz::fuzz(None, 10).map(drop);
    }
    println!("\n!! SKIPPED the fuzz targets: no cargo-fuzz. Run `cargo xtask setup` first.");
    Ok(())
}

fn missing() -> Vec<&'static str> {
    let needs = [
        ("Chromium", is_installed("chromium")),
        ("chromedriver", is_installed("chromedriver")),
        ("WASM test runner", wasm_runner().exists()),
        ("Python packages", python_path().exists()),
        ("packages from npm", has_npm_packages()),
    ];
    needs.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name).collect()
}

fn wasm() -> Result<()> {
    let arguments = ["test", "--locked", "--lib", "-p", "shared", "--target", "wasm32-unknown-unknown"];
    run(
        "WASM tests",
        cargo(&arguments)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", wasm_runner())
            .env("CHROMEDRIVER", "chromedriver")
            .env("WASM_BINDGEN_USE_BROWSER", "1")
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300"),
    )
}

fn end_to_end() -> Result<()> {
    run("programs", &mut cargo(&["build", "--locked", "--release", "-p", "node", "-p", "client"]))?;
    page()?;
    let python = python_path();
    run("Python vectors", &mut command(&python, &["e2e/python/test_vectors.py"]))?;
    run(
        "end-to-end tests",
        cargo(&["test", "--locked", "-p", "e2e", "--", "--nocapture", "--test-threads=1"])
            .env("E2E_NODE", target_dir().join("release/node"))
            .env("E2E_CLIENT", target_dir().join("release/client"))
            .env("E2E_PYTHON", python)
            .env("E2E_ROOT", root()),
    )
}
