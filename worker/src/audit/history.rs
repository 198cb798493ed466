//! What the log tells of one person, post or number, and what lies sealed
//! beside it.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Person};
use domain::audit::{
    AuditAction, FieldChange, History, HistoryEntry, PersonKind, RecordKind, Reveal, Revealed, RevealedValue,
};
use domain::time::Instant;
use serde::Deserialize;
use serde_json::{Value, json};

use super::store::{ViewRow, view};
use super::values;
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::json as columns;

/// Values of one answer.
const VALUES_MAX: u32 = 200;

/// The rows of entry `a` that concern ?4, ?5: its own, a person's posts, whoever has or had a number.
const ROWS: &str = "(SELECT json_group_array(json_array(CAST(r.key AS INTEGER), json(r.value))) FROM json_each(a.detail, '$.rows') r
    WHERE a.action = 'record.changed' AND (
      a.detail ->> '$.kind' = ?4 AND CAST(r.key AS INTEGER) = ?5
      OR ?4 = 'staff' AND a.detail ->> '$.kind' = 'appointment' AND r.value ->> '$.staff[1]' = ?5
      OR ?4 = 'phone' AND ?5 IN (r.value ->> '$.phone[0]', r.value ->> '$.phone[1]')))";

/// Before and after, by field.
type Fields = BTreeMap<String, (Value, Value)>;

#[derive(Deserialize)]
struct MoreRow {
    seq: i64,
    kind: Option<RecordKind>,
    #[serde(deserialize_with = "columns::column")]
    rows: Vec<(i64, Fields)>,
    has_values: i64,
}

#[derive(Deserialize)]
struct NameRow {
    id: i64,
    name: String,
}

