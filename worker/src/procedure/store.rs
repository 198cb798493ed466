//! All SQL of approval procedures but the question which one a message takes,
//! which stands with the message.

use std::collections::BTreeSet;

use domain::access::Post;
use domain::approval::procedure::{
    DRAFTERS_MAX, ProcedureView, Procedures, Standing, confirm_bar, label, sentence,
};
use domain::approval::{Binding, Holder, ProcedureStep, Scope, Sender};
use domain::ids::{ProcedureId, StaffId, UnitId};
use domain::school::UnitKind;
use domain::time::Instant;
use domain::words::Words;
use serde::Deserialize;

use crate::args;
use crate::message::audience;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Guarded, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::seals::{ProcedureSeal, Seal};

/// A version, with the names of who set and confirmed it.
#[derive(Deserialize)]
pub(super) struct Row {
    pub id: ProcedureId,
    pub version: u32,
    pub sender: Sender,
    pub scope: Scope,
    label_zh: String,
    label_en: String,
    pub steps: String,
    pub in_force_from: Instant,
    pub set_by: StaffId,
    set_at: Instant,
    setter: Option<String>,
    confirmed_by: Option<StaffId>,
    pub confirmed_at: Option<Instant>,
    confirmer: Option<String>,
    pub declined_at: Option<Instant>,
    pub mac: String,
}

impl Row {
    /// What is sealed of it, proposed or confirmed.
    pub fn seal(&self, confirmed: Option<(StaffId, Instant)>) -> ProcedureSeal<'_> {
        ProcedureSeal {
            id: self.id.0,
            version: self.version,
            sender: self.sender.key(),
            scope: self.scope.key(),
            label: (&self.label_zh, &self.label_en),
            steps: &self.steps,
            in_force_from: self.in_force_from,
            set_by: self.set_by.0,
            set_at: self.set_at,
            confirmed_by: confirmed.map(|(by, _)| by.0),
            confirmed_at: confirmed.map(|(_, at)| at),
        }
    }

    fn is_sealed(&self, keys: &Keys) -> bool {
        self.seal(self.confirmed_by.zip(self.confirmed_at)).fits(keys, &self.mac)
    }

    /// Whether it waits for a second person.
    pub fn waits(&self) -> bool {
        self.confirmed_at.is_none() && self.declined_at.is_none()
    }

    fn view(self, reader: StaffId, keys: &Keys, standing: Standing) -> Result<ProcedureView, AppError> {
        let sealed = self.is_sealed(keys);
        let steps: Vec<ProcedureStep> = json::read("a procedure's steps", &self.steps)?;
        let bar = confirm_bar(reader, self.set_by).filter(|_| standing == Standing::Proposed);
        Ok(ProcedureView {
            id: self.id,
            version: self.version,
            sender: self.sender,
            scope: self.scope,
            label: Words { zh: self.label_zh.into(), en: self.label_en.into() },
            sentence: sentence(self.sender, self.scope, None, &steps),
            steps,
            in_force_from: self.in_force_from,
            standing,
            set_by: self.setter,
            confirmed_by: self.confirmer,
            bar: bar.map(|refusal| refusal.words),
            sealed,
        })
    }
}

/// Reads all versions, oldest first: a school changes its procedures a few times a year.
pub(super) fn all_sql() -> Stmt {
    sql(
        "SELECT p.id, p.version, p.sender, p.scope, p.label_zh, p.label_en, p.steps, p.in_force_from, p.set_by, p.set_at, s.name AS setter,
           p.confirmed_by, p.confirmed_at, c.name AS confirmer, p.declined_at, p.mac
         FROM procedures p LEFT JOIN staff s ON s.id = p.set_by LEFT JOIN staff c ON c.id = p.confirmed_by
         ORDER BY p.id, p.version",
        &[],
    )
}

/// How a version stands among all of its procedure; none where it is past, replaced or declined.
fn standing(row: &Row, all: &[Row], now: Instant) -> Option<Standing> {
    if row.waits() {
        return Some(Standing::Proposed);
    }
    row.confirmed_at?;
    let later = |from: Instant| {
        all.iter().any(|r| {
            r.id == row.id && r.version > row.version && r.confirmed_at.is_some() && r.in_force_from <= from
        })
    };
    if row.in_force_from > now {
        // One that was set later for the same day or an earlier one takes its place before it comes.
        return (!later(row.in_force_from)).then_some(Standing::Coming);
    }
    (!later(now)).then_some(Standing::InForce)
}

