//! The built program as a process of its own, with what it prints.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Action, tcflow};

use crate::support::DEADLINE;

/// A running node. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    stdout: Receiver<String>,
    reader: Option<JoinHandle<()>>,
    /// All lines of standard output that were taken.
    seen: Vec<String>,
    /// Standard error; it is closed at the end.
    stderr: Receiver<String>,
    /// All lines of standard error that were taken.
    seen_errors: Vec<String>,
}

/// What a process left behind.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn command(arguments: &[&str]) -> Command {
    command_with(arguments, &[])
}

fn command_with(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_node"));
    command.args(arguments).env_remove("NO_COLOR").envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    run_with(arguments, &[])
}

/// The same with environment variables.
pub(crate) fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let output = command_with(arguments, variables).output().unwrap();
    Ended {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts a node of the chain for development on any free port, with pipes for its output.
pub(crate) fn start(data_dir: &Path, arguments: &[&str]) -> Process {
    let mut child = node_command(data_dir, arguments).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    Process::new(child, stdout)
}

/// A terminal: the side of who sits at it, and the program's.
fn terminal() -> (OwnedFd, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap();
    let slave = rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (master, slave)
}

/// The same on a terminal that is held up (Ctrl-S) for standard output and error; the terminal is to be kept.
pub(crate) fn start_on_held_terminal(data_dir: &Path, arguments: &[&str]) -> (Child, OwnedFd) {
    let (master, slave) = terminal();
    tcflow(&slave, Action::OOff).unwrap();
    let mut command = node_command(data_dir, arguments);
    command.stdout(Stdio::from(slave.try_clone().unwrap())).stderr(Stdio::from(slave));
    (command.spawn().unwrap(), master)
}

/// Returns whether a thread of a process waits until `descriptor` takes what it writes: no other call that blocks here
/// has so small a number as its first argument.
pub(crate) fn is_held_at(process: &Child, descriptor: u8) -> bool {
    waits_at(process.id(), u32::from(descriptor))
}

/// Returns whether a thread of the process `id` waits for the disk to have what was written to `file`. Nothing else that
/// is done with a file lets a thread wait as long as its pages are in memory.
pub(crate) fn is_syncing(id: u32, file: &Path) -> bool {
    let descriptors = std::fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
    descriptors
        .filter(|descriptor| std::fs::read_link(descriptor.path()).is_ok_and(|open| open == file))
        .filter_map(|descriptor| descriptor.file_name().to_str()?.parse().ok())
        .any(|descriptor| waits_at(id, descriptor))
}

/// Returns whether a thread of the process `id` waits in a call whose first argument is `descriptor`.
fn waits_at(id: u32, descriptor: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("syscall")).ok()).any(|call| {
        let arguments = call.split(' ').collect::<Vec<_>>();
        arguments.get(1) == Some(&format!("0x{descriptor:x}").as_str())
    })
}

/// The same on a terminal.
pub(crate) fn start_on_terminal(data_dir: &Path, arguments: &[&str], no_color: bool) -> Process {
    let (master, slave) = terminal();
    let mut command = node_command(data_dir, arguments);
    if no_color {
        command.env("NO_COLOR", "1");
    }
    let child = command.stdout(Stdio::from(slave)).spawn().unwrap();
    Process::new(child, File::from(master))
}

/// The same, where no file can grow beyond `bytes`, as on a disk that is full. The shell counts in blocks of 512 or
/// of 1,024 bytes, so the limit may be twice as large.
pub(crate) fn start_with_file_limit(data_dir: &Path, arguments: &[&str], bytes: u64) -> Process {
    start_by(
        "sh",
        &["-c", &format!("trap '' XFSZ; ulimit -f {}; {RUN}", bytes.div_ceil(512))],
        data_dir,
        arguments,
    )
}

/// The same, with so many file descriptors.
pub(crate) fn start_with_descriptors(data_dir: &Path, arguments: &[&str], count: u32) -> Process {
    start_by("sh", &["-c", &format!("ulimit -n {count}; {RUN}")], data_dir, arguments)
}

/// The same, after `mount` in a namespace of its own, where `$D` is the data directory; `None` where the system does
/// not let this user mount anything.
pub(crate) fn start_with_mount(data_dir: &Path, arguments: &[&str], mount: &str) -> Option<Process> {
    if !may_mount() {
        return None;
    }
    let script = format!("D='{}'; {mount} && {RUN}", data_dir.display());
    Some(start_by("unshare", &["-Urm", "sh", "-c", &script], data_dir, arguments))
}

