#![no_main]

use node::peer_file::{PEER_FILE, PeerFileError, load};
use node::peers::{PeerLimits, Peers};
use node::sync::Now;

const NOW: Now = Now { ms: 0, unix_s: 1_800_000_000 };

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let directory = ironchain_fuzz::folder();
    std::fs::write(directory.path().join(PEER_FILE), bytes).expect("the system has room for a small file");
    match load(directory.path()) {
        Ok(saved) => {
            let mut peers = Peers::new(PeerLimits::default(), [7; 32], saved, NOW);
            for dial in peers.next_dials(NOW) {
                peers.dial_failed(dial.address, NOW);
            }
            let saved = peers.saved(NOW);
            let text = serde_json::to_string(&saved).expect("it is plain data");
            assert_eq!(serde_json::from_str(&text).ok(), Some(saved));
        }
        Err(PeerFileError::Damaged { kept, .. }) => {
            assert_eq!(std::fs::read(kept).ok().as_deref(), Some(bytes), "what was damaged is kept");
        }
        Err(error) => panic!("{error}"),
    }
});
