//! Findings while a file is read row by row.

use std::collections::HashSet;

use super::places::Codes;
use crate::roster::{ImportCounts, MAX_FINDINGS, RowFinding, RowLevel};
use crate::words::Words;

/// What reading a file gave.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// `UTF-8` or `GB18030`.
    pub encoding: &'static str,
    /// Rows with something in them, without the header.
    pub rows: u32,
    /// Rows that will be taken.
    pub taken: Vec<T>,
    /// Rows left out.
    pub errors: u32,
    /// Rows taken with something repaired.
    pub repaired: u32,
    /// Findings by row: of each level the first [`MAX_FINDINGS`], since no more are shown.
    pub findings: Vec<RowFinding>,
    /// Every number that stands in it, also in rows left out.
    pub named: HashSet<String>,
    /// Codes that the file gives to units and classes.
    pub codes: Codes,
}

impl<T> Parsed<T> {
    /// What can be counted without the roll.
    pub(super) fn counts(&self) -> ImportCounts {
        ImportCounts {
            rows: self.rows,
            valid: small(self.taken.len()),
            errors: self.errors,
            repaired: self.repaired,
            ..ImportCounts::default()
        }
    }
}

/// A count for the wire.
pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Findings as they come up. A file can be wrong in every cell, so that those
/// beyond what is shown are not kept.
pub(super) struct Findings {
    list: Vec<RowFinding>,
    kept: [usize; 3],
}

impl Findings {
    /// Begins with those of the header.
    pub fn new(list: Vec<RowFinding>) -> Self {
        let mut findings = Self { list: Vec::new(), kept: [0; 3] };
        for finding in list {
            findings.push(finding);
        }
        findings
    }

    fn push(&mut self, finding: RowFinding) {
        let kept = &mut self.kept[rank(finding.level)];
        if *kept < MAX_FINDINGS {
            *kept += 1;
            self.list.push(finding);
        }
    }

    pub fn into_list(self) -> Vec<RowFinding> {
        self.list
    }
}

/// The row at hand; its findings go to the file's.
pub(super) struct Sheet<'a> {
    pub row: u32,
    findings: &'a mut Findings,
    /// Errors so far: one leaves the row out.
    pub failed: u32,
    /// Set by a repair.
    pub repaired: bool,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(row: u32, findings: &'a mut Findings) -> Self {
        Self { row, findings, failed: 0, repaired: false }
    }

    fn add(&mut self, level: RowLevel, column: &str, value: String, words: Words) {
        self.findings.push(RowFinding { row: self.row, column: column.to_owned(), level, value, words });
    }

    pub(super) fn error(&mut self, column: &str, value: String, words: Words) {
        self.failed += 1;
        self.add(RowLevel::Error, column, value, words);
    }

    pub(super) fn repair(&mut self, column: &str, value: String, words: Words) {
        self.repaired = true;
        self.add(RowLevel::Repaired, column, value, words);
    }

    pub(super) fn warn(&mut self, column: &str, value: String, words: Words) {
        self.add(RowLevel::Warning, column, value, words);
    }
}

/// Errors come first, then repairs, then warnings.
fn rank(level: RowLevel) -> usize {
    match level {
        RowLevel::Error => 0,
        RowLevel::Repaired => 1,
        RowLevel::Warning => 2,
    }
}

/// The findings that one preview shows: errors before repairs before
/// warnings where there are too many, then in the order of the file.
pub fn shown(mut findings: Vec<RowFinding>, most: usize) -> Vec<RowFinding> {
    if findings.len() > most {
        findings.sort_by_key(|f| (rank(f.level), f.row));
        findings.truncate(most);
    }
    findings.sort_by_key(|f| f.row);
    findings
}
