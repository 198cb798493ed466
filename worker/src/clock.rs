//! The one clock (I12). The demo can set it forward, so that three days of
//! waiting can be watched in a test.

use domain::time::Instant;
use worker::Env;

/// The offset that the demo asks for, in milliseconds; 0 in a real deployment.
pub fn offset(env: &Env) -> i64 {
    if !demo(env) {
        return 0;
    }
    env.var("CLOCK_OFFSET_MS").ok().and_then(|v| v.to_string().parse().ok()).unwrap_or(0)
}

/// Whether this is the demo, started by `npm start`.
pub fn demo(env: &Env) -> bool {
    env.var("DEMO").is_ok_and(|v| v.to_string() == "1")
}

/// Now.
pub fn now(offset: i64) -> Instant {
    Instant(worker::Date::now().as_millis() as i64).plus(offset)
}
