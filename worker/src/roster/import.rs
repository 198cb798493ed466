//! Previewing and applying a roster file. The file is kept sealed between
//! the two and read again at the end: what the browser was shown is no
//! evidence of what is applied.

use std::collections::{BTreeSet, HashMap};

use domain::audit::AuditAction;
use domain::ids::ImportId;
use domain::phone::Phone;
use domain::problem::Refusal;
use domain::roster::import::diff::{self, Change, RollStudent};
use domain::roster::import::plan::StaffPlan;
use domain::roster::import::{
    GuardianEntry, Parsed, StaffRow, StudentRow, classes_of, count_staff, count_students, read_staff,
    read_students, shown,
};
use domain::roster::{
    Answer as Chosen, ImportApplied, ImportCounts, ImportKind, ImportPreview, MAX_FINDINGS, Question,
};
use domain::words::Words;
use serde_json::json;

use super::import_places::{PlaceIds, write_places};
use super::import_store::{self as store, Roll, Writer};
use crate::platform::crypto::{Keys, sha256};
use crate::platform::d1::{Audit, Guarded, Subject};
use crate::platform::error::AppError;
use crate::platform::host::Host;
use crate::platform::http::{Kept, Reply, Signed};
use crate::platform::json;

/// The id of the key behind `phones.lookup` and `phones.last4`: a deployment has one.
const INDEX_KEY: u8 = 1;

/// A file, read as the roll makes it mean.
enum Read {
    Staff { parsed: Parsed<StaffRow>, plan: StaffPlan, questions: Vec<Question> },
    Students { parsed: Parsed<StudentRow> },
}

/// What stands for each phone on the roll: its keyed index, made once.
struct PhoneKeys(HashMap<Phone, String>);

/// Numbers that get a row, and the ids of all numbers of a file.
struct PhoneIds<'a> {
    rows: Vec<store::PhoneRow>,
    fresh: HashMap<String, i64>,
    known: &'a HashMap<String, i64>,
}

impl PhoneIds<'_> {
    fn of(&self, lookup: &str) -> Result<i64, AppError> {
        let id = self.fresh.get(lookup).or_else(|| self.known.get(lookup)).copied();
        id.ok_or_else(|| AppError::Internal("a number of the file has no id".into()))
    }
}

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
        let refused = |refusal: Refusal| AppError::Invalid(vec![refusal.beside("file")]);
        match kind {
            ImportKind::Staff => {
                let parsed = read_staff(bytes, &roll.places).map_err(refused)?;
                let plan = StaffPlan::new(&parsed.taken, &roll.staff);
                let questions = plan.questions(&roll.staff).map_err(refused)?;
                Ok(Self::Staff { parsed, plan, questions })
            }
            ImportKind::Students => {
                let parsed = read_students(bytes, &roll.places).map_err(refused)?;
                Ok(Self::Students { parsed })
            }
        }
    }

    fn phones(&self) -> Box<dyn Iterator<Item = &Phone> + '_> {
        match self {
            Self::Staff { parsed, .. } => Box::new(parsed.taken.iter().filter_map(|s| s.phone.as_ref())),
            Self::Students { parsed } => {
                Box::new(parsed.taken.iter().flat_map(|s| s.guardians.iter().map(|g| &g.phone)))
            }
        }
    }

    /// What applying it would do, with the likely answers.
    fn counts(&self, roll: &Roll, phones: &PhoneKeys) -> ImportCounts {
        let key = |phone: &Phone| phones.get(phone);
        match self {
            Self::Staff { parsed, plan, questions } => {
                let plan = plan.clone().suggested(questions);
                diff::with_changes(count_staff(parsed), &diff::staff(&parsed.taken, &plan, &roll.staff, &key))
            }
            Self::Students { parsed } => {
                let changes = diff::students(&parsed.taken, &roll.students, &key);
                diff::with_changes(count_students(parsed), &changes)
            }
        }
    }
}

