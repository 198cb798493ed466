//! Previewing and applying a roster file. The file is kept sealed between
//! the two and read again at the end: what the browser was shown is no
//! evidence of what is applied.

use std::collections::{BTreeSet, HashMap};

use domain::ids::ImportId;
use domain::phone::Phone;
use domain::problem::Refusal;
use domain::roster::import::diff::{self, Change, RollStudent};
use domain::roster::import::plan::{StaffPlan, StaffRoll, UnitRef};
use domain::roster::import::{
    GuardianEntry, Parsed, StaffRow, StudentRow, count_staff, count_students, read_staff, read_students,
    shown,
};
use domain::roster::{
    Answer as Chosen, ImportApplied, ImportCounts, ImportKind, ImportPreview, MAX_FINDINGS, Question,
};
use domain::words::Words;
use serde_json::json;

use super::import_store::{self as store, Roll, Writer};
use super::routes::to_json;
use crate::bindings::{Audit, Guarded, Subject};
use crate::crypto::{Keys, sha256};
use crate::error::AppError;
use crate::router::{Answer, Call, Remember};

/// A file read and compared with the roll.
enum Read {
    Staff { parsed: Parsed<StaffRow>, plan: StaffPlan, questions: Vec<Question>, roll: StaffRoll },
    Students { parsed: Parsed<StudentRow>, roll: Vec<RollStudent> },
}

/// What stands for each phone on the roll: its keyed index, made once.
struct PhoneKeys(HashMap<Phone, String>);

impl PhoneKeys {
    fn of<'a>(keys: &Keys, phones: impl Iterator<Item = &'a Phone>) -> Self {
        let mut map = HashMap::new();
        for phone in phones {
            if !map.contains_key(phone) {
                map.insert(phone.clone(), keys.phone_lookup(phone));
            }
        }
        Self(map)
    }

    fn get(&self, phone: &Phone) -> String {
        self.0.get(phone).cloned().unwrap_or_default()
    }
}

impl Read {
    fn new(kind: ImportKind, bytes: &[u8], roll: &Roll) -> Result<Self, AppError> {
        let refused =
            |refusal: Refusal| AppError::Invalid(vec![Refusal { field: Some("file".into()), ..refusal }]);
        match kind {
            ImportKind::Staff => {
                let parsed = read_staff(bytes, &roll.school_name).map_err(refused)?;
                let roll = roll.staff.clone();
                let plan = StaffPlan::new(&parsed.taken, &roll);
                let questions = plan.questions(&roll);
                Ok(Self::Staff { parsed, plan, questions, roll })
            }
            ImportKind::Students => {
                let led: BTreeSet<String> = roll.led.iter().cloned().collect();
                let parsed = read_students(bytes, &led).map_err(refused)?;
                Ok(Self::Students { parsed, roll: roll.students.clone() })
            }
        }
    }

    fn phones(&self) -> Box<dyn Iterator<Item = &Phone> + '_> {
        match self {
            Self::Staff { parsed, .. } => Box::new(parsed.taken.iter().filter_map(|s| s.phone.as_ref())),
            Self::Students { parsed, .. } => {
                Box::new(parsed.taken.iter().flat_map(|s| s.guardians.iter().map(|g| &g.phone)))
            }
        }
    }

    /// What applying it would do, with the likely answers.
    fn counts(&self, phones: &PhoneKeys) -> ImportCounts {
        let key = |phone: &Phone| phones.get(phone);
        match self {
            Self::Staff { parsed, plan, questions, roll } => {
                let plan = plan.clone().suggested(questions);
                diff::with_changes(count_staff(parsed), &diff::staff(&parsed.taken, &plan, roll, &key))
            }
            Self::Students { parsed, roll } => {
                diff::with_changes(count_students(parsed), &diff::students(&parsed.taken, roll, &key))
            }
        }
    }
}

