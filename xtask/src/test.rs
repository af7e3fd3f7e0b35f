//! Every test, in parts.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde_json::Value;

use crate::fuzz;
use crate::moduli::weak_keys;
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

/// Always the same packages: without some of them the dependencies of the others have other features, and are built once
/// more.
const WORKSPACE: [&str; 3] = ["test", "--locked", "--workspace"];
const WITH_END_TO_END: [&str; 2] = ["--features", "e2e/programs"];

/// Keys among which weak ones are looked for.
const KEYS: u32 = 40;

/// Builds a command that runs native tests, with nodes that have no page: it takes minutes to build.
pub(crate) fn without_page() -> Command {
    let mut command = cargo(&WORKSPACE);
    command.arg("--no-default-features");
    command
}

/// Runs one part, or all.
pub(crate) fn test(part: Option<Part>) -> Result<()> {
    if part != Some(Part::Native) && may_install() {
        setup()?;
    }
    let wanted = |this| part.is_none_or(|part| part == this);
    if wanted(Part::Native) {
        // With the page only where it is needed anyway.
        let mut tests = if part.is_some() { without_page() } else { cargo(&WORKSPACE) };
        run("native tests", &mut tests)?;
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
        return fuzz::fuzz(fuzz::Build::Quick, None, 10).map(drop);
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

/// Builds all programs, examples and tests.
pub(crate) fn build_all() -> Result<()> {
    run("programs and tests", cargo(&WORKSPACE).args(WITH_END_TO_END).arg("--no-run"))
}

fn end_to_end() -> Result<()> {
    build_all()?;
    let test = end_to_end_test()?;
    page()?;
    let python = python_path();
    run("Python vectors", &mut command(&python, &["e2e/python/test_vectors.py"]))?;
    weak_keys(KEYS)?;
    run(
        "end-to-end tests",
        command(test, &["--nocapture", "--test-threads=1"])
            .env("E2E_NODE", target_dir().join("debug/node"))
            .env("E2E_CLIENT", target_dir().join("debug/client"))
            .env("E2E_PYTHON", python)
            .env("E2E_ROOT", root()),
    )
}

/// Returns the program that is the end-to-end tests, which are built. Cargo would build them once more to run them alone.
fn end_to_end_test() -> Result<PathBuf> {
    let mut list = cargo(&WORKSPACE);
    list.args(WITH_END_TO_END).args(["--no-run", "--quiet", "--message-format=json"]);
    let output = list.output().context("cannot start cargo")?;
    let messages =
        serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>().filter_map(Result::ok);
    let mut tests = messages
        .filter(|message| message["target"]["name"] == "e2e" && message["target"]["kind"][0] == "test");
    let path = tests.find_map(|test| test["executable"].as_str().map(PathBuf::from));
    path.context("cargo does not say where the end-to-end tests are")
}
