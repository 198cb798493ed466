//! Posts given by hand, from now or from a later day on. What decides or manages
//! waits for the second person, as it does where a file gives it.

use domain::access::Post;
use domain::appointment::{Give, HeldIn, custodian_bar};
use domain::audit::AuditAction;
use domain::ids::{AppointmentId, UnitId};
use domain::problem::Refusal;
use domain::school::UnitKind;
use domain::time::Instant;
use domain::words::Words;
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::people::leaving::roll_changed;
use crate::platform::d1::{Answers, Audit, Guarded, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::seals::{AppointmentSeal, Seal};

/// Where a post would be held, and whether that person holds it already.
#[derive(Deserialize)]
struct Place {
    unit: UnitId,
    kind: UnitKind,
    held: i64,
    present: i64,
    custodian: Option<Instant>,
    next: AppointmentId,
}

fn field(kind: &'static str, at: &'static str, words: Words) -> AppError {
    Refusal::field(kind, at, words).into()
}

pub(super) async fn commit(call: &Signed, batch: Guarded<'_>) -> Result<Reply<()>, AppError> {
    let committed = call.remember(roll_changed(batch), 204, Kept::Json("")).commit().await;
    committed.map(|_| Reply::empty()).map_err(|e| match e {
        AppError::Lost => AppError::conflict(
            "post_changed",
            Words::fixed(
                "任职或部门刚刚有变动，请刷新后再试",
                "Something about this post or unit has changed meanwhile: reload and try again",
            ),
        ),
        other => other,
    })
}

/// `POST /api/appointments`.
///
/// # Errors
/// 422 by field, 409 where the person holds it already.
pub async fn give(call: Signed, order: Give) -> Result<Reply<()>, AppError> {
    order.check()?;
    let (app, now, subject) = (&call.app, call.app.now(), order.subject.trim());
    let since = order.begins(now)?;
    let subject = (!subject.is_empty()).then_some(subject);
    let unit = match order.post.held_in() {
        HeldIn::Class => "(SELECT c.unit_id FROM classes c WHERE c.id = ?3 AND c.archived_at IS NULL)",
        HeldIn::Unit(_) => "?2",
    };
    let rows = app
        .db
        .run(vec![sql(
            format!(
                "SELECT u.id AS unit, u.kind,
                   EXISTS (SELECT 1 FROM appointments a WHERE a.staff_id = ?1 AND a.post = ?4 AND a.unit_id = u.id
                     AND a.class_id IS ?3 AND a.subject IS ?5 AND a.until IS NULL) AS held,
                   EXISTS (SELECT 1 FROM staff t WHERE t.id = ?1 AND t.left_at IS NULL) AS present,
                   (SELECT MAX(k.since) FROM appointments k WHERE k.post = 'custodian' AND k.unit_id = u.id
                      AND k.confirmed_at IS NOT NULL AND k.until IS NULL) AS custodian,
                   (SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'appointments') AS next
                 FROM units u WHERE ?2 IS ?2 AND u.id = {unit} AND u.closed_at IS NULL"
            ),
            args![order.staff, order.unit, order.class, order.post.key(), subject],
        )])
        .await?;
    let missing = match order.post.held_in() {
        HeldIn::Class => {
            ("class", Words::fixed("这个班级不存在或已停用", "This class is not there, or archived"))
        }
        HeldIn::Unit(_) => {
            ("unit", Words::fixed("这个部门不存在或已停用", "This unit is not there, or closed"))
        }
    };
    let place: Option<Place> = rows.at(0)?.first()?;
    let place = place.ok_or_else(|| field("post_place", missing.0, missing.1))?;
    order.check_unit(place.kind)?;
    if place.present == 0 {
        return Err(field("not_on_staff", "staff", Words::fixed("此人不在册", "Not on the staff")));
    }
    if place.held == 1 {
        let words =
            Words::fixed("此人已有这个岗位，或正待确认", "This person has that post already, or it waits");
        return Err(AppError::conflict("already_held", words));
    }
    if let Some(bar) = custodian_bar(now, since, place.custodian.filter(|_| order.post == Post::Custodian)) {
        return Err(bar.into());
    }
    let seal = AppointmentSeal {
        staff: order.staff.0,
        post: order.post.key(),
        unit: place.unit.0,
        class: order.class.map(|class| class.0),
        subject,
        since,
        given_by: call.person.id.0,
        confirmed_by: None,
        confirmed_at: None,
    };
    let mac = seal.mac(app.keys()?);
    let detail = json!({ "staff": order.staff, "post": order.post.key(), "unit": place.unit, "class": order.class, "since": since });
    let batch = app
        .db
        .guarded()
        .must(
            "INSERT INTO appointments (id, staff_id, post, unit_id, class_id, subject, since, given_by, mac)
             SELECT ?1, t.id, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM staff t WHERE t.id = ?2 AND t.left_at IS NULL",
            args![
                place.next,
                order.staff,
                order.post.key(),
                place.unit,
                order.class,
                subject,
                since,
                call.person.id,
                mac
            ],
        )
        .audit(&Audit {
            at: now,
            actor: call.person.id.0,
            action: AuditAction::AppointmentGiven,
            subject: Subject::Row("appointment", place.next.0),
            detail: &detail,
        });
    commit(&call, batch).await
}
