//! One value has one encoding, and no bytes make a decoder panic or reserve more memory than they pay for.

use std::fmt::Debug;

use allocation_counter::measure;
use borsh::{BorshDeserialize, BorshSerialize};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use shared::block::{Block, Coinbase, Header};
use shared::chain_root::ChainRange;
use shared::codec::{decode, encode};
use shared::ledger::Undo;
use shared::merkle::MerkleProof;
use shared::pow::Work;
use shared::spec::Rules;
use shared::state::Account;
use shared::state_tree::AccountProof;
use shared::transaction::Transaction;

use super::values;

/// A way to spoil bytes.
#[derive(Debug, Clone)]
enum Spoil {
    Set(Index, u8),
    /// Four bytes, where a length may stand.
    Length(Index, u32),
    Cut(Index),
    Append(Vec<u8>),
    Remove(Index),
    Insert(Index, u8),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let length = prop_oneof![0..300_u32, Just(u32::MAX), Just(1 << 31), Just(1 << 24), any::<u32>()];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Spoil::Set(at, byte)),
        (any::<Index>(), length).prop_map(|(at, length)| Spoil::Length(at, length)),
        any::<Index>().prop_map(Spoil::Cut),
        vec(any::<u8>(), 1..9).prop_map(Spoil::Append),
        any::<Index>().prop_map(Spoil::Remove),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Spoil::Insert(at, byte)),
    ]
}

impl Spoil {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Set(at, byte) => bytes[at.index(length)] = *byte,
            Self::Length(at, claimed) => {
                let places = bytes[at.index(length)..].iter_mut();
                places.zip(claimed.to_le_bytes()).for_each(|(place, byte)| *place = byte);
            }
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Append(more) => bytes.extend_from_slice(more),
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
            Self::Insert(at, byte) => bytes.insert(at.index(length), *byte),
        }
    }
}

/// Whatever `bytes` are: decoding them ends, takes memory in proportion, and what is accepted encodes to the same.
fn decodes_sanely<T: BorshSerialize + BorshDeserialize>(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut result = None;
    let memory = measure(|| result = Some(decode::<T>(bytes)));
    // A vector grows by doubling, and one of 232-byte transactions may stand for few bytes on the wire.
    let most = 16 * bytes.len() as u64 + 8_192;
    prop_assert!(memory.bytes_max <= most, "{} bytes made it reserve {}", bytes.len(), memory.bytes_max);
    if let Some(Ok(value)) = result {
        prop_assert_eq!(encode(&value), bytes);
    }
    Ok(())
}

fn check<T>(value: &T, spoils: &[Spoil], noise: &[u8]) -> Result<(), TestCaseError>
where
    T: BorshSerialize + BorshDeserialize + Debug + PartialEq,
{
    let mut bytes = encode(value);
    let decoded = decode::<T>(&bytes);
    prop_assert_eq!(decoded.as_ref(), Ok(value));
    for spoil in spoils {
        spoil.apply(&mut bytes);
        decodes_sanely::<T>(&bytes)?;
    }
    decodes_sanely::<T>(noise)
}

macro_rules! canonical {
    ($(#[test] fn $name:ident($type:ty = $values:expr);)+) => {
        proptest! {
            $(
                #[test]
                fn $name(
                    value in $values,
                    spoils in vec(spoil(), 1..12),
                    noise in vec(any::<u8>(), 0..400),
                ) {
                    check::<$type>(&value, &spoils, &noise)?;
                }
            )+
        }
    };
}

canonical! {
    #[test]
    fn a_header_has_one_encoding(Header = values::header());
    #[test]
    fn a_coinbase_has_one_encoding(Coinbase = values::coinbase());
    #[test]
    fn a_transaction_has_one_encoding(Transaction = values::transaction());
    #[test]
    fn a_block_has_one_encoding(Block = values::block());
    #[test]
    fn an_account_has_one_encoding(Account = values::account());
    #[test]
    fn a_merkle_proof_has_one_encoding(MerkleProof = values::merkle_proof());
    #[test]
    fn an_account_proof_has_one_encoding(AccountProof = values::account_proof());
    #[test]
    fn undo_data_has_one_encoding(Undo = values::undo());
    #[test]
    fn a_chain_range_has_one_encoding(ChainRange = values::chain_range());
    #[test]
    fn work_has_one_encoding(Work = values::hash().prop_map(Work::from_le_bytes));
    #[test]
    fn rules_have_one_encoding(Rules = values::rules());
}

proptest! {
    /// B14: what is signed says what is meant, and nothing else.
    #[test]
    fn signed_bytes_are_equal_only_for_equal_contents(
        a in values::transaction(),
        b in values::transaction(),
        genesis in values::hash(),
        moved in any::<Index>(),
    ) {
        let genesis = shared::hash::BlockHash(genesis);
        prop_assert_eq!(a.body == b.body, a.body.signing_bytes(&genesis) == b.body.signing_bytes(&genesis));
        // The same bytes, split elsewhere between two neighbours.
        let mut shifted = a.clone();
        let at = moved.index(shifted.body.sender.len() + 1);
        let cut = shifted.body.sender.split_off(at);
        shifted.signature = [cut, shifted.signature].concat();
        prop_assert_eq!(a.id() == shifted.id(), a == shifted);
    }
}
