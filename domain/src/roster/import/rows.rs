//! Findings while a file is read row by row.

use crate::roster::{RowFinding, RowLevel};
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
    /// All findings, by row.
    pub findings: Vec<RowFinding>,
}

/// The row at hand; its findings go to the file's.
pub(super) struct Sheet<'a> {
    pub row: u32,
    pub findings: &'a mut Vec<RowFinding>,
    /// Errors so far: one leaves the row out.
    pub failed: u32,
    /// Set by a repair.
    pub repaired: bool,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(row: u32, findings: &'a mut Vec<RowFinding>) -> Self {
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

/// The findings that one preview shows: errors before repairs before
/// warnings where there are too many, then in the order of the file.
pub fn shown(mut findings: Vec<RowFinding>, most: usize) -> Vec<RowFinding> {
    let rank = |level: RowLevel| match level {
        RowLevel::Error => 0,
        RowLevel::Repaired => 1,
        RowLevel::Warning => 2,
    };
    if findings.len() > most {
        findings.sort_by_key(|f| (rank(f.level), f.row));
        findings.truncate(most);
    }
    findings.sort_by_key(|f| f.row);
    findings
}
