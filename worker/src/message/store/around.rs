//! What surrounds an audience: whom it holds now, in which classes, which
//! chain fits, who holds the posts that decide. Read for a draft that is
//! typed, and together with a message that is saved.

use domain::approval::{Policy, PolicyStep, Scope};
use domain::ids::{ClassId, StaffId, UnitId};
use domain::message::{Audience, Audiences, ClassPlace};
use domain::time::Instant;
use serde::Deserialize;

use super::{HolderRow, json};
use crate::app::App;
use crate::args;
use crate::bindings::{Db, Rows, Stmt};
use crate::error::AppError;

/// Counts of an audience.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct ReachRow {
    /// Children.
    pub children: u32,
    /// Entries.
    pub people: u32,
    /// Phones.
    pub phones: u32,
    /// Children without any guardian.
    pub unreachable: u32,
}

impl From<ReachRow> for Audiences {
    fn from(r: ReachRow) -> Self {
        Self { children: r.children, people: r.people, phones: r.phones, unreachable: r.unreachable }
    }
}

/// A policy's row.
#[derive(Clone, Debug, Deserialize)]
struct PolicyRow {
    scope: String,
    version: i64,
    steps: String,
}

/// What the world looks like for an audience: who it holds, which chain fits.
pub struct Surroundings {
    /// Classes of the audience that exist.
    pub classes: Vec<NamedClass>,
    /// The root unit.
    pub school_unit: UnitId,
    /// Units without a custodian.
    pub without_custodian: Vec<UnitId>,
    /// The policies in force.
    pub policies: Vec<(String, Policy)>,
    /// Who holds posts that decide.
    pub holders: Vec<HolderRow>,
    /// SMS signature.
    pub signature: String,
    /// Sending window.
    pub window: domain::time::SendingWindow,
    /// How many.
    pub reach: Audiences,
}

/// A class with its name.
#[derive(Clone, Debug, Deserialize)]
pub struct NamedClass {
    /// Class.
    pub id: ClassId,
    /// Grade.
    pub unit_id: UnitId,
    /// Name.
    pub name: String,
}

impl NamedClass {
    /// As the rules need it.
    pub fn place(&self) -> ClassPlace {
        ClassPlace { id: self.id, unit: self.unit_id }
    }
}

#[derive(Deserialize)]
struct UnitRow {
    id: UnitId,
    kind: String,
    custodian_id: Option<StaffId>,
}

#[derive(Deserialize)]
struct SchoolRow {
    signature: String,
    window_from: u16,
    window_to: u16,
}

/// The classes `c` of the audience `a` (an SQL expression that gives its JSON).
fn in_audience(a: &str) -> String {
    format!(
        "c.archived_at IS NULL AND ({a} ->> '$.kind' = 'all_guardians'
           OR {a} ->> '$.kind' = 'classes' AND c.id IN (SELECT value FROM json_each({a}, '$.classes')))"
    )
}

/// Whom the audience holds now. Driven from the classes, few, into the
/// indexes of the growing tables.
pub(super) fn who(a: &str) -> String {
    let classes = in_audience(a);
    format!(
        "who (stream, person, student, phone_id) AS (
           SELECT 'class:' || c.id, g.id, s.id, g.phone_id
           FROM classes c
           CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
           CROSS JOIN guardians g ON g.student_id = s.id AND g.left_at IS NULL
           WHERE {classes}
           UNION ALL
           SELECT 'staff', t.id, 0, t.phone_id FROM staff t
           WHERE {a} ->> '$.kind' = 'all_teachers' AND t.left_at IS NULL AND t.phone_id IS NOT NULL)"
    )
}

/// How many the audience holds now.
fn reach(a: &str) -> String {
    let (who, classes) = (who(a), in_audience(a));
    format!(
        "WITH {who} SELECT
           (SELECT COUNT(*) FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL WHERE {classes}) AS children,
           COUNT(*) AS people, COUNT(DISTINCT phone_id) AS phones,
           (SELECT COUNT(*) FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
            WHERE {classes} AND NOT EXISTS (SELECT 1 FROM guardians g WHERE g.student_id = s.id AND g.left_at IS NULL)) AS unreachable
         FROM who"
    )
}

