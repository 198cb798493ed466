//! The ways in of the roll.

use domain::api;
use domain::ids::{ClassId, ImportId};
use domain::roster::{ClassRoll, ClassView, ImportApplied, ImportApply, ImportPreview, StaffView};
use domain::words::Words;

use super::{import, store};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};

/// `GET /api/classes`: those within reach, with counts.
///
/// # Errors
/// Where the database fails.
pub async fn classes(call: Signed) -> Result<Reply<Vec<ClassView>>, AppError> {
    Reply::json(200, &store::classes(&call.app, &call.person).await?)
}

/// `GET /api/classes/{id}`: students and guardians, numbers masked.
///
/// # Errors
/// [`AppError::NotFound`] where it is not the caller's to read.
pub async fn class_roll(call: Signed, id: ClassId) -> Result<Reply<ClassRoll>, AppError> {
    Reply::json(200, &store::class_roll(&call.app, &call.person, id).await?)
}

/// `GET /api/staff`.
///
/// # Errors
/// Where the database fails.
pub async fn staff(call: Signed) -> Result<Reply<Vec<StaffView>>, AppError> {
    Reply::json(200, &store::staff(&call.app).await?)
}

/// `POST /api/roster/imports?kind=staff|students`.
///
/// # Errors
/// 422 where the file as a whole cannot be taken.
pub async fn preview(call: Signed) -> Result<Reply<ImportPreview>, AppError> {
    let Ok(Some(kind)) = call.asked(api::KIND) else {
        return Err(AppError::field(
            "kind",
            "kind",
            Words::fixed("请说明导入的是教职工名册还是学生名册", "Say which roll it is: staff or students"),
        ));
    };
    import::preview(&call, kind).await
}

/// `POST /api/roster/imports/{id}/apply`.
///
/// # Errors
/// 409 where it is applied or the roll has changed since, 422 where an answer is missing.
pub async fn apply(
    call: Signed,
    id: ImportId,
    wanted: ImportApply,
) -> Result<Reply<ImportApplied>, AppError> {
    import::apply(&call, id, &wanted.answers).await
}
