use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::block::{HEADER_VERSION, Header};
use shared::hash::{BlockHash, MerkleRoot, sha256d};
use shared::pow::CompactTarget;

use super::rate::{Done, Meter, Pace};
use super::search::Search;
use super::slot::Slot;

fn header(seed: u8, bits: u32) -> Header {
    Header {
        version: HEADER_VERSION,
        prev_hash: BlockHash(sha256d(&[seed])),
        merkle_root: MerkleRoot(sha256d(&[seed, seed])),
        time: 1_795_305_600 + u32::from(seed),
        bits: CompactTarget(bits),
        nonce: 0,
    }
}

fn solves(header: &Header, nonce: u32) -> bool {
    header.bits.target().unwrap().is_met_by(&Header { nonce, ..*header }.hash())
}

#[test]
fn search_finds_the_first_nonce_that_the_rule_accepts() {
    for seed in 0..50 {
        // About one hash in 256 is work enough.
        let header = header(seed, 0x2000_ffff);
        let expected = (0..=u32::MAX).find(|nonce| solves(&header, *nonce));
        assert_eq!(Search::new(&header).run(0..1 << 32), expected, "seed {seed}");
    }
}

#[test]
fn search_finds_the_nonce_of_bitcoins_first_block() {
    let mut merkle_root = MerkleRoot::default();
    merkle_root.0.copy_from_slice(
        &hex::decode("3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a").unwrap(),
    );
    let header = Header {
        version: 1,
        prev_hash: BlockHash::default(),
        merkle_root,
        time: 1_231_006_505,
        bits: CompactTarget(0x1d00_ffff),
        nonce: 0,
    };
    let nonce = 2_083_236_893;
    assert_eq!(Search::new(&header).run(nonce - 1_000..nonce + 1_000), Some(2_083_236_893));
    assert_eq!(Search::new(&header).run(nonce + 1..nonce + 1_000), None);
}

#[test]
fn search_ends_behind_the_last_nonce() {
    let header = header(1, 0x0301_0000);
    assert_eq!(Search::new(&header).run((1 << 32) - 100..(1 << 32) + 100), None);
}

#[test]
fn a_new_time_makes_the_same_search_as_a_new_header() {
    let before = header(7, 0x0301_0000);
    let after = Header { time: before.time + 9, bits: CompactTarget(0x2000_ffff), ..before };
    let mut search = Search::new(&before);
    assert_eq!(search.run(0..1_000), None);
    search.set_time(after.time, after.bits);
    let found = search.run(0..1 << 32);
    assert_eq!(found, Search::new(&after).run(0..1 << 32));
    assert!(solves(&after, found.unwrap()));
}

#[test]
fn a_job_is_claimed_once() {
    let slot = Slot::new();
    slot.publish(Some(Arc::new("job")));
    let (generation, job) = slot.next().unwrap();
    assert_eq!(*job, "job");
    assert!(slot.is_current(generation));
    assert!(slot.claim(generation));
    assert!(!slot.claim(generation));
    assert!(!slot.is_current(generation));
}

#[test]
fn a_replaced_job_cannot_be_claimed() {
    let slot = Slot::new();
    slot.publish(Some(Arc::new(1)));
    let (old, _) = slot.next().unwrap();
    slot.publish(Some(Arc::new(2)));
    assert!(!slot.claim(old));
    let (new, job) = slot.next().unwrap();
    assert_eq!(*job, 2);
    assert!(slot.is_current(new));
}

#[test]
fn threads_that_wait_hear_of_jobs_and_of_the_end() {
    let slot = Arc::new(Slot::new());
    let jobs = {
        let slot = Arc::clone(&slot);
        std::thread::spawn(move || {
            let mut jobs = Vec::new();
            while let Some((generation, job)) = slot.next() {
                jobs.push(*job);
                if *job == 1 {
                    // Far longer than the test may take: only the next job can end it.
                    assert!(!slot.sleep(generation, Duration::from_secs(3_600)));
                } else {
                    slot.claim(generation);
                }
            }
            jobs
        })
    };
    slot.publish(Some(Arc::new(1)));
    slot.publish(Some(Arc::new(2)));
    while slot.is_current(2) {
        std::thread::yield_now();
    }
    slot.stop();
    let jobs = jobs.join().unwrap();
    assert!(jobs == [1, 2] || jobs == [2], "{jobs:?}");
    assert!(slot.next().is_none());
}

#[test]
fn the_meter_shows_the_mean_of_ten_seconds() {
    let start = Instant::now();
    let mut meter = Meter::new(NonZeroUsize::MIN);
    let done = Done::default();
    let mut after = |second, hashes| {
        done.add(hashes, Duration::from_secs(second).min(Duration::from_secs(1)));
        meter.sample(start + Duration::from_secs(second), &done)
    };
    assert_eq!(after(0, 0), 0);
    assert_eq!(after(1, 1_000), 1_000);
    assert_eq!(after(2, 2_000), 1_500);
    for second in 3..=40 {
        after(second, 0);
    }
    assert_eq!(after(41, 0), 0);
}

#[test]
fn the_meter_counts_the_time_that_was_worked() {
    let start = Instant::now();
    let mut meter = Meter::new(NonZeroUsize::new(2).unwrap());
    let done = Done::default();
    assert_eq!(meter.sample(start, &done), 0);
    // In one second one thread works for 100 ms and the other for 300 ms; then both wait for the clock.
    done.add(10_000, Duration::from_millis(100));
    done.add(30_000, Duration::from_millis(300));
    assert_eq!(meter.sample(start + Duration::from_secs(1), &done), 200_000);
    for second in 2..=10 {
        assert_eq!(meter.sample(start + Duration::from_secs(second), &done), 200_000);
    }
    assert_eq!(meter.sample(start + Duration::from_secs(20), &done), 0);
}

#[test]
fn the_pace_keeps_to_the_limit_of_all_threads() {
    let start = Instant::now();
    let limit = NonZeroU64::new(100_000).unwrap();
    let mut pace = Pace::new(limit, NonZeroUsize::new(4).unwrap(), start);
    assert_eq!(pace.batch(), 500);
    // Each of four threads may do 25,000 a second, so 500 hashes are paid for by 20 ms.
    assert_eq!(pace.charge(500, start), Duration::from_millis(20));
    assert_eq!(pace.charge(500, start + Duration::from_millis(20)), Duration::from_millis(20));
    // A thread that was late catches up on a little, not on everything.
    let late = start + Duration::from_secs(60);
    assert_eq!(pace.charge(500, late), Duration::ZERO);
    let rest: Duration = (0..5).map(|_| pace.charge(500, late)).max().unwrap();
    assert_eq!(rest, Duration::from_millis(20));
}

#[test]
fn a_tiny_limit_still_hashes() {
    let start = Instant::now();
    let mut pace = Pace::new(NonZeroU64::MIN, NonZeroUsize::new(2).unwrap(), start);
    assert_eq!(pace.batch(), 1);
    assert_eq!(pace.charge(1, start), Duration::from_secs(2));
}
