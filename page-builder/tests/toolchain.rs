//! A machine whose Rust lacks the library for the browser.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TARGET: &str = "wasm32-unknown-unknown";

/// The real rustup, in a home of its own and without a network: it is asked for the library of just this toolchain, and
/// what cannot be had is answered with the command that gets it.
#[test]
fn a_missing_library_is_asked_of_rustup_and_the_command_for_it_named() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let toolchain = copy_toolchain(home.path());
    let in_home = |program: &str| {
        let mut command = Command::new(program);
        // Cargo tells its tests where to find the libraries of its own toolchain.
        for name in ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "CARGO", "RUSTC"] {
            command.env_remove(name);
        }
        // Nobody listens there.
        command.env("RUSTUP_DIST_SERVER", "http://127.0.0.1:9");
        command.env("RUST_BACKTRACE", "0");
        command.env("RUSTUP_HOME", home.path()).env("RUSTUP_TOOLCHAIN", &toolchain);
        command
    };
    // It takes the library out of the books as well, if it ever was in them.
    let removed =
        in_home("rustup").args(["target", "remove", TARGET]).stderr(Stdio::null()).status().unwrap();
    let library = home.path().join("toolchains").join(&toolchain).join("lib/rustlib").join(TARGET);
    assert!(removed.success() || !library.exists(), "rustup does not give up the library");

    let built = in_home(env!("CARGO_BIN_EXE_page-builder")).output().unwrap();
    let errors = String::from_utf8(built.stderr).unwrap();
    assert!(!built.status.success(), "{errors}");
    let release = said("rustc", &["--version"]).split(' ').nth(1).unwrap().to_owned();
    assert!(errors.contains(&format!("rust-std-{release}-{TARGET}")), "{errors}");
    assert!(errors.trim_end().ends_with(&format!("rustup target add {TARGET}")), "{errors}");
}

/// Copies the toolchain of this build into another home of rustup, and returns its name.
fn copy_toolchain(home: &Path) -> String {
    let from = PathBuf::from(said("rustc", &["--print", "sysroot"])).canonicalize().unwrap();
    let name = from.file_name().unwrap().to_str().unwrap().to_owned();
    let to = home.join("toolchains").join(&name);
    for folder in ["bin", "lib"] {
        copy(&from.join(folder), &to.join(folder));
    }
    name
}

/// Copies a folder. What is large is the same file under another name, if that can be; rustup writes only what is small.
fn copy(from: &Path, to: &Path) {
    const LARGE_BYTES: u64 = 2 * 1024 * 1024;
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else if from.metadata().unwrap().len() < LARGE_BYTES || fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to).unwrap();
        }
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?} failed");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
