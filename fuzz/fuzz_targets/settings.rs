#![no_main]

use clap::Parser as _;
use node::cli::Cli;

/// What stands between the words of a command line and a file with settings.
const BORDER: &str = "\n---\n";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ironchain_fuzz::as_text(bytes, |text| {
        let (words, file) = text.split_once(BORDER).unwrap_or((text, ""));
        let folder = ironchain_fuzz::folder();
        let config = folder.path().join("node.toml");
        std::fs::write(&config, file).expect("the system has room for a small file");
        let words = words.split('\n').filter(|word| !word.is_empty());
        let first = ["node", "--config"].map(Into::into).into_iter().chain([config.into_os_string()]);
        if let Ok(cli) = Cli::try_parse_from(first.chain(words.map(Into::into))) {
            // A reason is said, or it could be started.
            let _task = cli.into_task().map_err(|error| error.to_string());
        }
    });
});
