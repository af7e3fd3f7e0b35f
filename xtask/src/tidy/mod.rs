//! Rules about the tree itself, checked by reading files: quick, and without building anything.

mod attacks;
mod names;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::run::root;

/// What is read; nothing else has rules.
const EXTENSIONS: [&str; 7] = ["css", "html", "js", "md", "py", "rs", "toml"];
/// What is made by tools.
const SKIPPED: [&str; 3] = ["target", "pkg", "node_modules"];

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    path: String,
    /// From 1.
    line: usize,
    /// What is wrong, and what to do.
    advice: String,
}

impl Finding {
    fn new(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.advice)
    }
}

/// All texts, by their path from the root.
#[derive(Debug, Default)]
struct Tree(BTreeMap<String, String>);

impl Tree {
    fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                    self.read_folder(&path, &format!("{prefix}{name}/"))?;
                }
            } else if path.extension().is_some_and(|end| EXTENSIONS.iter().any(|known| end == *known)) {
                let text = std::fs::read_to_string(&path);
                let text = text.with_context(|| format!("cannot read {}", path.display()))?;
                self.0.insert(format!("{prefix}{name}"), text);
            }
        }
        Ok(())
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Returns the text of a file that a rule is about.
    fn get(&self, path: &str) -> Result<&str, Finding> {
        let missing = || Finding::new(path, 1, "the file is missing; put it back, or mend xtask/src/tidy");
        self.0.get(path).map(String::as_str).ok_or_else(missing)
    }
}

/// Yields the lines with their numbers, from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

/// Returns whether `word` occurs in `text` and is no part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).any(|(start, _)| {
        !text[..start].ends_with(is_part) && !text[start + word.len()..].starts_with(is_part)
    })
}

fn findings(tree: &Tree) -> Vec<Finding> {
    [text::check(tree), names::check(tree), attacks::check(tree)].concat()
}

/// Checks the tree.
pub(crate) fn tidy() -> Result<()> {
    println!("\n== tidy: names, texts and tables agree");
    let started = Instant::now();
    let findings = findings(&Tree::read(&root())?);
    for finding in &findings {
        println!("{finding}");
    }
    println!("== tidy: {:.0?}", started.elapsed());
    ensure!(
        findings.is_empty(),
        "{} places are not tidy; the lines above say where and what to do",
        findings.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests;
