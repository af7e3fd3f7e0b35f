//! The key by which other nodes know this one. It identifies connections and nothing else: no coin belongs to it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use libp2p::identity::{Keypair, ed25519};
use zeroize::Zeroizing;

/// The key's file inside the data directory: 64 hex digits and a line break.
pub const KEY_FILE: &str = "network.key";
const KEY_TEXT_BYTES: u64 = 65;

/// The key cannot be used. Each message has the fact, the likely cause and the next step.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The system does not let us have the file.
    #[error("cannot use the network key {}: {source}; check the directory's permissions and its disk", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody may have led us elsewhere.
    #[error("the network key {} is a link; put the file itself there, or remove the link and a new key is made", path.display())]
    Link {
        /// The file.
        path: PathBuf,
    },
    /// Others can read the key, and then be this node.
    #[error(
        "the network key {} can be read by other users (mode {mode:o}); run chmod 600 on it, or remove it and a new \
         key is made", path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is not what we wrote.
    #[error("the network key {} is damaged; remove it, and a new one is made: only this node's name in the network changes", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no random number.
    #[error("cannot get a random number for the network key from the system: {0}")]
    Randomness(getrandom::Error),
}

/// Returns the key of the node whose data is in `directory`, and makes it at the first start.
pub(super) fn load_or_make(directory: &Path) -> Result<Keypair, IdentityError> {
    let path = directory.join(KEY_FILE);
    match std::fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.file_type().is_symlink() => Err(IdentityError::Link { path }),
        Ok(_) => load(path),
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(source) => Err(IdentityError::Io { path, source }),
    }
}

fn load(path: PathBuf) -> Result<Keypair, IdentityError> {
    let mut text = Zeroizing::new(Vec::new());
    let mut read = || -> std::io::Result<Option<u32>> {
        let file = File::open(&path)?;
        let mode = exposed_mode(&file)?;
        // One byte more than there should be, so that more is seen to be too much.
        file.take(KEY_TEXT_BYTES + 1).read_to_end(&mut text)?;
        Ok(mode)
    };
    match read() {
        Ok(None) => {}
        Ok(Some(mode)) => return Err(IdentityError::Exposed { path, mode }),
        Err(source) => return Err(IdentityError::Io { path, source }),
    }
    let mut secret = Zeroizing::new([0; 32]);
    let digits = text.strip_suffix(b"\n").unwrap_or(&text);
    match hex::decode_to_slice(digits, &mut *secret) {
        Ok(()) => keypair(secret, path),
        Err(_) => Err(IdentityError::Malformed { path }),
    }
}

/// Returns the permissions of a file that others may read or change.
#[cfg(unix)]
fn exposed_mode(file: &File) -> std::io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

/// The user's own directory protects it where files have no such permissions.
#[cfg(not(unix))]
fn exposed_mode(_: &File) -> std::io::Result<Option<u32>> {
    Ok(None)
}

/// Makes a key under another name first, so that one whose making was interrupted is never found.
fn make(path: PathBuf) -> Result<Keypair, IdentityError> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *secret).map_err(IdentityError::Randomness)?;
    let text = Zeroizing::new(hex::encode(*secret) + "\n");
    let new = path.with_extension("key.new");
    let write = || -> std::io::Result<()> {
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = private_file(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &path)
    };
    match write() {
        Ok(()) => keypair(secret, path),
        Err(source) => Err(IdentityError::Io { path, source }),
    }
}

/// Makes a file that only this user can read.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn keypair(mut secret: Zeroizing<[u8; 32]>, path: PathBuf) -> Result<Keypair, IdentityError> {
    match ed25519::SecretKey::try_from_bytes(&mut *secret) {
        Ok(secret) => Ok(ed25519::Keypair::from(secret).into()),
        Err(_) => Err(IdentityError::Malformed { path }),
    }
}

#[cfg(test)]
mod tests;
