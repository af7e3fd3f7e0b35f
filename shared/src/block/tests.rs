use super::{HEADER_BYTES, MAX_COINBASE_BYTES, MAX_COINBASE_MESSAGE_BYTES};
use crate::codec;
use crate::spec::ChainSpec;

#[test]
fn the_lengths_are_those_of_the_encodings() {
    let mut block = ChainSpec::dev().genesis().clone();
    block.coinbase.message = vec![0; MAX_COINBASE_MESSAGE_BYTES];
    assert_eq!(codec::encode(&block.header).len(), HEADER_BYTES);
    assert_eq!(codec::encode(&block.coinbase).len(), MAX_COINBASE_BYTES);
}
