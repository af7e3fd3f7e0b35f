//! The bounds of the difficulty rule, over every legal and many an absurd argument.

use proptest::prelude::*;
use shared::pow::{Ancestry, CompactTarget, Target, Work, next_bits};
use shared::spec::{ChainSpec, Rules};

/// Any canonical target: no sign, no leading zero byte.
fn legal_bits() -> impl Strategy<Value = CompactTarget> {
    let large = (0x0000_8000..0x0080_0000_u32, 4..=32_u32).prop_map(|(mantissa, size)| size << 24 | mantissa);
    let small = prop_oneof![
        (1..0x80_u32).prop_map(|digit| 0x0100_0000 | digit << 16),
        (0x80..0x8000_u32).prop_map(|digits| 0x0200_0000 | digits << 8),
        (0x8000..0x0080_0000_u32).prop_map(|digits| 0x0300_0000 | digits),
    ];
    prop_oneof![4 => large, 1 => small].prop_map(CompactTarget)
}

fn target(bits: CompactTarget) -> Target {
    bits.target().unwrap_or_else(|error| panic!("{error}"))
}

/// The target that the rule demands: it always demands a legal one.
fn next_target(rules: &Rules, parent: &Ancestry, time: u32) -> Target {
    target(next_bits(rules, parent, time).expect("legal bits have legal children"))
}

fn rules() -> impl Strategy<Value = Rules> {
    let built_in = prop_oneof![Just(ChainSpec::main()), Just(ChainSpec::dev())];
    let times = prop_oneof![3 => Just(None), 1 => (2..=u32::MAX, 10..=u32::MAX).prop_map(Some)];
    (built_in, times, legal_bits(), any::<bool>()).prop_map(|(spec, times, limit_bits, own_limit)| {
        let mut rules = spec.rules().clone();
        if let Some((block_time, difficulty_window)) = times {
            rules = Rules { block_time, difficulty_window, ..rules };
        }
        if own_limit { Rules { limit_bits, ..rules } } else { rules }
    })
}

fn ancestry() -> impl Strategy<Value = Ancestry> {
    (legal_bits(), any::<u32>(), proptest::option::weighted(0.9, any::<u32>()), any::<bool>(), 0..5_000_u32)
        .prop_map(|(bits, time, before, near, seconds)| {
            let near_time = time.wrapping_sub(seconds);
            Ancestry {
                bits,
                time,
                grandparent_time: before.map(|before| if near { near_time } else { before }),
            }
        })
}

proptest! {
    #[test]
    fn a_compact_target_is_canonical_or_refused(bits in any::<u32>(), legal in legal_bits()) {
        if let Ok(target) = CompactTarget(bits).target() {
            prop_assert_eq!(target.compact(), CompactTarget(bits));
        }
        prop_assert_eq!(target(legal).compact(), legal);
        prop_assert!(target(legal).work() >= CompactTarget(0x2100_ffff).target().map_or(Work::ZERO, Target::work));
    }

    #[test]
    fn less_target_is_more_work(a in legal_bits(), b in legal_bits()) {
        let ((a, b), (work_a, work_b)) = ((target(a), target(b)), (target(a).work(), target(b).work()));
        prop_assert!(work_a > Work::ZERO && work_b > Work::ZERO);
        if a <= b {
            prop_assert!(work_a >= work_b);
        }
        prop_assert!(work_a.saturating_add(work_b) >= work_a.max(work_b));
    }

    /// G11: work cannot wrap, whatever is added up.
    #[test]
    fn work_never_wraps(a in any::<[u8; 32]>(), b in any::<[u8; 32]>()) {
        let (a, b) = (Work::from_le_bytes(a), Work::from_le_bytes(b));
        prop_assert!(a.saturating_add(b) >= a.max(b));
        prop_assert_eq!(a.saturating_add(b), b.saturating_add(a));
    }

    /// The result is always legal, and between 1 and the limit.
    #[test]
    fn the_next_target_is_within_the_limit(rules in rules(), parent in ancestry(), time in any::<u32>()) {
        prop_assert!(next_target(&rules, &parent, time) <= target(rules.limit_bits));
    }

    /// One block moves the target by no more than its clamps allow: solve times of 1 second and of 100 T.
    #[test]
    fn one_block_moves_the_target_within_its_clamps(
        rules in rules(),
        bits in legal_bits(),
        (before, time) in any::<(u32, u32)>(),
    ) {
        // Nothing follows the parent yet, so that step 2 stays out of it.
        let at = |before: u32, time: u32| {
            next_target(&rules, &Ancestry { bits, time, grandparent_time: Some(before) }, time)
        };
        let next = at(before, time);
        prop_assert!(next >= at(0, 1));
        prop_assert!(next <= at(0, rules.block_time.saturating_mul(100)));
    }

    /// Who took longer gets the easier target, and who waits longer as well.
    #[test]
    fn more_time_never_makes_a_harder_target(
        rules in rules(),
        bits in legal_bits(),
        [before, a, b] in any::<[u32; 3]>(),
        [c, d] in any::<[u32; 2]>(),
    ) {
        let next = |time: u32, wait: u32| {
            let parent = Ancestry { bits, time, grandparent_time: Some(before) };
            next_target(&rules, &parent, time.saturating_add(wait))
        };
        prop_assert!(next(a.min(b), 0) <= next(a.max(b), 0));
        prop_assert!(next(a, c.min(d)) <= next(a, c.max(d)));
    }

    /// G2: stamps that run backwards count as the shortest solve time and as no silence.
    #[test]
    fn times_that_run_backwards_count_as_the_shortest(rules in rules(), bits in legal_bits(), time in 1..=u32::MAX, back in any::<u32>()) {
        let at = |grandparent_time, now| {
            next_target(&rules, &Ancestry { bits, time, grandparent_time: Some(grandparent_time) }, now)
        };
        let shortest = at(time - 1, time);
        prop_assert_eq!(at(time.saturating_add(back), time), shortest);
        prop_assert_eq!(at(time - 1, time.saturating_sub(back)), shortest);
    }
}

#[test]
fn the_extremes_of_every_argument_are_answered() {
    let edges = [0, 1, u32::MAX / 2, u32::MAX - 1, u32::MAX];
    let bits = [0x0101_0000, 0x0300_8000, 0x207f_ffff, 0x2100_ffff].map(CompactTarget);
    for (limit_bits, bits) in bits.iter().flat_map(|limit| bits.map(|bits| (*limit, bits))) {
        for block_time in [2, u32::MAX] {
            for difficulty_window in [10, u32::MAX] {
                let rules =
                    Rules { block_time, difficulty_window, limit_bits, ..ChainSpec::dev().rules().clone() };
                for (time, before, now) in edges.iter().flat_map(|time| {
                    edges.iter().flat_map(move |before| edges.map(|now| (*time, *before, now)))
                }) {
                    let parent = Ancestry { bits, time, grandparent_time: Some(before) };
                    assert!(
                        next_target(&rules, &parent, now) <= target(limit_bits),
                        "{rules:?} {parent:?} {now}"
                    );
                }
            }
        }
    }
}
