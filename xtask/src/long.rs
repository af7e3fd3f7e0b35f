//! What takes longer than anybody wants to wait on every run. Results are dated files in `docs/results/`.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::fuzz::{Build, fuzz};
use crate::moduli::weak_keys;
use crate::mutants::mutants;
use crate::network;
use crate::reproducible::reproducible;
use crate::run::{cargo, command, root, run, run_for_figures, target_dir};
use crate::spread::publish;
use crate::test::without_page;

/// A long chore.
#[derive(Debug, Subcommand)]
pub(crate) enum Long {
    /// Tries every property of the rules on a million values.
    Properties {
        /// How many values for each.
        #[arg(long, default_value_t = 1_000_000)]
        cases: u32,
    },
    /// Cuts the power at every write and sync of a run, and opens every image that a disk can be left with.
    CrashImages {
        /// How often; once gives about two thousand images.
        #[arg(long, default_value_t = 6)]
        rounds: u32,
    },
    /// Kills a process that mines, admits and reorganises, and again while it recovers; and as often the program itself.
    Kill {
        /// How often.
        #[arg(long, default_value_t = 2_000)]
        kills: u32,
    },
    /// Fills disks of many sizes with a process that mines, admits and reorganises.
    FullDisk {
        /// How many.
        #[arg(long, default_value_t = 200)]
        disks: u32,
    },
    /// Flips single bits of a store.
    BitFlips {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        flips: u32,
    },
    /// Lets random trees of blocks arrive in random orders at real stores.
    Forks {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        trees: u32,
    },
    /// Seven real nodes in a network that is cut, mended and killed at random, and a reorg of a hundred blocks.
    Network {
        /// How many schedules.
        #[arg(long, default_value_t = 100)]
        schedules: u64,
        /// The seed of the first one.
        #[arg(long, default_value_t = 1)]
        first_seed: u64,
    },
    /// Sends malformed messages to a real node, at every layer.
    Hostile {
        /// How many.
        #[arg(long, default_value_t = 1_000_000)]
        messages: u32,
        /// What they are made from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Simulates networks of honest nodes and liars, in trouble and out of it.
    Simulation {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        seeds: u32,
        /// Only this one, which failed.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Simulates up to a thousand nodes, to see how fast blocks spread; writes docs/network.md and its picture.
    SimulationReport,
    /// Makes keys as wallets do, and looks for what badkeys knows of weak ones and for shared primes.
    WeakKeys {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        keys: u32,
    },
    /// Asks whether the time of signing depends on what is signed.
    SigningTime {
        /// How many signatures to time.
        #[arg(long, default_value_t = 100_000)]
        signatures: u32,
    },
    /// Changes the rules in one place at a time, and asks whether a test notices.
    Mutants {
        /// Only these modules of `shared`.
        modules: Vec<String>,
    },
    /// Builds the page from two clones of the current commit, and compares what comes out.
    Reproducible,
    /// Runs tests of `shared` in Miri, an interpreter that finds undefined behaviour. It is part of the nightly toolchain:
    /// `rustup component add miri rust-src --toolchain nightly`.
    Miri,
    /// Runs the tests of `shared` as a program of 32 bits. It needs `rustup target add i686-unknown-linux-gnu` and a C
    /// compiler for it, on Debian `apt-get install gcc-multilib`.
    I686,
    /// Fuzzes every target.
    Fuzz {
        /// Only this one.
        target: Option<String>,
        /// How long, each.
        #[arg(long, default_value_t = 3_600)]
        seconds: u64,
    },
}

/// Runs one of them and writes what came of it.
pub(crate) fn long(chore: Long) -> Result<()> {
    let started = std::time::Instant::now();
    // What a chore writes itself is no change of what it measured.
    let commit = commit()?;
    let (name, result) = match chore {
        Long::Properties { cases } => ("properties", properties(cases)?),
        Long::CrashImages { rounds } => ("crash-images", store_test("crash::", "CRASH_ROUNDS", rounds)?),
        Long::Kill { kills } => ("kill", store_test("kill::", "KILLS", kills)?),
        Long::FullDisk { disks } => ("full-disk", store_test("full_disk::", "FULL_DISKS", disks)?),
        Long::BitFlips { flips } => ("bit-flips", store_test("damage::a_bit", "BIT_FLIPS", flips)?),
        Long::Forks { trees } => ("forks", store_test("forks::", "RANDOM_TREES", trees)?),
        Long::Network { schedules, first_seed } => {
            // Later ones are a file of their own, beside that of the first.
            let name = if first_seed == 1 { "network" } else { "network-continued" };
            (name, network::schedules(first_seed, schedules)?)
        }
        Long::Hostile { messages, seed } => ("hostile", hostile(messages, seed)?),
        Long::Simulation { seeds, seed } => ("simulation", simulation(seeds, seed)?),
        Long::SimulationReport => ("simulation-report", simulation_report()?),
        Long::WeakKeys { keys } => ("weak-keys", weak_keys(keys)?),
        Long::SigningTime { signatures } => ("signing-time", signing_time(signatures)?),
        Long::Mutants { modules } => ("mutants", mutants(&modules)?),
        Long::Reproducible => ("reproducible", reproducible()?),
        Long::Miri => ("miri", miri()?),
        Long::I686 => ("i686", i686()?),
        Long::Fuzz { target, seconds } => {
            let reached = fuzz(Build::Optimised, target.as_deref(), seconds)?;
            let entry = |reached: &crate::fuzz::Reached| {
                let (executions, coverage) = (reached.executions, reached.coverage);
                json!({ "target": reached.target, "executions": executions, "coverage": coverage,
                    "seconds": reached.seconds, "failures": 0 })
            };
            ("fuzz", reached.iter().map(entry).collect())
        }
    };
    write(name, &commit, started.elapsed().as_secs(), &result)
}

fn properties(cases: u32) -> Result<Value> {
    let arguments = ["test", "--locked", "--release", "-p", "shared"];
    run("properties", cargo(&arguments).env("PROPTEST_CASES", cases.to_string()))?;
    let mut choice = without_page();
    choice.args(["--lib", "--", "sync::tests::choice"]).env("PROPTEST_CASES", cases.to_string());
    run("fork choice", &mut choice)?;
    Ok(json!({ "cases_for_each": cases, "failures": 0 }))
}

/// What reads bytes and texts. Miri is far too slow for big numbers, long hashing and whole chains.
const INTERPRETED: [&str; 4] = ["address::", "block::", "codec::", "merkle::"];
/// Of these, what takes a long text, tries every mistake, or every place in many trees.
const EXHAUSTIVE: [&str; 5] = [
    "another_length_is_refused",
    "every_single_typo",
    "two_swapped_characters",
    "a_proof_holds_for_its_own_index_and_count_only",
    "roots_and_siblings_match_the_vectors",
];

fn miri() -> Result<Value> {
    let arguments = ["run", "nightly", "cargo", "miri", "test", "--locked", "-p", "shared", "--lib", "--"];
    let mut miri = command("rustup", &arguments);
    // The tests' own tools ask for the system's clock and random numbers.
    miri.args(INTERPRETED)
        .args(EXHAUSTIVE.map(|test| format!("--skip={test}")))
        .env("MIRIFLAGS", "-Zmiri-disable-isolation")
        .env("PROPTEST_CASES", "2");
    run("miri", miri.env("CARGO_TARGET_DIR", target_dir().join("miri")))?;
    Ok(json!({ "tests_of": INTERPRETED, "failures": 0 }))
}

fn i686() -> Result<Value> {
    let arguments = ["test", "--locked", "-p", "shared", "--lib", "--target", "i686-unknown-linux-gnu"];
    run("32 bits", &mut cargo(&arguments))?;
    Ok(json!({ "tests_of": "shared", "failures": 0 }))
}

/// What chance alone exceeds about once in a hundred thousand comparisons: the usual limit in tests of leakage (Goodwill et al.,
/// 2011).
const T_LIMIT: f64 = 4.5;

fn signing_time(signatures: u32) -> Result<Value> {
    let arguments = ["run", "--locked", "--release", "-p", "shared", "--example", "signing_time"];
    let text = said(cargo(&arguments).args(["--", &signatures.to_string()]))?;
    let times: Value = serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))?;
    println!("{times:#}");
    let t = |name: &str| times[name].as_f64().with_context(|| format!("no number: {name}"));
    ensure!(t("t_of_a_hundredth_longer")? > T_LIMIT, "too few or too noisy to tell: ask for more signatures");
    ensure!(t("t")? < T_LIMIT, "the time of signing depends on what is signed");
    Ok(times)
}

