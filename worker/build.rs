//! Writes what the Worker embeds as text: the OpenAPI document of the contract
//! in `domain::api`, and the hashes of what the migrations make.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

use domain::api::{ALL, Gate, Operation};
use domain::digest::Digest;
use domain::problem::Problem;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

#[path = "src/platform/d1/statement.rs"]
mod statement;

use statement::plain as plain_statement;

const SCHEMAS: &str = "/components/schemas";
const MIGRATIONS: &str = "../schema";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={MIGRATIONS}");
    let folder = std::env::var("OUT_DIR")?;
    let folder = Path::new(&folder);
    std::fs::write(folder.join("openapi.json"), document().to_string())?;
    std::fs::write(folder.join("schema.json"), json!(schema()?).to_string())?;
    Ok(())
}

/// What the migrations make, by name: the first half of the hash of its statement. A statement of theirs begins a line.
fn schema() -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut made = BTreeMap::new();
    let mut files: Vec<_> = std::fs::read_dir(MIGRATIONS)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files.iter().filter(|f| f.path().extension().is_some_and(|e| e == "sql")) {
        let text = format!("\n{}", std::fs::read_to_string(file.path())?);
        for part in text.split("\nCREATE ").skip(1) {
            let sql = plain_statement(part.split("\nINSERT ").next().unwrap_or(part));
            let name = sql.split(' ').find(|w| !["UNIQUE", "TABLE", "INDEX", "TRIGGER", "VIEW"].contains(w));
            let name = name.ok_or("a statement without a name")?.to_owned();
            let hash = Digest::of_bytes(format!("CREATE {sql}").as_bytes()).to_hex();
            made.insert(name, hash[..32].to_owned());
        }
    }
    Ok(made)
}

/// A value that is read may leave out what has a default; a value that is
/// written holds every field. So the two have generators of their own.
struct Generators {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Generators {
    fn new() -> Self {
        let settings = || SchemaSettings::draft2020_12().with(|s| s.definitions_path = SCHEMAS.into());
        Self {
            read: settings().for_deserialize().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }
}

fn document() -> Value {
    let mut generators = Generators::new();
    let problem = json!({
        "description": "Refused, in words",
        "content": { "application/problem+json": { "schema": generators.written.subschema_for::<Problem>() } },
    });
    let operations: Vec<Described> = ALL.iter().map(|o| Described::of(o, &mut generators)).collect();
    let mut schemas = generators.written.take_definitions(true);
    let mut read = generators.read.take_definitions(true);
    let twofold = twofold(&read, &schemas);
    let mut paths = Map::new();
    for mut described in operations {
        rename(&mut described.inputs, &twofold);
        let path = paths.entry(described.operation.path).or_insert_with(|| json!({}));
        let method = described.operation.method.name().to_lowercase();
        path[method] = described.whole();
    }
    for (name, schema) in &mut read {
        rename(schema, &twofold);
        schemas.insert(read_name(name, &twofold), schema.take());
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": "Xiaoxun (校讯)", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": {
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" } },
            "responses": { "Problem": problem },
            "schemas": schemas,
        },
    });
    plain(&mut document);
    document
}

/// An operation of the document, what goes in apart from what comes out.
struct Described {
    operation: &'static Operation,
    inputs: Value,
    responses: Value,
}

impl Described {
    fn of(operation: &'static Operation, generators: &mut Generators) -> Self {
        let mut parameters = Vec::new();
        if let Some(name) = operation.parameter() {
            let schema = (operation.place)(&mut generators.read);
            parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
        for parameter in operation.query {
            parameters.push(json!({
                "name": parameter.name,
                "in": "query",
                "description": parameter.about,
                "required": parameter.is_required,
                "schema": (parameter.schema)(&mut generators.read),
            }));
        }
        let mut inputs = json!({ "parameters": parameters });
        if let Some(content) = content((operation.body)(&mut generators.read)) {
            inputs["requestBody"] = json!({ "required": true, "content": content });
        }
        let mut success = json!({ "description": "Done" });
        if let Some(content) = content((operation.answer)(&mut generators.written)) {
            success["content"] = content;
        }
        let problem = json!({ "$ref": "#/components/responses/Problem" });
        let mut responses = json!({ "4XX": problem, "5XX": problem });
        responses[operation.status.to_string()] = success;
        Self { operation, inputs, responses }
    }

    fn whole(self) -> Value {
        let Self { operation, inputs: mut whole, responses } = self;
        whole["operationId"] = json!(operation.name);
        whole["summary"] = json!(operation.summary);
        whole["responses"] = responses;
        if operation.gate != Gate::Open {
            whole["security"] = json!([{ "session": [] }]);
        }
        if let Gate::Needs(action) = operation.gate {
            whole["x-needs"] = json!(action);
        }
        if operation.limit > 0 {
            whole["x-max-body-bytes"] = json!(operation.limit);
        }
        whole
    }
}

/// By media type; nothing for the schema of `()`.
fn content(schema: Schema) -> Option<Value> {
    if schema.get("type").is_some_and(|kind| kind == "null") {
        return None;
    }
    let media =
        schema.get("contentMediaType").and_then(Value::as_str).unwrap_or("application/json").to_owned();
    Some(json!({ media: { "schema": schema } }))
}

/// Names of types that differ when read and when written, and of those that refer to one.
fn twofold(read: &Map<String, Value>, written: &Map<String, Value>) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    loop {
        let more: Vec<String> = read
            .iter()
            .filter(|(name, schema)| {
                let differs = written.get(*name).is_some_and(|other| other != *schema);
                let text = schema.to_string();
                let refers = written.contains_key(*name)
                    && found.iter().any(|other| text.contains(&format!("\"#{SCHEMAS}/{other}\"")));
                !found.contains(*name) && (differs || refers)
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// The name of a type as it is read.
fn read_name(name: &str, twofold: &BTreeSet<String>) -> String {
    if twofold.contains(name) { format!("{name}Body") } else { name.to_owned() }
}

/// Lets references in what is read lead to the types as they are read.
fn rename(value: &mut Value, twofold: &BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(to)) = object.get_mut("$ref")
                && let Some((before, name)) = to.rsplit_once('/')
            {
                *to = format!("{before}/{}", read_name(name, twofold));
            }
            object.values_mut().for_each(|inner| rename(inner, twofold));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| rename(inner, twofold)),
        _ => {}
    }
}

/// Descriptions come from comments, whose links lead nowhere outside the code.
fn plain(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.replace("[`", "`").replace("`]", "`");
            }
            object.values_mut().for_each(plain);
        }
        Value::Array(list) => list.iter_mut().for_each(plain),
        _ => {}
    }
}
