//! Watching: how far a message has got, and the named list by child.

use std::collections::{BTreeMap, HashMap};

use domain::delivery::{ChildRow, DeliveryList, DeliveryState, Reason, RecipientRow};
use domain::ids::{ClassId, GuardianId, MessageId, StudentId};
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::bindings::Rows;
use crate::error::AppError;
use crate::message::store::{PROGRESS, ProgressRow, Sight, visible};
use crate::message::view;
use crate::router::{Answer, Call};

#[derive(Deserialize)]
struct SeenRow {
    skipped: u32,
}

/// `GET /api/messages/{id}/funnel`: the cheap poll, two rows per batch.
///
/// # Errors
/// Where the message is not within sight.
pub async fn funnel(call: Call) -> Result<Answer, AppError> {
    let id: MessageId = call.param("id")?;
    let db = &call.app.db;
    let rows = db
        .run(vec![
            visible(
                db,
                &Sight::of(call.person()?),
                id,
                "COALESCE((SELECT SUM(r.skipped) FROM rounds r WHERE r.message_id = m.id), 0) AS skipped",
            )?,
            db.sql(PROGRESS, args![id])?,
        ])
        .await?;
    let [seen, progress] = rows.as_slice() else { return Err(AppError::NotFound) };
    let seen: SeenRow = seen.first()?.ok_or(AppError::NotFound)?;
    let progress: Vec<ProgressRow> = progress.all()?;
    Answer::json(200, &view::funnel(&progress, seen.skipped))
}

#[derive(Deserialize)]
struct ListedRow {
    stream: String,
    person: i64,
    student: i64,
    name: String,
    relation: String,
    student_name: Option<String>,
    class_id: Option<ClassId>,
    class_name: Option<String>,
    phone_id: Option<i64>,
}

#[derive(Deserialize)]
struct SentRow {
    phone_id: i64,
    state: String,
    reason: Option<String>,
    recipients: String,
    answered_at: Option<Instant>,
}

#[derive(Deserialize)]
struct OpenedRow {
    seen: String,
}

#[derive(Deserialize)]
struct PhoneRow {
    id: i64,
    key_id: i64,
    sealed: String,
}

#[derive(Deserialize)]
struct UnreachedRow {
    id: StudentId,
    name: String,
    class_id: ClassId,
    class_name: String,
}

/// `GET /api/messages/{id}/deliveries`: by child, with the reason for every failure.
///
/// # Errors
/// Where the message is not within sight.
pub async fn list(call: Call) -> Result<Answer, AppError> {
    let id: MessageId = call.param("id")?;
    let db = &call.app.db;
    let frozen = "messages m CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version";
    let rows = db
        .run(vec![
            visible(
                db,
                &Sight::of(call.person()?),
                id,
                "COALESCE((SELECT SUM(r.skipped) FROM rounds r WHERE r.message_id = m.id), 0) AS skipped",
            )?,
            db.sql(PROGRESS, args![id])?,
            db.sql(
                &format!(
                    "SELECT r.stream, r.person, r.student, COALESCE(g.name, t.name, '') AS name, COALESCE(g.relation, '') AS relation,
                       s.name AS student_name, c.id AS class_id, c.name AS class_name, COALESCE(g.phone_id, t.phone_id) AS phone_id
                     FROM {frozen}
                     LEFT JOIN guardians g ON r.stream <> 'staff' AND g.id = r.person
                     LEFT JOIN students s ON r.stream <> 'staff' AND s.id = r.student
                     LEFT JOIN classes c ON r.stream <> 'staff' AND c.id = CAST(substr(r.stream, 7) AS INTEGER)
                     LEFT JOIN staff t ON r.stream = 'staff' AND t.id = r.person
                     WHERE m.id = ?1 ORDER BY c.id, s.number, g.position, t.number"
                ),
                args![id],
            )?,
            db.sql(
                "SELECT d.phone_id, d.state, d.reason, d.recipients, a.at AS answered_at FROM delivery_states d
                 LEFT JOIN answers a ON a.message_id = d.message_id AND a.phone_id = d.phone_id
                 WHERE d.message_id = ?1 ORDER BY d.round",
                args![id],
            )?,
            db.sql("SELECT seen FROM opened WHERE message_id = ?1", args![id])?,
            db.sql(
                &format!(
                    "SELECT DISTINCT p.id, p.key_id, p.sealed FROM {frozen}
                     LEFT JOIN guardians g ON r.stream <> 'staff' AND g.id = r.person
                     LEFT JOIN staff t ON r.stream = 'staff' AND t.id = r.person
                     CROSS JOIN phones p ON p.id = COALESCE(g.phone_id, t.phone_id) WHERE m.id = ?1"
                ),
                args![id],
            )?,
            // Children of the classes addressed whom the list cannot reach.
            db.sql(
                "SELECT s.id, s.name, c.id AS class_id, c.name AS class_name FROM messages m
                 CROSS JOIN json_each(COALESCE(m.lists, '[]')) l
                 CROSS JOIN classes c ON l.value ->> '$.stream' = 'class:' || c.id
                 CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
                 WHERE m.id = ?1 AND NOT EXISTS (SELECT 1 FROM guardians g WHERE g.student_id = s.id AND g.left_at IS NULL)",
                args![id],
            )?,
        ])
        .await?;
    let at = |n: usize| rows.get(n).ok_or(AppError::NotFound);
    let seen: SeenRow = at(0)?.first()?.ok_or(AppError::NotFound)?;
    let funnel = view::funnel(&at(1)?.all::<ProgressRow>()?, seen.skipped);
    let phones = masked(&call, at(5)?)?;
    let sent = Sent::read(at(3)?, at(4)?)?;

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
    Answer::json(200, &DeliveryList { funnel, children, staff })
}

