//! `GET /api/openapi.json`. `build.rs` makes the document of the contract's
//! table, so that it names every endpoint that exists and none that does not.
//! It is uploaded beside the Worker, as a file of the app: in the Worker it would
//! be a fortieth of all code.

use domain::api::Document;

use crate::platform::app::App;
use crate::platform::error::AppError;
use crate::platform::http::{Call, Reply};

#[cfg(not(target_arch = "wasm32"))]
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// `GET /api/openapi.json`.
///
/// # Errors
/// Where the deployment lacks the file.
pub async fn document(call: Call) -> Result<Reply<Document>, AppError> {
    Ok(Reply::json_text(200, text(&call.app).await?))
}

#[cfg(target_arch = "wasm32")]
async fn text(app: &App) -> Result<String, AppError> {
    app.host.asset("/api/openapi.json").await
}

/// In process nothing is uploaded.
#[cfg(not(target_arch = "wasm32"))]
async fn text(_: &App) -> Result<String, AppError> {
    Ok(DOCUMENT.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    fn document() -> Value {
        serde_json::from_str(super::DOCUMENT).expect("JSON")
    }

    #[test]
    fn the_document_names_exactly_the_api_routes() {
        let routes: BTreeSet<(String, String)> = crate::router::table()
            .iter()
            .filter(|route| route.path.starts_with("/api/"))
            .map(|route| (route.path.to_owned(), route.method.name().to_lowercase()))
            .collect();
        let document = document();
        let paths = document["paths"].as_object().expect("paths");
        let named: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().expect("a path's methods");
                methods.keys().map(|method| (path.clone(), method.clone()))
            })
            .collect();
        assert_eq!(named, routes);
    }

    /// Every reference leads somewhere.
    #[test]
    fn what_the_document_refers_to_is_in_it() {
        fn walk(value: &Value, document: &Value) {
            match value {
                Value::Object(object) => {
                    if let Some(Value::String(to)) = object.get("$ref") {
                        let pointer = to.trim_start_matches('#');
                        assert!(document.pointer(pointer).is_some(), "{to}");
                    }
                    object.values().for_each(|inner| walk(inner, document));
                }
                Value::Array(list) => list.iter().for_each(|inner| walk(inner, document)),
                _ => {}
            }
        }
        let document = document();
        walk(&document, &document);
    }
}
