//! Posts that begin on a later day: shown before they count, so that nobody is
//! surprised by whom the morning finds in charge.

use std::collections::HashMap;

use domain::appointment::ComingPost;
use domain::ids::StaffId;
use domain::time::Instant;
use serde::Deserialize;

use super::store::OwnRow;
use crate::args;
use crate::platform::d1::{Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;

#[derive(Deserialize)]
struct ComingRow {
    #[serde(flatten)]
    own: OwnRow,
    staff_id: StaffId,
    since: Instant,
    #[serde(deserialize_with = "json::flag")]
    waits: bool,
}

const COMING: &str =
    "SELECT a.id, a.post, a.unit_id, u.name AS unit_name, a.class_id, c.name AS class_name, a.subject, a.staff_id, a.since,
       a.confirmed_at IS NULL AND a.post IN (SELECT post FROM posts_to_confirm) AS waits
     FROM appointments a JOIN units u ON u.id = a.unit_id LEFT JOIN classes c ON c.id = a.class_id
     WHERE a.since > ?1 AND a.until IS NULL";

/// Reads those of all staff; for [`by_holder`].
pub fn all_sql(now: Instant) -> Stmt {
    sql(format!("{COMING} ORDER BY a.id"), args![now])
}

/// Reads those of one person; for [`own`].
pub fn own_sql(staff: StaffId, now: Instant) -> Stmt {
    sql(format!("{COMING} AND a.staff_id = ?2 ORDER BY a.id"), args![now, staff])
}

fn rows(rows: &Rows) -> Result<Vec<(StaffId, ComingPost)>, AppError> {
    let post = |row: ComingRow| {
        let post = ComingPost { appointment: row.own.appointment(), since: row.since, waits: row.waits };
        (row.staff_id, post)
    };
    Ok(rows.all::<ComingRow>()?.into_iter().map(post).collect())
}

/// What [`own_sql`] gave.
///
/// # Errors
/// Where a row cannot be read.
pub fn own(found: &Rows) -> Result<Vec<ComingPost>, AppError> {
    Ok(rows(found)?.into_iter().map(|(_, post)| post).collect())
}

/// What [`all_sql`] gave, by whose it is.
///
/// # Errors
/// Where a row cannot be read.
pub fn by_holder(found: &Rows) -> Result<HashMap<StaffId, Vec<ComingPost>>, AppError> {
    let mut all: HashMap<StaffId, Vec<ComingPost>> = HashMap::new();
    for (staff, post) in rows(found)? {
        all.entry(staff).or_default().push(post);
    }
    Ok(all)
}
