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
