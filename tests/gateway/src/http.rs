//! Requests and answers, free of any server.

use serde_json::{Value, json};

use crate::text;

/// An HTTP request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `POST` or `GET`.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// All headers, `Host` among them, in any case.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body.
    pub body: Vec<u8>,
}

impl Request {
    /// A header's value; of several the values joined, as both signatures see them.
    pub fn header(&self, name: &str) -> Option<String> {
        let all: Vec<&str> = self
            .headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect();
        (!all.is_empty()).then(|| all.join(","))
    }
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// The bytes, JSON unless something is wrong.
        body: Vec<u8>,
    },
    /// Nothing, ever, and the connection stays open.
    Held,
    /// The connection is closed without an answer.
    Dropped,
}

/// An answer before anything happens to it.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Value,
}

impl From<Answer> for Reply {
    fn from(Answer { status, body }: Answer) -> Self {
        Self::Answer { status, body: body.to_string().into_bytes() }
    }
}

/// Who is called for what. Told by the signature's name, since on loopback
/// both have one address.
pub(crate) enum Call {
    Aliyun { action: String },
    Tencent { action: String },
    Unknown,
}

impl Call {
    pub fn of(request: &Request) -> Self {
        let action = |name| request.header(name).unwrap_or_default();
        let signed = request.header("authorization").unwrap_or_default();
        if signed.starts_with("TC3-") || request.header("x-tc-action").is_some() {
            Self::Tencent { action: action("x-tc-action") }
        } else if signed.starts_with("ACS3-") || request.header("x-acs-action").is_some() {
            Self::Aliyun { action: action("x-acs-action") }
        } else {
            Self::Unknown
        }
    }

    pub fn submits(&self) -> bool {
        match self {
            Self::Aliyun { action } | Self::Tencent { action } => action.starts_with("Send"),
            Self::Unknown => false,
        }
    }

    /// Too many calls, in the provider's own words.
    pub fn too_many(&self, call: u64) -> Reply {
        let id = text::request_id(call);
        match self {
            Self::Tencent { .. } => Answer {
                status: 429,
                body: json!({ "Response": { "Error": { "Code": "RequestLimitExceeded", "Message": "Your current request times exceeds the limit, please try again later." }, "RequestId": id } }),
            },
            _ => Answer {
                status: 429,
                body: json!({ "Code": "Throttling.User", "Message": "Request was denied due to user flow control.", "RequestId": id, "HostId": "dysmsapi.aliyuncs.com" }),
            },
        }
        .into()
    }

    /// Makes an answer say more or less than is true.
    pub fn miscount(&self, body: &mut Value, how: usize) {
        let set = match self {
            Self::Tencent { .. } => body.pointer_mut("/Response/SendStatusSet"),
            _ => body.pointer_mut("/SmsSendDetailDTOs/SmsSendDetailDTO"),
        };
        if let Some(Value::Array(set)) = set {
            match (how, set.first().cloned()) {
                (0, _) => {
                    set.pop();
                }
                (1, Some(first)) => set.push(first),
                _ => set.clear(),
            }
        } else if let Value::Object(answer) = body {
            answer.remove("BizId");
        }
    }
}
