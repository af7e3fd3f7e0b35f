//! The page without a node that serves it: opened as a file, and from a server of files.

mod missing;
mod works;

use anyhow::Result;
use e2e::page::Page;

/// Waits until the page is connected with the node at this port, and says which one that is.
async fn expect_connected(page: &Page, port: u16) -> Result<()> {
    page.attribute_when("connection", "data-state", "connected", |state| state == "connected").await?;
    let address = format!("127.0.0.1:{port}");
    page.text_when("node", &format!("about {address}"), |text| text.contains(&address)).await?;
    Ok(())
}
