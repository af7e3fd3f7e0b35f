//! Makes a wallet: words, to be written down, and their address.

use std::io::{BufRead, Write};

use shared::spec::ChainSpec;

use crate::console::Console;
use crate::node::{Endpoint, Node};
use crate::problem::Problem;
use crate::secrets;
use crate::views::{AddressView, WordsView};

const WORD_COUNT: usize = 24;

pub(crate) fn run<I: BufRead, O: Write>(
    endpoint: &Endpoint,
    console: &mut Console<I, O>,
) -> Result<(), Problem> {
    // Only to write the address as the node's chain does; a wallet can be made without any node.
    let chain = Node::connect(endpoint).map_or_else(|_| ChainSpec::main(), |node| node.chain().clone());
    let secrets = secrets::make(WORD_COUNT)?;
    let address = AddressView::new(secrets::first_key(&secrets)?.public_key(), &chain);
    console.say(WordsView { words: secrets::words(&secrets), address })
}
