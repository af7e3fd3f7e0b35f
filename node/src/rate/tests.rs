use std::time::Duration;

use super::*;

#[test]
fn a_burst_is_followed_by_the_rate() {
    let start = Duration::from_secs(7);
    let mut bucket = TokenBucket::new(Rate { per_second: 50, burst: 200 });
    let taken = |bucket: &mut TokenBucket, now| (0..1000).filter(|_| bucket.take(now)).count();
    assert_eq!(taken(&mut bucket, start), 200);
    assert_eq!(taken(&mut bucket, start + Duration::from_millis(19)), 0);
    assert_eq!(taken(&mut bucket, start + Duration::from_millis(20)), 1);
    assert_eq!(taken(&mut bucket, start + Duration::from_millis(1020)), 50);
    assert_eq!(taken(&mut bucket, start + Duration::from_hours(1_000_000)), 200);
    // A step back in time gives nothing.
    assert_eq!(taken(&mut bucket, start), 0);
}

#[test]
fn many_are_taken_at_once_or_none() {
    let start = Duration::from_secs(7);
    let mut bucket = TokenBucket::new(Rate { per_second: 10, burst: 100 });
    assert!(!bucket.take_many(101, start) && bucket.take_many(60, start));
    assert!(!bucket.take_many(41, start) && bucket.take_many(40, start));
    assert!(bucket.take_many(0, start) && !bucket.take_many(usize::MAX, start));
}
