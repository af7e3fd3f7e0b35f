//! The JSON-RPC 2.0 envelope. Clients write with [`encode_request`] and read with [`ServerMessage::parse`].

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::request::{ParamsError, Request};
use super::views::Answer;
use crate::transaction::MAX_INTEGER;

/// The text is not JSON.
pub const PARSE_ERROR: i32 = -32_700;
/// The JSON is not a request.
pub const INVALID_REQUEST: i32 = -32_600;
/// No method has this name.
pub const METHOD_NOT_FOUND: i32 = -32_601;
/// The parameters do not fit the method.
pub const INVALID_PARAMS: i32 = -32_602;
/// The node failed; it is not the client's fault.
pub const INTERNAL_ERROR: i32 = -32_603;
/// There is no such block or transaction (this code and the following as in EIP-1474).
pub const NOT_FOUND: i32 = -32_001;
/// The transaction waits for a block, so there is no proof of it yet.
pub const NOT_MINED: i32 = -32_002;
/// A transaction was refused; `data.rule` says by which rule.
pub const REFUSED: i32 = -32_003;
/// More than a limit allows; `data.rule` says which: one of the three that follow.
pub const LIMIT_EXCEEDED: i32 = -32_005;
/// Too many requests or wrong tokens; the message begins with `rate_limited`.
pub const RATE_LIMIT: &str = "API-1";
/// Too many subscriptions.
pub const SUBSCRIPTION_LIMIT: &str = "API-2";
/// The reply would be too large.
pub const REPLY_LIMIT: &str = "API-3";
/// The method needs [`Request::Authorize`] first.
pub const UNAUTHORIZED: i32 = -32_010;
/// The control token is not this node's.
pub const WRONG_TOKEN: i32 = -32_011;

/// An id that is a string has at most this many bytes, because every id is sent back.
const MAX_ID_BYTES: usize = 64;

/// What a client chose to recognise the answer by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// Also stands for a request whose id could not be read.
    Null,
    /// At most 2^53 − 1.
    Number(u64),
    /// At most 64 bytes.
    Text(String),
}

impl Id {
    pub(crate) fn parse(raw: &RawValue) -> Result<Self, RpcError> {
        let text = raw.get();
        let id = match text.as_bytes().first() {
            Some(b'n') => Some(Self::Null),
            Some(b'"') => {
                serde_json::from_str(text).ok().filter(|id: &String| id.len() <= MAX_ID_BYTES).map(Self::Text)
            }
            _ => serde_json::from_str(text).ok().filter(|id| *id <= MAX_INTEGER).map(Self::Number),
        };
        id.ok_or_else(|| {
            let expected = format!("a whole number, a string of at most {MAX_ID_BYTES} bytes, or null");
            RpcError::new(INVALID_REQUEST, format!("\"id\" must be {expected}"))
        })
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(&raw).map_err(serde::de::Error::custom)
    }
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// One of this module's constants.
    pub code: i32,
    /// For people: fact, likely cause, next step.
    pub message: String,
    /// For programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<ErrorData>,
}

/// The part of an error that programs may rely on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorData {
    /// The rule of the protocol or of the node's policy that the transaction breaks, such as `TX-6`, or the limit of
    /// the API that the request breaks.
    pub rule: String,
}

impl RpcError {
    /// Makes an error without a rule.
    #[must_use]
    pub fn new(code: i32, message: String) -> Self {
        Self { code, message, data: None }
    }

    /// Makes the error of a transaction that `rule` refuses.
    #[must_use]
    pub fn refused(rule: &str, message: String) -> Self {
        Self { code: REFUSED, message, data: Some(ErrorData { rule: rule.to_owned() }) }
    }

    /// Makes the error of a request that the limit `rule` refuses.
    #[must_use]
    pub fn limited(rule: &str, message: String) -> Self {
        Self { code: LIMIT_EXCEEDED, message, data: Some(ErrorData { rule: rule.to_owned() }) }
    }

