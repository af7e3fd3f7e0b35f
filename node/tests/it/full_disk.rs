//! Disks without room. A process mines, admits and reorganises until its disk is full, on disks of many sizes, so that
//! each time another write is the first for which there is no room: nothing that it was told is durable may be missing.
//! And what would not fit is not begun.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use node::chain::{Options, RefusedBlock, SubmitError, TemplateError};
use node::clock::Clock as _;
use node::offline::{OfflineError, export, import};
use node::store::StoreError;

use crate::blocks::checked;
use crate::disk::Random;
use crate::kill::{Journal, command};
use crate::process::may_mount;
use crate::support::{ManualClock, TestChain, address, easy_spec};

/// Where the disks are mounted, for the process that may do so.
const DIRECTORY: &str = "FULL_DISK_DIRECTORY";
/// KiB: room for everything.
const ROOMY: usize = 65_536;
/// Of a hundred disks, those on which there is no room for an empty store.
const TINY_PERCENT: usize = 10;
/// KiB: less than an empty store takes.
const TINY: usize = 1_000;
/// KiB: less than a node wants in any case.
const LITTLE: usize = 31 << 10;
/// KiB: more than that, and not enough for what takes more than a few MiB.
const SOME: usize = 34 << 10;
/// KiB: enough for it.
const ENOUGH: usize = 96 << 10;
/// KiB that are left on the other disks once the store is open: no block fits, or some dozens do.
const LEFT: usize = 256;

/// As many disks as `cargo xtask long full-disk` wants, or a sample.
fn disks() -> u64 {
    std::env::var("FULL_DISKS").map_or(4, |disks| disks.parse().unwrap())
}

#[test]
fn a_disk_that_runs_full_loses_nothing_that_was_told() {
    where_mounts_are_allowed("full_disk::a_disk_that_runs_full_loses_nothing_that_was_told", fill_all);
}

#[test]
fn what_has_no_room_is_not_begun_and_taken_when_there_is_some() {
    where_mounts_are_allowed(
        "full_disk::what_has_no_room_is_not_begun_and_taken_when_there_is_some",
        refuse_and_take,
    );
}

/// Runs `test` in a directory where it may mount disks, as the test `this` of another process.
fn where_mounts_are_allowed(this: &str, test: impl FnOnce(&Path)) {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return test(Path::new(&directory));
    }
    if !may_mount() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
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
    println!("figures: {disks} full disks, {told} lines told before");
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

/// Offers what needs more room than the disk has: blocks, and a move to another branch.
#[tokio::main]
async fn refuse_and_take(directory: &Path) {
    mount(directory, &format!("size={ROOMY}k"));
    let (spec, clock) = (easy_spec(), ManualClock::new(&easy_spec()));
    // So that a move to another branch writes everything anew.
    let options = Options { undo_depth: 3, ..Options::default() };
    let on_disk = tempfile::tempdir_in(directory).unwrap();
    let here = TestChain::open(&spec, options, on_disk, clock).unwrap();
    let there = TestChain::new(&spec);
    let blocks = there.mine_many(2_000, address(0)).await;
    here.clock.set(there.clock.now());
    let group = checked(&spec, 1, &blocks);
    let is_full = |error: &SubmitError| matches!(error, SubmitError::Store(StoreError::NoRoom { .. }));

    leave(directory, LITTLE);
    let RefusedBlock { index, error } = here.chain.submit_blocks(group.clone()).await.unwrap_err();
    assert!(index == 0 && is_full(&error) && here.height() == 0, "{error}");
    assert!(here.chain.trouble().unwrap().contains("nearly full"));
    // Not for all of them in one write.
    leave(directory, SOME);
    here.chain.submit_blocks(group).await.unwrap();
    assert_eq!((here.height(), here.chain.trouble()), (2_000, None));

    leave(directory, ENOUGH);
    here.mine_many(5, address(1)).await;
    let branch = there.mine_many(7, address(2)).await;
    here.clock.reach(there.clock.now());
    leave(directory, SOME);
    // Those before the one that moves the tip are kept, and what was refused is not remembered.
    for refused in [5, 0] {
        let blocks = checked(&spec, 2_006 - refused, &branch[5 - refused as usize..]);
        let RefusedBlock { index, error } = here.chain.submit_blocks(blocks).await.unwrap_err();
        assert!(index as u64 == refused && is_full(&error) && here.height() == 2_005, "{error}");
    }
    // Its tip has lost, so nothing is mined on top of it.
    assert!(matches!(here.chain.template(address(1)).await, Err(TemplateError::Store(_))));
    assert!(here.chain.trouble().is_some());
    leave(directory, ENOUGH);
    here.take(&branch[5..]).await;
    assert_eq!(here.chain.view().tip.hash, there.chain.view().tip.hash);
    let restarted = here.restart();
    assert_eq!((restarted.height(), restarted.chain.trouble()), (2_007, None));
    restarted.stop();

    // Nor does an import begin it, or blame the file.
    let file = there.path().join("blocks");
    let (their_directory, clock) = there.stop();
    export(their_directory.path(), &spec, &file, &mut |_| ()).unwrap();
    leave(directory, LITTLE);
    let error = import(&directory.join("imported"), &spec, &file, clock, &mut |_| ()).unwrap_err();
    assert!(matches!(error, OfflineError::Store(StoreError::NoRoom { .. })), "{error}");
    run("umount", &[directory.as_os_str()]);
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
