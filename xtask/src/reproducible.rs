//! Building the page from two clones that share nothing but their commit.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::run::{cargo, command, run, target_dir};

/// The page's program, and the script that holds it for a page that is opened as a file.
const BUILT: [&str; 2] = ["web/pkg/web_bg.wasm", "web/pkg/file.js"];

/// Clones the current commit twice, builds the page in each clone as its `cargo xtask page` does, and compares.
pub(crate) fn reproducible() -> Result<Value> {
    let folder = target_dir().join("reproducible");
    remove(&folder)?;
    let mut hashes = Vec::new();
    // Of different lengths and depths, and one with a space.
    for place in ["a", "another place/of the same commit"].map(|name| folder.join(name)) {
        run("clone", command("git", &["clone", "--quiet", "."]).arg(&place))?;
        let mut build = cargo(&["run", "--quiet", "--locked", "-p", "page-builder"]);
        run("page", build.current_dir(&place).env("CARGO_TARGET_DIR", place.join("target")))?;
        hashes.push(BUILT.map(|file| hash(&place.join(file))).into_iter().collect::<Result<Vec<_>>>()?);
    }
    let [first, second] = &hashes[..] else { bail!("these are not two clones") };
    ensure!(first == second, "the same commit gave different programs: {hashes:?}");
    remove(&folder)?;
    let same: BTreeMap<_, _> = BUILT.into_iter().zip(first).collect();
    Ok(json!({ "clones": hashes.len(), "sha256": same }))
}

fn hash(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