fn masked(call: &Call, rows: &Rows) -> Result<HashMap<i64, String>, AppError> {
    let keys = call.app.keys()?;
    rows.all::<PhoneRow>()?
        .into_iter()
        .map(|p| Ok((p.id, keys.open_phone(p.id, p.key_id, &p.sealed)?.masked())))
        .collect()
}

/// What became of the SMS to one phone.
#[derive(Clone, Copy)]
struct Outcome {
    state: DeliveryState,
    reason: Option<Reason>,
    phone: i64,
    confirmed_at: Option<Instant>,
}

/// What was sent, by stream and the person behind each phone.
struct Sent {
    by_person: HashMap<(String, i64), Outcome>,
    opened: HashMap<i64, Instant>,
}

impl Sent {
    fn read(deliveries: &Rows, opened: &Rows) -> Result<Self, AppError> {
        let mut by_person = HashMap::new();
        for row in deliveries.all::<SentRow>()? {
            let Some(state) = DeliveryState::from_key(&row.state) else { continue };
            let reason = row.reason.as_deref().and_then(Reason::from_key);
            let outcome = Outcome { state, reason, phone: row.phone_id, confirmed_at: row.answered_at };
            let people: Vec<(i64, i64, String)> = serde_json::from_str(&row.recipients).unwrap_or_default();
            for (person, _, stream) in people {
                by_person.insert((stream, person), outcome);
            }
        }
        let mut first = HashMap::new();
        for row in opened.all::<OpenedRow>()? {
            let seen: HashMap<String, i64> = serde_json::from_str(&row.seen).unwrap_or_default();
            for (phone, at) in seen {
                if let Ok(phone) = phone.parse() {
                    first.insert(phone, Instant(at));
                }
            }
        }
        Ok(Self { by_person, opened: first })
    }

    fn recipient(&self, listed: &ListedRow, phones: &HashMap<i64, String>) -> RecipientRow {
        let delivery = self.by_person.get(&(listed.stream.clone(), listed.person));
        RecipientRow {
            guardian: (listed.student != 0).then_some(GuardianId(listed.person)),
            name: listed.name.clone(),
            relation: listed.relation.clone(),
            phone: listed.phone_id.and_then(|p| phones.get(&p).cloned()).unwrap_or_default(),
            state: delivery.map(|d| d.state),
            reason: delivery.and_then(|d| d.reason),
            opened_at: delivery.and_then(|d| self.opened.get(&d.phone).copied()),
            confirmed_at: delivery.and_then(|d| d.confirmed_at),
        }
    }
}
