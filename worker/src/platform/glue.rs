//! The functions of `glue.js`.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen(module = "/src/platform/glue.js")]
extern "C" {
    /// Method, address and headers of a request, as JSON.
    #[wasm_bindgen(catch)]
    pub fn head(request: &JsValue) -> Result<String, JsValue>;

    /// A request's body, or `undefined` where it is longer than `limit` bytes.
    #[wasm_bindgen(catch)]
    pub async fn body(request: &JsValue, limit: u32) -> Result<JsValue, JsValue>;

    /// An answer.
    #[wasm_bindgen(catch)]
    pub fn respond(status: u16, text: Option<&str>, kept: &JsValue, own: &str) -> Result<JsValue, JsValue>;

    /// An answer that is a file.
    #[wasm_bindgen(catch, js_name = respondBytes)]
    pub fn respond_bytes(status: u16, bytes: &[u8], kept: &JsValue, own: &str) -> Result<JsValue, JsValue>;

    /// Headers as one object, to be kept.
    #[wasm_bindgen(catch)]
    pub fn keep(headers: &str) -> Result<JsValue, JsValue>;

    /// Text from bytes in GB18030.
    #[wasm_bindgen(catch)]
    pub fn gb18030(bytes: &[u8]) -> Result<String, JsValue>;

    /// A text in Unicode's form NFKC.
    pub fn nfkc(text: &str) -> String;

    /// A value of the environment.
    pub fn binding(env: &JsValue, name: &str) -> JsValue;

    /// Runs statements as one D1 batch.
    #[wasm_bindgen(catch)]
    pub async fn batch(database: &JsValue, statements: &str) -> Result<JsValue, JsValue>;

    /// Puts messages, a JSON array, on a queue.
    #[wasm_bindgen(catch)]
    pub async fn enqueue(queue: &JsValue, bodies: &str) -> Result<JsValue, JsValue>;

    /// What breaks a call off.
    pub fn stopper() -> JsValue;

    /// Breaks it off.
    pub fn abort(stopper: &JsValue);

    /// Calls a server: `head` is `[method, address, [[name, value], …]]`. Answers `[status, bytes]`, without bytes where
    /// there are more than `limit`.
    #[wasm_bindgen(catch)]
    pub async fn call(head: &str, body: &[u8], stopper: &JsValue, limit: u32) -> Result<JsValue, JsValue>;

    /// A JSON file of the app's, as text, or `undefined`.
    #[wasm_bindgen(catch)]
    pub async fn asset(assets: &JsValue, path: &str) -> Result<JsValue, JsValue>;

    /// Stores a file unless one of this name is there; says whether it did.
    #[wasm_bindgen(catch, js_name = storeNew)]
    pub async fn store_new(bucket: &JsValue, name: &str, content: &[u8]) -> Result<JsValue, JsValue>;

    /// Names of files behind `after`, in order, as JSON.
    #[wasm_bindgen(catch)]
    pub async fn names(bucket: &JsValue, prefix: &str, after: &str) -> Result<JsValue, JsValue>;

    /// A file's bytes, or `null`.
    #[wasm_bindgen(catch)]
    pub async fn load(bucket: &JsValue, name: &str) -> Result<JsValue, JsValue>;
}

/// What an exception says, for the log.
pub fn message(error: &JsValue) -> String {
    error
        .dyn_ref::<worker::js_sys::Error>()
        .map_or_else(|| format!("{error:?}"), |e| String::from(e.message()))
}
