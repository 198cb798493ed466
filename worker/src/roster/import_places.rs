//! Units and classes that a roster file adds: their ids, given before anything
//! is written, since classes and posts refer to units of the same batch.

use std::collections::HashMap;
use std::sync::Arc;

use domain::ids::{ClassId, UnitId};
use domain::roster::import::places::{PlaceChanges, Places};
use domain::roster::import::refs::{ClassRef, UnitRef};
use domain::time::Instant;

use super::import_store::{Roll, Writer, each_counted, each_piece};
use super::import_writes::{Places as Brought, Writes};
use crate::args;
use crate::platform::d1::Guarded;
use crate::platform::error::AppError;

/// Ids of units and classes while a file is applied: of those on the roll and
/// of those that it adds.
pub struct PlaceIds<'a> {
    places: &'a Places,
    units: HashMap<Arc<[String]>, UnitId>,
    classes: HashMap<ClassRef, ClassId>,
}

impl<'a> PlaceIds<'a> {
    /// Gives ids to what a file adds.
    pub fn new(roll: &'a Roll, changes: &PlaceChanges) -> Self {
        let units = (roll.next_unit..).map(UnitId).zip(&changes.units);
        let classes = (roll.next_class..).map(ClassId).zip(&changes.classes);
        Self {
            places: &roll.places,
            units: units.map(|(id, (unit, _))| (unit.path().clone(), id)).collect(),
            classes: classes.map(|(id, (class, _))| (class.clone(), id)).collect(),
        }
    }

    /// Classes and codes that a file brings, to be taken back.
    ///
    /// # Errors
    /// As [`PlaceIds::class`].
    pub fn writes(&self, changes: &PlaceChanges) -> Result<Writes, AppError> {
        let made: Result<Vec<ClassId>, AppError> =
            changes.classes.iter().map(|(class, _)| self.class(class)).collect();
        let places = Brought {
            classes: made?.into_iter().chain(changes.revived.iter().copied()).collect(),
            units_coded: changes.unit_codes.iter().map(|(id, _)| *id).collect(),
            classes_coded: changes.class_codes.iter().map(|(id, _)| *id).collect(),
        };
        Ok(Writes { places, ..Writes::default() })
    }

    fn unit_at(&self, path: &[String]) -> Result<UnitId, AppError> {
        let id = self.units.get(path).copied().or_else(|| self.places.unit_id_at(path));
        id.ok_or_else(|| AppError::Internal("a unit of the file has no id".into()))
    }

    /// A unit's id.
    ///
    /// # Errors
    /// Where the file does not name it, and the roll neither.
    pub fn unit(&self, unit: &UnitRef) -> Result<UnitId, AppError> {
        self.unit_at(unit.path())
    }

    /// A class's id.
    ///
    /// # Errors
    /// Where the file does not name it, and the roll neither.
    pub fn class(&self, class: &ClassRef) -> Result<ClassId, AppError> {
        let id = self.classes.get(class).copied().or_else(|| self.places.class_id(class));
        id.ok_or_else(|| AppError::Internal("a class of the file has no id".into()))
    }
}

/// Adds units below those that they lie in, and classes to their units; sets
/// codes where there are none (`+` keeps SQLite from starting at all rows without
/// a code); takes archived classes into use again.
///
/// # Errors
/// Where the values cannot be bound.
pub fn write_places<'a>(
    batch: Guarded<'a>,
    writer: &Writer<'_>,
    changes: &PlaceChanges,
    ids: &PlaceIds<'_>,
) -> Result<Guarded<'a>, AppError> {
    let mut batch = batch;
    for id in &changes.reopened {
        batch = batch.then("UPDATE units SET closed_at = NULL WHERE id = ?1", args![*id]);
    }
    let mut units = Vec::new();
    for (unit, code) in &changes.units {
        let above = unit.path().split_last().map_or(&[] as &[String], |(_, above)| above);
        units.push((ids.unit(unit)?, ids.unit_at(above)?, unit.kind().key(), unit.name(), code));
    }
    let batch = each_piece(
        batch,
        &units,
        "INSERT INTO units (id, parent_id, kind, name, code, created_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?2 FROM json_each(?1)",
        args![writer.now],
    )?;
    let batch = each_piece(
        batch,
        &changes.unit_codes,
        "UPDATE units SET code = j.code FROM (SELECT value ->> 0 AS id, value ->> 1 AS code FROM json_each(?1)) AS j
         WHERE units.id = j.id AND +units.code IS NULL",
        &[],
    )?;
    let mut classes = Vec::new();
    for (class, code) in &changes.classes {
        classes.push((ids.class(class)?, ids.unit(&class.unit)?, &class.name, code));
    }
    let batch = each_piece(
        batch,
        &classes,
        "INSERT INTO classes (id, unit_id, name, code, created_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2 FROM json_each(?1)",
        args![writer.now],
    )?;
    let batch = each_piece(
        batch,
        &changes.class_codes,
        "UPDATE classes SET code = j.code FROM (SELECT value ->> 0 AS id, value ->> 1 AS code FROM json_each(?1)) AS j
         WHERE classes.id = j.id AND +classes.code IS NULL",
        &[],
    )?;
    each_piece(
        batch,
        &changes.revived,
        "UPDATE classes SET archived_at = NULL WHERE id IN (SELECT value FROM json_each(?1))",
        &[],
    )
}

/// Archives the classes that a file brought, and takes its codes off again.
/// Units stay: there is no row of the school that is ever removed.
///
/// # Errors
/// Where the values cannot be bound.
pub fn take_back_places<'a>(
    batch: Guarded<'a>,
    places: &Brought,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let batch = each_counted(
        batch,
        &places.classes,
        "UPDATE classes SET archived_at = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND archived_at IS NULL",
        args![now],
    )?;
    let batch = each_counted(
        batch,
        &places.classes_coded,
        "UPDATE classes SET code = NULL WHERE id IN (SELECT value FROM json_each(?1))",
        &[],
    )?;
    each_counted(
        batch,
        &places.units_coded,
        "UPDATE units SET code = NULL WHERE id IN (SELECT value FROM json_each(?1))",
        &[],
    )
}
