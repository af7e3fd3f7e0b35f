#![no_main]

use ironchain_fuzz::canonical;
use node::wire::{BlockAnnouncement, Request, Response, TransactionAnnouncement};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    canonical::<Request>(bytes);
    canonical::<Response>(bytes);
    canonical::<BlockAnnouncement>(bytes);
    canonical::<TransactionAnnouncement>(bytes);
});