/// Returns whether this user may mount anything in a namespace of its own, and says so when not.
#[allow(clippy::print_stderr, reason = "a test that was skipped has to say so")]
pub(crate) fn may_mount() -> bool {
    let is_allowed =
        Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|status| status.success());
    if !is_allowed {
        eprintln!("SKIPPED: this user may not mount anything here (unshare -Urm)");
    }
    is_allowed
}

/// The same, where SIGHUP is ignored, as by `nohup`.
pub(crate) fn start_without_hangup(data_dir: &Path, arguments: &[&str]) -> Process {
    start_by("sh", &["-c", &format!("trap '' HUP; {RUN}")], data_dir, arguments)
}

/// The same, where SIGHUP does what it does by itself, however the tests were started.
pub(crate) fn start_with_hangup(data_dir: &Path, arguments: &[&str]) -> Process {
    start_by("env", &["--default-signal=HUP"], data_dir, arguments)
}

/// What a script does with the node that it got as its arguments.
const RUN: &str = "exec \"$0\" \"$@\"";

fn start_by(program: &str, script: &[&str], data_dir: &Path, arguments: &[&str]) -> Process {
    let node = node_command(data_dir, arguments);
    let mut command = Command::new(program);
    command.args(script).arg(node.get_program()).args(node.get_args());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    Process::new(child, stdout)
}

fn node_command(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = command(&["0", "--chain", "dev"]);
    command.arg("--data-dir").arg(data_dir).args(arguments).stderr(Stdio::piped());
    command
}

impl Process {
    fn new(mut child: Child, output: impl Read + Send + 'static) -> Self {
        let (sender, stdout) = channel();
        let reader = std::thread::spawn(move || {
            // A terminal whose last program has ended reports an error instead of an end.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let errors = child.stderr.take().unwrap();
        let (sender, stderr) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                // A test that failed does not ask for it.
                drop(sender.send(line));
            }
        });
        Self { child, stdout, reader: Some(reader), seen: Vec::new(), stderr, seen_errors: Vec::new() }
    }

    /// Waits for a line of standard error that `wanted` accepts.
    pub(crate) fn error_line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.stderr.recv_timeout(DEADLINE).unwrap_or_else(|error| {
                panic!("the line did not come ({error}) after:\n{}", self.seen_errors.join("\n"))
            });
            self.seen_errors.push(line.clone());
            if wanted(&line) {
                return line;
            }
        }
    }

    /// Waits for a line of standard output that `wanted` accepts.
    pub(crate) fn line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.stdout.recv_timeout(DEADLINE).unwrap_or_else(|error| {
                panic!("the line did not come ({error}) after:\n{}", self.seen.join("\n"))
            });
            self.seen.push(line.clone());
            if wanted(&line) {
                return line;
            }
        }
    }

    /// Waits for the page's link and returns where it leads.
    pub(crate) fn address(&mut self) -> SocketAddr {
        let line = self.line(|line| line.contains("http://"));
        let (_, link) = line.split_once("http://").unwrap();
        link.split_once('/').unwrap().0.parse().unwrap()
    }

    /// Waits for the block at `height`.
    pub(crate) fn block(&mut self, height: u64) {
        let height = height.to_string();
        self.line(|line| line.split_whitespace().next() == Some(&height) && line.contains('…'));
    }

    /// Closes the reading end of its standard output, which takes until it prints the next line.
    pub(crate) fn hang_up(&mut self) {
        self.stdout = channel().1;
        self.reader.take().unwrap().join().unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        loop {
            match self.stderr.recv_timeout(DEADLINE) {
                Ok(line) => self.seen_errors.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it did not end after:\n{}", self.seen.join("\n")),
            }
        }
        let status = self.child.wait().unwrap();
        self.seen.extend(self.stdout.iter());
        Ended { status, stdout: self.seen.join("\n"), stderr: self.seen_errors.join("\n") }
    }

    /// Presses Ctrl-C and waits for the end, which must be in order.
    pub(crate) fn stop(self) -> Ended {
        self.signal(Signal::INT);
        let ended = self.end();
        assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        assert!(ended.stdout.contains("Stopped at height"), "{}", ended.stdout);
        ended
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended by itself unless a test failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
