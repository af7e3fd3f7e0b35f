//! Prints what a shell needs to complete this program's commands.

use std::io::{self, Write as _};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::context::Context;
use crate::problem::Problem;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Bash, for example:  client completions bash > ~/.local/share/bash-completion/completions/client"
)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    /// The script is the result, whether JSON was asked for or not.
    pub(crate) fn run(&self, _: &mut Context) -> Result<(), Problem> {
        // Writing to a pipe that is closed would panic in there.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "client", &mut script);
        let mut output = io::stdout();
        output.write_all(&script)?;
        Ok(output.flush()?)
    }
}
