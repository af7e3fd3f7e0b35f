//! Puts the wallet page into the program, when the feature `page` is on.

#[cfg(feature = "page")]
#[path = "build/page.rs"]
mod page;

fn main() -> std::process::ExitCode {
    #[cfg(feature = "page")]
    if let Err(error) = page::embed() {
        // Cargo shows what a failed build script wrote there, the output of the page's own build included.
        eprintln!("\ncannot build the wallet page: {error}");
        return std::process::ExitCode::FAILURE;
    }
    println!("cargo::rerun-if-changed=build.rs");
    std::process::ExitCode::SUCCESS
}
