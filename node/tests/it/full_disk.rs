//! A process that mines, admits and reorganises until its disk is full, on disks of many sizes, so that each time another
//! write is the first for which there is no room. Nothing that it was told is durable may be missing.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::disk::Random;
use crate::kill::{Journal, command};
use crate::process::may_mount;
use crate::support::easy_spec;

/// Where the disks are mounted, for the process that may do so.
const DIRECTORY: &str = "FULL_DISK_DIRECTORY";
/// KiB: room for everything.
const ROOMY: usize = 65_536;
/// Of a hundred disks, those on which there is no room for an empty store.
const TINY_PERCENT: usize = 10;
/// KiB: less than an empty store takes.
const TINY: usize = 1_000;
/// KiB that are left on the other disks once the store is open: no block fits, or some dozens do.
const LEFT: usize = 256;

/// As many disks as `cargo xtask long full-disk` wants, or a sample.
fn disks() -> u64 {
    std::env::var("FULL_DISKS").map_or(4, |disks| disks.parse().unwrap())
}

#[test]
fn a_disk_that_runs_full_loses_nothing_that_was_told() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return fill_all(Path::new(&directory));
    }
    if !may_mount() {
        return;
    }
    // The same once more, where it may mount.
    let directory = tempfile::tempdir().unwrap();
    let this = "full_disk::a_disk_that_runs_full_loses_nothing_that_was_told";
    let mut again = Command::new("unshare");
    again.arg("-Urm").arg(std::env::current_exe().unwrap()).args(["--exact", this, "--nocapture"]);
    assert!(again.env(DIRECTORY, directory.path()).status().unwrap().success());
}

fn fill_all(directory: &Path) {
    let (disks, mut random) = (disks(), Random(disks()));
    let mut told = 0;
    for seed in 0..disks {
        let is_tiny = random.below(100) < TINY_PERCENT;
        let size = if is_tiny { 1 + random.below(TINY) } else { ROOMY };
        mount(directory, &format!("size={size}k"));
        told += fill(directory, seed, random.below(LEFT));
        run("umount", &[directory.as_os_str()]);
    }
    println!("{disks} full disks, {told} lines told before");
    assert!(told > 0);
}

fn mount(directory: &Path, options: &str) {
    let arguments: [&OsStr; 6] = [
        "-t".as_ref(),
        "tmpfs".as_ref(),
        "-o".as_ref(),
        options.as_ref(),
        "none".as_ref(),
        directory.as_ref(),
    ];
    run("mount", &arguments);
}

fn run(program: &str, arguments: &[&OsStr]) {
    assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program} {arguments:?}");
}

/// Leaves so much room, and no more.
fn leave(directory: &Path, kib: usize) {
    let disk = rustix::fs::statvfs(directory).unwrap();
    let used = usize::try_from((disk.f_blocks - disk.f_bfree) * disk.f_frsize / 1024).unwrap();
    mount(directory, &format!("remount,size={}k", used + kib));
}

/// Fills one disk, makes room, and compares. Returns how many lines the process told.
fn fill(directory: &Path, seed: u64, left: usize) -> usize {
    let spec = easy_spec();
    let mut journal = Journal::new(&spec);
    let mut child = command(directory, seed).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let mut told = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        journal.note(&line);
        told += 1;
        if line == "@open" {
            leave(directory, left);
        }
    }
    let mut reason = String::new();
    errors.read_to_string(&mut reason).unwrap();
    // It panics with what it is told.
    assert!(!child.wait().unwrap().success() && reason.contains("DiskFull"), "{reason}");
    mount(directory, &format!("remount,size={ROOMY}k"));
    journal.check(&spec, directory);
    told
}