/// Whether the reader may know what is personal of it. Staff: whoever reads the log; the roll: who reads all of it.
fn may_reveal(reader: &Person, kind: RecordKind) -> bool {
    match kind {
        RecordKind::Staff | RecordKind::School => true,
        RecordKind::Student | RecordKind::Guardian | RecordKind::Phone => {
            reader.may_school(Action::ReadRoster)
        }
        _ => false,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What the id of a field names: the table behind it.
fn table_of(field: &str) -> Option<&'static str> {
    match field {
        "unit" | "parent" => Some("units"),
        "class" => Some("classes"),
        "staff" | "stopped_by" | "given_by" | "confirmed_by" | "declined_by" | "listed_by"
        | "recorded_by" | "withdrawn_by" | "proposed_by" | "lift_asked_by" | "lifted_by" => Some("staff"),
        _ => None,
    }
}

/// The newest entries about something, before `before`.
///
/// # Errors
/// Where the database fails.
pub(super) async fn history(
    app: &App,
    reader: &Person,
    (kind, id): (RecordKind, i64),
    before: i64,
    most: usize,
) -> Result<History, AppError> {
    let about = "FROM audit_about b CROSS JOIN audit a ON a.seq = b.seq
        WHERE b.kind = ?4 AND b.id = ?5 AND b.seq < ?1 ORDER BY b.seq DESC LIMIT ?2";
    let key = args![before, most + 1, reader.may_school(Action::ReadMessages), kind.key(), id];
    let rows = app
        .db
        .run(vec![
            sql(format!("SELECT {} {about}", view()), key),
            sql(
                format!(
                    "SELECT a.seq, a.detail ->> '$.kind' AS kind, {ROWS} AS rows,
                       EXISTS (SELECT 1 FROM audit_values v WHERE v.seq IN (a.seq, CASE a.action WHEN 'record.changed' THEN a.subject_id END)
                               AND (?4 = 'school' OR v.kind = ?4 AND v.person = ?5)) AS has_values {about}"
                ),
                key,
            ),
            // A post and an absence are called after their holder.
            sql(
                "SELECT t.id, t.name FROM appointments p CROSS JOIN staff t ON t.id = p.staff_id
                 WHERE p.id = CASE ?1 WHEN 'appointment' THEN ?2
                   WHEN 'delegation' THEN (SELECT g.appointment_id FROM delegations g WHERE g.id = ?2) END",
                args![kind.key(), id],
            ),
        ])
        .await?;
    let (views, more): (Vec<ViewRow>, Vec<MoreRow>) = (rows.at(0)?.all()?, rows.at(1)?.all()?);
    let holder: Option<NameRow> = rows.at(2)?.first()?;
    let mut ids: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for (field, (before, after)) in more.iter().flat_map(|m| &m.rows).flat_map(|(_, fields)| fields) {
        if let Some(table) = table_of(field) {
            ids.entry(table).or_default().extend([before, after].into_iter().filter_map(Value::as_i64));
        }
    }
    let own = match kind {
        RecordKind::Staff => Some("staff"),
        RecordKind::Unit => Some("units"),
        RecordKind::Class => Some("classes"),
        _ => None,
    };
    if let Some(own) = own {
        ids.entry(own).or_default().insert(id);
    }
    let names = names(app, &ids).await?;
    let name_of = |table: Option<&str>, id: &Value| {
        let id = id.as_i64()?;
        names.get(table?)?.get(&id).cloned()
    };
    let field = |name: &String, (before, after): &(Value, Value)| {
        let named = |value: &Value| name_of(table_of(name), value);
        FieldChange {
            field: name.clone(),
            before: text(before),
            after: text(after),
            before_name: named(before).unwrap_or_default(),
            after_name: named(after).unwrap_or_default(),
        }
    };
    let has_more = views.len() > most;
    let more: BTreeMap<i64, MoreRow> = more.into_iter().map(|m| (m.seq, m)).collect();
    let mut entries = Vec::new();
    for row in views.into_iter().take(most) {
        let told = more.get(&row.seq);
        let view = row.view();
        let has_values = told.is_some_and(|m| m.has_values == 1);
        let rows = told.map(|m| m.rows.as_slice()).unwrap_or_default();
        if rows.is_empty() {
            entries.push(HistoryEntry { view, kind: None, id: 0, changes: Vec::new(), has_values });
            continue;
        }
        for (id, fields) in rows {
            let changes = fields.iter().map(|(name, values)| field(name, values)).collect();
            let kind = told.and_then(|m| m.kind);
            entries.push(HistoryEntry { view: view.clone(), kind, id: *id, changes, has_values });
        }
    }
    Ok(History {
        kind,
        id,
        name: holder.map(|h| h.name).or_else(|| name_of(own, &json!(id))).unwrap_or_default(),
        entries,
        more: has_more,
        may_reveal: may_reveal(reader, kind),
    })
}

/// What ids are called now.
async fn names<'a>(
    app: &App,
    ids: &BTreeMap<&'a str, BTreeSet<i64>>,
) -> Result<BTreeMap<&'a str, BTreeMap<i64, String>>, AppError> {
    let mut statements = Vec::new();
    for (table, ids) in ids {
        let list = args![columns::text(ids)?];
        statements.push(sql(
            format!("SELECT id, name FROM {table} WHERE id IN (SELECT value FROM json_each(?1))"),
            list,
        ));
    }
    if statements.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = app.db.run(statements).await?;
    ids.keys()
        .zip(&rows)
        .map(|(table, rows)| {
            Ok((*table, rows.all::<NameRow>()?.into_iter().map(|n| (n.id, n.name)).collect()))
        })
        .collect()
}

#[derive(Deserialize)]
struct ValueRow {
    seq: i64,
    at: Instant,
    kind: PersonKind,
    person: i64,
    sealed: String,
    key_id: Option<i64>,
    key: Option<String>,
}

#[derive(Deserialize)]
struct NumberRow {
    seq: i64,
    at: Instant,
    before_id: Option<i64>,
    before_key: Option<i64>,
    before_sealed: Option<String>,
    after_id: Option<i64>,
    after_key: Option<i64>,
    after_sealed: Option<String>,
}

