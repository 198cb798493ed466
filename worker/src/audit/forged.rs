//! Rows that carry power and are not sealed as the Worker seals them: whoever
//! writes into the database has no key for it.

use std::borrow::Cow;

use domain::approval::Verdict;
use domain::audit::VerifyPart;
use domain::time::Instant;
use serde::Deserialize;

use crate::appointment::sealed::{COLUMNS, SealedAppointment};
use crate::args;
use crate::delegation::sealed::{self as absences, SealedAbsence};
use crate::platform::crypto::Keys;
use crate::platform::d1::{Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::procedure::sealed::{self as procedure, SealedProcedure};
use crate::school::unit_changes::{self, SealedUnitChange};
use crate::seals::{
    DecisionSeal, PhoneChangeSeal, RegistrationSeal, ReleaseOrderSeal, ReturnSeal, RoundSeal, Seal,
};
use crate::sms_account::store as sms_account;

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
    reason: String,
    #[serde(deserialize_with = "json::column")]
    passages: Vec<(String, u32, u32, String)>,
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
    let of = |columns: &str, table: &str, row: char| -> Cow<'static, str> {
        format!("SELECT {columns} FROM {table} {row} WHERE {row}.id > ?1 AND {row}.id <= ?2").into()
    };
    let text = match part {
        VerifyPart::Appointments => of(COLUMNS, "appointments", 'a'),
        VerifyPart::Delegations => of(absences::COLUMNS, "delegations", 'g'),
        VerifyPart::Procedures => of(procedure::COLUMNS, "procedures", 'p'),
        VerifyPart::UnitChanges => of(unit_changes::COLUMNS, "unit_changes", 'c'),
        VerifyPart::Registrations => {
            "SELECT message_id AS id, version, position, year, number, document_sha256 AS document, staff_id AS staff,
               appointment_id AS appointment, digest, at, mac FROM registrations WHERE message_id > ?1 AND message_id <= ?2".into()
        }
        VerifyPart::ReleaseOrders => {
            "SELECT message_id AS id, version, staff_id AS staff, appointment_id AS appointment, digest, at, mac
             FROM release_orders WHERE message_id > ?1 AND message_id <= ?2".into()
        }
        VerifyPart::SmsAccounts => return Some(sms_account::sealed_sql(from, to)),
        VerifyPart::Decisions => {
            "SELECT d.message_id AS id, d.version, d.position, d.staff_id AS staff, d.appointment_id AS appointment, d.post, d.verdict,
               d.digest, d.at, d.mac, d.reason,
               (SELECT json_group_array(json_array(p.part, p.start, p.len, p.reason)) FROM (
                  SELECT q.part, q.start, q.len, q.reason FROM return_passages q
                  WHERE q.message_id = d.message_id AND q.version = d.version AND q.position = d.position ORDER BY q.no) p) AS passages
             FROM decisions d WHERE d.message_id > ?1 AND d.message_id <= ?2".into()
        }
        VerifyPart::Rounds => {
            "SELECT n.message_id AS id, n.round, n.kind, n.ordered_by, n.due_at, n.at, COALESCE(m.digest, '') AS digest, n.mac
             FROM rounds n CROSS JOIN messages m ON m.id = n.message_id WHERE n.message_id > ?1 AND n.message_id <= ?2".into()
        }
        VerifyPart::PhoneChanges => {
            "SELECT person AS id, kind, from_phone AS \"from\", to_phone AS \"to\", at, by, mac FROM phone_changes
             WHERE id > ?1 AND id <= ?2".into()
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
        VerifyPart::SmsAccounts => sms_account::sealed(keys, rows)?,
        VerifyPart::Decisions => {
            let fits = |r: Decision| {
                let decision = DecisionSeal {
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
                // What was said belongs to a return; an approval is nothing but itself.
                let fits = if r.verdict == Verdict::Return.key() {
                    ReturnSeal { decision, reason: &r.reason, passages: &r.passages }.fits(keys, &r.mac)
                } else {
                    r.passages.is_empty() && decision.fits(keys, &r.mac)
                };
                (r.id, fits)
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