    /// Returns the rule that refused the transaction, or the request.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        self.data.as_ref().map(|data| data.rule.as_str())
    }
}

impl From<ParamsError> for RpcError {
    fn from(error: ParamsError) -> Self {
        let code = if error == ParamsError::UnknownMethod { METHOD_NOT_FOUND } else { INVALID_PARAMS };
        Self::new(code, error.to_string())
    }
}

/// Returns the text of a request.
#[must_use]
pub fn encode_request(id: u64, request: &Request) -> String {
    #[derive(Serialize)]
    struct Envelope<'a> {
        jsonrpc: &'static str,
        id: u64,
        #[serde(flatten)]
        request: &'a Request,
    }
    encode(&Envelope { jsonrpc: "2.0", id, request })
}

/// Returns the text of an answer.
pub(crate) fn encode_reply(id: &Id, answer: &Result<Answer, RpcError>) -> String {
    #[derive(Serialize)]
    struct Envelope<'a> {
        jsonrpc: &'static str,
        id: &'a Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<&'a Answer>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a RpcError>,
    }
    encode(&Envelope { jsonrpc: "2.0", id, result: answer.as_ref().ok(), error: answer.as_ref().err() })
}

/// Returns the text of what a subscription pushes, the same for both envelopes.
#[must_use]
pub fn encode_notification(subscription: u64, result: &Answer) -> String {
    #[derive(Serialize)]
    struct Envelope<'a> {
        jsonrpc: &'static str,
        method: &'static str,
        params: Params<'a>,
    }
    #[derive(Serialize)]
    struct Params<'a> {
        id: u64,
        result: &'a Answer,
    }
    encode(&Envelope { jsonrpc: "2.0", method: "subscription", params: Params { id: subscription, result } })
}

/// Returns the JSON of one of this crate's messages.
pub(crate) fn encode<T: Serialize>(value: &T) -> String {
    #[expect(clippy::expect_used, reason = "no message has a map with keys other than strings")]
    serde_json::to_string(value).expect("a message can be encoded because all of its keys are strings")
}

/// What a server sends to a client. Members that this version does not know are ignored.
#[derive(Debug, Clone)]
pub enum ServerMessage {
    /// The answer to one request.
    Reply {
        /// The request's id; `None` when the server could not read it.
        id: Option<u64>,
        /// The result, to be decoded as the view that belongs to the method, or why there is none.
        result: Result<Box<RawValue>, RpcError>,
    },
    /// Something changed.
    Notification {
        /// The subscription's id.
        subscription: u64,
        /// The result, to be decoded as the view that belongs to the topic.
        result: Box<RawValue>,
    },
}

/// A text is not something that a server of this protocol sends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server sent something that is not a message of this protocol: {reason}")]
pub struct ServerMessageError {
    /// What the parser met, for people.
    pub reason: String,
}

impl ServerMessage {
    /// Reads one text frame.
    ///
    /// # Errors
    /// When the text is neither an answer nor a notification.
    pub fn parse(text: &str) -> Result<Self, ServerMessageError> {
        #[derive(Deserialize)]
        struct Envelope {
            id: Option<u64>,
            result: Option<Box<RawValue>>,
            error: Option<RpcError>,
            method: Option<String>,
            params: Option<Params>,
        }
        #[derive(Deserialize)]
        struct Params {
            id: u64,
            result: Box<RawValue>,
        }
        let failed = |reason: String| ServerMessageError { reason };
        let envelope: Envelope = serde_json::from_str(text).map_err(|error| failed(error.to_string()))?;
        match (envelope.method.as_deref(), envelope.params, envelope.error, envelope.result) {
            (Some("subscription"), Some(params), None, None) => {
                Ok(Self::Notification { subscription: params.id, result: params.result })
            }
            (None, None, Some(error), None) => Ok(Self::Reply { id: envelope.id, result: Err(error) }),
            (None, None, None, Some(result)) => Ok(Self::Reply { id: envelope.id, result: Ok(result) }),
            _ => Err(failed("it is neither a result, an error nor a subscription's".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
