//! One look at a roster file: what it means on the roll with the answers given
//! so far, what it would change, what it lacks. Preview and application look in
//! the same way, so that the second can be held against the first.

use std::collections::{BTreeSet, HashMap};

use domain::ids::ImportId;
use domain::phone::Phone;
use domain::problem::Refusal;
use domain::roster::import::changes::{self, Found};
use domain::roster::import::diff;
use domain::roster::import::offers::{self, Ticked};
use domain::roster::import::persons::{self, Given, Settled};
use domain::roster::import::places::Codes;
use domain::roster::import::plan::StaffPlan;
use domain::roster::import::refs::{ClassRef, UnitRef};
use domain::roster::import::{
    Parsed, StaffRow, StudentRow, classes_of, colleges_of, count_staff, count_students, read_staff,
    read_students, shown,
};
use domain::roster::{
    ImportApply, ImportChange, ImportCounts, ImportKind, ImportPreview, MAX_CHANGES, MAX_FINDINGS,
    MAX_OFFERS, Offer, Question,
};
use domain::words;
use domain::words::Words;

use super::import_store::{self as store, Roll};
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::error::AppError;
use crate::platform::text::gb18030;

/// A staff file.
pub struct StaffFile {
    /// The rows that are taken.
    pub parsed: Parsed<StaffRow>,
    /// What they mean with the answers: posts that the file does not name are not in it.
    pub plan: StaffPlan,
    /// The same without answers.
    pub open: StaffPlan,
    /// What the file leaves open.
    pub questions: Vec<Question>,
}

/// A file, read as the roll and the office's answers make it mean.
pub enum Read {
    /// The staff.
    Staff(Box<StaffFile>),
    /// The students: the rows that are taken.
    Students(Parsed<StudentRow>),
}

/// All that one look at a file gives.
pub struct Look {
    /// The file.
    pub read: Read,
    /// Whose numbers it gives to others, and what was answered.
    pub settled: Settled,
    /// What would change, ticks apart.
    found: Vec<Found>,
    /// What it lacks, as far as it is listed.
    pub offers: Vec<Offer>,
    /// How many more there are.
    offers_left_out: usize,
    /// Stands for changes and offers.
    pub shown: String,
}

/// What stands for each phone on the roll: its keyed index, made once.
pub struct PhoneKeys(HashMap<Phone, String>);

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

    /// What stands for one.
    pub fn get(&self, phone: &Phone) -> String {
        self.0.get(phone).cloned().unwrap_or_default()
    }
}

fn in_file(refusal: Refusal) -> AppError {
    AppError::Invalid(vec![refusal.beside("file")])
}

impl Look {
    /// Reads a file against the roll, with the answers given so far. Whoever is
    /// replaced has left `roll` after it.
    ///
    /// # Errors
    /// 422 where the file as a whole cannot be taken.
    pub fn new(
        keys: &Keys,
        kind: ImportKind,
        bytes: &[u8],
        roll: &mut Roll,
        given: &ImportApply,
    ) -> Result<(Self, PhoneKeys), AppError> {
        let persons = Given::new(&given.persons);
        let (read, settled, phones, found, mut offers) = match kind {
            ImportKind::Staff => {
                let mut parsed = read_staff(bytes, &roll.places, gb18030).map_err(in_file)?;
                let phones = PhoneKeys::of(keys, parsed.taken.iter().filter_map(|s| s.phone.as_ref()));
                let key = |phone: &Phone| phones.get(phone);
                let settled =
                    persons::staff(&mut parsed.taken, &mut roll.staff, &persons, &key).map_err(in_file)?;
                let open = StaffPlan::new(&parsed.taken, &roll.staff);
                let questions = open.questions(&roll.staff).map_err(in_file)?;
                let plan = open.clone().suggested(&questions, &given.answers);
                let kept = plan.clone().kept(&roll.staff, &Ticked::default().posts);
                let mut found = changes::staff(&parsed.taken, &kept, &roll.staff, &settled, &key);
                found.extend(place_changes(roll, &plan.units, &plan.classes, &parsed.codes));
                let offers = offers::staff(&plan, &roll.staff, &parsed.named);
                (
                    Read::Staff(Box::new(StaffFile { parsed, plan, open, questions })),
                    settled,
                    phones,
                    found,
                    offers,
                )
            }
            ImportKind::Students => {
                let mut parsed = read_students(bytes, &roll.places, gb18030).map_err(in_file)?;
                let all = parsed.taken.iter().flat_map(|s| s.guardians.iter().map(|g| &g.phone));
                let phones = PhoneKeys::of(keys, all);
                let key = |phone: &Phone| phones.get(phone);
                let settled = persons::students(&mut parsed.taken, &mut roll.students, &persons, &key)
                    .map_err(in_file)?;
                let rows = diff::students(&parsed.taken, &roll.students, &key, &settled.guardians);
                let mut found = changes::students(&rows, &roll.students, &settled, &key);
                found.extend(place_changes(
                    roll,
                    &colleges_of(&parsed.taken),
                    &classes_of(&parsed.taken),
                    &parsed.codes,
                ));
                let offers = offers::students(&rows, &roll.students, &parsed.named);
                (Read::Students(parsed), settled, phones, found, offers)
            }
        };
        let n = found.len();
        if n > MAX_CHANGES {
            let words = words!(
                "文件会带来 {n} 处改动，一次最多 {MAX_CHANGES} 处，请分成几个文件",
                "The file makes {n} changes, at most {MAX_CHANGES} at a time: split it"
            );
            return Err(in_file(Refusal::state("too_many_changes", words)));
        }
        let offers_left_out = offers.len().saturating_sub(MAX_OFFERS);
        offers.truncate(MAX_OFFERS);
        let shown = changes::shown(&found, &offers);
        Ok((Self { read, settled, found, offers, offers_left_out, shown }, phones))
    }