/// Reads what lies sealed beside the entries about a person, and which numbers they had; it is logged
/// in the same batch.
///
/// # Errors
/// [`AppError::NotFound`] where nothing is told of it, or not to this reader.
pub(super) async fn reveal(app: &App, reader: &Person, order: Reveal) -> Result<Revealed, AppError> {
    let Reveal { kind, id } = order;
    if !may_reveal(reader, kind) {
        return Err(AppError::NotFound);
    }
    let of = args![kind.key(), id, VALUES_MAX];
    let number = "LEFT JOIN phones f ON f.id = n.before_id LEFT JOIN phones t ON t.id = n.after_id";
    let columns = "n.seq, n.at, f.id AS before_id, f.key_id AS before_key, f.sealed AS before_sealed,
        t.id AS after_id, t.key_id AS after_key, t.sealed AS after_sealed";
    let rows = app
        .db
        .guarded()
        .append([
            sql(
                "SELECT v.seq, a.at, v.kind, v.person, v.sealed, k.key_id, k.sealed AS key
                 FROM audit_about b CROSS JOIN audit_values v ON v.seq = b.seq CROSS JOIN audit a ON a.seq = v.seq
                 LEFT JOIN person_keys k ON k.kind = v.kind AND k.person = v.person AND k.seq = v.seq
                 WHERE ?1 = 'school' AND b.kind = 'school' AND b.id = ?2
                 UNION ALL
                 SELECT v.seq, a.at, v.kind, v.person, v.sealed, k.key_id, k.sealed
                 FROM audit_values v CROSS JOIN audit a ON a.seq = v.seq
                 LEFT JOIN person_keys k ON k.kind = v.kind AND k.person = v.person AND k.seq = v.seq
                 WHERE v.kind = ?1 AND v.person = ?2 ORDER BY 1 DESC LIMIT ?3",
                of,
            ),
            sql(
                format!(
                    "SELECT {columns} FROM (
                       SELECT a.seq, a.at, a.detail ->> ('$.rows.\"' || b.id || '\".phone[0]') AS before_id,
                         a.detail ->> ('$.rows.\"' || b.id || '\".phone[1]') AS after_id
                       FROM audit_about b CROSS JOIN audit a ON a.seq = b.seq
                       WHERE b.kind = ?1 AND b.id = ?2 AND a.action = 'record.changed' AND a.detail ->> '$.kind' = ?1
                       UNION ALL
                       SELECT MAX(b.seq), a.at, NULL, b.id FROM audit_about b CROSS JOIN audit a ON a.seq = b.seq
                       WHERE ?1 = 'phone' AND b.kind = 'phone' AND b.id = ?2 HAVING COUNT(*) > 0) n {number}
                     WHERE n.before_id IS NOT NULL OR n.after_id IS NOT NULL ORDER BY 1 DESC LIMIT ?3"
                ),
                of,
            ),
        ])
        .require("EXISTS (SELECT 1 FROM audit_about b WHERE b.kind = ?1 AND b.id = ?2)", args![kind.key(), id])
        .audit(&Audit {
            at: app.now(),
            actor: reader.id.0,
            action: AuditAction::ValuesRead,
            subject: Subject::Row(kind.key(), id),
            detail: &json!({}),
        })
        .commit()
        .await;
    let rows =
        rows.map_err(|error| if matches!(error, AppError::Lost) { AppError::NotFound } else { error })?;
    let mut revealed = Revealed { values: Vec::new(), erased: 0 };
    for row in rows.at(0)?.all::<ValueRow>()? {
        let key = row.key_id.zip(row.key.as_deref());
        let Some(Value::Object(told)) = values::open(app, row.kind, row.person, &row.sealed, key) else {
            revealed.erased += 1;
            continue;
        };
        for (field, value) in told {
            let side = |at: usize| value.get(at).and_then(Value::as_str).map(str::to_owned);
            let (before, after) = (side(0), side(1));
            if before != after {
                revealed.values.push(RevealedValue { seq: row.seq, at: row.at, field, before, after });
            }
        }
    }
    let keys = app.keys()?;
    let number = |id: Option<i64>, key: Option<i64>, sealed: Option<String>| {
        let phone = keys.open_phone(id?, key?, &sealed?).ok()?;
        Some(phone.digits().to_owned())
    };
    for row in rows.at(1)?.all::<NumberRow>()? {
        let before = number(row.before_id, row.before_key, row.before_sealed);
        let after = number(row.after_id, row.after_key, row.after_sealed);
        if before.is_none() && after.is_none() {
            revealed.erased += 1;
            continue;
        }
        revealed.values.push(RevealedValue {
            seq: row.seq,
            at: row.at,
            field: "phone".into(),
            before,
            after,
        });
    }
    revealed.values.sort_by_key(|value| std::cmp::Reverse(value.seq));
    Ok(revealed)
}
