//! From what a file means to what is written: ids for all that is new, and
//! each change with what it changes from.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::ids::{AppointmentId, ClassId, GuardianId, StaffId, StudentId};
use domain::phone::Phone;
use domain::roster::import::diff::{self, RollGuardian, RollStudent};
use domain::roster::import::offers::Ticked;
use domain::roster::import::on_roll::Known;
use domain::roster::import::persons::Settled;
use domain::roster::import::plan::{RollPost, StaffPlan};
use domain::roster::import::{GuardianEntry, Parsed, StaffRow, StudentRow, classes_of, colleges_of};

use super::import_look::{Look, PhoneKeys, Read, StaffFile};
use super::import_places::{PlaceIds, write_places};
use super::import_store::{self as store, Roll, Writer};
use super::import_writes::{Entry, Post, Touched, Writes};
use crate::platform::crypto::Keys;
use crate::platform::d1::Guarded;
use crate::platform::error::AppError;
use crate::platform::host::Host;

/// What an application has added to its batch.
pub struct Applied<'a> {
    /// The batch.
    pub batch: Guarded<'a>,
    /// What it writes, to be taken back.
    pub writes: Writes,
    /// What can come to depend on it.
    pub touched: Touched,
}

/// Numbers that get a row, and the ids of all numbers of a file.
struct PhoneIds<'a> {
    rows: Vec<store::PhoneRow>,
    fresh: HashMap<String, i64>,
    roll: &'a Roll,
    keys: &'a PhoneKeys,
}

impl<'a> PhoneIds<'a> {
    /// Rows for the numbers that no row holds yet; ids count up, since each is
    /// sealed to its id.
    fn new(
        (keys, host): (&Keys, &dyn Host),
        used: impl Iterator<Item = &'a Phone>,
        phones: &'a PhoneKeys,
        roll: &'a Roll,
    ) -> Result<Self, AppError> {
        let mut ids = Self { rows: Vec::new(), fresh: HashMap::new(), roll, keys: phones };
        for phone in used {
            let lookup = phones.get(phone);
            if ids.at(&lookup).is_ok() {
                continue;
            }
            let id = roll.next_phone + ids.rows.len() as i64;
            let (sealed, last4) = (keys.seal_phone(host, id, phone)?, keys.phone_last4(phone));
            ids.rows.push((id, keys.data_key_id(), store::INDEX_KEY, sealed, lookup.clone(), last4));
            ids.fresh.insert(lookup, id);
        }
        Ok(ids)
    }

    fn at(&self, lookup: &str) -> Result<i64, AppError> {
        let id = self.fresh.get(lookup).or_else(|| self.roll.phones.get(lookup)).copied();
        id.ok_or_else(|| AppError::Internal("a number of the file has no id".into()))
    }

    fn of(&self, phone: &Phone) -> Result<i64, AppError> {
        self.at(&self.keys.get(phone))
    }
}

/// Adds to a batch all that a file does with these ticks.
///
/// # Errors
/// Where a value cannot be sealed or bound.
pub fn write<'a>(
    batch: Guarded<'a>,
    writer: &Writer<'_>,
    host: &dyn Host,
    look: &Look,
    ticked: &Ticked,
    phones: &PhoneKeys,
    roll: &Roll,
) -> Result<Applied<'a>, AppError> {
    match &look.read {
        Read::Staff(file) => {
            let StaffFile { parsed, plan, .. } = file.as_ref();
            let leaving: HashSet<StaffId> =
                ticked.staff.iter().copied().chain(look.settled.staff.iter().map(|(id, _)| *id)).collect();
            let plan = plan.clone().kept(&roll.staff, &ticked.posts).without(&roll.staff, &leaving);
            let used = parsed.taken.iter().filter_map(|row| row.phone.as_ref());
            let phone_ids = PhoneIds::new((writer.keys, host), used, phones, roll)?;
            let batch = store::add_phones(batch, &phone_ids.rows)?;
            let places = roll.places.changes(&plan.units, &plan.classes, &parsed.codes);
            let ids = PlaceIds::new(roll, &places);
            let batch = write_places(batch, writer, &places, &ids)?;
            let mut writes = ids.writes(&places)?;
            staff(&mut writes, parsed, &plan, (&look.settled, &leaving), &phone_ids, &ids, roll)?;
            let touched = writes.touched(BTreeSet::new());
            Ok(Applied { batch: writes.write(batch, writer)?, writes, touched })
        }
        Read::Students(parsed) => {
            let used = parsed.taken.iter().flat_map(|row| row.guardians.iter().map(|g| &g.phone));
            let phone_ids = PhoneIds::new((writer.keys, host), used, phones, roll)?;
            let batch = store::add_phones(batch, &phone_ids.rows)?;
            let places =
                roll.places.changes(&colleges_of(&parsed.taken), &classes_of(&parsed.taken), &parsed.codes);
            let ids = PlaceIds::new(roll, &places);
            let batch = write_places(batch, writer, &places, &ids)?;
            let mut writes = ids.writes(&places)?;
            let classes = students(&mut writes, parsed, look, ticked, &phone_ids, &ids, roll)?;
            let touched = writes.touched(classes);
            Ok(Applied { batch: writes.write(batch, writer)?, writes, touched })
        }
    }
}

