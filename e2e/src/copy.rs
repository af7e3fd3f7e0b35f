//! The page without a node: its files in a folder, to be opened as a file or from a server that knows nothing of them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, anyhow};
use tempfile::TempDir;
use url::Url;

use crate::output::Output;
use crate::{root, setting};

/// A copy of the folder `web`, as far as browsers need it.
#[derive(Debug)]
pub struct Copy {
    folder: TempDir,
}

impl Copy {
    /// Copies the page without its program.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn without_program() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("ironchain-page").tempdir()?;
        let web = root().join("web");
        for name in ["index.html", "boot.js", "worker.js"] {
            fs::copy(web.join(name), folder.path().join(name))?;
        }
        copy_folder(&web.join("assets"), &folder.path().join("assets"))?;
        Ok(Self { folder })
    }

    /// Copies the page with what `cargo xtask page` has built.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn with_program() -> Result<Self> {
        let copy = Self::without_program()?;
        copy_folder(&root().join("web/pkg"), &copy.path("pkg"))?;
        Ok(copy)
    }

    /// Returns where a file of it is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the address that a double click on a file of it opens, with a fragment.
    ///
    /// # Errors
    /// When the folder has no address.
    pub fn file_url(&self, name: &str, fragment: &str) -> Result<String> {
        let path = self.path(name);
        let url = Url::from_file_path(&path).map_err(|()| anyhow!("{} has no address", path.display()))?;
        Ok(format!("{url}{fragment}"))
    }

    /// Serves it with the server that comes with Python.
    ///
    /// # Errors
    /// When the server does not start.
    pub fn serve(&self) -> Result<Server> {
        let arguments = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"];
        let mut child = Command::new(setting("E2E_PYTHON")?)
            .args(arguments.iter().map(OsStr::new).chain([self.folder.path().as_os_str()]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start Python's server")?;
        let output = Output::follow(child.stdout.take().context("no standard output")?);
        let mut server = Server { child, url: String::new() };
        server.url =
            output.wait("link", |text| Some(text.split_once('(')?.1.split_once(')')?.0.to_owned()))?;
        Ok(server)
    }
}

/// A server of files. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Its address, with a slash at the end.
    pub url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already, and then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    let entries = fs::read_dir(from)
        .with_context(|| format!("cannot read {}; `cargo xtask page` builds the program", from.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
