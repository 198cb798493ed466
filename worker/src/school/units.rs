//! Units made and renamed by hand (G1). The rules of the tree are the domain's;
//! triggers say the same to raw SQL and to a lost race. What moves or closes a
//! unit takes two people, and stands in `unit_changes`.

use domain::api;
use domain::audit::AuditAction;
use domain::ids::UnitId;
use domain::school::{UnitKind, UnitView};
use domain::unit::{Making, NewUnit, Tree, TreeUnit, UnitChange};
use domain::words::Words;
use serde::Deserialize;
use serde_json::json;

use super::store;
use crate::args;
use crate::people::leaving::roll_changed;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Guarded, Rows, Stmt, Subject, sql};
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

/// Reads all units, the closed ones included; for [`tree_of`].
pub(super) fn tree_sql() -> Stmt {
    sql("SELECT id, parent_id, kind, name, closed_at IS NOT NULL AS closed FROM units ORDER BY id", &[])
}

/// The units that [`tree_sql`] gave.
pub(super) fn tree_of(rows: &Rows) -> Result<Vec<TreeUnit>, AppError> {
    let unit = |row: Row| TreeUnit {
        id: row.id,
        parent: row.parent_id,
        kind: row.kind,
        name: row.name,
        closed: row.closed == 1,
    };
    Ok(rows.all::<Row>()?.into_iter().map(unit).collect())
}

async fn tree(app: &App) -> Result<Vec<TreeUnit>, AppError> {
    tree_of(app.db.run(vec![tree_sql()]).await?.at(0)?)
}

/// Why an order about a unit was lost.
pub(super) fn lost(e: AppError) -> AppError {
    match e {
        AppError::Lost => AppError::conflict(
            "unit_changed",
            Words::fixed(
                "这个部门刚刚有变动，请刷新后再试",
                "Something about this unit has changed meanwhile: reload and try again",
            ),
        ),
        other => other,
    }
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
    committed.map_err(lost)?;
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
    let name = Tree(&units).rename(id, &order).map_err(|r| r.map_or(AppError::NotFound, AppError::from))?;
    let before = Tree(&units).get(id).ok_or(AppError::NotFound)?;
    let batch = call.app.db.guarded().must(
        "UPDATE units SET name = ?2, named_at = CASE WHEN name = ?2 THEN named_at ELSE ?3 END
         WHERE id = ?1 AND closed_at IS NULL AND name = ?4 AND parent_id = ?5",
        args![id, name, now, before.name.as_str(), before.parent],
    );
    answer(&call, batch, (AuditAction::UnitChanged, id)).await
}
