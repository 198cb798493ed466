//! Moving and closing units: one person proposes, a second one who edits units
//! reads what would follow and confirms. The row is sealed, so that one written
//! past the Worker cannot be confirmed.

use domain::access::{Action, Person, Post};
use domain::api;
use domain::audit::AuditAction;
use domain::ids::{StaffId, UnitChangeId, UnitId};
use domain::school::PersonRef;
use domain::time::Instant;
use domain::unit::{
    Overseer, Tree, TreeUnit, UnitChanges, UnitMove, UnitUse, WaitingUnitChange, second_bar, waits_already,
};
use domain::words::Words;
use serde::Deserialize;
use serde_json::json;

use super::units::{lost, tree_of, tree_sql};
use crate::args;
use crate::people::leaving::roll_changed;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Audit, Guarded, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::platform::json as columns;
use crate::seals::{Seal, UnitChangeSeal};

/// A row with all that its seal is over.
#[derive(Clone, Debug, Deserialize)]
pub struct SealedUnitChange {
    /// Its id.
    pub id: i64,
    unit_id: i64,
    from_parent: i64,
    to_parent: Option<i64>,
    proposed_by: i64,
    proposed_at: Instant,
    confirmed_by: Option<i64>,
    confirmed_at: Option<Instant>,
    mac: String,
}

/// The columns of [`SealedUnitChange`], of a row `c`.
pub const COLUMNS: &str = "c.id, c.unit_id, c.from_parent, c.to_parent, c.proposed_by, c.proposed_at, c.confirmed_by, c.confirmed_at, c.mac";

impl SealedUnitChange {
    fn seal(&self, confirmed: Option<(i64, Instant)>) -> UnitChangeSeal {
        UnitChangeSeal {
            unit: self.unit_id,
            from: self.from_parent,
            to: self.to_parent,
            proposed_by: self.proposed_by,
            proposed_at: self.proposed_at,
            confirmed,
        }
    }

    /// Whether it is as it was proposed or confirmed.
    pub fn fits(&self, keys: &Keys) -> bool {
        self.seal(self.confirmed_by.zip(self.confirmed_at)).fits(keys, &self.mac)
    }
}

/// Those that wait, `c`, as a FROM clause: by the index that holds them alone.
const WAITING: &str =
    "unit_changes c INDEXED BY unit_changes_waiting WHERE c.confirmed_at IS NULL AND c.declined_at IS NULL";

/// How many a person may confirm: for the start page.
pub fn count_sql(person: &Person) -> Stmt {
    sql(
        format!("SELECT COUNT(*) AS n FROM {WAITING} AND ?2 = 1 AND c.proposed_by <> ?1"),
        args![person.id, person.may(Action::EditUnits)],
    )
}

#[derive(Deserialize)]
struct WaitingRow {
    id: UnitChangeId,
    unit_id: UnitId,
    from_parent: UnitId,
    to_parent: Option<UnitId>,
    #[serde(deserialize_with = "columns::column")]
    by: PersonRef,
    proposed_at: Instant,
    units: u32,
    classes: u32,
    under_way: u32,
    #[serde(deserialize_with = "columns::column")]
    gained: Vec<(String, Post, String)>,
    #[serde(deserialize_with = "columns::column")]
    lost: Vec<(String, Post, String)>,
}

/// Who holds a post that reaches down (?1) in a unit above `here` that is not above `there`.
fn above(here: &str, there: &str) -> String {
    format!(
        "(SELECT json_group_array(json_array(t.name, a.post, v.name)) FROM unit_tree w CROSS JOIN units v ON v.id = w.ancestor_id
          CROSS JOIN json_each(?1) k CROSS JOIN appointments_in_power a ON a.post = k.value AND a.unit_id = w.ancestor_id AND a.since <= ?2
          CROSS JOIN staff t ON t.id = a.staff_id
          WHERE w.unit_id = {here} AND NOT EXISTS (SELECT 1 FROM unit_tree o WHERE o.unit_id = {there} AND o.ancestor_id = w.ancestor_id))"
    )
}

/// Messages of a state from or to what lies in `c.unit_id`.
fn messages_in(from: &str, condition: &str) -> String {
    format!(
        "(SELECT COUNT(*) FROM {from} WHERE {condition} AND EXISTS (SELECT 1 FROM unit_tree w
          WHERE w.ancestor_id = c.unit_id AND w.unit_id IN (m.capacity_unit_id, m.audience_unit_id)))"
    )
}

