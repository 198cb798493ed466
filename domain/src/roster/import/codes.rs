//! Codes that a file gives to units and classes: one code stands for one of
//! them, on the roll as in the file.

use std::collections::{BTreeMap, HashMap};

use super::places::Codes;
use super::refs::{ClassRef, UnitRef};
use super::rows::Sheet;
use crate::words;

/// Codes that are new to the roll, with the row in which each stands first.
#[derive(Default)]
pub(super) struct FileCodes {
    units: Assigned<UnitRef>,
    classes: Assigned<ClassRef>,
}

impl FileCodes {
    /// Takes a unit's code; `on_roll` is the one that it has there.
    pub fn unit(
        &mut self,
        sheet: &mut Sheet<'_>,
        column: &'static str,
        code: &str,
        unit: &UnitRef,
        on_roll: Option<&str>,
    ) {
        self.units.take(sheet, column, code, unit, on_roll, UnitRef::written);
    }

    /// Takes a class's code; `on_roll` is the one that it has there.
    pub fn class(
        &mut self,
        sheet: &mut Sheet<'_>,
        column: &'static str,
        code: &str,
        class: &ClassRef,
        on_roll: Option<&str>,
    ) {
        self.classes.take(sheet, column, code, class, on_roll, ClassRef::written);
    }

    /// All of them.
    pub fn into_codes(self) -> Codes {
        Codes { units: self.units.of, classes: self.classes.of }
    }
}

struct Assigned<T> {
    by_code: HashMap<String, (u32, T)>,
    of: BTreeMap<T, String>,
}

impl<T> Default for Assigned<T> {
    fn default() -> Self {
        Self { by_code: HashMap::new(), of: BTreeMap::new() }
    }
}

impl<T: Clone + Ord> Assigned<T> {
    fn take(
        &mut self,
        sheet: &mut Sheet<'_>,
        column: &'static str,
        code: &str,
        what: &T,
        on_roll: Option<&str>,
        written: fn(&T) -> String,
    ) {
        if let Some(known) = on_roll.or(self.of.get(what).map(String::as_str)) {
            if known != code {
                let name = written(what);
                sheet.error(
                    column,
                    code.to_owned(),
                    words!(
                        "“{name}”的代码是 {known}，这里是 {code}，请核对",
                        "The code of “{name}” is {known}, here it is {code}: check it"
                    ),
                );
            }
            return;
        }
        if let Some((row, other)) = self.by_code.get(code) {
            let name = written(other);
            sheet.error(
                column,
                code.to_owned(),
                words!(
                    "代码 {code} 在第 {row} 行是“{name}”，请核对",
                    "The code {code} stands for “{name}” in row {row}: check it"
                ),
            );
            return;
        }
        self.by_code.insert(code.to_owned(), (sheet.row, what.clone()));
        self.of.insert(what.clone(), code.to_owned());
    }
}
