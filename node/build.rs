//! Puts the wallet page into the program, when the feature `page` is on.

#[cfg(feature = "page")]
#[path = "build/page.rs"]
mod page;

fn main() -> std::process::ExitCode {
    #[cfg(feature = "page")]
    if let Err(error) = page::embed() {
        println!("cargo::error=cannot build the wallet page: {error:#}");
        // Then cargo also shows what the page's own build said.
        return std::process::ExitCode::FAILURE;
    }
    println!("cargo::rerun-if-changed=build.rs");
    std::process::ExitCode::SUCCESS
}