/// Runs a test of the store as often as `count` says.
fn store_test(test: &str, variable: &str, count: u32) -> Result<Value> {
    let mut command = without_page();
    command.args(["--test", "it", "--", "--nocapture", test]).env(variable, count.to_string());
    let figures = run_for_figures(test, &mut command)?;
    Ok(json!({ "test": test, "count": count, "failures": 0, "figures": figures }))
}

/// Sends that many messages, from a program and to one that are as quick as they ship.
fn hostile(messages: u32, seed: u64) -> Result<Value> {
    let test = "network::hostile::flood::malformed_messages_harm_nobody";
    let mut command = without_page();
    command.args(["--release", "--test", "it", "--", "--exact", "--nocapture", test]);
    command.env("HOSTILE_MESSAGES", messages.to_string()).env("HOSTILE_SEED", seed.to_string());
    let figures = run_for_figures("hostile", &mut command)?;
    Ok(json!({ "messages": messages, "seed": seed, "failures": 0, "figures": figures }))
}

/// Builds a command that runs a test of whole networks in one thread. Only the node itself has to be quick for it, so
/// nothing else is built once more.
fn simulated(test: &str) -> Command {
    let optimised = "profile.dev.package.node.opt-level=3";
    let mut command = without_page();
    command.args(["--config", optimised, "--test", "it", "--", "--nocapture", test]);
    command
}