/// The list for a reader.
///
/// # Errors
/// Where a row cannot be read.
pub(super) fn view(
    all: Vec<Row>,
    reader: StaffId,
    keys: &Keys,
    now: Instant,
) -> Result<Procedures, AppError> {
    let standings: Vec<Option<Standing>> = all.iter().map(|row| standing(row, &all, now)).collect();
    let shown = all.into_iter().zip(standings).filter_map(|(row, standing)| Some((row, standing?)));
    let mut views =
        shown.map(|(row, standing)| row.view(reader, keys, standing)).collect::<Result<Vec<_>, _>>()?;
    views.sort_by_key(|v| (v.sender, v.scope, v.standing, v.version));
    Ok(Procedures { all: views })
}

#[derive(Deserialize)]
struct UnitRow {
    id: UnitId,
    parent_id: Option<UnitId>,
    kind: UnitKind,
    name: String,
}

/// The tree of units, as far as steps are bound to it.
pub(super) struct Units(Vec<UnitRow>);

impl Units {
    fn row(&self, id: UnitId) -> Option<&UnitRow> {
        self.0.iter().find(|unit| unit.id == id)
    }

    /// A unit's name; empty where there is none.
    pub fn name(&self, id: UnitId) -> String {
        self.row(id).map(|unit| unit.name.clone()).unwrap_or_default()
    }

    /// What a unit is.
    pub fn kind(&self, id: UnitId) -> Option<UnitKind> {
        self.row(id).map(|unit| unit.kind)
    }

    /// To which units the steps are bound of what is sent from `own`, to one year group or beyond.
    pub fn binding(&self, own: UnitId, scope: Scope, audience: Option<UnitId>) -> Binding {
        let above = |row: &&UnitRow| row.parent_id.and_then(|parent| self.row(parent));
        let mut upwards = std::iter::successors(self.row(own), above);
        let root = self.0.iter().find(|unit| unit.parent_id.is_none()).map_or(own, |unit| unit.id);
        Binding {
            own,
            college: upwards.find(|unit| unit.kind == UnitKind::College).map(|unit| unit.id),
            audience: if scope == Scope::Grade { audience.unwrap_or(own) } else { root },
        }
    }
}

#[derive(Deserialize)]
struct LoneRow {
    unit_id: UnitId,
    staff_id: StaffId,
}

#[derive(Deserialize)]
struct WaitingRow {
    post: Post,
    unit_id: UnitId,
    name: String,
}

#[derive(Deserialize)]
struct DrafterRow {
    id: StaffId,
    name: String,
}

/// The people and units that a procedure meets today.
pub(super) struct World {
    pub units: Units,
    pub holders: Vec<Holder>,
    /// Units of this sender in which one person alone drafts.
    pub lone_drafters: Vec<(UnitId, StaffId)>,
    /// Whose appointment waits for a second person.
    pub waiting: Vec<(Post, UnitId, String)>,
    /// Who drafts in the unit that was asked for.
    pub drafters: Vec<(StaffId, String)>,
}

fn posts_of(sender: Sender) -> Result<String, AppError> {
    json::text(&sender.posts().map(Post::key).collect::<Vec<_>>())
}

/// Reads a [`World`]: for a dry run with the unit that sends.
///
/// # Errors
/// Where the posts cannot be written as JSON.
pub(super) fn world_sql(sender: Sender, unit: Option<UnitId>, now: Instant) -> Result<Vec<Stmt>, AppError> {
    let posts = posts_of(sender)?;
    Ok(vec![
        sql("SELECT id, parent_id, kind, name FROM units", &[]),
        audience::holders_sql(now),
        sql(
            "SELECT a.unit_id, MIN(a.staff_id) AS staff_id FROM appointments_in_power a
             WHERE a.post IN (SELECT value FROM json_each(?1)) AND a.since <= ?2
             GROUP BY a.unit_id HAVING COUNT(DISTINCT a.staff_id) = 1",
            args![posts.as_str(), now],
        ),
        sql(
            "SELECT a.post, a.unit_id, t.name FROM appointments a JOIN staff t ON t.id = a.staff_id
             WHERE a.post IN (SELECT post FROM posts_to_confirm) AND a.confirmed_at IS NULL AND a.until IS NULL AND t.left_at IS NULL",
            &[],
        ),
        sql(
            format!(
                "SELECT DISTINCT t.id, t.name FROM json_each(?1) k
                 CROSS JOIN unit_tree w ON w.ancestor_id = ?2
                 CROSS JOIN appointments_in_power a ON a.post = k.value AND a.unit_id = w.unit_id AND a.since <= ?3
                 CROSS JOIN staff t ON t.id = a.staff_id ORDER BY t.id LIMIT {DRAFTERS_MAX}"
            ),
            args![posts.as_str(), unit, now],
        ),
    ])
}

