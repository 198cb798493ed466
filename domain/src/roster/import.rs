//! Reading roster files: what a school's clerk exports from a spreadsheet,
//! repaired where the repair is certain, refused by row and cell in plain
//! words where it is not. Pure: the Worker brings bytes and the roll, and
//! writes what comes out.

use crate::roster::{ImportCounts, ImportKind};
use crate::words::Words;

mod cell;
mod classes;
pub mod diff;
pub mod plan;
mod rows;
mod staff;
mod students;
mod table;
#[cfg(test)]
mod tests;

pub use classes::ClassName;
pub use rows::{Parsed, shown};
pub use staff::{StaffRow, count_staff, read_staff};
pub use students::{GuardianEntry, StudentRow, classes_of, count_students, read_students};
pub use table::MAX_ROWS;

use rows::Sheet;
use table::{Column, Row, Table};

fn columns(kind: ImportKind) -> &'static [Column] {
    match kind {
        ImportKind::Staff => staff::COLUMNS,
        ImportKind::Students => students::COLUMNS,
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl<T> Parsed<T> {
    fn counts(&self) -> ImportCounts {
        ImportCounts {
            rows: self.rows,
            valid: small(self.taken.len()),
            errors: self.errors,
            repaired: self.repaired,
            ..ImportCounts::default()
        }
    }
}

/// Reads each row that has something in it.
fn each_row<T>(table: Table, mut read: impl FnMut(&mut Sheet<'_>, &Row) -> Option<T>) -> Parsed<T> {
    let mut parsed = Parsed {
        encoding: table.encoding,
        rows: 0,
        taken: Vec::new(),
        errors: 0,
        repaired: 0,
        findings: table.findings,
    };
    let last = table.rows.iter().rposition(|r| !r.blank).map_or(0, |at| at + 1);
    for row in table.rows.into_iter().take(last) {
        let mut sheet = Sheet::new(row.line, &mut parsed.findings);
        if row.blank {
            // Spreadsheets leave blank rows at the end; one in between may be a lost entry.
            sheet.warn("", String::new(), Words::fixed("空行，已跳过", "A blank row: skipped"));
            continue;
        }
        parsed.rows += 1;
        if row.overflow > 0 {
            let n = row.overflow;
            sheet.error(
                "",
                String::new(),
                crate::words!(
                    "这一行比表头多出 {n} 格，像是内容里有逗号，请检查",
                    "This row has {n} cells more than the header: a comma inside a cell? Check it"
                ),
            );
        }
        let taken = read(&mut sheet, &row);
        match (taken, sheet.failed, sheet.repaired) {
            (Some(taken), 0, repaired) => {
                parsed.repaired += u32::from(repaired);
                parsed.taken.push(taken);
            }
            _ => parsed.errors += 1,
        }
    }
    parsed
}
