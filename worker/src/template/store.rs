//! All SQL of shared templates.

use domain::access::Person;
use domain::ids::{StaffId, TemplateId, UnitId};
use domain::message::Category;
use domain::template::{NewTemplate, TemplateView, keeps};
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Guarded, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;

#[derive(Deserialize)]
struct Row {
    id: TemplateId,
    unit_id: UnitId,
    unit_name: String,
    title: String,
    body: String,
    category: Option<Category>,
    author_id: StaffId,
    author: String,
    created_at: Instant,
}

/// Reads the templates of a person's units and of those above them.
///
/// # Errors
/// Where the units cannot be written as JSON.
pub fn list_sql(person: &Person) -> Result<Stmt, AppError> {
    let units: Vec<UnitId> = person.appointments.iter().map(|held| held.unit).collect();
    Ok(sql(
        "SELECT t.id, t.unit_id, u.name AS unit_name, t.title, t.body, t.category, t.author_id, a.name AS author, t.created_at
         FROM (SELECT DISTINCT w.ancestor_id AS id FROM json_each(?1) j CROSS JOIN unit_tree w ON w.unit_id = j.value) mine
         CROSS JOIN templates t ON t.unit_id = mine.id AND t.removed_at IS NULL
         JOIN units u ON u.id = t.unit_id JOIN staff a ON a.id = t.author_id ORDER BY u.id, t.id DESC",
        args![json::text(&units)?],
    ))
}

/// What [`list_sql`] gave.
///
/// # Errors
/// Where a row cannot be read.
pub fn views(person: &Person, rows: &Rows) -> Result<Vec<TemplateView>, AppError> {
    let read = |row: Row| TemplateView {
        id: row.id,
        unit: row.unit_id,
        unit_name: row.unit_name,
        title: row.title,
        body: row.body,
        category: row.category,
        by: row.author,
        at: row.created_at,
        may_remove: row.author_id == person.id || keeps(person, row.unit_id),
    };
    Ok(rows.all::<Row>()?.into_iter().map(read).collect())
}

#[derive(Deserialize)]
struct CountRow {
    n: u32,
}

/// How many a unit has.
///
/// # Errors
/// Where the database fails.
pub async fn count(app: &App, unit: UnitId) -> Result<u32, AppError> {
    let text = "SELECT COUNT(*) AS n FROM templates WHERE unit_id = ?1 AND removed_at IS NULL";
    Ok(app.db.first::<CountRow>(text, args![unit]).await?.map_or(0, |row| row.n))
}

/// Saves one.
pub fn save<'a>(batch: Guarded<'a>, order: &NewTemplate, by: StaffId, now: Instant) -> Guarded<'a> {
    batch.must(
        "INSERT INTO templates (unit_id, title, body, category, author_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        args![order.unit, order.title.trim(), &order.body, order.category.map(Category::key), by, now],
    )
}

/// Takes one away, once.
pub fn remove(batch: Guarded<'_>, id: TemplateId, by: StaffId, now: Instant) -> Guarded<'_> {
    batch.must(
        "UPDATE templates SET removed_at = ?2, removed_by = ?3 WHERE id = ?1 AND removed_at IS NULL",
        args![id, now, by],
    )
}
