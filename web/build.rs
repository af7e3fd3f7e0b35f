//! Turns the locale files into code, so that a missing, misspelt or doubled text fails the build.
//!
//! `locales/en.toml` is the reference. Its key `[send] amount = "…{have}…"` becomes the method
//! `Locale::send_amount(self, have)` and the function `text::send_amount(have)`. Every other locale must have the same keys with the same placeholders.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// The variant of `Locale` and its file, without the ending. The first is the reference.
const LOCALES: [(&str, &str); 2] = [("En", "en"), ("ZhHant", "zh-Hant")];

type Texts = BTreeMap<String, String>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=locales");
    let mut locales = Vec::new();
    for (variant, file) in LOCALES {
        let path = Path::new("locales").join(file).with_extension("toml");
        let read = || -> Result<Texts, Box<dyn Error>> { flatten(&fs::read_to_string(&path)?) };
        locales.push((variant, read().map_err(|error| format!("{}: {error}", path.display()))?));
    }
    let code = generate(&locales)?;
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR for build scripts")?;
    fs::write(Path::new(&out).join("locale.rs"), code)?;
    Ok(())
}

/// Reads a file of sections into `section_key` → text.
fn flatten(toml: &str) -> Result<Texts, Box<dyn Error>> {
    let sections: BTreeMap<String, Texts> = toml::from_str(toml)?;
    let joined = |section: &str, key: &str| format!("{section}_{key}");
    Ok(sections
        .iter()
        .flat_map(|(section, texts)| {
            texts.iter().map(move |(key, text)| (joined(section, key), text.clone()))
        })
        .collect())
}

/// Returns the names between braces, in order of their first appearance.
fn placeholders(text: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    for part in text.split('{').skip(1) {
        let (name, _) = part.split_once('}').ok_or_else(|| format!("an open brace in {text:?}"))?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(format!("the placeholder {{{name}}} in {text:?} is not a name"));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn generate(locales: &[(&str, Texts)]) -> Result<String, Box<dyn Error>> {
    let (_, reference) = locales.first().ok_or("there is no locale")?;
    for (variant, texts) in locales {
        if let Some(key) = texts.keys().find(|key| !reference.contains_key(*key)) {
            return Err(format!("{variant}: the key {key} is not in the reference").into());
        }
    }
    let mut code = "impl Locale {\n".to_owned();
    let mut functions = String::new();
    for (key, text) in reference {
        let names = placeholders(text)?;
        let parameters =
            names.iter().map(|name| format!(", {name}: impl core::fmt::Display")).collect::<String>();
        let result = if names.is_empty() { "&'static str" } else { "String" };
        writeln!(code, "    pub(crate) fn {key}(self{parameters}) -> {result} {{\n        match self {{")?;
        for (variant, texts) in locales {
            let text = texts.get(key).ok_or_else(|| format!("{variant}: the key {key} is missing"))?;
            let mut own = placeholders(text)?;
            let mut expected = names.clone();
            own.sort_unstable();
            expected.sort_unstable();
            if own != expected {
                return Err(format!("{variant}: {key} has the placeholders {own:?}, not {expected:?}").into());
            }
            let value = if names.is_empty() { format!("{text:?}") } else { format!("format!({text:?})") };
            writeln!(code, "            Self::{variant} => {value},")?;
        }
        code.push_str("        }\n    }\n");
        let own = parameters.trim_start_matches(", ");
        let arguments = names.join(", ");
        writeln!(
            functions,
            "    pub(crate) fn {key}({own}) -> {result} {{ super::current().{key}({arguments}) }}"
        )?;
    }
    code.push_str("}\n\n/// The texts in the language of the page.\npub(crate) mod text {\n");
    code.push_str(&functions);
    code.push_str("}\n");
    Ok(code)
}
