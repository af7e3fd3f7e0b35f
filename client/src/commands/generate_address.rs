//! Makes a wallet: words, to be written down, and their address.

use std::io::{BufRead, Write};

use getrandom::SysRng;
use getrandom::rand_core::TryRng as _;
use shared::keys::SigningKey;
use shared::spec::ChainSpec;
use shared::words::Words;
use wallet_wasm::WalletError;
use zeroize::Zeroizing;

use crate::address::NodeAddress;
use crate::console::Console;
use crate::node::Node;
use crate::problem::Problem;

const COLUMNS: usize = 4;

pub(crate) fn run<I: BufRead, O: Write>(
    address: &NodeAddress,
    console: &mut Console<I, O>,
) -> Result<(), Problem> {
    // Only to write the address as the node's chain does; a wallet can be made without any node.
    let chain = Node::connect(address).map_or_else(|_| ChainSpec::main(), |node| node.chain().clone());
    let mut entropy = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(entropy.as_mut_slice()).or(Err(WalletError::NoRandomness))?;
    let words = Words::from_entropy(entropy.as_slice()).map_err(WalletError::from)?;
    let key = SigningKey::from_seed(&words.seed(""), 0);
    let public_key = key.public_key();

    console.say(
        "\nThese 24 words are your wallet. Write them down, in order: they are shown only now, they are",
    )?;
    console.say("stored nowhere, and whoever has them has your coins.\n")?;
    let words: Vec<&str> = words.words().collect();
    for (row, words) in words.chunks(COLUMNS).enumerate() {
        let mut line = Zeroizing::new(String::new());
        for (column, word) in words.iter().enumerate() {
            line.push_str(&format!("{:>3}. {word:<10}", row * COLUMNS + column + 1));
        }
        console.say(line.trim_end())?;
    }
    console.say(format_args!(
        "\nAddress on the chain {}: {}",
        chain.name(),
        public_key.address().to_text(&chain.rules().address_prefix)
    ))?;
    console.say(format_args!("The same as the tutorial writes it: {}", public_key.tutorial_address()))
}