/// `POST /api/roster/imports`: three round trips with the session's.
///
/// # Errors
/// 422 where the file as a whole cannot be taken.
pub async fn preview(call: &Signed, kind: ImportKind) -> Result<Reply<ImportPreview>, AppError> {
    let (app, keys, person) = (&call.app, call.app.keys()?, &call.person);
    let roll = store::load(app, kind).await?;
    let read = Read::new(kind, &call.body, &roll)?;
    let counts = read.counts(&roll, &PhoneKeys::of(keys, read.phones()));
    let (encoding, findings, questions) = match read {
        Read::Staff { parsed, questions, .. } => (parsed.encoding, parsed.findings, questions),
        Read::Students { parsed } => (parsed.encoding, parsed.findings, Vec::new()),
    };
    let preview = ImportPreview {
        id: ImportId(roll.next_import),
        kind,
        encoding: encoding.to_owned(),
        counts,
        findings: shown(findings, MAX_FINDINGS),
        questions,
    };
    let hash = sha256(&call.body);
    let upload = store::Upload {
        id: preview.id,
        kind,
        sealed: keys.seal(&*app.host, &call.body, hash.as_bytes())?,
        key_id: keys.data_key_id(),
        sha256: hash,
        roll_version: roll.version,
    };
    let batch = store::keep(app.db.guarded(), upload, person.id, app.now());
    let json = json::text(&preview)?;
    call.remember(batch, 200, Kept::Json(&json)).commit().await?;
    Reply::json(200, &preview)
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
pub async fn apply(
    call: &Signed,
    id: ImportId,
    answers: &[Chosen],
) -> Result<Reply<ImportApplied>, AppError> {
    let (app, keys, person, now) = (&call.app, call.app.keys()?, &call.person, call.app.now());
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
    let ids = phone_ids(&*app.host, keys, &read, &phones, &roll)?;

    let writer = Writer { now, by: person.id, import: id };
    let batch = store::take(app.db.guarded(), id, &roll, now);
    let batch = store::add_phones(batch, &ids.rows)?;
    let (batch, counts) = match read {
        Read::Staff { parsed, plan, questions } => {
            let plan = plan.answered(&questions, answers).map_err(AppError::Invalid)?;
            apply_staff(batch, &writer, &parsed, &plan, &phones, &ids, &roll)?
        }
        Read::Students { parsed } => apply_students(batch, &writer, &parsed, &phones, &ids, &roll)?,
    };
    let batch = store::record(batch, id, &counts)?.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::RosterApplied,
        subject: Subject::Row("import", id.0),
        detail: &json!({ "kind": kept.kind, "file": kept.sha256, "counts": counts }),
    });
    let applied = ImportApplied { counts };
    let json = json::text(&applied)?;
    match call.remember(batch, 200, Kept::Json(&json)).commit().await {
        Err(AppError::Lost) => Err(roll_changed()),
        other => {
            other?;
            Reply::json(200, &applied)
        }
    }
}

/// Rows for the numbers that no row holds yet; ids count up, since each is
/// sealed to its id.
fn phone_ids<'a>(
    host: &dyn Host,
    keys: &Keys,
    read: &Read,
    phones: &PhoneKeys,
    roll: &'a Roll,
) -> Result<PhoneIds<'a>, AppError> {
    let mut ids = PhoneIds { rows: Vec::new(), fresh: HashMap::new(), known: &roll.phones };
    for phone in read.phones() {
        let lookup = phones.get(phone);
        if ids.of(&lookup).is_ok() {
            continue;
        }
        let id = roll.next_phone + ids.rows.len() as i64;
        let (sealed, last4) = (keys.seal_phone(host, id, phone)?, keys.phone_last4(phone));
        ids.rows.push((id, keys.data_key_id(), INDEX_KEY, sealed, lookup.clone(), last4));
        ids.fresh.insert(lookup, id);
    }
    Ok(ids)
}