/// Reads what waits, and the tree; for [`view`].
fn list_sql(now: Instant) -> Result<Vec<Stmt>, AppError> {
    let down: Vec<&str> = Post::ALL.into_iter().filter(|post| post.reaches_down()).map(Post::key).collect();
    let (gained, gone) = (above("c.to_parent", "c.from_parent"), above("c.from_parent", "c.to_parent"));
    let submitted = messages_in("messages m", "m.state = 'submitted'");
    let approved = messages_in("messages m", "m.state = 'approved'");
    let sending = messages_in("rounds r CROSS JOIN messages m ON m.id = r.message_id", "r.ended_at IS NULL");
    let waiting = sql(
        format!(
            "SELECT c.id, c.unit_id, c.from_parent, c.to_parent, c.proposed_at,
               (SELECT json_object('id', t.id, 'name', t.name, 'number', t.number) FROM staff t WHERE t.id = c.proposed_by) AS by,
               (SELECT COUNT(*) FROM unit_tree w CROSS JOIN units b ON b.id = w.unit_id
                WHERE w.ancestor_id = c.unit_id AND w.depth > 0 AND b.closed_at IS NULL) AS units,
               (SELECT COUNT(*) FROM unit_tree w CROSS JOIN classes k ON k.unit_id = w.unit_id
                WHERE w.ancestor_id = c.unit_id AND k.archived_at IS NULL) AS classes,
               {submitted} + {approved} + {sending} AS under_way, {gained} AS gained, {gone} AS lost
             FROM {WAITING} ORDER BY c.id"
        ),
        args![columns::text(&down)?, now],
    );
    Ok(vec![waiting, tree_sql()])
}

fn overseers(found: Vec<(String, Post, String)>) -> Vec<Overseer> {
    found.into_iter().map(|(name, post, unit_name)| Overseer { name, post, unit_name }).collect()
}

/// What [`list_sql`] gave, for a reader.
fn view(rows: &[Rows], reader: StaffId) -> Result<UnitChanges, AppError> {
    let units = tree_of(rows.at(1)?)?;
    let tree = Tree(&units);
    let path =
        |id: UnitId| -> Vec<String> { tree.above(id).iter().rev().map(|unit| unit.name.clone()).collect() };
    let waiting = rows.at(0)?.all::<WaitingRow>()?.into_iter().map(|row| WaitingUnitChange {
        id: row.id,
        unit: row.unit_id,
        name: tree.get(row.unit_id).map(|unit| unit.name.clone()).unwrap_or_default(),
        from: path(row.from_parent),
        to: row.to_parent.map(path),
        bar: second_bar(reader, row.by.id).map(|refusal| refusal.words),
        proposed_by: row.by,
        proposed_at: row.proposed_at,
        units: row.units,
        classes: row.classes,
        under_way: row.under_way,
        gained: overseers(row.gained),
        lost: overseers(row.lost),
    });
    Ok(UnitChanges { waiting: waiting.collect() })
}

/// `GET /api/units/changes`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<UnitChanges>, AppError> {
    let rows = call.app.db.run(list_sql(call.app.now())?).await?;
    Reply::json(200, &view(&rows, call.person.id)?)
}

/// Commits with its entry, and answers with what waits then.
async fn answer(
    call: &Signed,
    batch: Guarded<'_>,
    (action, unit): (AuditAction, UnitId),
    detail: &serde_json::Value,
) -> Result<Reply<UnitChanges>, AppError> {
    let (now, actor) = (call.app.now(), call.person.id.0);
    let batch = batch.audit(&Audit { at: now, actor, action, subject: Subject::Row("unit", unit.0), detail });
    let batch = call.remember(batch, 200, Kept::Resource(api::UNIT_CHANGES.operation.path));
    let at = batch.len();
    let rows = batch.append(list_sql(now)?).commit().await.map_err(lost)?;
    Reply::json(200, &view(rows.get(at..).unwrap_or_default(), call.person.id)?)
}

#[derive(Deserialize)]
struct Next {
    next: i64,
    waits: i64,
}

/// Reads the id that comes next, and whether something waits for a unit.
fn next_sql(unit: UnitId) -> Stmt {
    sql(
        "SELECT (SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'unit_changes') AS next,
           EXISTS (SELECT 1 FROM unit_changes c WHERE c.unit_id = ?1 AND c.confirmed_at IS NULL AND c.declined_at IS NULL) AS waits",
        args![unit],
    )
}