fn staff(
    writes: &mut Writes,
    parsed: &Parsed<StaffRow>,
    plan: &StaffPlan,
    (settled, leaving): (&Settled, &HashSet<StaffId>),
    phones: &PhoneIds<'_>,
    places: &PlaceIds<'_>,
    roll: &Roll,
) -> Result<(), AppError> {
    let people = Known::new(&roll.staff.people);
    let mut ids: HashMap<&str, StaffId> =
        roll.staff.people.iter().filter(|p| !p.left).map(|p| (p.number.as_str(), p.id)).collect();
    for row in &parsed.taken {
        let phone = row.phone.as_ref().map(|phone| phones.of(phone)).transpose()?;
        let id = match people.of(&row.number, &row.name) {
            Some(person) => {
                let before = person.phone.as_deref().map(|lookup| phones.at(lookup)).transpose()?;
                if person.left {
                    writes.back.staff.push(person.id);
                }
                if person.name != row.name || before != phone {
                    writes.staff.push((person.id, person.name.clone(), row.name.clone(), before, phone));
                }
                person.id
            }
            None => {
                let id = StaffId(roll.next_staff + writes.staff_new.len() as i64);
                writes.staff_new.push((id, row.number.clone(), row.name.clone(), phone));
                id
            }
        };
        ids.insert(&row.number, id);
    }
    let mut gone: Vec<StaffId> = leaving.iter().copied().collect();
    gone.sort_unstable();
    writes.gone.staff = gone;

    let post = |RollPost { id, staff, held, .. }: &RollPost| -> Result<Post, AppError> {
        Ok(Post {
            id: *id,
            staff: *staff,
            post: held.post.key().to_owned(),
            unit: places.unit(&held.unit)?,
            class: held.class.as_ref().map(|class| places.class(class)).transpose()?,
            subject: held.subject.clone(),
        })
    };
    let kept = |held: &&RollPost| !leaving.contains(&held.staff) && plan.keeps(&held.number, &held.held);
    for held in settled.posts.iter().chain(roll.staff.appointments.iter().filter(|held| !kept(held))) {
        writes.ended.push(post(held)?);
    }
    for (number, held) in diff::begun(plan, &roll.staff) {
        let staff = *ids.get(number).ok_or_else(|| AppError::Internal("a post of nobody".into()))?;
        let id = AppointmentId(roll.next_appointment + writes.begun.len() as i64);
        writes.begun.push(post(&RollPost { id, staff, number: number.to_owned(), held: held.clone() })?);
    }
    Ok(())
}

fn entry(guardian: &GuardianEntry, at: usize, phones: &PhoneIds<'_>) -> Result<Entry, AppError> {
    Ok((at + 1, guardian.name.clone(), guardian.relation.clone(), phones.of(&guardian.phone)?))
}

fn old_entry(guardian: &RollGuardian, phones: &PhoneIds<'_>) -> Result<Entry, AppError> {
    Ok((guardian.position, guardian.name.clone(), guardian.relation.clone(), phones.at(&guardian.phone)?))
}

/// Gives the classes whose guardians change.
fn students(
    writes: &mut Writes,
    parsed: &Parsed<StudentRow>,
    look: &Look,
    ticked: &Ticked,
    phones: &PhoneIds<'_>,
    places: &PlaceIds<'_>,
    roll: &Roll,
) -> Result<BTreeSet<ClassId>, AppError> {
    let mut classes = BTreeSet::new();
    let key = |phone: &Phone| phones.keys.get(phone);
    let rows = diff::students(&parsed.taken, &roll.students, &key, &look.settled.guardians);
    for diff::StudentChange { row, known, moves, change } in &rows {
        if *change == diff::Change::Same {
            continue;
        }
        let class = places.class(&row.class)?;
        classes.insert(class);
        let id = match known {
            Some(RollStudent { id, name, class: old_class, left, .. }) => {
                let old_class = places.class(old_class)?;
                if *left {
                    writes.back.students.push(*id);
                }
                if *name != row.name || old_class != class {
                    writes.students.push((*id, name.clone(), row.name.clone(), old_class, class));
                }
                *id
            }
            None => {
                let id = StudentId(roll.next_student + writes.students_new.len() as i64);
                writes.students_new.push((id, row.number.clone(), row.name.clone(), class));
                id
            }
        };
        let old = known.map(|student| student.guardians.as_slice()).unwrap_or_default();
        for (before, at) in &moves.updated {
            let before = &old[*before];
            let change = (before.id, old_entry(before, phones)?, entry(&row.guardians[*at], *at, phones)?);
            writes.guardians.push(change);
        }
        for at in &moves.added {
            let new = GuardianId(roll.next_guardian + writes.guardians_new.len() as i64);
            writes.guardians_new.push((new, id, entry(&row.guardians[*at], *at, phones)?));
        }
        writes.gone.guardians.extend(moves.replaced.iter().map(|old_at| old[*old_at].id));
    }
    let replaced: HashSet<StudentId> = look.settled.students.iter().map(|(id, _)| *id).collect();
    for student in &roll.students {
        if replaced.contains(&student.id) || ticked.students.contains(&student.id) {
            writes.gone.students.push(student.id);
            classes.insert(places.class(&student.class)?);
        }
        for guardian in student.guardians.iter().filter(|g| ticked.guardians.contains(&g.id)) {
            writes.gone.guardians.push(guardian.id);
            classes.insert(places.class(&student.class)?);
        }
    }
    Ok(classes)
}