/// `POST /api/roster/imports`: three round trips with the session's.
///
/// # Errors
/// 422 where the file as a whole cannot be taken.
pub async fn preview(call: &Call, kind: ImportKind) -> Result<Answer, AppError> {
    let (app, keys, person) = (&call.app, call.app.keys()?, call.person()?);
    let roll = store::load(app, kind).await?;
    let read = Read::new(kind, call.bytes(), &roll)?;
    let counts = read.counts(&PhoneKeys::of(keys, read.phones()));
    let (encoding, findings, questions) = match read {
        Read::Staff { parsed, questions, .. } => (parsed.encoding, parsed.findings, questions),
        Read::Students { parsed, .. } => (parsed.encoding, parsed.findings, Vec::new()),
    };
    let preview = ImportPreview {
        id: ImportId(roll.next_import),
        kind,
        encoding: encoding.to_owned(),
        counts,
        findings: shown(findings, MAX_FINDINGS),
        questions,
    };
    let hash = sha256(call.bytes());
    let upload = store::Upload {
        id: preview.id,
        kind,
        sealed: keys.seal(call.bytes(), hash.as_bytes())?,
        key_id: keys.data_key_id(),
        sha256: hash,
        roll_version: roll.version,
    };
    let batch = store::keep(app.db.guarded(), upload, person.id, app.now())?;
    let json = to_json(&preview)?;
    call.remember(batch, 200, Remember::Json(&json))?.commit().await?;
    Answer::json(200, &preview)
}

fn roll_changed() -> AppError {
    AppError::conflict(
        "roll_changed",
        Words::fixed(
            "预览之后名册有了变化，请重新上传文件，再核对一次",
            "The roll has changed since the preview: upload the file again and look once more",
        ),
    )
}

/// `POST /api/roster/imports/{id}/apply`: one batch, or nothing.
///
/// # Errors
/// 409 where it is applied or the roll has changed since, 422 where an answer is missing.
pub async fn apply(call: &Call, id: ImportId, answers: &[Chosen]) -> Result<Answer, AppError> {
    let (app, keys, person, now) = (&call.app, call.app.keys()?, call.person()?, call.app.now());
    let kept = store::kept(app, id, person.id).await?.ok_or(AppError::NotFound)?;
    if kept.applied {
        return Err(AppError::conflict(
            "import_applied",
            Words::fixed("这份文件已经导入", "This file has been applied already"),
        ));
    }
    let roll = store::load(app, kept.kind).await?;
    let Some(sealed) = kept.sealed.filter(|_| roll.version == kept.roll_version) else {
        return Err(roll_changed());
    };
    let bytes = keys.open(kept.key_id, &sealed, kept.sha256.as_bytes())?;
    let read = Read::new(kept.kind, &bytes, &roll)?;
    let phones = PhoneKeys::of(keys, read.phones());
    let fresh = fresh_phones(keys, &read, &phones, &roll)?;

    let writer = Writer { now, school_unit: roll.school_unit };
    let batch = store::take(app.db.guarded(), id, kept.roll_version, now)?;
    let batch = store::add_phones(batch, &fresh)?;
    let (batch, counts) = match read {
        Read::Staff { parsed, plan, questions, roll: before } => {
            let plan = plan.answered(&questions, answers).map_err(AppError::Invalid)?;
            apply_staff(batch, &writer, &parsed, &plan, &before, &phones, &roll)?
        }
        Read::Students { parsed, roll: before } => apply_students(batch, &writer, &parsed, &before, &phones)?,
    };
    let batch = store::record(batch, id, &counts)?.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: "roster.applied",
        subject: Subject::Row("import", id.0),
        detail: &json!({ "kind": kept.kind, "file": kept.sha256, "counts": counts }),
    })?;
    let applied = ImportApplied { counts };
    let json = to_json(&applied)?;
    match call.remember(batch, 200, Remember::Json(&json))?.commit().await {
        Err(AppError::Lost) => Err(roll_changed()),
        other => {
            other?;
            Answer::json(200, &applied)
        }
    }
}

/// Rows for the numbers that no row holds yet; ids count up, since each is
/// sealed to its id.
fn fresh_phones(
    keys: &Keys,
    read: &Read,
    phones: &PhoneKeys,
    roll: &Roll,
) -> Result<Vec<store::PhoneRow>, AppError> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for phone in read.phones() {
        let lookup = phones.get(phone);
        if roll.lookups.contains(&lookup) || !seen.insert(lookup.clone()) {
            continue;
        }
        let id = roll.next_phone + rows.len() as i64;
        rows.push((id, keys.data_key_id(), keys.seal_phone(id, phone)?, lookup, keys.phone_last4(phone)));
    }
    Ok(rows)
}

