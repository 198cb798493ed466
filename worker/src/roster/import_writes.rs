//! All that applying a file writes, as one value: rows that come, rows that
//! change from what to what, people who leave, posts that begin and end. So a
//! file is taken back by the same writes, turned round. Each change names
//! what it changes from: whoever changed the row meanwhile makes it lose.

use std::collections::{BTreeSet, HashSet};

use domain::access::Post as PostKind;
use domain::ids::{AppointmentId, ClassId, GuardianId, StaffId, StudentId, UnitId};
use domain::message::RecipientKind;
use domain::roster::import::diff::number_of;
use domain::roster::people::LeaveReason;
use serde::{Deserialize, Serialize};

use super::import_store::{NumberChange, Writer, each_counted, each_piece, write_changes};
use super::leaving::{Departure, People, come_back, end_service, leave};
use crate::appointment::sealed::{SealedAppointment, end};
use crate::args;
use crate::platform::d1::Guarded;
use crate::platform::error::AppError;
use crate::seals::{AppointmentSeal, Seal};

/// A member of staff who is new: id, number, name, phone's id.
pub type NewStaff = (StaffId, String, String, Option<i64>);
/// Who changes: name before and after, phone's id before and after.
pub type StaffChange = (StaffId, String, String, Option<i64>, Option<i64>);
/// A student who is new: id, number, name, class.
pub type NewStudent = (StudentId, String, String, ClassId);
/// Who changes: name before and after, class before and after.
pub type StudentChange = (StudentId, String, String, ClassId, ClassId);
/// An entry that is new.
pub type NewGuardian = (GuardianId, StudentId, Entry);
/// An entry that changes.
pub type GuardianChange = (GuardianId, Entry, Entry);
/// A guardian's position, name, relation, phone's id.
pub type Entry = (usize, String, String, i64);

/// A post that begins or ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Post {
    /// Its id.
    pub id: AppointmentId,
    /// Whose.
    pub staff: StaffId,
    /// Key of the post.
    pub post: String,
    /// The unit.
    pub unit: UnitId,
    /// The class.
    pub class: Option<ClassId>,
    /// Subject.
    pub subject: Option<String>,
}

impl Post {
    /// Its seal when it begins: who gives it is the writer, and nobody has confirmed it.
    fn seal(&self, writer: &Writer<'_>) -> String {
        let seal = AppointmentSeal {
            staff: self.staff.0,
            post: &self.post,
            unit: self.unit.0,
            class: self.class.map(|class| class.0),
            subject: self.subject.as_deref(),
            since: writer.now,
            given_by: writer.by.0,
            confirmed_by: None,
            confirmed_at: None,
        };
        seal.mac(writer.keys)
    }
}

/// Classes and codes that a file brings; written by `import_places`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Places {
    /// Classes that it makes, or takes into use again.
    pub classes: Vec<ClassId>,
    /// Units that get a code.
    pub units_coded: Vec<UnitId>,
    /// Classes that get a code.
    pub classes_coded: Vec<ClassId>,
}

/// What one application writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Writes {
    /// Classes and codes.
    pub places: Places,
    /// Who leaves.
    pub gone: People,
    /// Who comes back.
    pub back: People,
    /// Staff who come.
    pub staff_new: Vec<NewStaff>,
    /// Staff who change.
    pub staff: Vec<StaffChange>,
    /// Students who come.
    pub students_new: Vec<NewStudent>,
    /// Students who change.
    pub students: Vec<StudentChange>,
    /// Guardians who come.
    pub guardians_new: Vec<NewGuardian>,
    /// Guardians who change.
    pub guardians: Vec<GuardianChange>,
    /// Posts that end.
    pub ended: Vec<Post>,
    /// Posts that begin.
    pub begun: Vec<Post>,
}

/// What depends on a file that was applied: by ids, so that the database can ask.
#[derive(Serialize)]
pub struct Touched {
    /// Classes whose lists it changed.
    classes: BTreeSet<ClassId>,
    /// Staff who came to power by it, or lost it.
    acting: BTreeSet<StaffId>,
    /// Staff whom it brought.
    added: BTreeSet<StaffId>,
}

