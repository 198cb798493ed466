//! The ways in of the register. All of them read.

use domain::api;
use domain::ids::MessageId;
use domain::message::CanonicalMessage;
use domain::register::{
    AgendaItem, MonthTotal, PAGE, RegisterCursor, RegisterPage, RegisterSheet, Verification,
};
use domain::time::Instant;

use super::store::{self, Search};
use crate::platform::d1::Answers;
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};

/// `GET /api/register`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<RegisterPage>, AppError> {
    let search = Search {
        sought: call.asked(api::SOUGHT)?.map(|s| s.0).filter(|s| !s.is_empty()),
        unit: call.asked(api::OF_UNIT)?,
        state: call.asked(api::IN_STATE)?,
        since: call.asked(api::SINCE)?.unwrap_or(Instant(0)),
        until: call.asked(api::UNTIL)?.unwrap_or(Instant::MAX),
        before_at: call.asked(api::BEFORE_AT)?.unwrap_or(Instant::MAX),
        before: call.asked(api::BEFORE)?.unwrap_or(MessageId(1 << 24)),
    };
    let rows = call.app.db.run(vec![store::list_sql(&call.person, &search)?]).await?;
    let mut entries = store::entries(rows.at(0)?)?;
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    let last = entries.last().filter(|_| more);
    let next = last.map(|last| RegisterCursor { before: last.id, before_at: last.registered_at });
    Reply::json(200, &RegisterPage { entries, next })
}

/// `GET /api/register/totals`: open to all staff (G64).
///
/// # Errors
/// Where the database fails.
pub async fn totals(call: Signed) -> Result<Reply<Vec<MonthTotal>>, AppError> {
    let now = call.app.now();
    let since = call.asked(api::SINCE)?.unwrap_or_else(|| now.start_of_year());
    let until = call.asked(api::UNTIL)?.unwrap_or(Instant::MAX);
    let rows = call.app.db.run(vec![store::totals_sql(since, until)]).await?;
    Reply::json(200, &rows.at(0)?.all::<MonthTotal>()?)
}

/// `GET /api/register/{id}`.
///
/// # Errors
/// Where it has no number, or is not within sight.
pub async fn sheet(call: Signed, id: MessageId) -> Result<Reply<RegisterSheet>, AppError> {
    let rows = call.app.db.run(store::sheet_sql(&call.person, id)?.into()).await?;
    Reply::json(200, &store::sheet(&rows)?)
}

/// `GET /api/register/{id}/verify`: for whoever of the staff has the paper, and so the digest.
///
/// # Errors
/// Where no version of this message has this digest.
pub async fn verify(call: Signed, id: MessageId) -> Result<Reply<Verification>, AppError> {
    let digest = call.asked(api::DIGEST)?.ok_or(AppError::NotFound)?.0;
    let rows = call.app.db.run(store::verify_sql(id, &digest).into()).await?;
    let (row, version) = store::verified(&rows)?;
    let is_current = row.version == version.version && row.digest.as_deref() == Some(digest.as_str());
    let again = || row.digest_over(version.digest_form, version.procedure(), &version.lists);
    let fits = (is_current && CanonicalMessage::knows(version.digest_form))
        .then(|| again().as_deref() == Some(digest.as_str()));
    Reply::json(
        200,
        &Verification {
            number: version.number(),
            title: version.title.clone(),
            version: version.version,
            is_current,
            fits,
            state: row.state,
            signatures: version.signatures.clone(),
            released_at: row.released_at.filter(|_| is_current),
        },
    )
}

/// `GET /api/agenda`.
///
/// # Errors
/// Where the database fails.
pub async fn agenda(call: Signed) -> Result<Reply<Vec<AgendaItem>>, AppError> {
    let rows = call.app.db.run(vec![store::agenda_sql(&call.person, call.app.now())?]).await?;
    Reply::json(200, &store::agenda(rows.at(0)?)?)
}
