//! What a store's file consists of, by table.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use node::store::STORE_FILE;
use redb::{ReadableDatabase as _, ReadableTableMetadata as _, TableHandle as _};

/// Bytes of a block of `st_blocks`, whatever the file system's own are.
const DISK_BLOCK: u64 = 512;

/// Returns the bytes of the disk that the store in `directory` takes: less than its length where nothing was written yet.
pub(crate) fn on_disk(directory: &Path) -> u64 {
    std::fs::metadata(directory.join(STORE_FILE)).unwrap().blocks() * DISK_BLOCK
}

/// Prints what the store in `directory`, which nobody else has open, needs for each of the `count` things in it.
pub(crate) fn table(directory: &Path, (what, count): (&str, usize)) {
    let each = |bytes: u64| bytes / count as u64;
    let file = directory.join(STORE_FILE);
    let database = redb::Database::open(&file).unwrap();
    let read = database.begin_read().unwrap();
    let title = format!("bytes a {what}");
    println!("  {title:<20} {:>19} {:>17}", "keys and values", "with their pages");
    for handle in read.list_tables().unwrap() {
        let name = handle.name().to_owned();
        let stats = read.open_untyped_table(handle).unwrap().stats().unwrap();
        let stored = stats.stored_bytes();
        let all = stored + stats.metadata_bytes() + stats.fragmented_bytes();
        println!("  {name:<20} {:>19} {:>17}", each(stored), each(all));
    }
    drop(read);
    let write = database.begin_write().unwrap();
    let stats = write.stats().unwrap();
    let used = stats.allocated_pages() * stats.page_size() as u64;
    write.abort().unwrap();
    println!("  {:<20} {:>37}", "all pages in use", each(used));
    println!("  {:<20} {:>37}", "on the disk", each(on_disk(directory)));
    println!("  {:<20} {:>37}", "length of the file", each(std::fs::metadata(&file).unwrap().len()));
}
