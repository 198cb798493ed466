//! Units made, renamed, moved and closed by hand (G1). The rules of the tree
//! are the domain's; triggers say the same to raw SQL and to a lost race.

use domain::api;
use domain::audit::AuditAction;
use domain::ids::UnitId;
use domain::school::{UnitKind, UnitView};
use domain::unit::{Making, NewUnit, Tree, TreeUnit, UnitChange, UnitUse};
use domain::words::Words;
use serde::Deserialize;
use serde_json::json;

use super::store;
use crate::args;
use crate::people::leaving::roll_changed;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Guarded, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};

#[derive(Deserialize)]
struct Row {
    id: UnitId,
    parent_id: Option<UnitId>,
    kind: UnitKind,
    name: String,
    closed: i64,
}

/// All units, the closed ones included.
async fn tree(app: &App) -> Result<Vec<TreeUnit>, AppError> {
    let rows: Vec<Row> = app
        .db
        .all("SELECT id, parent_id, kind, name, closed_at IS NOT NULL AS closed FROM units ORDER BY id", &[])
        .await?;
    let unit = |row: Row| TreeUnit {
        id: row.id,
        parent: row.parent_id,
        kind: row.kind,
        name: row.name,
        closed: row.closed == 1,
    };
    Ok(rows.into_iter().map(unit).collect())
}

/// Commits, and answers with the units as they are then.
async fn answer(
    call: &Signed,
    batch: Guarded<'_>,
    (action, id): (AuditAction, UnitId),
) -> Result<Reply<Vec<UnitView>>, AppError> {
    let entry = Audit {
        at: call.app.now(),
        actor: call.person.id.0,
        action,
        subject: Subject::Row("unit", id.0),
        detail: &json!({}),
    };
    let batch = roll_changed(batch).audit(&entry);
    let committed = call.remember(batch, 200, Kept::Resource(api::UNITS.operation.path)).commit().await;
    committed.map_err(|e| match e {
        AppError::Lost => AppError::conflict(
            "unit_changed",
            Words::fixed(
                "这个部门刚刚有变动，请刷新后再试",
                "Something about this unit has changed meanwhile: reload and try again",
            ),
        ),
        other => other,
    })?;
    Reply::json(200, &store::units(&call.app).await?)
}

/// `POST /api/units`.
///
/// # Errors
/// 422 by field.
pub async fn make(call: Signed, order: NewUnit) -> Result<Reply<Vec<UnitView>>, AppError> {
    let (units, now) = (tree(&call.app).await?, call.app.now());
    let (name, making) = Tree(&units).make(&order)?;
    let batch = call.app.db.guarded();
    let (batch, id) = match making {
        Making::Again(id) => (
            batch
                .must("UPDATE units SET closed_at = NULL WHERE id = ?1 AND closed_at IS NOT NULL", args![id]),
            id,
        ),
        Making::New => {
            let id = UnitId(units.iter().map(|unit| unit.id.0).max().unwrap_or_default() + 1);
            let insert =
                "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
            (batch.must(insert, args![id, order.parent, order.kind.key(), name, now]), id)
        }
    };
    answer(&call, batch, (AuditAction::UnitMade, id)).await
}

/// `PUT /api/units/{id}`.
///
/// # Errors
/// 404 where there is no such unit, 422 by field.
pub async fn change(call: Signed, id: UnitId, order: UnitChange) -> Result<Reply<Vec<UnitView>>, AppError> {
    let (units, now) = (tree(&call.app).await?, call.app.now());
    let name = Tree(&units).change(id, &order).map_err(|r| r.map_or(AppError::NotFound, AppError::from))?;
    let before = Tree(&units).get(id).ok_or(AppError::NotFound)?;
    let batch = call.app.db.guarded().must(
        "UPDATE units SET name = ?2, parent_id = ?3, named_at = CASE WHEN name = ?2 THEN named_at ELSE ?4 END
         WHERE id = ?1 AND closed_at IS NULL AND name = ?5 AND parent_id = ?6",
        args![id, name, order.parent, now, before.name.as_str(), before.parent],
    );
    answer(&call, batch, (AuditAction::UnitChanged, id)).await
}

/// `POST /api/units/{id}/close`.
///
/// # Errors
/// 404 where there is no such unit, 409 where something is in it.
pub async fn close(call: Signed, id: UnitId) -> Result<Reply<Vec<UnitView>>, AppError> {
    #[derive(Deserialize)]
    struct Open {
        #[serde(flatten)]
        used: UnitUse,
    }
    let under_way = |state: &str| {
        format!(
            "(SELECT COUNT(*) FROM messages m WHERE m.state = '{state}' AND ?1 IN (m.capacity_unit_id, m.audience_unit_id))"
        )
    };
    let (submitted, approved) = (under_way("submitted"), under_way("approved"));
    let count = sql(
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
    );
    let rows = call.app.db.run(vec![count]).await?;
    let open: Open = rows.at(0)?.first()?.ok_or(AppError::NotFound)?;
    open.used.check()?;
    let now = call.app.now();
    let batch = call
        .app
        .db
        .guarded()
        // Classes that nobody is in go with it.
        .then(
            "UPDATE classes SET archived_at = ?2 WHERE unit_id = ?1 AND archived_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM students s WHERE s.class_id = classes.id AND s.left_at IS NULL)",
            args![id, now],
        )
        .must("UPDATE units SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL", args![id, now]);
    answer(&call, batch, (AuditAction::UnitClosed, id)).await
}
