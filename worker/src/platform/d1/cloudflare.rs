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
                // Rows are read later and stand as text until then, which only serde_json's own reader leaves.
                Ok(results) => serde_json::from_str(&results.as_string().unwrap_or_default())
                    .map_err(|e| AppError::Internal(format!("the answer of D1 cannot be read: {e}"))),
                Err(error) => Err(from_database(glue::message(&error))),
            }
        })
    }
}