/// What [`world_sql`] gave.
///
/// # Errors
/// Where a row cannot be read.
pub(super) fn world(rows: &[Rows], keys: &Keys) -> Result<World, AppError> {
    let lone = rows.at(2)?.all::<LoneRow>()?.into_iter().map(|row| (row.unit_id, row.staff_id));
    let waiting = rows.at(3)?.all::<WaitingRow>()?.into_iter().map(|row| (row.post, row.unit_id, row.name));
    let drafters = rows.at(4)?.all::<DrafterRow>()?.into_iter().map(|row| (row.id, row.name));
    Ok(World {
        units: Units(rows.at(0)?.all()?),
        holders: audience::holders(rows.at(1)?, keys)?,
        lone_drafters: lone.collect(),
        waiting: waiting.collect(),
        drafters: drafters.collect(),
    })
}

/// What a proposed version will be: which procedure, and which of its versions.
pub(super) struct Place {
    pub id: ProcedureId,
    pub version: u32,
}

/// The place of the next version for a sender and scope.
pub(super) fn place(all: &[Row], sender: Sender, scope: Scope) -> Place {
    let of_these = all.iter().filter(|row| row.sender == sender && row.scope == scope);
    match of_these.max_by_key(|row| row.version) {
        Some(last) => Place { id: last.id, version: last.version + 1 },
        None => {
            let ids: BTreeSet<i64> = all.iter().map(|row| row.id.0).collect();
            Place { id: ProcedureId(ids.last().copied().unwrap_or_default() + 1), version: 1 }
        }
    }
}

/// A version as it is proposed.
pub(super) struct Proposal<'a> {
    pub place: Place,
    pub sender: Sender,
    pub scope: Scope,
    pub steps: &'a [ProcedureStep],
    pub in_force_from: Instant,
    pub by: StaffId,
    pub at: Instant,
}

/// Writes a version that waits for a second person.
///
/// # Errors
/// Where the steps cannot be written as JSON.
pub(super) fn propose<'a>(
    batch: Guarded<'a>,
    keys: &Keys,
    proposal: &Proposal<'_>,
) -> Result<Guarded<'a>, AppError> {
    let Proposal { place, sender, scope, steps, in_force_from, by, at } = proposal;
    let (label, steps) = (label(*sender, *scope, steps), json::text(steps)?);
    let seal = ProcedureSeal {
        id: place.id.0,
        version: place.version,
        sender: sender.key(),
        scope: scope.key(),
        label: (&label.zh, &label.en),
        steps: &steps,
        in_force_from: *in_force_from,
        set_by: by.0,
        set_at: *at,
        confirmed_by: None,
        confirmed_at: None,
    };
    Ok(batch.must(
        "INSERT INTO procedures (id, version, sender, scope, label_zh, label_en, steps, in_force_from, set_by, set_at, mac)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        args![
            place.id,
            place.version,
            sender.key(),
            scope.key(),
            label.zh.as_ref(),
            label.en.as_ref(),
            steps.as_str(),
            *in_force_from,
            *by,
            *at,
            seal.mac(keys)
        ],
    ))
}

/// Confirms a version; loses where it does not wait any more.
pub(super) fn confirm<'a>(
    batch: Guarded<'a>,
    row: &Row,
    by: StaffId,
    now: Instant,
    mac: &str,
) -> Guarded<'a> {
    batch.must(
        "UPDATE procedures SET confirmed_by = ?3, confirmed_at = ?4, mac = ?5
         WHERE id = ?1 AND version = ?2 AND confirmed_at IS NULL AND declined_at IS NULL AND mac = ?6",
        args![row.id, row.version, by, now, mac, row.mac.as_str()],
    )
}

/// Declines a version; loses where it does not wait any more.
pub(super) fn decline<'a>(batch: Guarded<'a>, row: &Row, by: StaffId, now: Instant) -> Guarded<'a> {
    batch.must(
        "UPDATE procedures SET declined_by = ?3, declined_at = ?4
         WHERE id = ?1 AND version = ?2 AND confirmed_at IS NULL AND declined_at IS NULL",
        args![row.id, row.version, by, now],
    )
}
