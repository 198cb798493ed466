//! The names that a file replaces, for the audit log: sealed beside it, so that
//! a year later it can be told who stood behind a number.

use domain::audit::PersonKind;
use serde_json::json;

use super::import_writes::Writes;
use crate::audit::values::Values;
use crate::platform::app::App;
use crate::platform::error::AppError;

/// Names and relations before and after, of all whose rows change.
///
/// # Errors
/// Where the platform gives no randomness.
pub(super) fn former(app: &App, writes: &Writes) -> Result<Values, AppError> {
    let mut values = Values::default();
    for (id, was, name, ..) in writes.staff.iter().filter(|(_, was, name, ..)| was != name) {
        values.add(app, PersonKind::Staff, id.0, &json!({ "name": [was, name] }))?;
    }
    for (id, was, name, ..) in writes.students.iter().filter(|(_, was, name, ..)| was != name) {
        values.add(app, PersonKind::Student, id.0, &json!({ "name": [was, name] }))?;
    }
    for (id, (_, old_name, old_relation, _), (_, name, relation, _)) in &writes.guardians {
        if old_name != name || old_relation != relation {
            let told = json!({ "name": [old_name, name], "relation": [old_relation, relation] });
            values.add(app, PersonKind::Guardian, id.0, &told)?;
        }
    }
    Ok(values)
}
