//! Running commands from the workspace's root.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Returns the workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Returns where cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns the folder for tools that are installed for this workspace alone.
pub(crate) fn tools() -> PathBuf {
    target_dir().join("tools")
}

/// Builds a command that runs in the workspace's root.
pub(crate) fn command(program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    // What cargo says of us to us: ring is built anew whenever it changes, and everything that uses it, libp2p too.
    for (name, _) in std::env::vars_os() {
        let is_ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_ours) {
            command.env_remove(name);
        }
    }
    command
}

/// Builds a cargo command.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(cargo, arguments)
}

/// Shows `command`, runs it, and shows how long it took.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<()> {
    watch(name, command, Command::status)
}

/// The same; returns the figures that it tells: what comes after `figures: ` in a line of its output.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_for_figures(name: &str, command: &mut Command) -> Result<Vec<String>> {
    let mut figures = Vec::new();
    watch(name, command.stdout(Stdio::piped()), |command| {
        let mut child = command.spawn()?;
        for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()) {
            let line = line?;
            println!("{line}");
            figures.extend(line.split_once("figures: ").map(|(_, told)| told.to_owned()));
        }
        child.wait()
    })?;
    Ok(figures)
}

fn watch(
    name: &str,
    command: &mut Command,
    run: impl FnOnce(&mut Command) -> std::io::Result<ExitStatus>,
) -> Result<()> {
    println!("\n== {name}: {}", shown(command));
    let started = Instant::now();
    let status = run(command).with_context(|| format!("cannot run {}", shown(command)))?;
    println!("== {name}: {:.0?}", started.elapsed());
    if !status.success() {
        bail!("{name} failed ({status}): {}", shown(command));
    }
    Ok(())
}

/// Returns whether `program --version` works.
pub(crate) fn is_installed(program: impl AsRef<OsStr>) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
