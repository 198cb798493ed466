//! To whom a submitted message goes, by class: counts for whoever sees it as a
//! whole; the names of one class at a time for whoever may read that roll and
//! for whoever its step waits for, each reading logged. Who only writes to a
//! class learns no names by submitting and withdrawing.

use std::collections::BTreeMap;

use domain::access::{Action, Appointment, Person};
use domain::approval::Sender;
use domain::audit::AuditAction;
use domain::ids::{ClassId, MessageId, StreamId};
use domain::message::{ChildNames, GroupNames, NamesWanted, RecipientGroup};
use domain::problem::Refusal;
use domain::words::Words;
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::message::visibility::{VISIBLE_WHOLE, Visibility, WAITS_FOR_ME};
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Stmt, Subject, Value, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::platform::json as column;
use crate::roster::names::{name_at, relation_at};
use crate::roster::scope::Scope;

/// Whose names of message ?1's list a reader sees: those of rolls that they may read; once it is
/// released also, while it is within their reach, those of classes that the author still writes to as
/// more than a department's sender, and those of classes whose messages they may read. Everybody else is told counts. Names of staff are
/// for those who manage accounts, and once it is released for all who see the message.
pub(super) struct Named(pub Vec<Value>);

impl Named {
    /// Values that [`Named::class`] takes.
    pub const OF_CLASSES: usize = 2 + 3 * Scope::VALUES;

    /// The reader's.
    pub fn of(person: &Person, id: MessageId) -> Self {
        // Clause 六: a department sees no roll, nor is it told one by having written to everybody on it.
        let of_departments = |held: &&Appointment| held.post.sender() == Some(Sender::Department);
        let others = person.appointments.iter().filter(|held| !of_departments(held)).cloned().collect();
        let otherwise = Person { appointments: others, ..person.clone() };
        let scopes = [Action::ReadRoster, Action::WriteToClass, Action::ReadMessages];
        let scopes = scopes.iter().flat_map(|action| Scope::of(&otherwise, &[*action]).args());
        let staff = person.may(Action::ManageAccounts).into();
        Self([id.into(), person.id.into()].into_iter().chain(scopes).chain([staff]).collect())
    }

    /// Whether the names of an entry of message `m` are told: of class `c`, or of the staff where that is NULL.
    pub fn entry() -> String {
        format!("CASE WHEN c.id IS NULL THEN ?12 = 1 OR m.released_at IS NOT NULL ELSE {} END", Self::class())
    }

    /// Whether the names of class `c` are told, of message `m`.
    pub fn class() -> String {
        let (roll, writes, reads) = (Scope::holds("c", 3), Scope::holds("c", 6), Scope::holds("c", 9));
        format!("({roll} OR m.released_at IS NOT NULL AND (m.author_id = ?2 AND {writes} OR {reads}))")
    }
}

/// The frozen list `r` of `m`, with the class `c` of each entry's stream; none for the staff's.
pub(super) const FROZEN: &str =
    "messages m CROSS JOIN message_versions v ON v.message_id = m.id AND v.version = m.version
     CROSS JOIN json_each(v.lists) l CROSS JOIN streams w ON w.id = l.value ->> '$.stream'
     LEFT JOIN classes c ON c.id = w.class_id
     CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version AND r.stream_id = w.id";

#[derive(Deserialize)]
struct SeenRow {
    #[serde(deserialize_with = "column::flag")]
    waits: bool,
}

/// Whether its step waits for the reader; no row where the reader does not see it as a whole.
fn seen_sql(app: &App, person: &Person, id: MessageId) -> Result<Stmt, AppError> {
    let values = Visibility::of(person)?.values([app.now().into(), id.into()]);
    Ok(sql(
        format!(
            "SELECT {WAITS_FOR_ME} AS waits FROM messages m WHERE m.id = ?6 AND m.digest IS NOT NULL AND {VISIBLE_WHOLE}"
        ),
        &values,
    ))
}

#[derive(Deserialize)]
struct GroupRow {
    stream: StreamId,
    class: Option<ClassId>,
    name: Option<String>,
    children: u32,
    people: u32,
    phones: u32,
    #[serde(deserialize_with = "column::flag")]
    named: bool,
}

