//! What the Worker publishes of its API, to hold requests and answers against.

use domain::api::{ALL, Address, Method, Operation};
use jsonschema::Validator;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{App, Client, Reply};

/// The document that `GET /api/openapi.json` gives.
pub struct Contract {
    document: Value,
    problem: Validator,
}

impl Contract {
    /// As this school's Worker publishes it.
    pub fn of(app: &App) -> Self {
        let document: Value = app.anybody().get("/api/openapi.json").json();
        let problem = &document["components"]["responses"]["Problem"]["content"]["application/problem+json"];
        let problem = validator(&document, &problem["schema"]);
        Self { document, problem }
    }

    /// The operation that an address belongs to.
    ///
    /// # Panics
    /// Where there is none.
    #[track_caller]
    pub fn operation(method: Method, url: &str) -> &'static Operation {
        let path = url.split('?').next().unwrap_or_default();
        let is_id = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let fits = |operation: &&Operation| {
            let (wanted, given) = (operation.path.split('/'), path.split('/'));
            wanted.clone().count() == given.clone().count()
                && wanted.zip(given).all(|(w, g)| w == g || w.starts_with('{') && is_id(g))
        };
        let found = ALL.iter().filter(|operation| operation.method == method).find(fits);
        found.unwrap_or_else(|| panic!("no operation is called by {} {url}", method.name()))
    }

    /// What the document says of an operation.
    ///
    /// # Panics
    /// Where it says nothing.
    pub fn about(&self, operation: &Operation) -> &Value {
        let about = &self.document["paths"][operation.path][operation.method.name().to_lowercase()];
        assert_eq!(about["operationId"], operation.name, "{} is in the document", operation.name);
        about
    }

    /// The schema of the JSON that an operation takes, with all that it refers to put in.
    ///
    /// # Panics
    /// Where it refers to what is not there.
    pub fn body(&self, operation: &Operation) -> Option<&Value> {
        let schema = self.about(operation)["requestBody"]["content"]["application/json"].get("schema")?;
        Some(match schema["$ref"].as_str() {
            Some(to) => self.document.pointer(to.trim_start_matches('#')).expect("what is referred to"),
            None => schema,
        })
    }

    /// The media type of what an operation takes.
    pub fn media(&self, operation: &Operation) -> Option<&str> {
        self.about(operation)["requestBody"]["content"].as_object()?.keys().next().map(String::as_str)
    }

    /// Calls an endpoint; what goes in and what comes out has to be as the document says.
    ///
    /// # Panics
    /// Where it is not, or the request is refused.
    #[track_caller]
    pub fn call<B: Serialize, A: DeserializeOwned>(
        &self,
        client: &Client,
        to: impl Into<Address<B, A>>,
        body: &B,
        headers: &[(&str, &str)],
    ) -> A {
        let Address { method, url, .. } = to.into();
        let operation = Self::operation(method, &url);
        let body = serde_json::to_value(body).expect("a body");
        match self.body(operation) {
            Some(schema) => check(&validator(&self.document, schema), &body, operation.name),
            None => assert!(body.is_null(), "{} takes no JSON", operation.name),
        }
        let bytes = (!body.is_null()).then(|| body.to_string().into_bytes());
        let reply = client.send(method.name(), &url, bytes.as_deref(), headers);
        self.check_answer(operation, &reply);
        let text = if reply.body.is_empty() { "null" } else { &reply.body };
        serde_json::from_str(text).unwrap_or_else(|e| panic!("{}: {e}: {}", operation.name, reply.body))
    }

    /// Whether a value is a body, or an answer, of the operation.
    pub fn knows(&self, operation: &Operation, value: &Value) -> bool {
        let answer = &self.about(operation)["responses"][operation.status.to_string()];
        let answer = answer["content"]["application/json"].get("schema");
        let mut schemas = self.body(operation).into_iter().chain(answer);
        schemas.any(|schema| validator(&self.document, schema).is_valid(value))
    }

    /// Holds a success against the document.
    ///
    /// # Panics
    /// Where it is another status, media type or form.
    #[track_caller]
    pub fn check_answer(&self, operation: &Operation, reply: &Reply) {
        let name = operation.name;
        assert_eq!(reply.status, operation.status, "{name}: {}", reply.body);
        let answer = &self.about(operation)["responses"][reply.status.to_string()];
        match answer["content"]["application/json"].get("schema") {
            Some(schema) => {
                assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"), "{name}");
                let value = serde_json::from_str(&reply.body).expect("JSON");
                check(&validator(&self.document, schema), &value, name);
            }
            // A file comes as what it is.
            None if answer["content"].is_object() => {
                let kind = reply.header("content-type").unwrap_or_default();
                assert!(
                    !reply.body.is_empty() && !kind.contains("json") && !kind.contains("html"),
                    "{name}: {kind}"
                );
            }
            None => assert_eq!(reply.body, "", "{name} answers nothing"),
        }
    }

    /// Holds a refusal against the document, and gives its name.
    ///
    /// # Panics
    /// Where it is another status or form.
    #[track_caller]
    pub fn check_problem(&self, reply: &Reply, status: u16) -> String {
        let name = reply.refused(status);
        check(&self.problem, &serde_json::from_str(&reply.body).expect("JSON"), &name);
        name
    }
}

/// A validator of a part of the document.
fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::validator_for(&whole).unwrap_or_else(|e| panic!("{e}: {schema}"))
}

#[track_caller]
fn check(validator: &Validator, value: &Value, name: &str) {
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{name} is not as the document says: {}", wrong.join("\n"));
}
