//! Asks whether the time of signing depends on what is signed, as Marvin needs it to (RUSTSEC-2023-0071). One message again
//! and again is signed between others that are new each time, in random order, and the two kinds of times are compared:
//! Welch's t, with the slowest times left off in several ways, as in "Dude, is my code constant time?" (Reparaz, Balasch,
//! Verbauwhede, 2017). A second comparison, in which one kind has a hundredth more to do, shows what would have been seen.
//! Prints both as JSON: `cargo run --release -p shared --example signing_time -- 100000`

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool for the terminal that measures time"
)]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use shared::keys::SigningKey;
use shared::words::Words;

/// The share of the times that is compared: without those that something else on the computer has made long.
const SHARES: [f64; 4] = [1.0, 0.99, 0.9, 0.5];
/// Signatures before the first that counts.
const WARM_UP: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = std::env::args().nth(1).ok_or("say how many signatures to make")?.parse()?;
    let key = SigningKey::from_seed(&Words::from_entropy(&[7; 32])?.seed(""), 0);
    let mut random = ChaCha20Rng::from_seed([1; 32]);
    let mut blinding = ChaCha20Rng::from_seed([2; 32]);
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..WARM_UP + count {
        // Drawn for either kind, so that only what is signed differs.
        let mut message = [0; 200];
        random.fill_bytes(&mut message);
        let is_new = random.next_u32() % 2 == 1;
        let message = if is_new { message } else { [7; 200] };
        let begun = Instant::now();
        black_box(key.sign(&message, &mut blinding)?);
        let time = begun.elapsed().as_secs_f64();
        if number >= WARM_UP {
            times[usize::from(is_new)].push(time);
        }
    }
    let [mut same, new] = times;
    same.sort_by(f64::total_cmp);
    let median = same.get(same.len() / 2).ok_or("too few signatures")?;
    let longer: Vec<_> = new.iter().map(|time| time + median / 100.0).collect();
    println!(
        r#"{{"signatures":{count},"median_us":{:.0},"t":{:.2},"t_of_a_hundredth_longer":{:.2}}}"#,
        median * 1e6,
        strongest(&same, &new),
        strongest(&same, &longer),
    );
    Ok(())
}

/// Returns the largest difference between two kinds of times, by [`welch`], for any of the shares.
fn strongest(some: &[f64], others: &[f64]) -> f64 {
    let mut all = [some, others].concat();
    all.sort_by(f64::total_cmp);
    let compare = |share: f64| {
        let longest = all[((all.len() - 1) as f64 * share) as usize];
        let [some, others] = [some, others]
            .map(|times| times.iter().copied().filter(|time| *time <= longest).collect::<Vec<_>>());
        welch(&some, &others).abs()
    };
    SHARES.into_iter().map(compare).fold(0.0, f64::max)
}

/// Returns the difference of two means in units of what chance would make of it.
fn welch(some: &[f64], others: &[f64]) -> f64 {
    let [(mean, error), (other_mean, other_error)] = [some, others].map(|times| {
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (mean - other_mean) / (error + other_error).sqrt()
}
