//! Prints the moduli of wallets' keys, a line of hex each, for programs that look for weak ones. The words of each wallet
//! come from its number, so that a key can be made again: `cargo run --release -p shared --example moduli -- 10000`

#![allow(clippy::print_stdout, reason = "a tool for the terminal")]

use std::error::Error;
use std::thread;

use shared::hash::sha256;
use shared::keys::SigningKey;
use shared::words::Words;

fn main() -> Result<(), Box<dyn Error>> {
    let count: u64 = std::env::args().nth(1).ok_or("say how many moduli to print")?.parse()?;
    let threads = u64::try_from(thread::available_parallelism()?.get())?;
    thread::scope(|scope| {
        let print =
            |first: u64| (first..count).step_by(threads as usize).for_each(|n| println!("{}", modulus(n)));
        for first in 0..threads {
            scope.spawn(move || print(first));
        }
    });
    Ok(())
}

/// Returns the modulus of the wallet with this number.
fn modulus(number: u64) -> String {
    let words = Words::from_entropy(&sha256(&number.to_le_bytes())).expect("24 words come from 32 bytes");
    hex::encode(SigningKey::from_seed(&words.seed(""), 0).public_key().modulus())
}
