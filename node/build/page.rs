//! Builds the crate `web` for the browser, or takes a page that is ready, and writes `page_files.rs`: a list of its
//! files with their compressed forms, which `src/page.rs` includes.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "release-wasm";
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

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Builds the page and writes the list of its files.
pub(crate) fn embed() -> Result<()> {
    println!("cargo::rerun-if-env-changed={READY_PAGE}");
    let out = PathBuf::from(variable("OUT_DIR")?);
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
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
        let package = out.join("pkg");
        bind(&compile(&workspace, &out)?, &package)?;
        collect(&package, "/pkg", &mut files)?;
    }
    write_list(&out, files)
}

/// Compiles `web` and returns the WASM file.
fn compile(workspace: &Path, out: &Path) -> Result<PathBuf> {
    require_target()?;
    // OUT_DIR is TARGET_DIR/PROFILE/build/node-HASH/out. A directory of its own beside the profiles: cargo holds
    // the lock of the one that this script runs for.
    let target_dir = out.ancestors().nth(4).ok_or("OUT_DIR is not inside a target directory")?.join("page");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(workspace)
        .args(["build", "--package", "web", "--lib", "--locked", "--target", TARGET, "--profile", PROFILE])
        .args(["--jobs", &variable("NUM_JOBS")?])
        .arg("--target-dir")
        .arg(&target_dir);
    for (name, _) in env::vars_os() {
        if !name.to_str().is_some_and(may_inherit) {
            cargo.env_remove(name);
        }
    }
    if !cargo.status()?.success() {
        return Err(
            "the crate `web` does not compile for the browser, see above; to build a node without the page: \
            cargo build --release -p node --no-default-features"
                .into(),
        );
    }
    Ok(target_dir.join(TARGET).join(PROFILE).join("web.wasm"))
}

/// Returns whether the page's build gets this variable. It must not get what was meant for this build alone: flags
/// and wrappers of another target, another target directory, the job server of a cargo that waits for this script.
fn may_inherit(name: &str) -> bool {
    const THIS_BUILD: [&str; 10] = [
        "DEBUG",
        "HOST",
        "MAKEFLAGS",
        "MFLAGS",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PROFILE",
        "TARGET",
        READY_PAGE,
    ];
    const ALL_BUILDS: [&str; 5] =
        ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_"];
    if name.starts_with("CARGO") {
        return ALL_BUILDS.iter().any(|prefix| name.starts_with(prefix));
    }
    let is_of_rust = name.starts_with("RUSTC") || name.starts_with("RUSTDOC") || name == "RUSTFLAGS";
    !is_of_rust && !THIS_BUILD.contains(&name)
}

/// Makes sure that the standard library for the browser is there.
fn require_target() -> Result<()> {
    let is_installed = || -> Result<bool> {
        let rustc = Command::new(variable("RUSTC")?)
            .args(["--print", "target-libdir", "--target", TARGET])
            .output()?;
        Ok(rustc.status.success() && Path::new(String::from_utf8(rustc.stdout)?.trim()).exists())
    };
    if is_installed()? {
        return Ok(());
    }
    // rustup takes the toolchain of this build from the environment.
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    if added.is_ok_and(|status| status.success()) && is_installed()? {
        return Ok(());
    }
    Err(format!("Rust's library for the browser is missing; install it with: rustup target add {TARGET}")
        .into())
}

/// Writes what the browser loads: `web_bg.wasm` and the JavaScript that connects it.
fn bind(wasm: &Path, package: &Path) -> Result<()> {
    remove(package)?;
    Bindgen::new()
        .input_path(wasm)
        .web(true)?
        // The page asks for its program without saying where it is, as after wasm-pack.
        .omit_default_module_path(false)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(package)?;
    Ok(())
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
    let entries = fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("{name:?} is not UTF-8"))?;
        let path = format!("{served_at}/{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else if media_type(&name).is_some() {
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
    remove(&copies)?;
    fs::create_dir_all(&copies)?;
    let mut list = format!("static FILES: [PageFile; {}] = [\n", files.len());
    for (number, (path, source)) in files.iter().enumerate() {
        let bytes = fs::read(source).map_err(|error| format!("{}: {error}", source.display()))?;
        let name = source.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mime = media_type(name).ok_or_else(|| format!("{name} has no known media type"))?;
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

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(mut bytes: &[u8]) -> Result<Vec<u8>> {
    // The best takes ten seconds in a build script, which cargo does not optimise: worth it for who downloads the
    // page often, not for who is at work on it.
    let quality = if variable("PROFILE")? == "release" { 11 } else { 5 };
    let parameters = brotli::enc::BrotliEncoderParams { quality, lgwin: 24, ..Default::default() };
    let mut shorter = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut shorter, &parameters)?;
    Ok(shorter)
}

/// Removes a directory with everything in it, if it is there.
fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn variable(name: &str) -> Result<String> {
    Ok(env::var(name).map_err(|error| format!("{name}: {error}"))?)
}
