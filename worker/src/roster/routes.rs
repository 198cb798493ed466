//! The ways in of the roll.

use domain::ids::{ClassId, ImportId};
use domain::problem::Refusal;
use domain::roster::{ClassRoll, ImportApply, ImportKind};
use domain::words::Words;
use serde::Serialize;

use super::{import, store};
use crate::error::AppError;
use crate::router::{Answer, Call};

/// `GET /api/classes`: those within reach, with counts.
///
/// # Errors
/// Where the database fails.
pub async fn classes(call: Call) -> Result<Answer, AppError> {
    Answer::json(200, &store::classes(&call.app, call.person()?).await?)
}

/// `GET /api/classes/{id}`: students and guardians, numbers masked.
///
/// # Errors
/// [`AppError::NotFound`] where it is not the caller's to read.
pub async fn class_roll(call: Call) -> Result<Answer, AppError> {
    let id: ClassId = call.param("id")?;
    let roll: ClassRoll = store::class_roll(&call.app, call.person()?, id).await?;
    Answer::json(200, &roll)
}

/// `GET /api/staff`.
///
/// # Errors
/// Where the database fails.
pub async fn staff(call: Call) -> Result<Answer, AppError> {
    Answer::json(200, &store::staff(&call.app).await?)
}

/// `POST /api/roster/imports?kind=staff|students`.
///
/// # Errors
/// 422 where the file as a whole cannot be taken.
pub async fn preview(call: Call) -> Result<Answer, AppError> {
    let kind = match call.query.get("kind").map(String::as_str) {
        Some("staff") => ImportKind::Staff,
        Some("students") => ImportKind::Students,
        _ => {
            return Err(AppError::Invalid(vec![Refusal::field(
                "kind",
                "kind",
                Words::fixed(
                    "请说明导入的是教职工名册还是学生名册",
                    "Say which roll it is: staff or students",
                ),
            )]));
        }
    };
    import::preview(&call, kind).await
}

/// `POST /api/roster/imports/{id}/apply`.
///
/// # Errors
/// 409 where it is applied or the roll has changed since, 422 where an answer is missing.
pub async fn apply(call: Call) -> Result<Answer, AppError> {
    let id: ImportId = call.param("id")?;
    let wanted: ImportApply = call.json()?;
    import::apply(&call, id, &wanted.answers).await
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, AppError> {
    serde_json::to_string(value).map_err(|e| AppError::Internal(e.to_string()))
}
