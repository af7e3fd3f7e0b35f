//! Connecting the compiled program with JavaScript, as `wasm-bindgen` does.

use std::path::Path;
use std::{fs, io};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use wasm_bindgen_cli_support::Bindgen;

/// What the script is made of; the names between `@` are replaced.
const SCRIPT: &str = include_str!("file.js");

/// Writes what a server serves: the module `web.js`, and `web_bg.wasm`. The same as `wasm-pack build --target web`.
///
/// # Errors
/// When the program is none of this version of wasm-bindgen, or the package cannot be written.
pub fn write_package(wasm: &Path, package: &Path) -> Result<()> {
    match fs::remove_dir_all(package) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", package.display()));
        }
        _ => {}
    }
    let mut bindgen = bindgen(wasm);
    // The page asks for its program without saying where it is, as after wasm-pack.
    bindgen.web(true)?.omit_default_module_path(false);
    bindgen.generate(package)
}

/// Writes `file.js` beside them: all in one script of the old kind, because browsers run neither modules nor `fetch`
/// where a page was opened as a file.
///
/// # Errors
/// As [`write_package`], or when `worker.js` of `web` cannot be read.
pub fn write_script(wasm: &Path, web: &Path, package: &Path) -> Result<()> {
    let mut output = bindgen(wasm).no_modules(true)?.generate_output()?;
    let worker = web.join("worker.js");
    let worker = fs::read_to_string(&worker).with_context(|| format!("cannot read {}", worker.display()))?;
    let program = output.wasm_mut().emit_wasm();
    let script = script(output.js(), &worker, &program);
    let path = package.join("file.js");
    fs::write(&path, script).with_context(|| format!("cannot write {}", path.display()))
}

fn bindgen(wasm: &Path) -> Bindgen {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).typescript(false).remove_name_section(true).remove_producers_section(true);
    bindgen
}

fn script(glue: &str, worker: &str, program: &[u8]) -> String {
    // The program last, because a replaced text may hold anything but its digits.
    SCRIPT
        .replace("@GLUE@", glue)
        .replace("@WORKER@", &serde_json::Value::from(worker).to_string())
        .replace("@PROGRAM@", &BASE64_STANDARD.encode(program))
}

#[cfg(test)]
mod tests;
