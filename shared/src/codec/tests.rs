use super::*;

#[derive(Debug, PartialEq, BorshSerialize, BorshDeserialize)]
struct Sample {
    #[borsh(deserialize_with = "read_bytes")]
    bytes: Vec<u8>,
    #[borsh(deserialize_with = "read_string")]
    text: String,
}

fn sample() -> Sample {
    Sample { bytes: vec![1, 2, 3], text: "鐵".to_owned() }
}

#[test]
fn a_value_survives_the_round_trip() {
    assert_eq!(decode::<Sample>(&encode(&sample())), Ok(sample()));
}

#[test]
fn trailing_and_missing_bytes_are_refused() {
    let mut bytes = encode(&sample());
    bytes.push(0);
    assert!(decode::<Sample>(&bytes).is_err());
    for length in 0..bytes.len() - 1 {
        assert!(decode::<Sample>(&bytes[..length]).is_err());
    }
}

#[test]
fn a_huge_claimed_length_is_refused() {
    let error = decode::<Sample>(&u32::MAX.to_le_bytes()).expect_err("no bytes follow");
    assert_eq!(error.reason, "a length claims more bytes than are left");
}

#[test]
fn a_huge_claimed_count_is_refused() {
    let genesis = crate::spec::ChainSpec::dev().genesis().clone();
    let mut bytes = encode(&genesis);
    // The count of transactions is the last field.
    let count = bytes.len() - 4;
    bytes[count..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(decode::<crate::block::Block>(&bytes).is_err());
    assert!(decode::<Vec<[u8; 32]>>(&u32::MAX.to_le_bytes()).is_err());
}

#[test]
fn invalid_utf8_is_refused() {
    for text in [&[0xff][..], &[0xc0, 0x80], &[0xed, 0xa0, 0x80], &[0xe9]] {
        let bytes = encode(&(Vec::<u8>::new(), text.to_vec()));
        let error = decode::<Sample>(&bytes).expect_err("not UTF-8");
        assert_eq!(error.reason, "a text is not valid UTF-8");
    }
}
