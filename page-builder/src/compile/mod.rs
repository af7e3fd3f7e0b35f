//! Compiling `web` for the browser, whatever the cargo that asks for it was told about its own build.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "release-wasm";

/// Compiles `web` below `target_dir` and returns the WASM file. Two clones of the same source yield the same bytes,
/// wherever they lie.
///
/// # Errors
/// When Rust's library for the browser is missing and cannot be added, or the crate does not compile.
pub fn compile(workspace: &Path, target_dir: &Path, jobs: Option<&str>) -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    require_target(&rustc, OsStr::new("rustup"))?;
    // A directory of its own beside the profiles: cargo holds the lock of the one that it builds this for.
    let target_dir = target_dir.join("page");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(workspace)
        .args(["build", "--package", "web", "--lib", "--locked", "--target", TARGET, "--profile", PROFILE])
        .args(jobs.map(|jobs| ["--jobs", jobs]).into_iter().flatten())
        .arg("--target-dir")
        .arg(&target_dir);
    for (name, _) in std::env::vars_os() {
        if !name.to_str().is_some_and(may_inherit) {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", without_places(workspace, &target_dir, &rustc)?);
    ensure!(
        cargo.status().context("cannot start cargo")?.success(),
        "the crate `web` does not compile for the browser, see above; to build a node without the page: \
         cargo build --release -p node --no-default-features"
    );
    Ok(target_dir.join(TARGET).join(PROFILE).join("web.wasm"))
}

/// Returns flags, as cargo wants them encoded, that keep the places of files on this machine out of the program.
fn without_places(workspace: &Path, target_dir: &Path, rustc: &OsStr) -> Result<OsString> {
    let home = |name: &str, folder: &str| {
        std::env::var_os(name).map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(folder)))
    };
    let sysroot = ask(rustc, &["--print", "sysroot"])?.context("rustc does not say where its library is")?;
    // The last that fits counts, so that the target directory inside of the workspace comes after it.
    let places = [
        (home("CARGO_HOME", ".cargo"), "/cargo"),
        (Some(PathBuf::from(sysroot).join("lib/rustlib/src/rust")), "/rust"),
        (Some(workspace.to_owned()), "/ironchain"),
        (Some(target_dir.to_owned()), "/target"),
    ];
    let mut flags = OsString::new();
    for (place, name) in places {
        let Some(place) = place else { continue };
        if !flags.is_empty() {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(place);
        flags.push("=");
        flags.push(name);
    }
    Ok(flags)
}

/// Returns whether the page's build gets this variable. It must not get what was meant for this build alone: flags
/// and wrappers of another target, another target directory, the job server of a cargo that waits for this one.
fn may_inherit(name: &str) -> bool {
    const THIS_BUILD: [&str; 9] =
        ["DEBUG", "HOST", "MAKEFLAGS", "MFLAGS", "NUM_JOBS", "OPT_LEVEL", "OUT_DIR", "PROFILE", "TARGET"];
    const ALL_BUILDS: [&str; 5] =
        ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_"];
    if name.starts_with("CARGO") {
        return ALL_BUILDS.iter().any(|prefix| name.starts_with(prefix));
    }
    let is_of_rust = name.starts_with("RUSTC") || name.starts_with("RUSTDOC") || name == "RUSTFLAGS";
    !is_of_rust && !THIS_BUILD.contains(&name)
}

/// Makes sure that the standard library for the browser is there.
fn require_target(rustc: &OsStr, rustup: &OsStr) -> Result<()> {
    let is_installed = || -> Result<bool> {
        let folder = ask(rustc, &["--print", "target-libdir", "--target", TARGET])?;
        Ok(folder.is_some_and(|folder| Path::new(&folder).exists()))
    };
    if is_installed()? {
        return Ok(());
    }
    // rustup takes the toolchain of this build from the environment.
    let added = Command::new(rustup).args(["target", "add", TARGET]).status();
    if added.is_ok_and(|status| status.success()) && is_installed()? {
        return Ok(());
    }
    bail!(
        "Rust's library for the browser is missing, and rustup could not add it; when there is a network, install \
         it with: rustup target add {TARGET}"
    )
}

/// Returns the line that a program answers, or nothing when it fails.
fn ask(program: &OsStr, arguments: &[&str]) -> Result<Option<String>> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("cannot start {}", program.display()))?;
    let line = || Ok(String::from_utf8(output.stdout)?.trim().to_owned());
    output.status.success().then(line).transpose()
}

#[cfg(test)]
mod tests;
