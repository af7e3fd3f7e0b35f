use super::*;

#[derive(serde::Deserialize)]
struct Vectors {
    chains: std::collections::BTreeMap<String, Chain>,
}

#[derive(serde::Deserialize)]
struct Chain {
    commitment: ChainRoot,
    genesis_hash: BlockHash,
    genesis_block: String,
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn both_chains_match_the_vectors() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../vectors/chain.json")).expect("vectors are JSON");
    assert_eq!(vectors.chains.len(), 2);
    for (name, chain) in vectors.chains {
        let spec = ChainSpec::named(&name).expect("a built-in chain");
        assert_eq!(spec.genesis().coinbase.chain_root, chain.commitment);
        assert_eq!(spec.genesis_hash(), &chain.genesis_hash);
        assert_eq!(hex::encode(codec::encode(spec.genesis())), chain.genesis_block);
    }
    assert_eq!(ChainSpec::named("nowhere"), None);
}

#[test]
fn an_upgrade_is_in_force_from_its_height_on() {
    let rules = Rules { upgrades: vec![(100, 2), (200, 3)], ..ChainSpec::dev().rules().clone() };
    let versions: Vec<u8> = [0, 99, 100, 199, 200].map(|height| rules.coinbase_version(height)).into();
    assert_eq!(versions, [1, 1, 2, 2, 3]);
}

const CLASS: &str = include_str!("../../../docs/examples/class.toml");

/// The example chain with one line replaced.
fn with(line: &str) -> Result<ChainSpec, ChainFileError> {
    let key = line.split(' ').next().unwrap_or_default();
    let replaced = CLASS.lines().map(|old| if old.split(' ').next() == Some(key) { line } else { old });
    ChainSpec::from_toml(&replaced.collect::<Vec<_>>().join("\n"))
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn the_example_of_a_chain_file_is_a_chain() {
    let spec = ChainSpec::from_toml(CLASS).unwrap();
    assert_eq!((spec.name(), spec.rules().address_prefix.as_str()), ("class", "class"));
    assert_eq!(spec.rules().limit_bits, CompactTarget(0x1f00_ffff));
    assert_eq!(spec.genesis().coinbase.message, b"Hello class!");
    let upgraded = with("upgrades = [[1000, 2], [2000, 3]]").unwrap();
    assert_eq!(upgraded.rules().coinbase_version(1000), 2);
    // Its rules are part of the first block, so it is another chain.
    assert_ne!(upgraded.genesis_hash(), spec.genesis_hash());
    assert_ne!(with("time = 1").unwrap().genesis_hash(), spec.genesis_hash());
}

#[test]
fn every_rule_of_a_chain_is_kept() {
    let longest = format!("name = \"{}\"", "n".repeat(32));
    let widest = format!("address_prefix = \"{}\"", "p".repeat(51));
    let largest = format!("subsidy = {}", crate::transaction::MAX_INTEGER);
    for legal in [
        longest.as_str(),
        &widest,
        &largest,
        "block_time = 2",
        "block_time = 86400",
        "difficulty_window = 10",
        "difficulty_window = 10000",
        "limit_bits = 0x01010000",
        "subsidy = 0",
        "max_block_bytes = 1100",
        "max_block_bytes = 2000000",
        "upgrades = [[1, 2], [2, 255]]",
        "time = 0",
        "time = 4294967295",
        "message = \"\"",
    ] {
        with(legal).unwrap();
    }
    let name = |name: &str| SpecError::Name { name: name.to_owned() };
    let prefix = |prefix: &str| SpecError::AddressPrefix { prefix: prefix.to_owned() };
    let bits = |bits| SpecError::LimitBits(crate::pow::CompactTargetError { bits });
    let (long_name, wide_prefix, message) = ("n".repeat(33), "p".repeat(52), "m".repeat(65));
    for (line, error) in [
        ("name = \"\"", name("")),
        ("name = \"../up\"", name("../up")),
        ("name = \"Class\"", name("Class")),
        ("name = \"1st\"", name("1st")),
        (&format!("name = \"{long_name}\""), name(&long_name)),
        ("address_prefix = \"\"", prefix("")),
        ("address_prefix = \"Iron\"", prefix("Iron")),
        ("address_prefix = \"two words\"", prefix("two words")),
        ("address_prefix = \"\u{e9}t\u{e9}\"", prefix("\u{e9}t\u{e9}")),
        (&format!("address_prefix = \"{wide_prefix}\""), prefix(&wide_prefix)),
        ("block_time = 1", SpecError::BlockTime { got: 1 }),
        ("block_time = 86401", SpecError::BlockTime { got: 86_401 }),
        ("difficulty_window = 9", SpecError::DifficultyWindow { got: 9 }),
        ("difficulty_window = 10001", SpecError::DifficultyWindow { got: 10_001 }),
        ("limit_bits = 0", bits(0)),
        ("limit_bits = 0x1f800000", bits(0x1f80_0000)),
        ("limit_bits = 0x1f0000ff", bits(0x1f00_00ff)),
        ("subsidy = 9007199254740992", SpecError::Subsidy { got: 9_007_199_254_740_992 }),
        ("max_block_bytes = 1099", SpecError::MaxBlockBytes { got: 1_099 }),
        ("max_block_bytes = 2000001", SpecError::MaxBlockBytes { got: 2_000_001 }),
        ("upgrades = [[0, 2]]", SpecError::Upgrade { height: 0, version: 2 }),
        ("upgrades = [[5, 1]]", SpecError::Upgrade { height: 5, version: 1 }),
        ("upgrades = [[5, 2], [5, 3]]", SpecError::Upgrade { height: 5, version: 3 }),
        ("upgrades = [[5, 3], [6, 3]]", SpecError::Upgrade { height: 6, version: 3 }),
        (&format!("message = \"{message}\""), SpecError::Message { got: 65 }),
    ] {
        assert_eq!(with(line), Err(ChainFileError::Spec(error)), "{line}");
    }
    assert_eq!(with("name = \"dev\""), Err(ChainFileError::BuiltIn { name: "dev".to_owned() }));
}

#[test]
fn a_chain_file_that_is_none_is_told_by_its_line() {
    let text = |text: &str| ChainSpec::from_toml(text).unwrap_err().to_string();
    let unknown = text(&format!("colour = 1\n{CLASS}"));
    assert!(unknown.starts_with("line 1: unknown field `colour`, expected one of `name`, "), "{unknown}");
    let missing = text("name = \"class\"\n");
    assert!(missing.contains("missing field `address_prefix`"), "{missing}");
    let negative = with("subsidy = -1").unwrap_err().to_string();
    assert!(negative.contains("expected u64") && !negative.starts_with("line 1:"), "{negative}");
    let broken = text("name = \"class\"\nblock_time = = 2\n");
    assert!(broken.starts_with("line 2: ") && broken.lines().count() == 1, "{broken}");
    for bad in ["", "[genesis]", "\u{0}", "name = \"class", "[[[[[[[[", "genesis = 3"] {
        text(bad);
    }
}
