//! The ways in of the roll.

use domain::api;
use domain::ids::{ClassId, ImportId};
use domain::roster::{
    ClassRoll, ClassView, ImportApplied, ImportApply, ImportPreview, ImportView, ListTeachers, StaffView,
};
use domain::words::Words;

use super::{import, import_record, store, teachers};
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

/// `PUT /api/classes/{id}/teachers`.
///
/// # Errors
/// Those of [`teachers::change`].
pub async fn list_teachers(
    call: Signed,
    id: ClassId,
    order: ListTeachers,
) -> Result<Reply<ClassRoll>, AppError> {
    teachers::change(&call, id, &order).await?;
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
            Words::fixed("请说明导入的是教职工名单还是学生名单", "Say which roll it is: staff or students"),
        ));
    };
    import::preview(&call, kind).await
}

/// `POST /api/roster/imports/{id}/apply`.
///
/// # Errors
/// 409 where it is applied, the roll has changed since or the changes are not those shown; 422 where an answer is missing.
pub async fn apply(
    call: Signed,
    id: ImportId,
    wanted: ImportApply,
) -> Result<Reply<ImportApplied>, AppError> {
    import::apply(&call, id, &wanted).await
}

/// `POST /api/roster/imports/{id}/preview`.
///
/// # Errors
/// 409 where it is applied or the roll has changed since.
pub async fn look_again(
    call: Signed,
    id: ImportId,
    given: ImportApply,
) -> Result<Reply<ImportPreview>, AppError> {
    import::look_again(&call, id, &given).await
}

/// `GET /api/roster/imports`: the files applied last.
///
/// # Errors
/// Where the database fails.
pub async fn imports(call: Signed) -> Result<Reply<Vec<ImportView>>, AppError> {
    Reply::json(200, &import_record::list(&call.app).await?)
}

/// `POST /api/roster/imports/{id}/undo`.
///
/// # Errors
/// 409 where something depends on it.
pub async fn undo(call: Signed, id: ImportId) -> Result<Reply<ImportView>, AppError> {
    import::undo(&call, id).await
}
