//! `GET /api/openapi.json`: made of the router's own table, so that it names
//! every path that exists and none that does not.

use serde_json::{Map, Value, json};

use crate::error::AppError;
use crate::router::{Answer, Call, Gate, table};

/// The document.
///
/// # Errors
/// Never: it is made of constants.
pub async fn document(_call: Call) -> Result<Answer, AppError> {
    Answer::json(200, &build())
}

fn build() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in table().iter().filter(|r| r.path.starts_with("/api/")) {
        let parameters: Vec<Value> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "integer" } }))
            .collect();
        let mut operation = json!({
            "summary": route.summary,
            "parameters": parameters,
            "responses": {
                "2XX": { "description": "Done" },
                "4XX": { "description": "Refused, in words", "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } },
            },
        });
        if route.gate != Gate::Open {
            operation["security"] = json!([{ "session": [] }]);
        }
        if route.limit > 0 {
            operation["x-max-body-bytes"] = json!(route.limit);
        }
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_string().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Xiaoxun (校讯)", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": {
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" } },
            "schemas": { "Problem": {
                "type": "object",
                "required": ["type", "title", "status"],
                "properties": {
                    "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": "string" },
                    "errors": { "type": "array", "items": { "type": "object", "properties": { "field": { "type": "string" }, "message": { "type": "string" } } } },
                },
            } },
        },
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_api_route_is_named() {
        let document = super::build();
        for route in crate::router::table().iter().filter(|r| r.path.starts_with("/api/")) {
            assert!(
                document["paths"][route.path][route.method.to_string().to_lowercase()]["summary"].is_string(),
                "{}",
                route.path
            );
        }
    }
}
