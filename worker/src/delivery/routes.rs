//! Watching: how far a message has got, and the named list by child.

use std::collections::{BTreeMap, HashMap};

use domain::access::Action;
use domain::delivery::{
    ChildRow, ClassCount, DeliveryList, DeliveryState, Funnel, Reason, RecipientRow, SmsReply,
};
use domain::ids::{ClassId, GuardianId, MessageId, StreamId, StudentId};
use domain::message::RecipientKind;
use domain::roster::OWN_NUMBER;
use domain::time::Instant;
use serde::Deserialize;

use super::PhoneRow;
use super::names::{FROZEN, Named};
use crate::args;
use crate::message::rows::{PROGRESS, ProgressRow};
use crate::message::view;
use crate::message::visibility::{VISIBLE_WHOLE, visible};
use crate::platform::d1::{Answers, Rows, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::platform::json;
use crate::roster::names::{name_at, relation_at};

/// What the funnel needs of the message itself.
const SKIPPED: &str =
    "COALESCE((SELECT r.skipped FROM rounds r WHERE r.message_id = m.id AND r.round = 0), 0) AS skipped";

#[derive(Deserialize)]
struct SeenRow {
    skipped: u32,
}

/// What the named list needs of it: also whether the reader sees all of it, or an own class alone.
#[derive(Deserialize)]
struct ListSeenRow {
    skipped: u32,
    #[serde(deserialize_with = "json::flag")]
    whole: bool,
}

/// `GET /api/messages/{id}/funnel`: the cheap poll, two rows per batch.
///
/// # Errors
/// Where the message is not within sight.
pub async fn funnel(call: Signed, id: MessageId) -> Result<Reply<Funnel>, AppError> {
    let db = &call.app.db;
    let rows = db.run(vec![visible(&call.person, id, SKIPPED)?, sql(PROGRESS, args![id])]).await?;
    let seen: SeenRow = rows.at(0)?.one()?;
    let progress: Vec<ProgressRow> = rows.at(1)?.all()?;
    Reply::json(200, &view::funnel(&progress, seen.skipped))
}

#[derive(Deserialize)]
struct ListedRow {
    kind: RecipientKind,
    person: i64,
    student: i64,
    name: String,
    relation: String,
    student_name: Option<String>,
    class_id: Option<ClassId>,
    class_name: Option<String>,
    phone_id: i64,
}

#[derive(Deserialize)]
struct SentRow {
    phone_id: i64,
    // What cannot be read of one row is shown as such in that row.
    #[serde(deserialize_with = "json::if_known")]
    state: Option<DeliveryState>,
    #[serde(deserialize_with = "json::if_known")]
    reason: Option<Option<Reason>>,
    #[serde(deserialize_with = "json::lenient_column")]
    recipients: Option<Vec<(RecipientKind, i64, i64, StreamId)>>,
}

#[derive(Deserialize)]
struct AnsweredRow {
    phone_id: i64,
    student_id: i64,
    at: Instant,
}

#[derive(Deserialize)]
struct OpenedRow {
    #[serde(deserialize_with = "json::lenient_column")]
    seen: Option<BTreeMap<String, Instant>>,
}

#[derive(Deserialize)]
struct ReplyRow {
    phone_id: i64,
    text: String,
    at: Instant,
    #[serde(deserialize_with = "json::flag")]
    opts_out: bool,
}

#[derive(Deserialize)]
struct UnreachedRow {
    id: StudentId,
    name: String,
    class_id: ClassId,
    class_name: String,
}

/// The number that a person has now, or had when the list was frozen.
const NUMBER_NOW: &str = "COALESCE(g.phone_id, t.phone_id, r.phone_id)";

/// A class in counts.
#[derive(Deserialize)]
struct CountRow {
    class: ClassId,
    class_name: String,
    children: u32,
    people: u32,
    confirmed: u32,
    #[serde(deserialize_with = "json::flag")]
    named: bool,
}

/// `GET /api/messages/{id}/deliveries`: by child, with the reason for every failure. Who sees the
/// message for an own class alone is told that class's names.
///
///
/// # Errors
/// Where the message is not within sight.
pub async fn list(call: Signed, id: MessageId) -> Result<Reply<DeliveryList>, AppError> {
    let db = &call.app.db;
    let Named(values) = Named::of(&call.person, id);
    let (named, entry) = (Named::class(), Named::entry());
    let rows = db
        .run(vec![
            visible(&call.person, id, &format!("{SKIPPED}, {VISIBLE_WHOLE} AS whole"))?,
            sql(PROGRESS, args![id]),
            sql(
                format!(
                    "SELECT r.kind, r.person, r.student, COALESCE({guardian}, {staff}, '') AS name, COALESCE({relation}, '') AS relation,
                       {student} AS student_name, c.id AS class_id, {class} AS class_name, {NUMBER_NOW} AS phone_id
                     FROM {FROZEN}
                     LEFT JOIN guardians g ON r.kind = 'guardian' AND g.id = r.person
                     LEFT JOIN students s ON r.student <> 0 AND s.id = r.student
                     LEFT JOIN staff t ON r.kind = 'staff' AND t.id = r.person
                     WHERE m.id = ?1 AND {entry} ORDER BY c.id, s.number, g.position, t.number",
                    guardian = name_at("guardian", "g", "m.submitted_at"),
                    relation = relation_at("g", "m.submitted_at"),
                    staff = name_at("staff", "t", "m.submitted_at"),
                    student = name_at("student", "s", "m.submitted_at"),
                    class = name_at("class", "c", "m.submitted_at"),
                ),
                &values,
            ),
            sql(
                "SELECT d.phone_id, d.state, d.reason, d.recipients FROM delivery_states d WHERE d.message_id = ?1 ORDER BY d.round",
                args![id],
            ),
            sql("SELECT seen FROM opened WHERE message_id = ?1", args![id]),
            sql(
                format!(
                    "SELECT DISTINCT p.id, p.key_id, p.sealed FROM {FROZEN}
                     LEFT JOIN guardians g ON r.kind = 'guardian' AND g.id = r.person
                     LEFT JOIN staff t ON r.kind = 'staff' AND t.id = r.person
                     CROSS JOIN phones p ON p.id = {NUMBER_NOW} WHERE m.id = ?1 AND {entry}"
                ),
                &values,
            ),
            // Children of those addressed whom the list cannot reach.
            sql(
                format!(
                    "SELECT s.id, s.name, c.id AS class_id, c.name AS class_name FROM messages m
                     CROSS JOIN message_versions v ON v.message_id = m.id AND v.version = m.version
                     CROSS JOIN json_each(v.lists) l
                     CROSS JOIN streams w ON w.id = l.value ->> '$.stream'
                     CROSS JOIN classes c ON c.id = w.class_id
                     CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
                     WHERE m.id = ?1 AND {named}
                       AND (m.audience ->> '$.kind' <> 'children' OR s.id IN (SELECT value FROM json_each(m.audience, '$.students')))
                       AND NOT EXISTS (SELECT 1 FROM guardians g WHERE g.student_id = s.id AND g.left_at IS NULL
                         AND (g.relation = '{OWN_NUMBER}') = (m.audience ->> '$.kind' = 'students'))"
                ),
                &values[..Named::OF_CLASSES],
            ),
            sql("SELECT phone_id, student_id, at FROM answers_now WHERE message_id = ?1 AND kind = 'confirm'", args![id]),
            sql(
                format!(
                    "SELECT c.id AS class, {class} AS class_name, {named} AS named, COUNT(DISTINCT r.student) AS children,
                       COUNT(*) AS people, COUNT(DISTINCT a.student_id) AS confirmed
                     FROM {FROZEN}
                     LEFT JOIN (SELECT DISTINCT student_id FROM answers_now WHERE message_id = ?1 AND kind = 'confirm') a
                       ON a.student_id = r.student
                     WHERE m.id = ?1 AND c.id IS NOT NULL GROUP BY c.id ORDER BY c.id",
                    class = name_at("class", "c", "m.submitted_at"),
                ),
                &values[..Named::OF_CLASSES],
            ),
            sql("SELECT phone_id, text, at, opts_out FROM replies WHERE message_id = ?1 ORDER BY at", args![id]),
        ])
        .await?;
    let at = |n: usize| rows.at(n);
    let seen: ListSeenRow = at(0)?.one()?;
    let funnel = view::funnel(&at(1)?.all::<ProgressRow>()?, seen.skipped);
    let phones = masked(&call, at(5)?)?;
    let sent = Sent::read(at(3)?, at(4)?, at(7)?, at(9)?)?;

    let mut children: BTreeMap<(i64, usize), ChildRow> = BTreeMap::new();
    let mut places: HashMap<i64, usize> = HashMap::new();
    let mut staff = Vec::new();
    for listed in at(2)?.all::<ListedRow>()? {
        let recipient = sent.recipient(&listed, &phones);
        match (listed.student_name, listed.class_id, listed.class_name) {
            (Some(name), Some(class), Some(class_name)) => {
                let next = places.len();
                let place = *places.entry(listed.student).or_insert(next);
                let child = children.entry((class.0, place)).or_insert_with(|| ChildRow {
                    student: StudentId(listed.student),
                    name,
                    class,
                    class_name,
                    confirmed: false,
                    guardians: Vec::new(),
                });
                child.confirmed |= recipient.confirmed_at.is_some();
                child.guardians.push(recipient);
            }
            _ => staff.push(recipient),
        }
    }
    let mut children: Vec<ChildRow> = children.into_values().collect();
    children.extend(at(6)?.all::<UnreachedRow>()?.into_iter().map(|s| ChildRow {
        student: s.id,
        name: s.name,
        class: s.class_id,
        class_name: s.class_name,
        confirmed: false,
        guardians: Vec::new(),
    }));
    let classes = at(8)?.all::<CountRow>()?.into_iter().map(|row| ClassCount {
        class: row.class,
        class_name: row.class_name,
        children: row.children,
        people: row.people,
        confirmed: row.confirmed,
        named: row.named,
    });
    let mut classes: Vec<ClassCount> = classes.collect();
    if !seen.whole {
        let own: Vec<ClassId> =
            call.person.reaches(Action::ReadMessages).filter_map(|(held, _)| held.class).collect();
        classes.retain(|count| own.contains(&count.class));
        children.retain(|child| own.contains(&child.class));
        staff.clear();
    }
    Reply::json(200, &DeliveryList { funnel, classes, children, staff })
}

fn masked(call: &Signed, rows: &Rows) -> Result<HashMap<i64, String>, AppError> {
    let keys = call.app.keys()?;
    Ok(rows
        .all::<PhoneRow>()?
        .into_iter()
        .map(|p| (p.id.0, keys.masked_phone(p.id.0, p.key_id, &p.sealed)))
        .collect())
}

/// What became of the SMS to one phone.
#[derive(Clone, Copy)]
struct Outcome {
    state: Option<DeliveryState>,
    reason: Option<Reason>,
    phone: i64,
}

/// What was sent, by the person behind each phone and the child it is about, and what came back.
struct Sent {
    by_person: HashMap<(RecipientKind, i64, i64), Outcome>,
    /// Those whose people cannot be read: by their phone.
    by_phone: HashMap<i64, Outcome>,
    opened: HashMap<i64, Instant>,
    confirmed: HashMap<(i64, i64), Instant>,
    replies: HashMap<i64, Vec<SmsReply>>,
}

impl Sent {
    fn read(deliveries: &Rows, opened: &Rows, answers: &Rows, told: &Rows) -> Result<Self, AppError> {
        let (mut by_person, mut by_phone) = (HashMap::new(), HashMap::new());
        // Later rounds come last, so that a person's newest SMS is shown.
        for row in deliveries.all::<SentRow>()? {
            let outcome = Outcome { state: row.state, reason: row.reason.flatten(), phone: row.phone_id };
            let Some(recipients) = row.recipients else {
                by_phone.insert(row.phone_id, outcome);
                continue;
            };
            for (kind, person, student, _) in recipients {
                by_person.insert((kind, person, student), outcome);
            }
        }
        let mut first = HashMap::new();
        for (phone, at) in opened.all::<OpenedRow>()?.into_iter().filter_map(|row| row.seen).flatten() {
            if let Ok(phone) = phone.parse() {
                first.insert(phone, at);
            }
        }
        let confirmed = answers.all::<AnsweredRow>()?;
        let confirmed = confirmed.into_iter().map(|a| ((a.phone_id, a.student_id), a.at)).collect();
        let mut replies: HashMap<i64, Vec<SmsReply>> = HashMap::new();
        for row in told.all::<ReplyRow>()? {
            let reply = SmsReply { text: row.text, at: row.at, opts_out: row.opts_out };
            replies.entry(row.phone_id).or_default().push(reply);
        }
        Ok(Self { by_person, by_phone, opened: first, confirmed, replies })
    }

    fn recipient(&self, listed: &ListedRow, phones: &HashMap<i64, String>) -> RecipientRow {
        let known = self.by_person.get(&(listed.kind, listed.person, listed.student));
        let delivery = known.or_else(|| self.by_phone.get(&listed.phone_id));
        RecipientRow {
            guardian: (listed.kind == RecipientKind::Guardian).then_some(GuardianId(listed.person)),
            name: listed.name.clone(),
            relation: listed.relation.clone(),
            phone: phones.get(&listed.phone_id).cloned().unwrap_or_default(),
            state: delivery.and_then(|d| d.state),
            reason: delivery.and_then(|d| d.reason),
            opened_at: delivery.and_then(|d| self.opened.get(&d.phone).copied()),
            confirmed_at: delivery.and_then(|d| self.confirmed.get(&(d.phone, listed.student)).copied()),
            unreadable: delivery.is_some_and(|d| d.state.is_none()),
            replies: delivery.and_then(|d| self.replies.get(&d.phone).cloned()).unwrap_or_default(),
        }
    }
}
