//! The server's side of a frame: which envelope it is in, and what it asks.

use serde_json::value::RawValue;

use super::json::{Fields, check_shape};
use super::request::{ParamsError, Request};
use super::rpc::{self, Id, RpcError};
use super::tutorial;
use super::views::Answer;

/// A batch holds at most this many calls.
pub const MAX_BATCH: usize = 100;

/// What one frame holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// One call, whatever envelope.
    One(Call),
    /// A JSON-RPC batch, not empty.
    Batch(Vec<Call>),
}

/// One call. One that cannot be understood is a call as well, so that it gets its answer in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    envelope: Envelope,
    /// What it asks, or why it is refused.
    pub request: Result<Request, RpcError>,
}

/// How a call came and how its answer goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Envelope {
    Rpc {
        id: Id,
    },
    /// Nobody waits for an answer.
    Notification,
    Tutorial {
        id: Option<Id>,
    },
}

impl Incoming {
    /// Reads the text of a frame. Every text is something: what is wrong is inside the [`Call`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if let Err(error) = check_shape(text) {
            return Self::One(Call::refused(RpcError::new(rpc::INVALID_REQUEST, error.to_string())));
        }
        if text.trim_start().starts_with('[') {
            return Self::parse_batch(text);
        }
        match Fields::parse(text) {
            Ok(fields) => Self::One(Call::parse(fields)),
            Err(error) => Self::One(Call::refused(not_an_object(&error))),
        }
    }

    fn parse_batch(text: &str) -> Self {
        let elements: Vec<&RawValue> = match serde_json::from_str(text) {
            Ok(elements) => elements,
            Err(error) => return Self::One(Call::refused(not_an_object(&error))),
        };
        if elements.is_empty() || elements.len() > MAX_BATCH {
            let message = format!("a batch holds 1 to {MAX_BATCH} requests, and this one {}", elements.len());
            return Self::One(Call::refused(RpcError::new(rpc::INVALID_REQUEST, message)));
        }
        let parse = |element: &RawValue| match Fields::parse(element.get()) {
            Ok(fields) => Call::parse_rpc(fields),
            Err(error) => Call::refused(not_an_object(&error)),
        };
        Self::Batch(elements.into_iter().map(parse).collect())
    }
}

/// Tells a text that is not JSON from one that is, but no request.
fn not_an_object(error: &serde_json::Error) -> RpcError {
    if error.is_data() {
        RpcError::new(
            rpc::INVALID_REQUEST,
            "a request is a JSON object, or an array of such objects".to_owned(),
        )
    } else {
        RpcError::new(rpc::PARSE_ERROR, format!("this is not JSON: {error}"))
    }
}

impl Call {
    /// Makes the call that stands for something that is no request.
    fn refused(error: RpcError) -> Self {
        Self { envelope: Envelope::Rpc { id: Id::Null }, request: Err(error) }
    }

    fn parse(fields: Fields<'_>) -> Self {
        if fields.contains("request") { Self::parse_tutorial(fields) } else { Self::parse_rpc(fields) }
    }

    fn parse_tutorial(mut fields: Fields<'_>) -> Self {
        let method = fields.text("request");
        // `unsubscribe` has a parameter of this name: there one number is both.
        let is_parameter = method.as_deref() == Ok("unsubscribe");
        let id = if is_parameter { fields.get("id") } else { fields.take("id") };
        let (id, request) = match id.map(Id::parse).transpose() {
            Ok(id) => (id, method.and_then(|method| Request::parse(&method, fields)).map_err(RpcError::from)),
            Err(error) => (None, Err(error)),
        };
        Self { envelope: Envelope::Tutorial { id }, request }
    }

    fn parse_rpc(mut fields: Fields<'_>) -> Self {
        let head = match RpcHead::parse(&mut fields) {
            Ok(head) => head,
            Err(error) => return Self::refused(error),
        };
        let params = head
            .params
            .map_or(Ok(Fields::default()), |raw| Fields::parse(raw.get()).or(Err(ParamsError::NotAnObject)));
        let request = params.and_then(|params| Request::parse(&head.method, params)).map_err(RpcError::from);
        Self { envelope: head.id.map_or(Envelope::Notification, |id| Envelope::Rpc { id }), request }
    }

    /// Encodes the answer, or returns `None` when nobody waits for one.
    #[must_use]
    pub fn reply(&self, answer: &Result<Answer, RpcError>) -> Option<String> {
        match &self.envelope {
            Envelope::Notification => None,
            Envelope::Rpc { id } => Some(rpc::encode_reply(id, answer)),
            Envelope::Tutorial { id } => Some(tutorial::encode_reply(id.as_ref(), answer)),
        }
    }
}

/// The members of a JSON-RPC request.
struct RpcHead<'a> {
    id: Option<Id>,
    method: String,
    params: Option<&'a RawValue>,
}

impl<'a> RpcHead<'a> {
    fn parse(fields: &mut Fields<'a>) -> Result<Self, RpcError> {
        let invalid = |error: ParamsError| RpcError::new(rpc::INVALID_REQUEST, error.to_string());
        fields.check_unique().map_err(invalid)?;
        if fields.text("jsonrpc").map_err(invalid)? != "2.0" {
            return Err(invalid(ParamsError::Malformed { field: "jsonrpc", expected: "\"2.0\"" }));
        }
        let head = Self {
            id: fields.take("id").map(Id::parse).transpose()?,
            method: fields.text("method").map_err(invalid)?,
            params: fields.take("params"),
        };
        fields.finish().map_err(invalid)?;
        Ok(head)
    }
}

#[cfg(test)]
mod tests;
