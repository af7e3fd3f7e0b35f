use std::time::Duration;

use shared::block::{Coinbase, Header};
use shared::hash::BlockHash;
use shared::pow::Work;
use shared::spec::ChainSpec;

use super::log::LineWriter;
use super::*;

const PLAIN: Console = Console { colour: false, json: false };
const COLOURED: Console = Console { colour: true, json: false };

fn tip() -> Tip {
    let genesis = ChainSpec::dev().genesis().clone();
    let mut hash = BlockHash::default();
    hash.0[0] = 0xab;
    hash.0[28] = 0xcd;
    Tip {
        hash,
        height: 12,
        header: Header { time: 1_795_305_628, ..genesis.header },
        coinbase: Coinbase { tx_count: 3, ..genesis.coinbase },
        work: Work::ZERO,
        parent_time: Some(1_795_305_600),
    }
}

fn change(disconnected: u64, connected: u64) -> HeadChange {
    let branch = |count| crate::chain::Branch { count, hashes: Vec::new() };
    HeadChange {
        old_tip: BlockHash::default(),
        disconnected: branch(disconnected),
        connected: branch(connected),
    }
}

#[test]
fn a_block_is_one_line() {
    assert_eq!(
        PLAIN.head(&tip(), &change(0, 1), 4_250_000),
        "        12  000000cd…000000ab             3      28 s      4.2 MH/s\n"
    );
    let idle = PLAIN.head(&tip(), &change(0, 1), 0);
    assert!(idle.ends_with("28 s             -\n"), "{idle}");
}

#[test]
fn a_reorg_is_told_and_a_deep_one_is_an_alarm() {
    let note = |disconnected| PLAIN.head(&tip(), &change(disconnected, disconnected + 1), 0);
    assert!(note(1).contains("another branch has more work (blocks undone: 1, applied: 2)\n"));
    assert!(!note(6).contains("ALARM"));
    assert!(note(7).contains("ALARM: another branch"));
    assert!(note(1_000).contains("Payments with fewer confirmations may be gone"));
    assert!(note(1_001).contains("ALARM: another branch"));
    assert!(note(1_001).contains("far deeper than any accident"));
}

#[test]
fn only_a_coloured_console_writes_escapes() {
    assert!(!PLAIN.head(&tip(), &change(7, 8), 1).contains('\x1b'));
    assert!(COLOURED.head(&tip(), &change(7, 8), 1).contains('\x1b'));
}

#[test]
fn times_have_short_units() {
    let shown = [0, 119, 120, 7_199, 7_200, 172_800, u32::MAX.into()].map(span);
    assert_eq!(shown, ["0 s", "119 s", "2 min", "119 min", "2 h", "2 days", "49710 days"]);
}

#[test]
fn rates_have_short_units() {
    let shown = [0, 999, 1_000, 1_999, 100_000, 43_600_000, 5_000_000_000].map(hashes);
    assert_eq!(shown, ["0 H/s", "999 H/s", "1.0 kH/s", "1.9 kH/s", "100.0 kH/s", "43.6 MH/s", "5.0 GH/s"]);
}

#[test]
fn a_node_on_all_interfaces_is_linked_through_loopback() {
    let link = |text: &str| link(text.parse().unwrap());
    assert_eq!(link("127.0.0.1:1111"), "http://127.0.0.1:1111/");
    assert_eq!(link("0.0.0.0:1111"), "http://127.0.0.1:1111/");
    assert_eq!(link("[::]:1112"), "http://[::1]:1112/");
    assert_eq!(link("192.168.0.7:80"), "http://192.168.0.7:80/");
}

#[test]
fn control_characters_become_text() {
    assert_eq!(plain("a\x1b[2J\nb\u{9b}c\u{e4}"), "a\\u{1b}[2J\\nb\\u{9b}c\u{e4}");
}

#[test]
fn a_log_line_is_one_line_whatever_it_holds() {
    let evil = "a\x1b[2J\nb\u{9b}31m";
    let text = LineWriter { is_json: false, left_out: Some(0) };
    assert_eq!(text.line(evil).unwrap(), "a\\u{1b}[2J\\nb\\u{9b}31m");
    let json = format!("{}\n", serde_json::json!({ "message": evil }));
    for left_out in [0, 3] {
        let line = LineWriter { is_json: true, left_out: Some(left_out) }.line(&json).unwrap();
        assert!(!line.contains(char::is_control), "{line:?}");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["message"], line["left_out"].as_u64().unwrap_or(0)), (&evil.into(), left_out));
    }
}

#[test]
fn nobody_fills_the_log_from_one_place() {
    let log = LogWriter::text();
    let admitted = |line: u32, seconds: u64, times: usize| {
        let now = Duration::from_secs(seconds);
        (0..times).filter(|_| log.admit("a module", Some(line), now).is_some()).count()
    };
    assert_eq!(admitted(0, 0, 1_000_000), 100);
    // A day of it.
    assert_eq!((1..=86_400).map(|second| admitted(0, second, 10)).sum::<usize>(), 8_640);
    assert_eq!(admitted(1, 0, 10), 10);
    // What is missing is told.
    let left_out = log.admit("a module", Some(0), Duration::from_secs(86_410)).unwrap();
    assert!(left_out > 0);
    let line = LineWriter { is_json: false, left_out: Some(left_out) }.line("again").unwrap();
    assert!(line.contains(&format!("{left_out} more")), "{line}");
}

#[test]
fn words_are_numbered_down_the_columns_and_fit_their_buffer() {
    let words = Words::from_entropy(&[0; 32]).unwrap();
    let text = PLAIN.words_text(&words, "dev1address", "Kept.");
    let lines = text.lines().collect::<Vec<_>>();
    assert_eq!(lines[3], "   1 abandon     7 abandon    13 abandon    19 abandon  ");
    assert_eq!(lines[8], "   6 abandon    12 abandon    18 abandon    24 art      ");
    assert!(text.contains("  address  dev1address\n"));
    assert_eq!(text.capacity(), WORDS_TEXT_BYTES);
}
