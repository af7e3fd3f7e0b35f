//! Mutants: one small change of the rules at a time, which some test must notice.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::run::{command, root, target_dir, tools};
use crate::setup::install;

const CARGO_MUTANTS: &str = "27.1.0";

/// The modules of `shared` that judge blocks.
const MODULES: [&str; 10] = [
    "block",
    "chain_root",
    "consensus",
    "ledger",
    "merkle",
    "pow",
    "signature",
    "state",
    "state_tree",
    "transaction",
];

/// Where the mutants that no test notices are explained, each on a line of its own.
const SURVIVORS: &str = "docs/mutants.md";

/// Tries all mutants of `modules`, or of all that judge blocks. One run takes up where another was interrupted.
pub(crate) fn mutants(modules: &[String]) -> Result<Value> {
    install("cargo-mutants", CARGO_MUTANTS, "cargo-mutants")?;
    let all = MODULES.map(str::to_owned);
    let modules = if modules.is_empty() { &all } else { modules };
    let unknown = modules.iter().find(|module| !all.contains(module));
    ensure!(unknown.is_none(), "no module {unknown:?}; choose of: {}", MODULES.join(", "));

    let output = target_dir().join("mutants");
    std::fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
    // What an earlier run caught and what did not compile in it is one list to cargo-mutants.
    let unviable = output.join("unviable.txt");
    let mut known = listed(&unviable);
    known.append(&mut listed(&output.join("mutants.out/unviable.txt")));
    let known: String = known.iter().map(|mutant| format!("{mutant}\n")).collect();
    std::fs::write(&unviable, known).with_context(|| format!("cannot write {}", unviable.display()))?;
    let arguments = ["mutants", "--package", "shared", "--iterate", "--baseline", "skip", "--timeout", "120"];
    let mut mutants = command(tools().join("bin/cargo-mutants"), &arguments);
    mutants.arg("--output").arg(&output);
    for module in modules {
        mutants.arg("--file").arg(format!("shared/src/{module}/*.rs"));
    }
    // Built quickly rather than fast, and without the tests that only make keys.
    mutants.arg("--cargo-arg=--config=profile.dev.package.shared.opt-level=1");
    mutants.args(["--", "--lib", "--test", "it", "--", "--skip", "keys::", "--skip", "address::"]);
    mutants.env("PROPTEST_CASES", "50").env("CARGO_PROFILE_DEV_DEBUG", "0");
    let status = mutants.status().context("cannot start cargo-mutants")?;
    // 2: some were missed; 3: some tests did not end, which is noticed as well.
    ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo-mutants failed ({status})");
    judge(modules, &output.join("mutants.out"), listed(&unviable))
}

/// Counts what became of them; `unviable` did not compile in an earlier run. Fails when one survives that nobody has
/// explained.
fn judge(modules: &[String], output: &Path, mut unviable: BTreeSet<String>) -> Result<Value> {
    let before = listed(&output.join("previously_caught.txt"));
    unviable.retain(|mutant| before.contains(mutant));
    let mut caught: BTreeSet<_> = before.difference(&unviable).cloned().collect();
    caught.append(&mut listed(&output.join("caught.txt")));
    caught.append(&mut listed(&output.join("timeout.txt")));
    unviable.append(&mut listed(&output.join("unviable.txt")));
    let missed = listed(&output.join("missed.txt"));
    let explained = std::fs::read_to_string(root().join(SURVIVORS)).context("cannot read the survivors")?;
    // Lines move; what is changed in which function does not.
    let survivors: BTreeSet<_> = missed.iter().map(|mutant| without_line(mutant)).collect();
    let unexplained: Vec<_> =
        survivors.iter().filter(|mutant| !explained.contains(&format!("`{mutant}`"))).collect();
    ensure!(
        unexplained.is_empty(),
        "no test notices these: write one, or say in {SURVIVORS} why none can be\n{unexplained:#?}"
    );
    let per_cent = 100.0 * caught.len() as f64 / (caught.len() + missed.len()).max(1) as f64;
    Ok(json!({ "modules": modules, "caught": caught.len(), "missed": missed.len(),
        "does_not_compile": unviable.len(), "caught_per_cent": per_cent, "survivors": survivors }))
}

fn listed(file: &Path) -> BTreeSet<String> {
    // A list that is not there is empty.
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Takes line and column out of `path:line:column: what`.
fn without_line(mutant: &str) -> String {
    let (place, what) = mutant.split_once(": ").unwrap_or((mutant, ""));
    format!("{}: {what}", place.split(':').next().unwrap_or(place))
}
