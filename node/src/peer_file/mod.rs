//! Bans and addresses in the data directory, in one file that a person can read.
//!
//! Losing it costs a node its memory of others and nothing else: so a file that cannot be used is moved aside and
//! named, and never a reason not to start.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::peers::{SAVED_VERSION, Saved};

#[cfg(test)]
mod tests;

/// Its name in the data directory.
pub const PEER_FILE: &str = "peers.json";
/// A full file has 6 MB.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// The file could not be used, and the node begins without it.
#[derive(Debug, thiserror::Error)]
pub enum PeerFileError {
    /// The system refuses.
    #[error("cannot use {}: {error}; check who owns it, and whether the disk is full", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is not what a node wrote.
    #[error(
        "{} is damaged: {what}; bans and known addresses begin anew, and the file is kept as {}",
        path.display(),
        kept.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its name now.
        kept: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Reads the file in the data directory. A damaged one is moved aside.
///
/// # Errors
/// When there is one that cannot be used. Go on with [`Saved::default`].
pub fn load(data_dir: &Path) -> Result<Saved, PeerFileError> {
    let path = data_dir.join(PEER_FILE);
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text));
    let what = match read {
        Ok(bytes) if bytes as u64 > MAX_FILE_BYTES => format!("it is larger than {MAX_FILE_BYTES} bytes"),
        Ok(_) => match parse(&text) {
            Ok(saved) => return Ok(saved),
            Err(what) => what,
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Saved::default()),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => "it is not text".to_owned(),
        Err(error) => return Err(PeerFileError::Io { path, error }),
    };
    let kept = data_dir.join(format!("{PEER_FILE}.damaged"));
    match std::fs::rename(&path, &kept) {
        Ok(()) => Err(PeerFileError::Damaged { path, kept, what }),
        Err(error) => Err(PeerFileError::Io { path, error }),
    }
}

fn parse(text: &str) -> Result<Saved, String> {
    #[derive(serde::Deserialize)]
    struct Version {
        version: u32,
    }
    // A later version may have other fields, so it comes first.
    let Version { version } = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if version != SAVED_VERSION {
        return Err(format!("it has version {version}, and this node knows {SAVED_VERSION} only"));
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Writes the file anew: whatever happens, there is the old one or the new one. Nobody but the node's user may read
/// it, since it tells whom the node talks to.
///
/// # Errors
/// When the disk refuses; the old one is as it was.
pub fn save(data_dir: &Path, saved: &Saved) -> Result<(), PeerFileError> {
    let path = data_dir.join(PEER_FILE);
    let new = data_dir.join(format!("{PEER_FILE}.new"));
    write(&new, saved)
        .and_then(|()| std::fs::rename(&new, &path))
        .map_err(|error| PeerFileError::Io { path, error })
}

fn write(new: &Path, saved: &Saved) -> std::io::Result<()> {
    match std::fs::remove_file(new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(new)?;
    file.write_all(&serde_json::to_vec_pretty(saved)?)?;
    file.write_all(b"\n")?;
    file.sync_all()
}