    /// What applying it would do, with what is ticked.
    pub fn counts(&self, roll: &Roll, phones: &PhoneKeys, ticked: &Ticked) -> ImportCounts {
        let key = |phone: &Phone| phones.get(phone);
        let counts = match &self.read {
            Read::Staff(file) => {
                let StaffFile { parsed, plan, .. } = file.as_ref();
                let plan = plan.clone().kept(&roll.staff, &ticked.posts);
                let changes = diff::staff(&parsed.taken, &plan, &roll.staff, &key);
                diff::with_changes(count_staff(parsed), changes)
            }
            Read::Students(parsed) => {
                let rows = diff::students(&parsed.taken, &roll.students, &key, &self.settled.guardians);
                diff::with_changes(count_students(parsed), rows.iter().map(|row| row.change))
            }
        };
        let replaced = self.settled.staff.len() + self.settled.students.len();
        let left = replaced + ticked.staff.len() + ticked.students.len();
        ImportCounts { left: diff::number_of(left), ended: diff::number_of(ticked.posts.len()), ..counts }
    }

    /// As it is shown; the numbers that change are opened for it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn preview(
        self,
        app: &App,
        id: ImportId,
        kind: ImportKind,
        counts: ImportCounts,
    ) -> Result<ImportPreview, AppError> {
        let sealed: Vec<&str> = self.found.iter().filter_map(|f| f.old_phone.as_deref()).collect();
        let masked = store::masked(app, &sealed).await?;
        let open = |Found { change, old_phone }: Found| match old_phone {
            Some(lookup) => {
                let before = Words::name(masked.get(&lookup).cloned().unwrap_or_default());
                ImportChange { before, ..change }
            }
            None => change,
        };
        let mut changes: Vec<ImportChange> = self.found.into_iter().map(open).collect();
        changes.sort_by_key(|change| (change.kind, change.row));
        let (encoding, findings, questions) = match self.read {
            Read::Staff(file) => (file.parsed.encoding, file.parsed.findings, file.questions),
            Read::Students(parsed) => (parsed.encoding, parsed.findings, Vec::new()),
        };
        Ok(ImportPreview {
            id,
            kind,
            encoding: encoding.to_owned(),
            counts,
            findings: shown(findings, MAX_FINDINGS),
            questions,
            others: self.settled.asked,
            changes,
            offers: self.offers,
            offers_left_out: diff::number_of(self.offers_left_out),
            shown: self.shown,
        })
    }
}

/// Units and classes that are made, revived or given a code, as changes.
fn place_changes(
    roll: &Roll,
    units: &BTreeSet<UnitRef>,
    classes: &BTreeSet<ClassRef>,
    codes: &Codes,
) -> Vec<Found> {
    let places = roll.places.changes(units, classes, codes);
    let reopened: Vec<_> = places.reopened.iter().filter_map(|id| roll.places.unit(*id)).collect();
    let revived: Vec<_> = places.revived.iter().filter_map(|id| roll.places.class(*id)).collect();
    let units = places
        .unit_codes
        .iter()
        .filter_map(|(id, code)| Some((roll.places.unit(*id)?.written(), code.clone())));
    let classes = places
        .class_codes
        .iter()
        .filter_map(|(id, code)| Some((roll.places.class(*id)?.written(), code.clone())));
    let coded: Vec<(String, String)> = units.chain(classes).collect();
    changes::places(&places, &reopened, &revived, &coded)
}