/// Units below the school by name and kind, in the order of the school's list.
fn units_of(units: &BTreeSet<UnitRef>) -> Vec<(String, &'static str)> {
    let below = units.iter().filter(|u| **u != UnitRef::School);
    below.map(|u| (u.name().to_owned(), u.kind().key())).collect()
}

fn apply_students<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    parsed: &Parsed<StudentRow>,
    roll: &[RollStudent],
    phones: &PhoneKeys,
) -> Result<(Guarded<'a>, ImportCounts), AppError> {
    let key = |phone: &Phone| phones.get(phone);
    let changes = diff::students(&parsed.taken, roll, &key);
    let before: HashMap<&str, &RollStudent> = roll.iter().map(|s| (s.number.as_str(), s)).collect();
    let mut write = store::StudentWrites::default();
    for (row, _) in parsed.taken.iter().zip(&changes).filter(|(_, change)| **change != Change::Same) {
        write.students.push((row.number.clone(), row.name.clone(), row.class.name.clone()));
        let old = before.get(row.number.as_str()).map(|s| s.guardians.as_slice()).unwrap_or_default();
        let moves = diff::guardians(&row.guardians, old, &key);
        let entry = |guardian: &GuardianEntry, at: usize| {
            (at + 1, guardian.name.clone(), guardian.relation.clone(), key(&guardian.phone))
        };
        for (id, at) in moves.updated {
            let (position, name, relation, phone) = entry(&row.guardians[at], at);
            write.updated.push((id, position, name, relation, phone));
        }
        for at in moves.added {
            let (position, name, relation, phone) = entry(&row.guardians[at], at);
            write.added.push((row.number.clone(), position, name, relation, phone));
        }
        write.left.extend(moves.left);
    }
    let classes = domain::roster::import::classes_of(&parsed.taken);
    let grades: BTreeSet<UnitRef> = classes.values().cloned().map(UnitRef::Grade).collect();
    let units = units_of(&grades);
    let batch = store::add_units(batch, writer, &units)?;
    let batch = store::add_classes(batch, writer, &classes)?;
    let batch = store::write_students(batch, writer, &write)?;
    Ok((batch, diff::with_changes(count_students(parsed), &changes)))
}

fn apply_staff<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    parsed: &Parsed<StaffRow>,
    plan: &StaffPlan,
    before: &StaffRoll,
    phones: &PhoneKeys,
    roll: &Roll,
) -> Result<(Guarded<'a>, ImportCounts), AppError> {
    let key = |phone: &Phone| phones.get(phone);
    let changes = diff::staff(&parsed.taken, plan, before, &key);
    let units = units_of(&plan.units);
    let batch = store::add_units(batch, writer, &units)?;
    let batch = store::add_classes(batch, writer, &plan.classes)?;
    let people = parsed
        .taken
        .iter()
        .map(|row| (row.number.clone(), row.name.clone(), row.phone.as_ref().map(key)))
        .collect::<Vec<_>>();
    let batch = store::write_staff(batch, writer, &people)?;

    // Posts of people in the file and out of it: an answer can take one away.
    let mut ended = Vec::new();
    for (id, number, held) in &roll.appointments {
        if !plan.desired.get(number).is_some_and(|desired| desired.contains(held)) {
            ended.push(*id);
        }
    }
    let mut begun = Vec::new();
    for (number, desired) in &plan.desired {
        for held in desired {
            if !roll.appointments.iter().any(|(_, n, h)| n == number && h == held) {
                begun.push(store::Begun {
                    number: number.clone(),
                    post: held.post.key(),
                    unit: roll.unit_name(&held.unit),
                    class: held.class.clone(),
                    subject: held.subject.clone(),
                });
            }
        }
    }
    let custodians: Vec<(String, String)> =
        plan.custodians.iter().map(|(unit, number)| (roll.unit_name(unit), number.clone())).collect();
    let batch = store::write_posts(batch, writer, &ended, &begun, &custodians)?;
    Ok((batch, diff::with_changes(count_staff(parsed), &changes)))
}
