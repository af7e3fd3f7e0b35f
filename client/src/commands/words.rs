//! Makes the words of a new wallet and shows them once.

use clap::Args;

use crate::context::Context;
use crate::problem::Problem;
use crate::secrets;
use crate::views::{AddressView, WordsView};

/// Make the words of a new wallet, show them once with their address, and keep nothing
#[derive(Debug, Args)]
pub(crate) struct Words {
    /// How many words: 12 or 24
    #[arg(long, value_name = "N", default_value = "24", value_parser = secrets::parse_word_count)]
    count: usize,
}

impl Words {
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let chain = context.chain()?;
        let secrets = secrets::make(self.count)?;
        let address = AddressView::new(secrets::first_key(&secrets)?.public_key(), &chain);
        context.report(&WordsView { words: secrets::words(&secrets), address })
    }
}