/// `GET /api/messages/{id}/recipients`.
///
/// # Errors
/// Where it is not seen as a whole, or was never submitted.
pub async fn groups(call: Signed, id: MessageId) -> Result<Reply<Vec<RecipientGroup>>, AppError> {
    let Named(values) = Named::of(&call.person, id);
    let counts = sql(
        format!(
            "SELECT w.id AS stream, c.id AS class, {class} AS name, COUNT(DISTINCT NULLIF(r.student, 0)) AS children, COUNT(*) AS people,
               COUNT(DISTINCT r.phone_id) AS phones, {named} AS named
             FROM {FROZEN} WHERE m.id = ?1 GROUP BY w.id ORDER BY c.unit_id, length(c.name), c.name",
            class = name_at("class", "c", "m.submitted_at"),
            named = Named::entry(),
        ),
        &values,
    );
    let rows = call.app.db.run(vec![seen_sql(&call.app, &call.person, id)?, counts]).await?;
    let seen: SeenRow = rows.at(0)?.one()?;
    let group = |row: GroupRow| RecipientGroup {
        group: row.stream,
        class: row.class,
        name: row.name.unwrap_or_default(),
        children: row.children,
        people: row.people,
        phones: row.phones,
        may_name: row.named || seen.waits,
    };
    Reply::json(200, &rows.at(1)?.all()?.into_iter().map(group).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct MayRow {
    #[serde(deserialize_with = "column::flag")]
    named: bool,
}

#[derive(Deserialize)]
struct NameRow {
    student: i64,
    child: Option<String>,
    name: String,
    relation: String,
}

/// `POST /api/messages/{id}/names`.
///
/// # Errors
/// 404 where it is not seen as a whole or does not go to that class, 403 where its names are not the caller's to know.
pub async fn names(call: Signed, id: MessageId, wanted: NamesWanted) -> Result<Reply<GroupNames>, AppError> {
    let (app, person) = (&call.app, &call.person);
    let Named(mut values) = Named::of(person, id);
    values.push(wanted.group.into());
    let may = sql(
        format!("SELECT {} AS named FROM {FROZEN} WHERE m.id = ?1 AND w.id = ?13 LIMIT 1", Named::entry()),
        &values,
    );
    let rows = app.db.run(vec![seen_sql(app, person, id)?, may]).await?;
    let (seen, may): (SeenRow, MayRow) = (rows.at(0)?.one()?, rows.at(1)?.one()?);
    if !(seen.waits || may.named) {
        return Err(Refusal::rights(
            "names_not_yours",
            Words::fixed(
                "审批前，收件人的姓名只显示给正在办理的审批人和有权查看该班名册的人",
                "Before it goes out, names are shown to whoever has to decide now and to those who may read that class's roll",
            ),
        )
        .into());
    }
    let detail = json!({ "stream": wanted.group, "decides": seen.waits });
    let batch = app.db.guarded().audit(&Audit {
        at: app.now(),
        actor: person.id.0,
        action: AuditAction::MessageNamesRead,
        subject: Subject::Row("message", id.0),
        detail: &detail,
    });
    let at = batch.len();
    let rows = batch
        .then(
            format!(
                "SELECT r.student, {student} AS child, COALESCE({guardian}, {staff}, '') AS name, COALESCE({relation}, '') AS relation
                 FROM {FROZEN}
                 LEFT JOIN guardians g ON r.kind = 'guardian' AND g.id = r.person
                 LEFT JOIN students s ON r.student <> 0 AND s.id = r.student
                 LEFT JOIN staff t ON r.kind = 'staff' AND t.id = r.person
                 WHERE m.id = ?1 AND w.id = ?2 ORDER BY s.number, s.id, g.position, t.number",
                guardian = name_at("guardian", "g", "m.submitted_at"),
                relation = relation_at("g", "m.submitted_at"),
                staff = name_at("staff", "t", "m.submitted_at"),
                student = name_at("student", "s", "m.submitted_at"),
            ),
            args![id, wanted.group],
        )
        .commit()
        .await?;
    let mut told = GroupNames::default();
    let mut places: BTreeMap<i64, usize> = BTreeMap::new();
    for NameRow { student, child, name, relation } in rows.at(at)?.all()? {
        let Some(child) = child else {
            told.staff.push(name);
            continue;
        };
        let next = told.children.len();
        let place = *places.entry(student).or_insert(next);
        if place == next {
            told.children.push(ChildNames { name: child, people: Vec::new() });
        }
        if let Some(child) = told.children.get_mut(place) {
            child.people.push((name, relation));
        }
    }
    Reply::json(200, &told)
}
