//! Previewing, applying and taking back a roster file. The file is kept
//! sealed between preview and apply and read again at the end: what the
//! browser was shown is no evidence of what is applied. What would change is
//! found out anew each time and compared with what was shown.

use domain::audit::AuditAction;
use domain::ids::{ImportId, StaffId};
use domain::roster::import::diff;
use domain::roster::import::offers::{self, Ticked};
use domain::roster::{ImportApplied, ImportApply, ImportCounts, ImportKind, ImportPreview, ImportView};
use domain::words::Words;
use serde_json::json;

use super::former::former;
use super::import_apply::{self, Applied};
use super::import_look::{Look, PhoneKeys, Read};
use super::import_places::take_back_places;
use super::import_record as record;
use super::import_store::{self as store, Roll, Writer};
use crate::platform::crypto::sha256;
use crate::platform::d1::{Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::platform::json;

/// Longest preview that is kept for a repeated request; a longer one is made again, since it changes nothing.
const KEPT_PREVIEW: usize = 1_000_000;

/// `POST /api/roster/imports`: four round trips with the session's.
///
/// # Errors
/// 422 where the file as a whole cannot be taken.
pub async fn preview(call: &Signed, kind: ImportKind) -> Result<Reply<ImportPreview>, AppError> {
    let (app, keys, person) = (&call.app, call.app.keys()?, &call.person);
    let mut roll = store::load(app, kind).await?;
    let (look, phones) = Look::new(keys, kind, &call.body, &mut roll, &ImportApply::default())?;
    let counts = look.counts(&roll, &phones, &Ticked::default());
    let preview = look.preview(app, ImportId(roll.next_import), kind, counts).await?;
    let hash = sha256(&call.body);
    let upload = record::Upload {
        id: preview.id,
        kind,
        sealed: keys.seal(&*app.host, &call.body, hash.as_bytes())?,
        key_id: keys.data_key_id(),
        sha256: hash,
        roll_version: roll.version,
    };
    let batch = record::keep(app.db.guarded(), upload, person.id, app.now());
    let json = json::text(&preview)?;
    let batch = if json.len() > KEPT_PREVIEW { batch } else { call.remember(batch, 200, Kept::Json(&json)) };
    batch.commit().await?;
    Reply::json(200, &preview)
}

fn roll_changed() -> AppError {
    AppError::conflict(
        "roll_changed",
        Words::fixed(
            "预览之后名单有了变化，请重新上传文件，再核对一次",
            "The roll has changed since the preview: upload the file again and look once more",
        ),
    )
}

/// An upload of this person, read again on the roll that it was compared with.
async fn again(
    call: &Signed,
    id: ImportId,
    given: &ImportApply,
) -> Result<(record::Kept, Roll, Look, PhoneKeys), AppError> {
    let (app, keys) = (&call.app, call.app.keys()?);
    let kept = record::kept(app, id, call.person.id).await?.ok_or(AppError::NotFound)?;
    if kept.applied {
        return Err(AppError::conflict(
            "import_applied",
            Words::fixed("这份文件已经导入", "This file has been applied already"),
        ));
    }
    let mut roll = store::load(app, kept.kind).await?;
    let Some(sealed) = kept.sealed.as_ref().filter(|_| roll.version == kept.roll_version) else {
        return Err(roll_changed());
    };
    let bytes = keys.open(kept.key_id, sealed, kept.sha256.as_bytes())?;
    let (look, phones) = Look::new(keys, kept.kind, &bytes, &mut roll, given)?;
    Ok((kept, roll, look, phones))
}

/// `POST /api/roster/imports/{id}/preview`: what would change with the answers given. Writes nothing.
///
/// # Errors
/// 409 where it is applied or the roll has changed since.
pub async fn look_again(
    call: &Signed,
    id: ImportId,
    given: &ImportApply,
) -> Result<Reply<ImportPreview>, AppError> {
    let (kept, roll, look, phones) = again(call, id, given).await?;
    let counts = look.counts(&roll, &phones, &Ticked::default());
    Reply::json(200, &look.preview(&call.app, id, kept.kind, counts).await?)
}

/// Refuses what is not answered, not shown, or ticked without an offer.
fn ticked(look: &Look, roll: &Roll, given: &ImportApply, by: StaffId) -> Result<Ticked, AppError> {
    let mut refusals = look.settled.unanswered();
    if let Read::Staff(file) = &look.read
        && let Err(missing) = file.open.clone().answered(&file.questions, &given.answers)
    {
        refusals.extend(missing);
    }
    if look.settled.replaced(by) {
        refusals.push(offers::own_leaving());
    }
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    if given.shown != look.shown {
        return Err(AppError::conflict(
            "not_as_shown",
            Words::fixed(
                "按现在的回答，改动与看到的不同，请再看一遍改动后导入",
                "With these answers the changes are not the ones you saw: look at them once more, then import",
            ),
        ));
    }
    let ticked =
        Ticked::read(&given.ticked, &look.offers).map_err(|refusal| AppError::Invalid(vec![refusal]))?;
    if let Read::Staff(file) = &look.read {
        ticked.agrees(&file.plan, &roll.staff, by).map_err(AppError::Invalid)?;
    }
    Ok(ticked)
}

/// `POST /api/roster/imports/{id}/apply`: one batch, or nothing.
///
/// # Errors
/// 409 where it is applied, the roll has changed since or the changes are not
/// the ones that were shown; 422 where an answer is missing.
pub async fn apply(
    call: &Signed,
    id: ImportId,
    given: &ImportApply,
) -> Result<Reply<ImportApplied>, AppError> {
    let (app, keys, person, now) = (&call.app, call.app.keys()?, &call.person, call.app.now());
    let (kept, roll, look, phones) = again(call, id, given).await?;
    let ticked = ticked(&look, &roll, given, person.id)?;

    let writer = Writer { now, by: person.id, import: id, keys, sealed: &roll.sealed };
    let batch = store::take_roll(app.db.guarded(), &roll);
    let batch = record::take(batch, id, now);
    let Applied { batch, writes, touched } =
        import_apply::write(batch, &writer, &*app.host, &look, &ticked, &phones, &roll)?;
    let counts =
        ImportCounts { ended: diff::number_of(writes.ended.len()), ..look.counts(&roll, &phones, &ticked) };
    let (waiting, values) = (writes.waiting(), former(app, &writes)?);
    let batch = batch.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::RosterApplied,
        subject: Subject::Row("import", id.0),
        detail: &json!({
            "kind": kept.kind, "file": kept.sha256, "counts": counts, "waiting": waiting, "values": values.hash(),
        }),
    });
    let batch = values.keep(batch)?;
    let batch = record::record(batch, (keys, &*app.host), id, &counts, &writes, &touched)?;
    let applied = ImportApplied { id, counts, waiting };
    let json = json::text(&applied)?;
    match call.remember(batch, 200, Kept::Json(&json)).commit().await {
        Err(AppError::Lost) => Err(roll_changed()),
        other => {
            other?;
            Reply::json(200, &applied)
        }
    }
}