/// Writes a proposal.
async fn propose(
    call: &Signed,
    next: Next,
    unit: &TreeUnit,
    to: Option<UnitId>,
) -> Result<Reply<UnitChanges>, AppError> {
    if next.waits == 1 {
        return Err(waits_already().into());
    }
    let (app, now, by) = (&call.app, call.app.now(), call.person.id);
    let from = unit.parent.ok_or(AppError::NotFound)?;
    let seal = UnitChangeSeal {
        unit: unit.id.0,
        from: from.0,
        to: to.map(|to| to.0),
        proposed_by: by.0,
        proposed_at: now,
        confirmed: None,
    };
    let batch = app.db.guarded().must(
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac)
         SELECT ?1, u.id, u.parent_id, ?4, ?5, ?6, ?7 FROM units u WHERE u.id = ?2 AND u.parent_id = ?3 AND u.closed_at IS NULL",
        args![next.next, unit.id, from, to, by, now, seal.mac(app.keys()?)],
    );
    let detail = json!({ "change": next.next, "to": to });
    answer(call, batch, (AuditAction::UnitChangeProposed, unit.id), &detail).await
}

/// `POST /api/units/{id}/move`.
///
/// # Errors
/// 404 where there is no such unit, 409 where a change of it waits, 422 by field.
pub async fn propose_move(call: Signed, id: UnitId, order: UnitMove) -> Result<Reply<UnitChanges>, AppError> {
    let rows = call.app.db.run(vec![tree_sql(), next_sql(id)]).await?;
    let units = tree_of(rows.at(0)?)?;
    Tree(&units).moves(id, order.parent).map_err(|r| r.map_or(AppError::NotFound, AppError::from))?;
    let unit = Tree(&units).get(id).ok_or(AppError::NotFound)?;
    propose(&call, rows.at(1)?.one()?, unit, Some(order.parent)).await
}

/// Reads what is in a unit; none where it cannot be closed at all.
fn use_sql(id: UnitId) -> Stmt {
    let under_way = |state: &str| {
        format!(
            "(SELECT COUNT(*) FROM messages m WHERE m.state = '{state}' AND ?1 IN (m.capacity_unit_id, m.audience_unit_id))"
        )
    };
    let (submitted, approved) = (under_way("submitted"), under_way("approved"));
    sql(
        format!(
            "SELECT (SELECT COUNT(*) FROM units b WHERE b.parent_id = u.id AND b.closed_at IS NULL) AS units,
               (SELECT COUNT(*) FROM classes c WHERE c.unit_id = u.id AND c.archived_at IS NULL
                  AND EXISTS (SELECT 1 FROM students s WHERE s.class_id = c.id AND s.left_at IS NULL)) AS classes,
               (SELECT COUNT(*) FROM appointments a WHERE a.unit_id = u.id AND a.until IS NULL) AS posts,
               {submitted} + {approved} + (SELECT COUNT(*) FROM rounds r CROSS JOIN messages m ON m.id = r.message_id
                  WHERE r.ended_at IS NULL AND ?1 IN (m.capacity_unit_id, m.audience_unit_id)) AS messages
             FROM units u WHERE u.id = ?1 AND u.parent_id IS NOT NULL AND u.closed_at IS NULL"
        ),
        args![id],
    )
}

/// Refuses to close a unit that is in use.
fn check_empty(rows: &Rows) -> Result<(), AppError> {
    let used: Option<UnitUse> = rows.first()?;
    Ok(used.ok_or(AppError::NotFound)?.check()?)
}

/// `POST /api/units/{id}/close`.
///
/// # Errors
/// 404 where there is no such unit, 409 where something is in it, or a change of it waits.
pub async fn propose_closing(call: Signed, id: UnitId) -> Result<Reply<UnitChanges>, AppError> {
    let rows = call.app.db.run(vec![tree_sql(), next_sql(id), use_sql(id)]).await?;
    check_empty(rows.at(2)?)?;
    let units = tree_of(rows.at(0)?)?;
    let unit = Tree(&units).get(id).ok_or(AppError::NotFound)?;
    propose(&call, rows.at(1)?.one()?, unit, None).await
}

fn waits_no_more() -> AppError {
    AppError::conflict(
        "waits_no_more",
        Words::fixed(
            "这项调整已经确认或撤回，请刷新后再看",
            "This has been confirmed, declined or taken back meanwhile: reload and look again",
        ),
    )
}