impl Writes {
    /// What would take all of it back. What has come cannot be removed: people
    /// leave again, classes are archived; units stay. Posts that ended begin
    /// anew, in rows of their own.
    #[must_use]
    pub fn turned_round(self, next_appointment: i64) -> (Places, Self) {
        let gone = People {
            staff: self.staff_new.into_iter().map(|(id, ..)| id).chain(self.back.staff).collect(),
            students: self.students_new.into_iter().map(|(id, ..)| id).chain(self.back.students).collect(),
            guardians: self.guardians_new.into_iter().map(|(id, ..)| id).chain(self.back.guardians).collect(),
        };
        let begun = self.ended.into_iter().zip(next_appointment..);
        let round = Self {
            gone,
            back: self.gone,
            staff: self.staff.into_iter().map(|(id, a, b, from, to)| (id, b, a, to, from)).collect(),
            students: self.students.into_iter().map(|(id, a, b, from, to)| (id, b, a, to, from)).collect(),
            guardians: self.guardians.into_iter().map(|(id, from, to)| (id, to, from)).collect(),
            begun: begun.map(|(post, id)| Post { id: AppointmentId(id), ..post }).collect(),
            ended: self.begun,
            ..Self::default()
        };
        (self.places, round)
    }

    /// What can come to depend on it. `classes` are those of guardians and students that it changes.
    pub fn touched(&self, classes: BTreeSet<ClassId>) -> Touched {
        let students = self.students.iter().flat_map(|(_, _, _, from, to)| [*from, *to]);
        let new = self.students_new.iter().map(|(.., class)| *class);
        let posts = self.begun.iter().chain(&self.ended).map(|post| post.staff);
        let added: BTreeSet<StaffId> = self.staff_new.iter().map(|(id, ..)| *id).collect();
        Touched {
            classes: classes
                .into_iter()
                .chain(students)
                .chain(new)
                .chain(self.places.classes.clone())
                .collect(),
            acting: posts.chain(added.iter().copied()).collect(),
            added,
        }
    }

    /// Posts that count once a second person has confirmed them.
    pub fn waiting(&self) -> u32 {
        let waits = |post: &&Post| PostKind::from_key(&post.post).is_some_and(PostKind::needs_confirmation);
        number_of(self.begun.iter().filter(waits).count())
    }

    /// Adds all of it to a batch, units and classes apart.
    ///
    /// # Errors
    /// Where the values cannot be bound.
    pub fn write<'a>(&self, batch: Guarded<'a>, writer: &Writer<'_>) -> Result<Guarded<'a>, AppError> {
        let Writer { now, by, import, keys, sealed } = *writer;
        // Whoever leaves goes first: the number may pass on.
        let departure = Departure { reason: LeaveReason::Imported, by, now, import: Some(import) };
        let batch = leave(batch, &self.gone, &departure)?;
        let batch = come_back(batch, &self.back, by, now)?;
        let batch = self.write_staff(batch, writer)?;
        let batch = self.write_students(batch, writer)?;
        // Begun before ended: who gives them holds a post until then.
        let batch = self.begin_posts(batch, writer)?;
        let ending: HashSet<i64> = self.ended.iter().map(|post| post.id.0).collect();
        let ending: Vec<&SealedAppointment> = sealed.iter().filter(|a| ending.contains(&a.id)).collect();
        if ending.len() < self.ended.len() {
            return Err(AppError::Lost);
        }
        let batch = end(batch, keys, &ending, now)?;
        end_service(batch, &self.gone.staff, now)
    }

