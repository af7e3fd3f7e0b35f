//! Writes `web/pkg`, so that `web/index.html` works from any static server and by double click.

#![allow(clippy::print_stdout, reason = "a tool for the terminal")]

use std::path::Path;

use anyhow::{Context as _, Result};

fn main() -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let program = std::env::current_exe()?;
    // This program is TARGET_DIR/PROFILE/page-builder.
    let target_dir = program.ancestors().nth(2).context("this program is not inside a target directory")?;
    let jobs = std::env::var("CARGO_BUILD_JOBS").ok();
    let wasm = page_builder::compile(&workspace, target_dir, jobs.as_deref())?;
    let web = workspace.join("web");
    let package = web.join("pkg");
    page_builder::write_package(&wasm, &package)?;
    page_builder::write_script(&wasm, &web, &package)?;
    println!(
        "The wallet page is ready: open {} by double click, or serve its folder with any web server.",
        web.join("index.html").display()
    );
    Ok(())
}
