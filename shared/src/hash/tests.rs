use super::*;

#[test]
fn sha256_matches_fips_180() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex::encode(sha256(b"abc")), expected);
    assert_eq!(sha256d(b"abc"), sha256(&sha256(b"abc")));
}

#[test]
fn tagged_joins_its_parts() {
    assert_eq!(tagged("t", &[b"ab", b"c"]), tagged("t", &[b"abc"]));
    assert_ne!(tagged("t", &[b"abc"]), tagged("u", &[b"abc"]));
}

#[test]
fn ids_are_shown_reversed_and_roots_are_not() {
    let mut bytes = [0; 32];
    bytes[0] = 0xab;
    assert!(TxId(bytes).to_string().ends_with("ab"));
    assert!(StateRoot(bytes).to_string().starts_with("ab"));
    assert_eq!(BlockHash(bytes).to_string().parse(), Ok(BlockHash(bytes)));
    assert_eq!("é".repeat(32).parse::<TxId>(), Err(ParseHashError));
    assert_eq!("ab".parse::<StateRoot>(), Err(ParseHashError));
}
