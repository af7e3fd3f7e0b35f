//! The wallet's file: the same keystore that the page saves.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use wallet_wasm::keystore::Keystore;

use crate::problem::Problem;
use crate::secrets::read_file;

/// Returns where the keystore is unless told otherwise.
pub(crate) fn default_path() -> Result<PathBuf, Problem> {
    let directories = directories::BaseDirs::new().ok_or(Problem::NoHome)?;
    Ok(directories.data_local_dir().join("ironchain").join("wallet.json"))
}

/// Reads a keystore, still closed.
pub(crate) fn read(path: &Path) -> Result<Keystore, Problem> {
    let text = read_file(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Problem::NoKeystore { path: path.to_owned() },
        _ => Problem::Keystore { path: path.to_owned(), source },
    })?;
    Ok(Keystore::parse(&text)?)
}

/// Makes sure that there is no such file yet.
pub(crate) fn check_absent(path: &Path) -> Result<(), Problem> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(Problem::KeystoreExists { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Problem::Keystore { path: path.to_owned(), source }),
    }
}

/// Writes a keystore that only its owner may read: whole or not at all, and never over another file.
pub(crate) fn create(path: &Path, keystore: &Keystore) -> Result<(), Problem> {
    let failed = |source| Problem::Keystore { path: path.to_owned(), source };
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    create_directory(directory).map_err(failed)?;
    // It is made with 0600 where there are such modes.
    let mut file = NamedTempFile::new_in(directory).map_err(failed)?;
    let written = writeln!(file, "{}", keystore.to_text()).and_then(|()| file.as_file().sync_all());
    written.map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Problem::KeystoreExists { path: path.to_owned() },
        _ => failed(error.error),
    })?;
    sync_directory(directory).map_err(failed)
}

/// Removes a keystore that was just created.
pub(crate) fn remove(path: &Path) -> Result<(), Problem> {
    fs::remove_file(path).map_err(|source| Problem::Keystore { path: path.to_owned(), source })
}

fn create_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Makes the name of a new file survive a power cut. Windows does so by itself.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}
