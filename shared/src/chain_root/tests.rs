use super::*;

#[derive(serde::Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    headers: Vec<String>,
    root: ChainRoot,
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn roots_match_the_vectors() {
    let vectors: Vectors = serde_json::from_str(include_str!("../../vectors/chain_root.json")).unwrap();
    assert_eq!(vectors.vectors.len(), 8);
    for vector in vectors.vectors {
        let mut range = ChainRange::new();
        let mut work = Work::ZERO;
        for header in &vector.headers {
            let header: Header = codec::decode(&hex::decode(header).unwrap()).unwrap();
            range.push(ChainNode::of_header(&header).unwrap());
            work = work.saturating_add(header.bits.target().unwrap().work());
        }
        assert_eq!(range.root(), vector.root);
        assert_eq!(range.work(), work);
        assert_eq!(range.count(), vector.headers.len() as u64);
        assert_eq!(range.peaks.len(), range.count().count_ones() as usize);
    }
}

#[test]
fn no_headers_have_a_root_of_zeros() {
    assert_eq!(ChainRange::new().root(), ChainRoot::default());
}
