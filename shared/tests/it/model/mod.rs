//! A naive ledger against the real one, on random chains with forks, payments that fail, and damaged blocks.

mod chain;
mod naive;
mod plan;
mod real;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shared::hash::BlockHash;

use self::chain::NaiveChain;
use self::plan::{ACCOUNTS, Step, step};
use self::real::RealChain;
use crate::support::{address, chain};

/// Everything that can be seen of the real ledger is what the naive one says.
fn compare(naive: &NaiveChain, real: &RealChain) -> Result<(), TestCaseError> {
    let after = &naive.valid[&naive.best];
    let ledger = &real.ledger;
    prop_assert_eq!(ledger.tip(), &BlockHash(naive.best));
    prop_assert_eq!(ledger.height(), after.height());
    prop_assert_eq!(ledger.state_root().0, naive::state_root(&after.accounts));
    prop_assert_eq!(ledger.headers().root().0, naive::chain_root(&after.headers));
    let work: [u8; 128] = after.work.to_le_bytes();
    prop_assert_eq!(&ledger.headers().work().to_le_bytes()[..], &work[..32]);

    prop_assert_eq!(ledger.accounts().len(), after.accounts.len());
    for number in 0..=ACCOUNTS {
        let address = address(number);
        let account = ledger.account(&address);
        let expected = after.accounts.get(&address.0).cloned().unwrap_or_default();
        prop_assert_eq!(u128::from(account.balance), expected.balance);
        prop_assert_eq!(account.nonce, expected.nonce);
        prop_assert_eq!(account.history_len, expected.history.len() as u64);
        prop_assert_eq!(account.history_head.0, expected.history_head());
        prop_assert_eq!(ledger.prove(&address).verify(&address, &ledger.state_root()), Ok(account));
    }
    let supply: u128 = ledger.accounts().values().map(|account| u128::from(account.balance)).sum();
    prop_assert_eq!(supply, u128::from(naive.spec.rules().subsidy) * u128::from(after.height()));
    Ok(())
}

fn run(subsidy: u64, steps: &[Step]) -> Result<(NaiveChain, RealChain), TestCaseError> {
    let mut naive = NaiveChain::new(chain(subsidy));
    let mut real = RealChain::new(chain(subsidy));
    for step in steps {
        let (block, now) = step.build(&naive);
        let expected = naive.submit(&block, now);
        let actual = real.submit(block, now).map_err(|error| (error.id(), error.verdict()));
        prop_assert_eq!(actual, expected);
        compare(&naive, &real)?;
    }
    Ok((naive, real))
}

/// Random blocks that break few rules would prove little.
#[test]
fn random_chains_break_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut broken = BTreeSet::new();
    let mut forks = 0;
    for subsidy in [10, (1 << 51) + 1] {
        let mut naive = NaiveChain::new(chain(subsidy));
        for _ in 0..1_500 {
            let step = step().new_tree(&mut runner).expect("nothing is filtered out").current();
            let (block, now) = step.build(&naive);
            let extends_tip = block.header.prev_hash.0 == naive.best;
            match naive.submit(&block, now) {
                Ok(()) => forks += u32::from(!extends_tip),
                Err((rule, verdict)) => drop(broken.insert(format!("{rule} {verdict:?}"))),
            }
            // A long chain costs a naive ledger dearly.
            if naive.valid.len() > 40 {
                naive = NaiveChain::new(chain(subsidy));
            }
        }
    }
    let expected = [
        "BLK-1 BadBody",
        "BLK-2 BadBody",
        "BLK-3 Invalid",
        "BLK-3 NotNow",
        "BLK-4 Invalid",
        "BLK-5 Invalid",
        "BLK-6 Invalid",
        "HDR-1 Invalid",
        "HDR-2 Invalid",
        "HDR-2 NotNow",
        "HDR-3 Invalid",
        "HDR-4 Invalid",
        "HDR-5 Invalid",
        "HDR-6 NotNow",
        "TX-1 Invalid",
        "TX-2 Invalid",
        "TX-3 Invalid",
        "TX-4 Invalid",
        "TX-5 Invalid",
        "TX-6 Invalid",
        "TX-7 Invalid",
    ];
    assert_eq!(broken.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(forks > 100, "only {forks} valid blocks were not on the best tip");
}

proptest! {
    #[test]
    fn both_ledgers_agree_on_random_chains(
        // The large subsidy lets balances reach their bound after three blocks.
        subsidy in prop_oneof![3 => Just(10), 1 => Just(0), 1 => Just((1 << 51) + 1)],
        steps in proptest::collection::vec(step(), 1..24),
    ) {
        let (naive, mut real) = run(subsidy, &steps)?;
        // Over every block that was ever valid, in an order that nobody mined them in, and back to genesis.
        for (hash, after) in &naive.valid {
            real.go_to(BlockHash(*hash));
            prop_assert_eq!(real.ledger.state_root().0, naive::state_root(&after.accounts));
            prop_assert_eq!(real.ledger.headers().root().0, naive::chain_root(&after.headers));
            for number in 0..ACCOUNTS {
                let address = address(number);
                let proof = real.ledger.prove(&address);
                prop_assert!(proof.verify(&address, &real.ledger.state_root()).is_ok());
            }
        }
        real.go_to(*naive.spec.genesis_hash());
        prop_assert!(real.ledger.accounts().is_empty());
        prop_assert_eq!(real.ledger.state_root(), shared::state_tree::EMPTY_ROOT);
    }
}
