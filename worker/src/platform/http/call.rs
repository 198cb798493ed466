//! A request, on its way to a handler.

use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

use domain::access::Person;
use domain::api::{self, Param, Value};
use domain::ids::StaffId;
use domain::words::Lang;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use worker::Url;

use crate::platform::app::App;
use crate::platform::error::AppError;
use crate::platform::json;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// One that the API has.
    Known(api::Method),
    /// Reads, and only the headers are answered.
    Head,
    /// Any other, which nothing takes.
    Other,
}

impl Method {
    /// The method of this name.
    pub fn of(name: &str) -> Self {
        match name {
            "GET" => Self::Known(api::Method::Get),
            "HEAD" => Self::Head,
            "POST" => Self::Known(api::Method::Post),
            "PUT" => Self::Known(api::Method::Put),
            "DELETE" => Self::Known(api::Method::Delete),
            _ => Self::Other,
        }
    }

    /// The method whose route serves it; nothing serves an unknown one.
    pub fn served_as(self) -> Option<api::Method> {
        match self {
            Self::Known(method) => Some(method),
            Self::Head => Some(api::Method::Get),
            Self::Other => None,
        }
    }

    /// Whether it can bring a body and change something.
    pub fn changes(self) -> bool {
        self.served_as().is_none_or(api::Method::changes)
    }
}

/// The key of an order: whose it is, for which way in, and what was ordered.
#[derive(Clone, Debug)]
pub struct Key {
    /// Whose.
    pub staff: StaffId,
    /// Method, path and query.
    pub route: String,
    /// The key itself.
    pub key: String,
    /// SHA-256 of the body.
    pub body_hash: String,
}

/// Where a body comes from: read only once the way in is known, and no further than its limit.
pub trait Incoming {
    /// The bytes.
    ///
    /// # Errors
    /// [`AppError::TooLarge`] beyond the limit; [`AppError::BadJson`] where it breaks off.
    fn read(self: Box<Self>, limit: usize) -> LocalBoxFuture<'static, Result<Vec<u8>, AppError>>;
}

/// A body that is there as a whole.
impl Incoming for Vec<u8> {
    fn read(self: Box<Self>, limit: usize) -> LocalBoxFuture<'static, Result<Vec<u8>, AppError>> {
        Box::pin(async move { if self.len() > limit { Err(AppError::TooLarge(limit)) } else { Ok(*self) } })
    }
}

/// A request before anybody has looked at it.
pub struct Request {
    /// Method.
    pub method: Method,
    /// Address.
    pub url: Url,
    /// Headers, names in lower case.
    pub headers: HashMap<String, String>,
    /// Body.
    pub body: Box<dyn Incoming>,
}

/// A request that a way in takes.
pub struct Call {
    /// The deployment.
    pub app: Rc<App>,
    /// The reader's language.
    pub lang: Lang,
    /// The method: `Head` where only the headers are asked for.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// The headers, names in lower case.
    pub headers: HashMap<String, String>,
    /// Parameters of the path.
    pub params: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Call {
    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A value of the query, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }

    /// A parameter of the query that the contract names; what cannot be read does not exist.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn asked<T: Value>(&self, param: Param<T>) -> Result<Option<T>, AppError> {
        let given = self.query(param.parameter.name);
        given.map(|text| T::read(&text).ok_or(AppError::NotFound)).transpose()
    }

    /// A parameter of the path; what is no id does not exist.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn param<T: std::str::FromStr>(&self, name: &str) -> Result<T, AppError> {
        self.params.get(name).and_then(|v| v.parse().ok()).ok_or(AppError::NotFound)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`AppError::BadJson`] names the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        json::parse(&self.body).map_err(|e| AppError::BadJson(e.to_string()))
    }

    /// The body as a form.
    pub fn form(&self) -> HashMap<String, String> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

/// A request of somebody who is signed in, with the posts held at this moment.
pub struct Signed {
    /// The request.
    pub call: Call,
    /// Who is signed in.
    pub person: Rc<Person>,
    /// The hash of the session's token, for signing out.
    pub session: String,
    /// The Idempotency-Key, where the request brings one.
    pub key: Option<Key>,
}

impl Deref for Signed {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}
