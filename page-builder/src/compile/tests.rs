use super::*;

#[test]
fn only_what_is_meant_for_every_build_is_inherited() {
    for name in ["PATH", "HOME", "CARGO_HOME", "CARGO_NET_OFFLINE", "RUSTUP_TOOLCHAIN", "RUSTUP_HOME"] {
        assert!(may_inherit(name), "{name}");
    }
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        "RUSTC_WRAPPER",
        "MAKEFLAGS",
        "TARGET",
    ] {
        assert!(!may_inherit(name), "{name}");
    }
}

/// Programs of this machine's shell in place of `rustc`, which looks for a folder, and `rustup`, which may make it.
#[cfg(unix)]
#[test]
fn a_missing_library_is_added_or_the_command_for_it_named() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("library");
    let program = |name: &str, script: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.into_os_string()
    };
    let rustc = program("rustc", &format!("echo '{}'", library.display()));
    let offline = program("offline", "exit 1");
    let useless = program("useless", "exit 0");
    let rustup =
        program("rustup", &format!("[ \"$*\" = 'target add {TARGET}' ] && mkdir '{}'", library.display()));

    for rustup in [offline, useless, folder.path().join("missing").into_os_string()] {
        let error = require_target(&rustc, &rustup).unwrap_err().to_string();
        assert!(error.ends_with("rustup target add wasm32-unknown-unknown"), "{error}");
    }
    require_target(&rustc, &rustup).unwrap();
    assert!(library.exists());
    // What is there needs no rustup.
    require_target(&rustc, OsStr::new("/nowhere/rustup")).unwrap();
}
