//! What holds for every value, tried on a thousand of them in each run and on as many as `PROPTEST_CASES` says.

mod codec;
mod difficulty;
mod hash_rate;
mod proofs;
mod values;