/// Reads one, whatever became of it.
fn one_sql(id: UnitChangeId) -> Stmt {
    sql(format!("SELECT {COLUMNS}, c.declined_at FROM unit_changes c WHERE c.id = ?1"), args![id])
}

#[derive(Deserialize)]
struct OneRow {
    #[serde(flatten)]
    sealed: SealedUnitChange,
    declined_at: Option<Instant>,
}

fn waiting(rows: &Rows) -> Result<SealedUnitChange, AppError> {
    let row: OneRow = rows.first()?.ok_or(AppError::NotFound)?;
    if row.declined_at.is_some() || row.sealed.confirmed_at.is_some() {
        return Err(waits_no_more());
    }
    Ok(row.sealed)
}

/// `POST /api/units/changes/{id}/confirm`.
///
/// # Errors
/// 403 for who proposed it, 409 for what waits no more, has no good seal, or is not possible any more.
pub async fn confirm(call: Signed, id: UnitChangeId) -> Result<Reply<UnitChanges>, AppError> {
    let (app, now, by) = (&call.app, call.app.now(), call.person.id);
    let rows = app.db.run(vec![one_sql(id), tree_sql()]).await?;
    let row = waiting(rows.at(0)?)?;
    if let Some(bar) = second_bar(by, StaffId(row.proposed_by)) {
        return Err(bar.into());
    }
    let keys = app.keys()?;
    // What was written past the Worker gets no good seal by being confirmed.
    if !row.fits(keys) {
        return Err(AppError::conflict(
            "not_ours",
            Words::fixed(
                "这项调整的记录与封印不符，不能确认；请不同意，并告知系统管理员",
                "The record of this change does not fit its seal and cannot be confirmed: decline it, and tell the administrator",
            ),
        ));
    }
    let (unit, to) = (UnitId(row.unit_id), row.to_parent.map(UnitId));
    let mac = row.seal(Some((by.0, now))).mac(keys);
    let batch = app.db.guarded().must(
        "UPDATE unit_changes SET confirmed_by = ?2, confirmed_at = ?3, mac = ?4
         WHERE id = ?1 AND confirmed_at IS NULL AND declined_at IS NULL AND mac = ?5",
        args![id, by, now, mac, row.mac.as_str()],
    );
    let (batch, action) = match to {
        Some(to) => {
            let units = tree_of(rows.at(1)?)?;
            Tree(&units).moves(unit, to).map_err(|r| r.map_or_else(waits_no_more, AppError::from))?;
            let moved =
                "UPDATE units SET parent_id = ?2 WHERE id = ?1 AND closed_at IS NULL AND parent_id = ?3";
            (batch.must(moved, args![unit, to, row.from_parent]), AuditAction::UnitMoved)
        }
        None => {
            check_empty(app.db.run(vec![use_sql(unit)]).await?.at(0)?)?;
            let batch = batch
                // Classes that nobody is in go with it.
                .then(
                    "UPDATE classes SET archived_at = ?2 WHERE unit_id = ?1 AND archived_at IS NULL
                       AND NOT EXISTS (SELECT 1 FROM students s WHERE s.class_id = classes.id AND s.left_at IS NULL)",
                    args![unit, now],
                )
                .must("UPDATE units SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL", args![unit, now]);
            (batch, AuditAction::UnitClosed)
        }
    };
    let detail = json!({ "change": id, "from": row.from_parent, "to": to, "proposed_by": row.proposed_by });
    answer(&call, roll_changed(batch), (action, unit), &detail).await
}

/// `POST /api/units/changes/{id}/decline`: also by who proposed it.
///
/// # Errors
/// 409 for what waits no more.
pub async fn decline(call: Signed, id: UnitChangeId) -> Result<Reply<UnitChanges>, AppError> {
    let row = waiting(call.app.db.run(vec![one_sql(id)]).await?.at(0)?)?;
    let batch = call.app.db.guarded().must(
        "UPDATE unit_changes SET declined_by = ?2, declined_at = ?3
         WHERE id = ?1 AND confirmed_at IS NULL AND declined_at IS NULL",
        args![id, call.person.id, call.app.now()],
    );
    let detail = json!({ "change": id, "proposed_by": row.proposed_by });
    answer(&call, batch, (AuditAction::UnitChangeDeclined, UnitId(row.unit_id)), &detail).await
}
