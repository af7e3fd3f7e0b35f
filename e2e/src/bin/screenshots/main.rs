//! Takes pictures of every page and state that matters, in both schemes, sizes and languages, for people to look at.
//! Nothing is compared: what looks right is for eyes to judge.

#![allow(clippy::print_stdout, reason = "a tool for the terminal")]

mod album;
mod tour;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use e2e::browser::with_browser;

use self::album::Album;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("say where the pictures shall go")?;
    let album = Album::new(&folder)?;
    with_browser(async |browser| tour::take(browser, &album).await).await?;
    println!("look at {}", album.write_index()?.display());
    Ok(())
}
