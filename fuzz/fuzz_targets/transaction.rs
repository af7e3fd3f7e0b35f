#![no_main]

use ironchain_fuzz::canonical;
use shared::consensus::check_transaction;
use shared::signature::RsaVerifier;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(transaction) = canonical::<Transaction>(bytes) {
        let id = transaction.id();
        let checked = check_transaction(&ChainSpec::dev(), &RsaVerifier, transaction);
        if let Ok(checked) = checked {
            assert_eq!((checked.id(), checked.size()), (&id, bytes.len()));
        }
    }
});
