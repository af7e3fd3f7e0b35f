//! Fuzzing: random inputs, led by what they reach, for every target in `fuzz/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::run::{command, root, run, target_dir, tools};

/// What one target reached.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) target: String,
    /// In this run.
    pub(crate) executions: u64,
    /// Places in the code, over all runs whose findings are still there.
    pub(crate) coverage: u64,
    /// Findings included, in seconds.
    pub(crate) seconds: u64,
}

/// How the targets are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// Quick to build, for a first look.
    Quick,
    /// Quick to run, for hours of work.
    Optimised,
}

/// Returns all targets by name.
pub(crate) fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// Returns the tool, which `cargo xtask setup` installs.
pub(crate) fn tool() -> PathBuf {
    tools().join("bin/cargo-fuzz")
}

/// Runs one target, or all, for `seconds` each. Stops at the first input that breaks something.
pub(crate) fn fuzz(build: Build, only: Option<&str>, seconds: u64) -> Result<Vec<Reached>> {
    ensure!(tool().exists(), "cargo-fuzz is not installed; run `cargo xtask setup`");
    let all = targets()?;
    let chosen: Vec<_> = all.iter().filter(|name| only.is_none_or(|only| only == *name)).collect();
    ensure!(!chosen.is_empty(), "there is no such target; choose one of: {}", all.join(", "));
    run("fuzz targets", &mut cargo_fuzz(build, &["build"]))?;
    let mut reached = Vec::new();
    // A target runs on one core, so as many at a time as there are.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    for targets in chosen.chunks(cores) {
        let results: Vec<_> = std::thread::scope(|scope| {
            let start = |target| scope.spawn(move || fuzz_target(build, target, seconds));
            let running: Vec<_> = targets.iter().map(|target| start(target.as_str())).collect();
            running
                .into_iter()
                .map(|running| running.join().expect("a target's thread returns its errors"))
                .collect()
        });
        for result in results {
            let result = result?;
            println!(
                "{:16} {:>12} executions in {} s, {} places reached",
                result.target, result.executions, result.seconds, result.coverage
            );
            reached.push(result);
        }
    }
    Ok(reached)
}

/// A command of cargo-fuzz. Nothing here is unsafe Rust, so no sanitizer is needed: without one the targets run twice
/// as fast, and on the toolchain that everything else is built with.
fn cargo_fuzz(build: Build, arguments: &[&str]) -> Command {
    let mut command = command(tool(), arguments);
    if build == Build::Quick {
        command.arg("--dev");
    }
    command.args(["--sanitizer", "none", "--target-dir"]).arg(target_dir().join("fuzz"));
    command
}

fn fuzz_target(build: Build, target: &str, seconds: u64) -> Result<Reached> {
    // New findings are kept for the next run, but not in the tree; the seeds are only read.
    let corpus = target_dir().join("fuzz-corpus").join(target);
    std::fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    let failures = target_dir().join("fuzz-failures").join(target);
    std::fs::create_dir_all(&failures).with_context(|| format!("cannot make {}", failures.display()))?;
    let mut command = cargo_fuzz(build, &["run", target]);
    command.arg(&corpus).arg(root().join("fuzz/seeds").join(target)).arg("--");
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-artifact_prefix={}/", failures.display()),
        // A second is an eternity for any of these inputs; a busy machine may take ten.
        "-timeout=10".to_owned(),
        "-rss_limit_mb=512".to_owned(),
        "-print_final_stats=1".to_owned(),
    ]);
    let output = command.output().with_context(|| format!("cannot start {}", tool().display()))?;
    let log = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{log}\n{target} failed; its input is in {}. Mend it, and keep the input as a seed and a test",
        failures.display()
    );
    Ok(Reached {
        target: target.to_owned(),
        executions: number_after(&log, "stat::number_of_executed_units:"),
        coverage: number_after(&log, " cov:"),
        seconds,
    })
}

/// Returns the number after the last occurrence of `label`; 0 when there is none.
fn number_after(log: &str, label: &str) -> u64 {
    let digits = log.rsplit_once(label).and_then(|(_, rest)| rest.split_whitespace().next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
