//! The log: one line of JSON for each event, with the request that it belongs
//! to. No phone, name, text or token stands in it (I11), so a panic tells its
//! place and never its message.

use serde_json::{Value, json};

use crate::platform::error::AppError;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Expected now and then, such as a provider that does not answer.
    Warn,
    /// A fault of ours, or of what we stand on.
    Error,
}

/// Writes one event; `facts` is an object.
pub fn write(level: Level, request: &str, area: &str, facts: Value) {
    let mut line = json!({
        "level": match level { Level::Warn => "warn", Level::Error => "error" },
        "request": request,
        "area": area,
    });
    if let (Value::Object(line), Value::Object(facts)) = (&mut line, facts) {
        line.extend(facts);
    }
    match level {
        Level::Warn => platform::warn(&line.to_string()),
        Level::Error => platform::error(&line.to_string()),
    }
}

/// An error as a fact for the log.
pub fn cause(error: &AppError) -> Value {
    json!(format!("{error:?}"))
}

/// Lets a panic write its place before the isolate ends.
#[cfg(target_arch = "wasm32")]
pub fn tell_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map_or_else(String::new, |l| format!("{}:{}", l.file(), l.line()));
            write(Level::Error, "", "panic", json!({ "place": place }));
        }));
    });
}

#[cfg(target_arch = "wasm32")]
mod platform {
    pub(super) fn warn(line: &str) {
        worker::console_warn!("{line}");
    }

    pub(super) fn error(line: &str) {
        worker::console_error!("{line}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod platform {
    use std::cell::RefCell;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn warn(line: &str) {
        LINES.with_borrow_mut(|lines| lines.push(line.to_owned()));
    }

    pub(super) fn error(line: &str) {
        warn(line);
    }

    /// Takes what this thread has logged.
    pub fn take() -> Vec<String> {
        LINES.take()
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use platform::take;