fn apply_students<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    parsed: &Parsed<StudentRow>,
    phones: &PhoneKeys,
    phone_ids: &PhoneIds<'_>,
    roll: &Roll,
) -> Result<(Guarded<'a>, ImportCounts), AppError> {
    let key = |phone: &Phone| phones.get(phone);
    let places = roll.places.changes(&BTreeSet::new(), &classes_of(&parsed.taken), &parsed.codes);
    let ids = PlaceIds::new(roll, &places);
    let batch = write_places(batch, writer, &places, &ids)?;
    let changes = diff::students(&parsed.taken, &roll.students, &key);
    let before: HashMap<&str, &RollStudent> = roll.students.iter().map(|s| (s.number.as_str(), s)).collect();
    let mut write = store::StudentWrites::default();
    for (row, _) in parsed.taken.iter().zip(&changes).filter(|(_, change)| **change != Change::Same) {
        write.students.push((row.number.clone(), row.name.clone(), ids.class(&row.class)?));
        let old = before.get(row.number.as_str()).map(|s| s.guardians.as_slice()).unwrap_or_default();
        let moves = diff::guardians(&row.guardians, old, &key);
        let entry = |guardian: &GuardianEntry, at: usize| {
            let phone = phone_ids.of(&key(&guardian.phone))?;
            Ok::<_, AppError>((at + 1, guardian.name.clone(), guardian.relation.clone(), phone))
        };
        for (id, at) in moves.updated {
            let (position, name, relation, phone) = entry(&row.guardians[at], at)?;
            write.updated.push((id, position, name, relation, phone));
        }
        for at in moves.added {
            let (position, name, relation, phone) = entry(&row.guardians[at], at)?;
            write.added.push((row.number.clone(), position, name, relation, phone));
        }
        write.left.extend(moves.left);
    }
    let batch = store::write_students(batch, writer, &write)?;
    Ok((batch, diff::with_changes(count_students(parsed), &changes)))
}

fn apply_staff<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    parsed: &Parsed<StaffRow>,
    plan: &StaffPlan,
    phones: &PhoneKeys,
    phone_ids: &PhoneIds<'_>,
    roll: &Roll,
) -> Result<(Guarded<'a>, ImportCounts), AppError> {
    let key = |phone: &Phone| phones.get(phone);
    let places = roll.places.changes(&plan.units, &plan.classes, &parsed.codes);
    let ids = PlaceIds::new(roll, &places);
    let batch = write_places(batch, writer, &places, &ids)?;
    let changes = diff::staff(&parsed.taken, plan, &roll.staff, &key);
    let mut people = Vec::new();
    for (row, _) in parsed.taken.iter().zip(&changes).filter(|(_, change)| **change != Change::Same) {
        let phone = row.phone.as_ref().map(|phone| phone_ids.of(&key(phone))).transpose()?;
        people.push((row.number.clone(), row.name.clone(), phone));
    }
    let batch = store::write_staff(batch, writer, &people)?;

    // Posts of people in the file and out of it: an answer can take one away.
    let ended: Vec<i64> = roll
        .appointments
        .iter()
        .filter(|(_, number, held)| !plan.keeps(number, held))
        .map(|(id, _, _)| *id)
        .collect();
    let mut begun = Vec::new();
    for (number, held) in diff::begun(plan, &roll.staff) {
        begun.push(store::Begun {
            number: number.to_owned(),
            post: held.post.key(),
            unit: ids.unit(&held.unit)?,
            class: held.class.as_ref().map(|class| ids.class(class)).transpose()?,
            subject: held.subject.clone(),
        });
    }
    let mut custodians = Vec::new();
    for (unit, number) in &plan.custodians {
        if roll.staff.custodians.get(unit) != Some(number) {
            custodians.push((ids.unit(unit)?, number.clone()));
        }
    }
    let batch = store::write_posts(batch, writer, &ended, &begun, &custodians)?;
    Ok((batch, diff::with_changes(count_staff(parsed), &changes)))
}
