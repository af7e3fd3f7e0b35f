//! Builds the wallet page, or takes one that is ready, and writes `page_files.rs`: a list of its files with their
//! compressed forms, which `src/page.rs` includes.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use anyhow::{Context as _, Result, ensure};

/// A directory with a page that is ready, laid out as below. Then nothing is built.
const READY_PAGE: &str = "IRONCHAIN_PAGE_DIR";
/// What the page consists of, beside the directories `assets` and `pkg`. The same layout works from any static
/// server after `wasm-pack build web --target web`.
const TOP_FILES: [&str; 3] = ["index.html", "boot.js", "worker.js"];
/// What the page is built from, inside the workspace.
const SOURCES: [&str; 13] = [
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
    "shared/Cargo.toml",
    "shared/src",
    "wallet-wasm/Cargo.toml",
    "wallet-wasm/src",
    "web/Cargo.toml",
    "web/assets",
    "web/build.rs",
    "web/locales",
    "web/src",
    "node/build",
];
/// How the page learns that a node serves it: there, `UNKNOWN` becomes `SELF`.
const UNKNOWN: &str = "<meta name=\"node\" content=\"unknown\">";
const SELF: &str = "<meta name=\"node\" content=\"self\">";

/// Builds the page and writes the list of its files.
pub(crate) fn embed() -> Result<()> {
    println!("cargo::rerun-if-env-changed={READY_PAGE}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let mut files = Vec::new();
    if let Some(ready) = env::var_os(READY_PAGE).map(PathBuf::from) {
        println!("cargo::rerun-if-changed={}", ready.display());
        collect_static(&ready, &mut files)?;
        collect(&ready.join("pkg"), "/pkg", &mut files)?;
    } else {
        let sources = SOURCES.iter().map(|source| workspace.join(source));
        let top = TOP_FILES.iter().map(|file| workspace.join("web").join(file));
        for path in sources.chain(top) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        collect_static(&workspace.join("web"), &mut files)?;
        // OUT_DIR is TARGET_DIR/PROFILE/build/node-HASH/out.
        let target_dir = out.ancestors().nth(4).context("OUT_DIR is not inside a target directory")?;
        let wasm = page_builder::compile(&workspace, target_dir, env::var("NUM_JOBS").ok().as_deref())?;
        let package = out.join("pkg");
        page_builder::write_package(&wasm, &package)?;
        collect(&package, "/pkg", &mut files)?;
    }
    write_list(&out, files)
}

/// A file of the page: where it is served and where it lies.
type PageFile = (String, PathBuf);

fn collect_static(page: &Path, files: &mut Vec<PageFile>) -> Result<()> {
    for name in TOP_FILES {
        let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
        files.push((path, page.join(name)));
    }
    collect(&page.join("assets"), "/assets", files)
}

/// Adds all files below a directory.
fn collect(directory: &Path, served_at: &str, files: &mut Vec<PageFile>) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().with_context(|| format!("{} is not UTF-8", name.display()))?;
        let path = format!("{served_at}/{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else if media_type(name).is_some() && path != "/pkg/file.js" {
            files.push((path, entry.path()));
        }
    }
    Ok(())
}

/// Returns the media type of a file of the page; `None` for what does not belong to it, such as a licence.
fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => return None,
    })
}

/// Writes copies of the files, their compressed forms and the list of all.
fn write_list(out: &Path, mut files: Vec<PageFile>) -> Result<()> {
    files.sort();
    let copies = out.join("page");
    match fs::remove_dir_all(&copies) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    fs::create_dir_all(&copies)?;
    let mut list = format!("static FILES: [PageFile; {}] = [\n", files.len());
    for (number, (path, source)) in files.iter().enumerate() {
        let mut bytes = fs::read(source).with_context(|| format!("cannot read {}", source.display()))?;
        if path == "/" {
            bytes = mark(bytes).with_context(|| source.display().to_string())?;
        }
        let mime = media_type(&source.to_string_lossy()).context("a file has no known media type")?;
        // A name for caches, not a proof: 64 bits that change with the content.
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        let copy = |suffix: &str, bytes: &[u8]| -> io::Result<String> {
            let copy = copies.join(format!("{number}{suffix}"));
            fs::write(&copy, bytes)?;
            Ok(format!("include_bytes!({:?}).as_slice()", copy.display().to_string()))
        };
        let compressed = |suffix: &str, shorter: Vec<u8>| -> io::Result<String> {
            let is_worth_it = shorter.len() < bytes.len() / 10 * 9;
            if is_worth_it { Ok(format!("Some({})", copy(suffix, &shorter)?)) } else { Ok("None".to_owned()) }
        };
        writeln!(
            list,
            "PageFile {{ path: {path:?}, mime: {mime:?}, etag: {etag:?}, bytes: {}, gzip: {}, brotli: {} }},",
            copy("", &bytes)?,
            compressed(".gz", gzip(&bytes)?)?,
            compressed(".br", brotli(&bytes)?)?,
        )?;
    }
    list.push_str("];\n");
    fs::write(out.join("page_files.rs"), list)?;
    Ok(())
}

/// Returns the page's first file as a node serves it.
fn mark(index: Vec<u8>) -> Result<Vec<u8>> {
    let index = String::from_utf8(index)?;
    ensure!(index.matches(UNKNOWN).count() == 1, "it must have {UNKNOWN} once");
    Ok(index.replace(UNKNOWN, SELF).into_bytes())
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(mut bytes: &[u8]) -> Result<Vec<u8>> {
    // The best takes ten seconds in a build script, which cargo does not optimise: worth it for who downloads the
    // page often, not for who is at work on it.
    let quality = if env::var("PROFILE")? == "release" { 11 } else { 5 };
    let parameters = brotli::enc::BrotliEncoderParams { quality, lgwin: 24, ..Default::default() };
    let mut shorter = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut shorter, &parameters)?;
    Ok(shorter)
}
