//! Whether wallets' keys are weak in a way that is known of others.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::run::{command, run, target_dir};
use crate::setup::python_path;
use crate::test::build_all;

/// Makes so many keys and looks for weak ones.
pub(crate) fn weak_keys(count: u32) -> Result<Value> {
    ensure!(python_path().exists(), "the Python packages are not installed: run `cargo xtask setup` first");
    build_all()?;
    let moduli = target_dir().join("moduli.txt");
    let file = std::fs::File::create(&moduli).with_context(|| format!("cannot make {}", moduli.display()))?;
    let program = target_dir().join("debug/examples/moduli");
    run("keys", command(program, &[&count.to_string()]).stdout(file))?;
    run("weak keys", command(python_path(), &["e2e/python/check_moduli.py"]).arg(&moduli))?;
    Ok(json!({ "keys": count, "weak": 0 }))
}
