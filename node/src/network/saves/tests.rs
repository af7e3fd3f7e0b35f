use super::*;
use crate::peers::{Ban, BanKey};

fn banning(text: &str) -> Saved {
    let address: BanKey = text.parse().unwrap();
    let ban = Ban { address, since: 1, until: 2, reason: "x".to_owned() };
    Saved { bans: vec![ban], ..Saved::default() }
}

#[test]
fn bans_by_the_thousand_are_written_every_two_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let mut saves = Saves::new(directory.path().to_owned(), start);
    let mut written = Vec::new();
    for ms in (0..10_000).step_by(10) {
        let now = start + Duration::from_millis(ms);
        saves.banned();
        if saves.is_due(now) {
            written.push(ms);
            saves.aside(banning("9.9.9.9"), now)().unwrap();
            saves.ended();
        }
    }
    assert_eq!(written, [2_000, 4_000, 6_000, 8_000]);
    // The last one no later than the others, and then there is time.
    saves.aside(banning("9.9.9.9"), start + 5 * SOON)().unwrap();
    saves.ended();
    assert!(!saves.is_due(start + 5 * SOON + REST - SOON) && saves.is_due(start + 5 * SOON + REST));
    // After a pause a ban need not wait.
    saves.banned();
    assert!(saves.is_due(start + 6 * SOON));
}

#[test]
fn a_slow_disk_has_one_write_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let mut saves = Saves::new(directory.path().to_owned(), start);
    drop(saves.aside(banning("9.9.9.9"), start));
    saves.banned();
    assert!(!saves.is_due(start + 2 * REST));
    saves.ended();
    assert!(saves.is_due(start + SOON));
}

#[test]
fn what_is_older_does_not_come_after_what_is_newer() {
    let directory = tempfile::tempdir().unwrap();
    let now = Instant::now();
    let mut saves = Saves::new(directory.path().to_owned(), now);
    let older = saves.aside(banning("9.9.9.9"), now);
    saves.at_once(&banning("8.8.8.8"), now).unwrap();
    older().unwrap();
    assert_eq!(peer_file::load(directory.path()).unwrap(), banning("8.8.8.8"));
}