/// Reads what surrounds an audience; `a` gives its JSON, `arg` is bound to its ?1.
pub(super) fn surroundings_sql(
    db: &Db,
    a: &str,
    arg: &crate::bindings::Value,
    now: Instant,
) -> Result<Vec<Stmt>, AppError> {
    let arg = std::slice::from_ref(arg);
    Ok(vec![
        db.sql(&format!("SELECT c.id, c.unit_id, c.name FROM classes c WHERE {} ORDER BY c.id", in_audience(a)), arg)?,
        db.sql("SELECT id, kind, custodian_id FROM units", &[])?,
        db.sql(
            "SELECT p.scope, p.version, p.steps FROM policies p
             WHERE p.version = (SELECT MAX(q.version) FROM policies q WHERE q.scope = p.scope AND q.in_force_from <= ?1)",
            args![now],
        )?,
        // The posts that decide are few; those of teachers are many and decide nothing.
        db.sql(
            "SELECT t.id AS staff_id, t.name, t.number, a.post, a.unit_id FROM appointments a JOIN staff t ON t.id = a.staff_id
             WHERE a.post IN ('principal', 'vice_principal', 'office_director', 'office_clerk', 'grade_head', 'department_head')
               AND a.since <= ?1 AND (a.until IS NULL OR a.until > ?1) AND t.left_at IS NULL ORDER BY t.id",
            args![now],
        )?,
        db.sql("SELECT signature, window_from, window_to FROM school WHERE id = 1", &[])?,
        db.sql(&reach(a), arg)?,
    ])
}

pub(super) fn read_surroundings(rows: &[Rows]) -> Result<Surroundings, AppError> {
    let missing = || AppError::Internal("surroundings are incomplete".into());
    let at = |n: usize| rows.get(n).ok_or_else(missing);
    let units: Vec<UnitRow> = at(1)?.all()?;
    let school: SchoolRow = at(4)?.first()?.ok_or(AppError::NotFound)?;
    let policies: Vec<PolicyRow> = at(2)?.all()?;
    Ok(Surroundings {
        classes: at(0)?.all()?,
        school_unit: units.iter().find(|u| u.kind == "school").map(|u| u.id).ok_or_else(missing)?,
        without_custodian: units.iter().filter(|u| u.custodian_id.is_none()).map(|u| u.id).collect(),
        policies: policies
            .into_iter()
            .map(|p| {
                let steps: Vec<PolicyStep> = serde_json::from_str(&p.steps)
                    .map_err(|e| AppError::Internal(format!("policy {}: {e}", p.version)))?;
                Ok((p.scope, Policy { version: p.version, label: domain::approval::OWN_PROCEDURE, steps }))
            })
            .collect::<Result<_, AppError>>()?,
        holders: at(3)?.all()?,
        signature: school.signature,
        window: domain::time::SendingWindow { from: school.window_from, to: school.window_to },
        reach: at(5)?.first::<ReachRow>()?.unwrap_or_default().into(),
    })
}

impl Surroundings {
    /// Reads what surrounds a draft that need not be saved.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(app: &App, audience: &Audience) -> Result<Self, AppError> {
        let rows = app.db.run(surroundings_sql(&app.db, "?1", &json(audience)?.into(), app.now())?).await?;
        read_surroundings(&rows)
    }

    /// The smallest unit that holds the audience, and the scope of its policy.
    pub fn place(&self, audience: &Audience) -> (UnitId, Scope) {
        let mut units = self.classes.iter().map(|c| c.unit_id);
        match (audience, units.next()) {
            (Audience::Classes { .. }, Some(first)) if units.all(|u| u == first) => (first, Scope::Grade),
            _ => (self.school_unit, Scope::School),
        }
    }

    /// The steps that a message to this audience takes.
    pub fn steps(&self, audience: &Audience) -> Vec<domain::approval::Step> {
        let (unit, scope) = self.place(audience);
        self.policies
            .iter()
            .find(|(s, _)| s == scope.key())
            .map(|(_, policy)| domain::approval::Step::bind(&policy.steps, unit))
            .unwrap_or_default()
    }
}
