use super::*;
use crate::spec::ChainSpec;

#[derive(Deserialize)]
struct Vectors {
    steps: Vec<Step>,
    compact: Vec<Compact>,
    refused: Vec<u32>,
}

#[derive(Deserialize)]
struct Step {
    chain: String,
    parent_bits: CompactTarget,
    parent_time: u32,
    grandparent_time: Option<u32>,
    time: u32,
    bits: CompactTarget,
}

#[derive(Deserialize)]
struct Compact {
    bits: CompactTarget,
    target: String,
    work: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/difficulty.json")).expect("vectors are JSON")
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn every_step_matches_the_vectors() {
    for step in vectors().steps {
        let spec = ChainSpec::named(&step.chain).expect("a built-in chain");
        let parent = Ancestry {
            bits: step.parent_bits,
            time: step.parent_time,
            grandparent_time: step.grandparent_time,
        };
        assert_eq!(next_bits(spec.rules(), &parent, step.time), Ok(step.bits), "{parent:?} {}", step.time);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn compact_targets_match_the_vectors() {
    for vector in vectors().compact {
        let target = vector.bits.target().expect("canonical");
        assert_eq!(hex::encode(target.to_be_bytes()), vector.target);
        let mut work = target.work().to_le_bytes();
        work.reverse();
        assert_eq!(hex::encode(work), vector.work);
        assert_eq!(target.compact(), vector.bits);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn other_compact_forms_are_refused() {
    for bits in vectors().refused {
        assert_eq!(CompactTarget(bits).target(), Err(CompactTargetError { bits }));
    }
}

#[test]
fn a_hash_meets_a_target_up_to_equality() {
    let target =
        CompactTarget(0x0300_0001).target().or_else(|_| CompactTarget(0x0101_0000).target()).expect("1");
    let mut hash = [0; 32];
    hash[0] = 1;
    assert!(target.is_met_by(&BlockHash(hash)));
    hash[0] = 2;
    assert!(!target.is_met_by(&BlockHash(hash)));
    assert_eq!(target.work().to_string(), format!("{:x}", U256::ONE << 255));
}

#[test]
fn a_long_silence_reaches_the_limit_and_stays_there() {
    let spec = ChainSpec::main();
    let parent = Ancestry { bits: CompactTarget(0x0101_0000), time: 1, grandparent_time: Some(0) };
    assert_eq!(next_bits(spec.rules(), &parent, u32::MAX), Ok(spec.rules().limit_bits));
}