    fn write_staff<'a>(&self, batch: Guarded<'a>, writer: &Writer<'_>) -> Result<Guarded<'a>, AppError> {
        let batch = each_piece(
            batch,
            &self.staff_new,
            "INSERT INTO staff (id, number, name, phone_id, created_at)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2 FROM json_each(?1)",
            args![writer.now],
        )?;
        let changed = self.staff.iter().filter(|(.., from, to)| from != to);
        let numbers: Vec<NumberChange> =
            changed.map(|(id, .., from, to)| writer.change(RecipientKind::Staff, id.0, *from, *to)).collect();
        let batch = write_changes(batch, writer, &numbers)?;
        each_counted(
            batch,
            &self.staff,
            "UPDATE staff SET name = j.name, phone_id = j.phone_id,
               named_at = CASE WHEN staff.name = j.name THEN staff.named_at ELSE ?2 END
             FROM (SELECT value ->> 0 AS id, value ->> 1 AS old_name, value ->> 2 AS name, value ->> 3 AS old_phone,
                     value ->> 4 AS phone_id FROM json_each(?1)) AS j
             WHERE staff.id = j.id AND staff.name = j.old_name AND staff.phone_id IS j.old_phone",
            args![writer.now],
        )
    }

    fn write_students<'a>(&self, batch: Guarded<'a>, writer: &Writer<'_>) -> Result<Guarded<'a>, AppError> {
        let now = writer.now;
        let batch = each_piece(
            batch,
            &self.students_new,
            "INSERT INTO students (id, number, name, class_id, created_at)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2 FROM json_each(?1)",
            args![now],
        )?;
        let batch = each_counted(
            batch,
            &self.students,
            "UPDATE students SET name = j.name, class_id = j.class_id,
               named_at = CASE WHEN (students.name, students.class_id) = (j.name, j.class_id)
                 THEN students.named_at ELSE ?2 END
             FROM (SELECT value ->> 0 AS id, value ->> 1 AS old_name, value ->> 2 AS name, value ->> 3 AS old_class,
                     value ->> 4 AS class_id FROM json_each(?1)) AS j
             WHERE students.id = j.id AND students.name = j.old_name AND students.class_id = j.old_class",
            args![now],
        )?;
        let changed = self.guardians.iter().filter(|(_, from, to)| from.3 != to.3);
        let numbers: Vec<NumberChange> = changed
            .map(|(id, from, to)| writer.change(RecipientKind::Guardian, id.0, Some(from.3), Some(to.3)))
            .collect();
        let batch = write_changes(batch, writer, &numbers)?;
        let batch = each_counted(
            batch,
            &self.guardians,
            "UPDATE guardians SET position = j.position, name = j.name, relation = j.relation, phone_id = j.phone_id,
               named_at = CASE WHEN (guardians.name, guardians.relation) = (j.name, j.relation)
                 THEN guardians.named_at ELSE ?2 END
             FROM (SELECT value ->> 0 AS id, value ->> '$[1][1]' AS old_name, value ->> '$[1][2]' AS old_relation,
                     value ->> '$[1][3]' AS old_phone, value ->> '$[2][0]' AS position, value ->> '$[2][1]' AS name,
                     value ->> '$[2][2]' AS relation, value ->> '$[2][3]' AS phone_id FROM json_each(?1)) AS j
             WHERE guardians.id = j.id AND guardians.name = j.old_name AND guardians.relation = j.old_relation
               AND guardians.phone_id = j.old_phone",
            args![now],
        )?;
        each_piece(
            batch,
            &self.guardians_new,
            "INSERT INTO guardians (id, student_id, position, name, relation, phone_id, created_at)
             SELECT value ->> 0, value ->> 1, value ->> '$[2][0]', value ->> '$[2][1]', value ->> '$[2][2]',
               value ->> '$[2][3]', ?2 FROM json_each(?1)",
            args![now],
        )
    }

    fn begin_posts<'a>(&self, batch: Guarded<'a>, writer: &Writer<'_>) -> Result<Guarded<'a>, AppError> {
        let sealed: Vec<(&Post, String)> = self.begun.iter().map(|post| (post, post.seal(writer))).collect();
        each_counted(
            batch,
            &sealed,
            "INSERT INTO appointments (id, staff_id, post, unit_id, class_id, subject, since, given_by, import_id, mac)
             SELECT value ->> '$[0].id', value ->> '$[0].staff', value ->> '$[0].post', value ->> '$[0].unit',
               value ->> '$[0].class', value ->> '$[0].subject', ?2, ?3, ?4, value ->> 1
             FROM json_each(?1)",
            args![writer.now, writer.by, writer.import],
        )
    }
}
