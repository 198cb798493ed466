//! Rows that carry power and are not sealed as the Worker seals them: whoever
//! writes into the database has no key for it.

use domain::audit::VerifyPart;
use domain::time::Instant;
use serde::Deserialize;

use crate::appointment::sealed::{COLUMNS, SealedAppointment};
use crate::args;
use crate::delegation::sealed::{self as absences, SealedAbsence};
use crate::platform::crypto::Keys;
use crate::platform::d1::{Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::procedure::sealed::{self as procedure, SealedProcedure};
use crate::school::unit_changes::{self, SealedUnitChange};
use crate::seals::{DecisionSeal, PhoneChangeSeal, RegistrationSeal, ReleaseOrderSeal, RoundSeal, Seal};

#[derive(Deserialize)]
struct Decision {
    id: i64,
    version: u32,
    position: u32,
    staff: i64,
    appointment: i64,
    post: String,
    verdict: String,
    digest: String,
    at: Instant,
    mac: String,
}

#[derive(Deserialize)]
struct Registration {
    id: i64,
    version: u32,
    position: u32,
    year: u32,
    number: Option<String>,
    document: Option<String>,
    staff: i64,
    appointment: i64,
    digest: String,
    at: Instant,
    mac: String,
}

#[derive(Deserialize)]
struct ReleaseOrder {
    id: i64,
    version: u32,
    staff: i64,
    appointment: i64,
    digest: String,
    at: Instant,
    mac: String,
}

#[derive(Deserialize)]
struct Round {
    id: i64,
    round: u8,
    kind: String,
    ordered_by: i64,
    due_at: Instant,
    at: Instant,
    digest: String,
    mac: String,
}

#[derive(Deserialize)]
struct PhoneChange {
    id: i64,
    kind: String,
    from: Option<i64>,
    to: Option<i64>,
    at: Instant,
    by: i64,
    mac: String,
}

/// Reads the sealed rows of a part with ids from `from` to `to`; none where its rows have no seal.
pub(super) fn sealed_rows(part: VerifyPart, from: i64, to: i64) -> Option<Stmt> {
    let text = match part {
        VerifyPart::Appointments => {
            return Some(sql(
                format!("SELECT {COLUMNS} FROM appointments a WHERE a.id > ?1 AND a.id <= ?2"),
                args![from, to],
            ));
        }
        VerifyPart::Delegations => {
            return Some(sql(
                format!("SELECT {} FROM delegations g WHERE g.id > ?1 AND g.id <= ?2", absences::COLUMNS),
                args![from, to],
            ));
        }
        VerifyPart::Procedures => {
            return Some(sql(
                format!("SELECT {} FROM procedures p WHERE p.id > ?1 AND p.id <= ?2", procedure::COLUMNS),
                args![from, to],
            ));
        }
        VerifyPart::UnitChanges => {
            return Some(sql(
                format!("SELECT {} FROM unit_changes c WHERE c.id > ?1 AND c.id <= ?2", unit_changes::COLUMNS),
                args![from, to],
            ));
        }
        VerifyPart::Registrations => {
            "SELECT message_id AS id, version, position, year, number, document_sha256 AS document, staff_id AS staff,
               appointment_id AS appointment, digest, at, mac FROM registrations WHERE message_id > ?1 AND message_id <= ?2"
        }
        VerifyPart::ReleaseOrders => {
            "SELECT message_id AS id, version, staff_id AS staff, appointment_id AS appointment, digest, at, mac
             FROM release_orders WHERE message_id > ?1 AND message_id <= ?2"
        }
        VerifyPart::Decisions => {
            "SELECT message_id AS id, version, position, staff_id AS staff, appointment_id AS appointment, post, verdict, digest,
               at, mac FROM decisions WHERE message_id > ?1 AND message_id <= ?2"
        }
        VerifyPart::Rounds => {
            "SELECT n.message_id AS id, n.round, n.kind, n.ordered_by, n.due_at, n.at, COALESCE(m.digest, '') AS digest, n.mac
             FROM rounds n CROSS JOIN messages m ON m.id = n.message_id WHERE n.message_id > ?1 AND n.message_id <= ?2"
        }
        VerifyPart::PhoneChanges => {
            "SELECT person AS id, kind, from_phone AS \"from\", to_phone AS \"to\", at, by, mac FROM phone_changes
             WHERE id > ?1 AND id <= ?2"
        }
        VerifyPart::Entries | VerifyPart::Heads | VerifyPart::Imports | VerifyPart::Changes | VerifyPart::Guards => return None,
    };
    Some(sql(text, args![from, to]))
}

/// The ids of those whose seal does not fit.
///
/// # Errors
/// Where a row cannot be read.
pub(super) fn forged(keys: &Keys, part: VerifyPart, rows: &Rows) -> Result<Vec<i64>, AppError> {
    let ids =
        |checked: Vec<(i64, bool)>| checked.into_iter().filter(|(_, fits)| !fits).map(|(id, _)| id).collect();
    Ok(ids(match part {
        VerifyPart::Appointments => {
            let all: Vec<SealedAppointment> = rows.all()?;
            all.into_iter().map(|r| (r.id, r.fits(keys))).collect()
        }
        VerifyPart::Delegations => {
            let all: Vec<SealedAbsence> = rows.all()?;
            all.into_iter().map(|r| (r.id, r.fits(keys))).collect()
        }
        VerifyPart::Procedures => {
            let all: Vec<SealedProcedure> = rows.all()?;
            all.into_iter().map(|r| (r.id, r.fits(keys))).collect()
        }
        VerifyPart::UnitChanges => {
            let all: Vec<SealedUnitChange> = rows.all()?;
            all.into_iter().map(|r| (r.id, r.fits(keys))).collect()
        }
        VerifyPart::Registrations => {
            let fits = |r: Registration| {
                let seal = RegistrationSeal {
                    message: r.id,
                    version: r.version,
                    position: r.position,
                    number: (r.year, r.number.as_deref()),
                    document: r.document.as_deref(),
                    staff: r.staff,
                    appointment: r.appointment,
                    digest: &r.digest,
                    at: r.at,
                };
                (r.id, seal.fits(keys, &r.mac))
            };
            rows.all()?.into_iter().map(fits).collect()
        }
        VerifyPart::ReleaseOrders => {
            let fits = |r: ReleaseOrder| {
                let seal = ReleaseOrderSeal {
                    message: r.id,
                    version: r.version,
                    staff: r.staff,
                    appointment: r.appointment,
                    digest: &r.digest,
                    at: r.at,
                };
                (r.id, seal.fits(keys, &r.mac))
            };
            rows.all()?.into_iter().map(fits).collect()
        }
        VerifyPart::Decisions => {
            let fits = |r: Decision| {
                let seal = DecisionSeal {
                    message: r.id,
                    version: r.version,
                    position: r.position,
                    staff: r.staff,
                    appointment: r.appointment,
                    post: &r.post,
                    verdict: &r.verdict,
                    digest: &r.digest,
                    at: r.at,
                };
                (r.id, seal.fits(keys, &r.mac))
            };
            rows.all()?.into_iter().map(fits).collect()
        }
        VerifyPart::Rounds => {
            let fits = |r: Round| {
                let seal = RoundSeal {
                    message: r.id,
                    round: r.round,
                    kind: &r.kind,
                    ordered_by: r.ordered_by,
                    due_at: r.due_at,
                    at: r.at,
                    digest: &r.digest,
                };
                (r.id, seal.fits(keys, &r.mac))
            };
            rows.all()?.into_iter().map(fits).collect()
        }
        VerifyPart::PhoneChanges => {
            let fits = |r: PhoneChange| {
                let seal = PhoneChangeSeal {
                    kind: &r.kind,
                    person: r.id,
                    from: r.from,
                    to: r.to,
                    at: r.at,
                    by: r.by,
                };
                (r.id, seal.fits(keys, &r.mac))
            };
            rows.all()?.into_iter().map(fits).collect()
        }
        VerifyPart::Entries
        | VerifyPart::Heads
        | VerifyPart::Imports
        | VerifyPart::Changes
        | VerifyPart::Guards => Vec::new(),
    }))
}
