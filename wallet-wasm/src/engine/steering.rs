//! Steering the node that served the page.

use rand_core::TryCryptoRng;
use serde_json::value::RawValue;
use shared::api::{Request, Token};

use super::{Asked, Engine, Sink, decode, reply};
use crate::error::WalletError;
use crate::protocol::{Reply, Steering};

impl<R: TryCryptoRng> Engine<R> {
    pub(super) fn steer(&mut self, id: u32, steering: Steering) -> Result<(), WalletError> {
        let request = match steering {
            Steering::Authorize { token } => {
                return self
                    .session
                    .ask(&Request::Authorize { token: Token(token) }, Asked::Authorize { id });
            }
            Steering::Look => Request::GetNode {},
            Steering::SetMining { threads } => Request::SetMining { threads },
            Steering::SetPayout { address } => Request::SetPayout { address },
        };
        self.session.ask(&request, Asked::Node { id })
    }

    pub(super) fn on_authorized(
        &mut self,
        id: u32,
        result: Result<Box<RawValue>, WalletError>,
        sink: Sink<'_>,
    ) {
        if let Err(error) = result.and_then(|_| self.steer(id, Steering::Look)) {
            reply(id, Err(error), sink);
        }
    }
}

pub(super) fn on_node(id: u32, result: Result<Box<RawValue>, WalletError>, sink: Sink<'_>) {
    reply(id, result.and_then(|raw| decode(&raw)).map(Reply::Node), sink);
}