fn simulation(seeds: u32, seed: Option<u64>) -> Result<Value> {
    let mut command = simulated("simulation::honest_nodes_agree");
    match seed {
        Some(seed) => command.env("SIMULATION_SEED", seed.to_string()),
        None => command.env("SIMULATION_SEEDS", seeds.to_string()),
    };
    let figures = run_for_figures("simulation", &mut command)?;
    let seeds = if seed.is_some() { 1 } else { seeds };
    Ok(json!({ "seeds": seeds, "failures": 0, "figures": figures }))
}

fn simulation_report() -> Result<Value> {
    let path = target_dir().join("simulation-report.json");
    run("simulation", simulated("simulation::report").env("SIMULATION_REPORT", &path))?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let report = serde_json::from_str(&text).context("the simulation's report is no JSON")?;
    publish(&report)?;
    Ok(report)
}

/// Returns the commit that is measured, and whether it is changed.
fn commit() -> Result<String> {
    let commit = said(&mut command("git", &["rev-parse", "--short", "HEAD"]))?;
    // Results that were written before are no change of what is measured.
    let changes = ["status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/results"];
    let is_changed = !said(&mut command("git", &changes))?.is_empty();
    Ok(if is_changed { format!("{commit}-dirty") } else { commit })
}

/// Writes a result under its name and today's date, with the commit that it was measured at.
fn write(name: &str, commit: &str, seconds: u64, result: &Value) -> Result<()> {
    let date = said(&mut command("date", &["-u", "+%F"]))?;
    let folder = root().join("docs/results");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(format!("{name}-{date}.json"));
    let text = json!({ "name": name, "date": date, "commit": commit, "seconds": seconds, "result": result });
    std::fs::write(&path, format!("{text:#}\n"))
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("\nwritten: {}", path.display());
    Ok(())
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
