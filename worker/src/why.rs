//! Why may I not do this, and who may (G20): for a message, a unit, a member of
//! staff. Each answer is the refusal of the very rule that a handler asks.

use domain::access::{Appointment, Person, Post};
use domain::ids::{AppointmentId, ClassId, MessageId, StaffId, UnitId};
use domain::message::Command;
use domain::why::{WhoMay, WhyNot, of_member, of_unit};
use serde::Deserialize;

use crate::appointment;
use crate::args;
use crate::message::audience::{SentAs, holders, holders_sql};
use crate::message::rows;
use crate::platform::d1::{Answers, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::platform::json;

#[derive(Deserialize)]
struct HeldRow {
    id: AppointmentId,
    name: String,
    post: Post,
    unit_id: UnitId,
    class_id: Option<ClassId>,
}

/// Those who hold a post in a unit, at ?2.
fn held_in(unit: UnitId, call: &Signed) -> Stmt {
    sql(
        "SELECT a.id, t.name, a.post, a.unit_id, a.class_id FROM appointments_in_power a JOIN staff t ON t.id = a.staff_id
         WHERE a.unit_id = ?1 AND a.since <= ?2 ORDER BY a.post, a.staff_id",
        args![unit, call.app.now()],
    )
}

/// Those of them whose appointment sends as a message was sent.
fn correctors(rows: &Rows, sent_as: &SentAs) -> Result<Vec<WhoMay>, AppError> {
    let mut all: Vec<(Post, WhoMay)> = Vec::new();
    for row in rows.all::<HeldRow>()? {
        let held = Appointment {
            id: row.id,
            post: row.post,
            unit: row.unit_id,
            unit_name: String::new(),
            class: row.class_id,
            above: None,
            class_name: None,
            subject: None,
            listed: true,
        };
        if !sent_as.is_corrected_by(&held) {
            continue;
        }
        match all.iter_mut().find(|(post, _)| *post == row.post) {
            Some((_, who)) => who.names.push(row.name),
            None => all.push((row.post, WhoMay { by: row.post.title(), names: vec![row.name] })),
        }
    }
    Ok(all.into_iter().map(|(_, who)| who).collect())
}

/// `GET /api/messages/{id}/why`.
///
/// # Errors
/// Where the message is not within sight.
pub async fn message(call: Signed, id: MessageId) -> Result<Reply<Vec<WhyNot>>, AppError> {
    let (person, now) = (&call.person, call.app.now());
    let loaded = rows::load(&call.app, person, id).await?;
    // For an own class alone neither the decisions nor who takes them are told.
    if !loaded.row.seen_whole {
        return Reply::json(200, &Vec::new());
    }
    let in_unit = call.app.db.run(vec![held_in(loaded.row.capacity_unit_id, &call)]).await?;
    let corrects = correctors(in_unit.at(0)?, &loaded.row.sent_as())?;
    let mut told = Vec::new();
    for command in Command::ALL.into_iter().filter(|command| loaded.concerns(*command)) {
        if let Err(refusal) = loaded.allows(command, person, now) {
            let who = loaded.who_may(command, corrects.clone());
            told.push(WhyNot { what: command.title(), reason: refusal.words, who });
        }
    }
    Reply::json(200, &told)
}

#[derive(Deserialize)]
struct PlaceRow {
    #[serde(deserialize_with = "json::column")]
    within: Vec<UnitId>,
}

/// `GET /api/units/{id}/why`.
///
/// # Errors
/// Where there is no such unit.
pub async fn unit(call: Signed, id: UnitId) -> Result<Reply<Vec<WhyNot>>, AppError> {
    let (app, person) = (&call.app, &call.person);
    let place = sql(
        "SELECT (SELECT json_group_array(t.ancestor_id) FROM (SELECT ancestor_id FROM unit_tree WHERE unit_id = u.id ORDER BY depth) t) AS within
         FROM units u WHERE u.id = ?1 AND u.closed_at IS NULL",
        args![id],
    );
    let rows = app.db.run(vec![place, holders_sql(app.now()), appointment::store::waiting_sql()]).await?;
    let place: PlaceRow = rows.at(0)?.one()?;
    let holders = holders(rows.at(1)?, app.keys()?)?;
    Reply::json(200, &of_unit(person, &place.within, &holders, &own_waiting(person, rows.at(2)?)?))
}

/// The posts of a person that nobody has confirmed yet.
fn own_waiting(person: &Person, rows: &Rows) -> Result<Vec<Post>, AppError> {
    let waiting = appointment::store::waiting(rows)?;
    Ok(waiting.into_iter().filter(|one| one.staff == person.id).map(|one| one.post).collect())
}

/// `GET /api/staff/{id}/why`.
///
/// # Errors
/// Where nobody of that id is on the staff.
pub async fn member(call: Signed, id: StaffId) -> Result<Reply<Vec<WhyNot>>, AppError> {
    let app = &call.app;
    let here = sql("SELECT id FROM staff WHERE id = ?1 AND left_at IS NULL", args![id]);
    let rows = app.db.run(vec![here, holders_sql(app.now()), appointment::store::waiting_sql()]).await?;
    rows.at(0)?.first::<serde_json::Value>()?.ok_or(AppError::NotFound)?;
    let holders = holders(rows.at(1)?, app.keys()?)?;
    let waiting = appointment::store::waiting(rows.at(2)?)?;
    let waiting: Vec<_> = waiting.into_iter().filter(|one| one.staff == id).collect();
    Reply::json(200, &of_member(&call.person, id, &holders, &waiting))
}
