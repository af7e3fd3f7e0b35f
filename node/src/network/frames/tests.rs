use std::time::Duration;

use futures_util::io::{AsyncReadExt as _, Cursor};

use super::*;
use crate::rate::Rate;

fn frame(kind: u8, length: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, kind, 0, 0, 0, 0, 0, 1];
    bytes.extend(length.to_be_bytes());
    bytes.extend(body);
    bytes
}

fn data(body: usize) -> Vec<u8> {
    frame(DATA, u32::try_from(body).unwrap(), &vec![7; body])
}

/// Reads as yamux does, a head and then a body, or in whatever pieces come; returns how long it took.
async fn read_all(bytes: &[u8], piece: usize) -> Duration {
    let started = Instant::now();
    let mut throttled = Throttled::new(Cursor::new(bytes));
    let mut read: Vec<u8> = Vec::new();
    let mut buffer = vec![0; piece];
    loop {
        match throttled.read(&mut buffer).await.unwrap() {
            0 => break,
            count => read.extend(&buffer[..count]),
        }
    }
    assert!(read == bytes);
    started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn small_frames_are_read_at_their_rate_however_they_are_cut() {
    let Rate { per_second, burst } = limits::FRAME_RATE;
    let count = (burst + 2 * per_second) as usize;
    for one in [data(1), data(limits::SMALL_FRAME - 1), data(0), frame(1, 1 << 20, &[]), frame(2, 7, &[])] {
        let bytes = one.repeat(count);
        for piece in [5, 1_000] {
            // The last one owes, but nothing comes after it.
            let took = read_all(&bytes, piece).await;
            assert!((1_990..2_100).contains(&took.as_millis()), "{took:?} in pieces of {piece}");
        }
        assert_eq!(read_all(&one.repeat(limits::FRAME_RATE.burst as usize), 12).await, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn large_frames_wait_for_nothing() {
    let bytes = data(limits::SMALL_FRAME).repeat(100_000);
    assert_eq!(read_all(&bytes, 1 << 20).await, Duration::ZERO);
    // However small the frames between them were.
    let mixed = [data(1), data(1 << 20)].concat().repeat(64);
    assert_eq!(read_all(&mixed, 1 << 20).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_frame_and_what_ends_early_pass_as_they_are() {
    for bytes in [&[][..], &[0xff; 5], &[0xff; 100], &frame(DATA, u32::MAX, &[1, 2, 3]), &data(100)[..50]] {
        assert_eq!(read_all(bytes, 64).await, Duration::ZERO);
    }
}
