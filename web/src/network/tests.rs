use shared::api::views::{ForkBlockView, ForkView, ForksView};
use shared::hash::BlockHash;

use super::{BanIssue, Link, Stop, ban_address, length, links, stops};

#[test]
fn whoever_is_banned_has_an_ip_address_that_is_not_ours() {
    for (text, ip) in [
        (" 203.0.113.5 ", "203.0.113.5"),
        ("203.0.113.5:11111", "203.0.113.5"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:11111", "2001:db8::7"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
    ] {
        assert_eq!(ban_address(text), Ok(ip.parse().unwrap()), "{text}");
    }
    assert_eq!(ban_address("  "), Err(BanIssue::Empty));
    for text in ["example.org", "203.0.113", "203.0.113.5/8", "1", "/ip4/203.0.113.5/tcp/1"] {
        assert_eq!(ban_address(text), Err(BanIssue::Malformed), "{text}");
    }
    for text in ["127.0.0.1", "127.3.2.1:1", "::1", "[::1]:11111", "::ffff:127.0.0.1"] {
        assert_eq!(ban_address(text), Err(BanIssue::Loopback), "{text}");
    }
}

fn hash(height: u64, name: u8) -> BlockHash {
    let mut hash = [name; 32];
    hash[..8].copy_from_slice(&height.to_le_bytes());
    BlockHash(hash)
}

/// A branch of `told` blocks that ends at `end`.
fn branch(fork_height: u64, end: u64, told: u64, name: u8) -> ForkView {
    let block = |height| ForkBlockView { hash: hash(height, name), height, time: 0 };
    ForkView {
        fork_height,
        fork_hash: hash(fork_height, 0),
        is_invalid: false,
        work_percent: 50,
        blocks: (end + 1 - told..=end).map(block).collect(),
    }
}

fn forks(height: u64, branches: Vec<ForkView>) -> ForksView {
    ForksView { height, tip: hash(height, 0), branches }
}

fn stop(height: u64, is_tip: bool, branches: Vec<ForkView>) -> Stop {
    Stop::Block { height, hash: hash(height, 0), is_tip, branches }
}

#[test]
fn branches_lie_where_they_leave_the_best_chain() {
    assert_eq!(stops(&forks(7, Vec::new())), [stop(7, true, Vec::new())]);
    let (long, short, late) = (branch(3, 6, 3, 1), branch(3, 4, 1, 2), branch(8, 9, 1, 3));
    assert_eq!(
        stops(&forks(10, vec![late.clone(), long.clone(), short.clone()])),
        [
            stop(10, true, Vec::new()),
            Stop::Gap(1),
            stop(8, false, vec![late]),
            Stop::Gap(4),
            stop(3, false, vec![long, short]),
        ]
    );
    // One that is as high as the tip may leave right below it, and one of an invalid block after it.
    let (beside, after) = (branch(9, 10, 1, 1), branch(10, 11, 1, 2));
    assert_eq!(
        stops(&forks(10, vec![after.clone(), beside.clone()])),
        [stop(10, true, vec![after]), stop(9, false, vec![beside])]
    );
}

#[test]
fn of_a_long_branch_its_ends_are_drawn() {
    let heights = |branch: &ForkView| -> Vec<Result<u64, u64>> {
        let height = |link| match link {
            Link::Block(block) => Ok(block.height),
            Link::Gap(count) => Err(count),
        };
        links(branch).into_iter().map(height).collect()
    };
    assert_eq!(heights(&branch(10, 12, 2, 1)), [Ok(11), Ok(12)]);
    assert_eq!(heights(&branch(10, 15, 5, 1)), (11..=15).map(Ok).collect::<Vec<_>>());
    let six = branch(10, 16, 6, 1);
    assert_eq!(heights(&six), [Ok(11), Ok(12), Err(2), Ok(15), Ok(16)]);
    assert_eq!(length(&six), 6);
    // The node tells the newest hundred alone.
    let long = branch(10, 160, 100, 1);
    assert_eq!(heights(&long), [Err(146), Ok(157), Ok(158), Ok(159), Ok(160)]);
    assert_eq!(length(&long), 150);
    assert_eq!(length(&branch(10, 10, 0, 1)), 0);
    assert!(heights(&branch(10, 10, 0, 1)).is_empty());
}
