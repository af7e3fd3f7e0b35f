//! Pictures in a folder, with a page that shows them side by side.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::page::Page;
use serde_json::json;

/// Width and height in CSS pixels, and device pixels for each.
struct Size {
    name: &'static str,
    width: u32,
    height: u32,
    scale: u32,
}

const PHONE: Size = Size { name: "phone", width: 360, height: 740, scale: 2 };
const DESKTOP: Size = Size { name: "desktop", width: 1280, height: 800, scale: 1 };
/// A large screen without any scaling: the most room that a page can get.
const UHD: Size = Size { name: "4k", width: 3840, height: 2160, scale: 1 };

const SCHEMES: [&str; 2] = ["light", "dark"];
const LANGUAGES: [&str; 2] = ["en-GB", "zh-Hant"];

/// A folder of pictures.
pub(crate) struct Album {
    folder: PathBuf,
    /// The states, in the order in which they were taken, each with its pictures' files.
    taken: RefCell<Vec<(String, Vec<String>)>>,
}

impl Album {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), taken: RefCell::default() })
    }

    /// Takes what the page shows now, in every variant. What was typed stays.
    pub(crate) async fn take(&self, page: &Page, state: &str) -> Result<()> {
        self.take_in(page, state, &[PHONE, DESKTOP]).await
    }

    /// Takes what the page shows now on a very large screen.
    pub(crate) async fn take_large(&self, page: &Page, state: &str) -> Result<()> {
        self.take_in(page, state, &[UHD]).await
    }

    async fn take_in(&self, page: &Page, state: &str, sizes: &[Size]) -> Result<()> {
        let mut files = Vec::new();
        for language in LANGUAGES {
            let button = json!(format!("[data-testid=language-{language}]"));
            page.script("document.querySelector(arguments[0]).click()", vec![button]).await?;
            for scheme in SCHEMES {
                let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
                page.chrome("Emulation.setEmulatedMedia", json!({ "features": [feature] })).await?;
                for size in sizes {
                    let file = format!("{state}-{}-{scheme}-{language}.png", size.name);
                    std::fs::write(self.folder.join(&file), picture(page, size).await?)?;
                    files.push(file);
                }
            }
        }
        page.chrome("Emulation.clearDeviceMetricsOverride", json!({})).await?;
        page.script("document.querySelector('[data-testid=language-en-GB]').click()", vec![]).await?;
        println!("{state}");
        self.taken.borrow_mut().push((state.to_owned(), files));
        Ok(())
    }

    /// Writes the page that shows all pictures, and returns its path.
    pub(crate) fn write_index(&self) -> Result<PathBuf> {
        let mut html = "<!doctype html><meta charset=utf-8><title>Screenshots</title>\n\
            <style>body{font:14px sans-serif;background:#888;margin:2rem}\
            div{display:flex;gap:1rem;overflow-x:auto;align-items:start}img{height:30rem}</style>\n"
            .to_owned();
        for (state, files) in self.taken.borrow().iter() {
            writeln!(html, "<h2>{state}</h2><div>")?;
            for file in files {
                writeln!(html, "<a href={file}><img src={file} alt={file} title={file} loading=lazy></a>")?;
            }
            html.push_str("</div>\n");
        }
        let path = self.folder.join("index.html");
        std::fs::write(&path, html)?;
        Ok(path)
    }
}

/// The whole page at this width, as PNG.
async fn picture(page: &Page, size: &Size) -> Result<Vec<u8>> {
    set_size(page, size, size.height).await?;
    // The frame before a picture may still have the old layout.
    const SETTLED: &str = "const done = arguments[0]; \
        requestAnimationFrame(() => requestAnimationFrame(() => done(document.documentElement.scrollHeight)))";
    let height = page.script_async(SETTLED, vec![]).await?.as_u64().context("the page has no height")?;
    set_size(page, size, size.height.max(u32::try_from(height)?)).await?;
    page.script_async(SETTLED, vec![]).await?;
    let shot = page.chrome("Page.captureScreenshot", json!({ "format": "png" })).await?;
    Ok(STANDARD.decode(shot["data"].as_str().context("there is no picture")?)?)
}

async fn set_size(page: &Page, size: &Size, height: u32) -> Result<()> {
    let is_phone = size.name == PHONE.name;
    let metrics = json!({
        "width": size.width, "height": height, "deviceScaleFactor": size.scale, "mobile": is_phone,
    });
    page.chrome("Emulation.setDeviceMetricsOverride", metrics).await?;
    Ok(())
}
