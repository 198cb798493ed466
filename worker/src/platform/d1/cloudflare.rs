//! D1 itself: a batch goes over to JavaScript as one text and comes back as one.

use futures_util::future::LocalBoxFuture;
use wasm_bindgen::JsValue;

use super::db::{Backend, Rows, Stmt};
use crate::platform::error::{AppError, from_database};
use crate::platform::{glue, json};

/// A D1 database.
pub struct D1(pub JsValue);

impl Backend for D1 {
    fn batch(&self, statements: Vec<Stmt>) -> LocalBoxFuture<'_, Result<Vec<Rows>, AppError>> {
        Box::pin(async move {
            let text = json::text(&statements)?;
            drop(statements);
            match glue::batch(&self.0, &text).await {
                Ok(results) => json::read("the answer of D1", &results.as_string().unwrap_or_default()),
                Err(error) => Err(from_database(glue::message(&error))),
            }
        })
    }
}