/// `POST /api/roster/imports/{id}/undo`: all of it is taken back, or nothing.
///
/// # Errors
/// 409 where something depends on it, and says what.
pub async fn undo(call: &Signed, id: ImportId) -> Result<Reply<ImportView>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let record::Applied { view, writes, places, sealed } = record::applied(app, id).await?;
    if writes.gone.staff.contains(&person.id) {
        return Err(AppError::Invalid(vec![offers::own_leaving()]));
    }
    let writer = Writer { now, by: person.id, import: id, keys: app.keys()?, sealed: &sealed };
    let values = former(app, &writes)?;
    let batch = record::take_back(app.db.guarded(), id, person.id, now);
    let batch = writes.write(batch, &writer)?;
    let batch = take_back_places(batch, &places, now)?.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::RosterUndone,
        subject: Subject::Row("import", id.0),
        detail: &json!({
            "kind": view.kind, "counts": view.counts, "waiting": writes.waiting(), "values": values.hash(),
        }),
    });
    let batch = values.keep(batch)?;
    let undone = record::undone(view, now);
    let json = json::text(&undone)?;
    match call.remember(batch, 200, Kept::Json(&json)).commit().await {
        Err(AppError::Lost) => Err(AppError::conflict("import_stays", record::changed_meanwhile())),
        other => {
            other?;
            Reply::json(200, &undone)
        }
    }
}
