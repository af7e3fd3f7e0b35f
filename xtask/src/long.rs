//! What takes longer than anybody wants to wait on every run. Results are dated files in `docs/results/`.

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::fuzz::fuzz;
use crate::run::{cargo, command, root, run};

/// A long chore.
#[derive(Debug, Subcommand)]
pub(crate) enum Long {
    /// Tries every property of the rules on a million values.
    Properties {
        /// How many values for each.
        #[arg(long, default_value_t = 1_000_000)]
        cases: u32,
    },
    /// Fuzzes every target.
    Fuzz {
        /// Only this one.
        target: Option<String>,
        /// How long, each.
        #[arg(long, default_value_t = 3_600)]
        seconds: u64,
    },
}

/// Runs one of them and writes what came of it.
pub(crate) fn long(chore: Long) -> Result<()> {
    let started = std::time::Instant::now();
    let (name, result) = match chore {
        Long::Properties { cases } => ("properties", properties(cases)?),
        Long::Fuzz { target, seconds } => {
            let reached = fuzz(target.as_deref(), seconds)?;
            let entry = |reached: &crate::fuzz::Reached| {
                let (executions, coverage) = (reached.executions, reached.coverage);
                json!({ "target": reached.target, "executions": executions, "coverage": coverage,
                    "seconds": reached.seconds, "failures": 0 })
            };
            ("fuzz", reached.iter().map(entry).collect())
        }
    };
    write(name, started.elapsed().as_secs(), &result)
}

fn properties(cases: u32) -> Result<Value> {
    let arguments = ["test", "--locked", "--release", "-p", "shared"];
    run("properties", cargo(&arguments).env("PROPTEST_CASES", cases.to_string()))?;
    Ok(json!({ "cases_for_each": cases, "failures": 0 }))
}

/// Writes a result under its name and today's date, with the commit that it was measured at.
fn write(name: &str, seconds: u64, result: &Value) -> Result<()> {
    let date = said(&mut command("date", &["-u", "+%F"]))?;
    let commit = said(&mut command("git", &["describe", "--always", "--dirty"]))?;
    let folder = root().join("docs/results");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(format!("{name}-{date}.json"));
    let text = json!({ "name": name, "date": date, "commit": commit, "seconds": seconds, "result": result });
    std::fs::write(&path, format!("{text:#}\n"))
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("\nwritten: {}", path.display());
    Ok(())
}

fn said(command: &mut std::process::Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
