//! Each node in a network namespace: its own addresses, its own loopback, and one cable to a switch.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, anyhow, ensure};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Says to the program that it has been led inside.
const INSIDE: &str = "E2E_NAMESPACES";
/// What must work for this, tried in namespaces that vanish with the command.
const TRIAL: &str = "mount -t tmpfs tmpfs /run && ip netns add trial && ip link add name trial type bridge \
     && nsenter --net=/run/netns/trial ip link set lo up";

/// Starts this program anew where network namespaces can be made without being root. Where the system does not allow
/// it, or the tools are missing, nothing happens.
///
/// # Errors
/// When the start fails although the trial did not.
pub fn enter() -> Result<()> {
    if is_inside() || !is_possible() {
        return Ok(());
    }
    let mut command = Command::new("unshare");
    command.arg("-Urnm").arg(std::env::current_exe()?).args(std::env::args_os().skip(1)).env(INSIDE, "1");
    Err(command.exec()).context("cannot start again in namespaces")
}

pub(super) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn is_possible() -> bool {
    let mut trial = Command::new("unshare");
    trial.args(["-Urnm", "sh", "-c", TRIAL]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|status| status.success())
}

/// Whether this program has made its network. Nothing else depends on it, so it needs no order.
static IS_MADE: AtomicBool = AtomicBool::new(false);

/// The namespaces of a network. They vanish with the program that has made them.
#[derive(Debug)]
pub(super) struct Namespaces {
    cut: Mutex<BTreeSet<(usize, usize)>>,
}

impl Namespaces {
    /// Makes them, with a switch that every one is connected to.
    pub(super) fn new(count: usize) -> Result<Self> {
        // Others of the computer's own may be in its /run, which ours hides.
        let is_first = !IS_MADE.swap(true, Ordering::Relaxed);
        ensure!(is_first, "there is a network already; one program makes one");
        run("mount", &["-t", "tmpfs", "tmpfs", "/run"])?;
        ip("link add name switch type bridge")?;
        ip("link set switch up")?;
        for node in 0..count {
            let address = Self::ip(node)?;
            ip(&format!("netns add n{node}"))?;
            ip(&format!("link add name n{node} type veth peer name cable netns n{node}"))?;
            ip(&format!("link set n{node} master switch up"))?;
            ip(&format!("-n n{node} link set lo up"))?;
            ip(&format!("-n n{node} link set cable up"))?;
            ip(&format!("-n n{node} addr add {address}/24 dev cable"))?;
        }
        Ok(Self { cut: Mutex::default() })
    }

    /// Returns the address of a node.
    pub(super) fn ip(node: usize) -> Result<IpAddr> {
        let host = u8::try_from(node + 1).context("too many nodes for one network")?;
        Ok(Ipv4Addr::new(10, 77, 0, host).into())
    }

    /// Returns what leads into the namespace of a node.
    pub(super) fn path(node: usize) -> PathBuf {
        PathBuf::from(format!("/run/netns/n{node}"))
    }

    pub(super) fn set_link(&self, a: usize, b: usize, is_up: bool) -> Result<()> {
        let pair = (a.min(b), a.max(b));
        let mut cut = self.cut.lock().expect("the lock is sound because nobody panics while holding it");
        if is_up == cut.contains(&pair) {
            let act = if is_up { "del" } else { "add" };
            for (from, to) in [(a, b), (b, a)] {
                ip(&format!("-n n{from} route {act} unreachable {}", Self::ip(to)?))?;
            }
            if is_up {
                cut.remove(&pair)
            } else {
                cut.insert(pair)
            };
        }
        Ok(())
    }
}

/// Connects from inside the namespace of a node: a socket stays where it was made.
pub(super) fn connect(node: usize, address: SocketAddr) -> Result<TcpStream> {
    let inside = move || -> std::io::Result<TcpStream> {
        let namespace = File::open(Namespaces::path(node))?;
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
        TcpStream::connect(address)
    };
    // A thread of its own, because it cannot come back.
    let connected = std::thread::spawn(inside).join().or(Err(anyhow!("the thread has panicked")))?;
    Ok(connected?)
}

fn ip(arguments: &str) -> Result<()> {
    run("ip", &arguments.split(' ').collect::<Vec<_>>())
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {} failed: {said}", arguments.join(" "));
    Ok(())
}
