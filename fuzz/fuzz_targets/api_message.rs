#![no_main]

use shared::api::rpc::RpcError;
use shared::api::{Incoming, Request};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ironchain_fuzz::as_text(bytes, |text| {
        let calls = match Incoming::parse(text) {
            Incoming::One(call) => vec![call],
            Incoming::Batch(calls) => calls,
        };
        for call in calls {
            if let Ok(Request::Payment(payment)) = &call.request {
                let _transaction = payment.to_transaction("dev");
            }
            let refused = Err(RpcError::refused("TX-1", "no".to_owned()));
            if let Some(reply) = call.reply(&refused) {
                assert!(serde_json::from_str::<serde_json::Value>(&reply).is_ok(), "{reply}");
                // Nobody gets back more than 64 bytes of what they sent.
                assert!(reply.len() < 1_024);
            }
        }
    });
});
