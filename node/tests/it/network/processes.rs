//! The program itself, twice.

use shared::spec::ChainSpec;

use crate::process;
use crate::support::address;

#[test]
fn two_nodes_find_each_other_by_what_is_typed() {
    let miner = address(0).to_text(&ChainSpec::dev().rules().address_prefix);
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut first = process::start(one.path(), &["--miner", &miner]);
    let page = first.address().to_string();
    first.line(|line| line.contains(&format!("others join with: node PORT {page}")));
    first.block(2);
    let mut second = process::start(two.path(), &[&page, "--threads", "0"]);
    second.line(|line| line.contains("is our peer (ironchain/"));
    first.line(|line| line.contains("joined us (ironchain/"));
    // Blocks that the first one mines from now on.
    second.block(4);
    first.stop();
    second.line(|line| line.contains(" is gone"));
    second.stop();
}
