#![no_main]

use shared::api::rpc::ServerMessage;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ironchain_fuzz::as_text(bytes, |text| {
        let _message = ServerMessage::parse(text);
    });
});
