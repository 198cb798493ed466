//! From a table to what its rows say, with what they must not exceed together.

use std::collections::HashSet;

use super::places::{Codes, Places};
use super::rows::{Findings, Parsed, Sheet};
use super::table::{Row, Table};
use crate::problem::Refusal;
use crate::roster::SAMPLE;
use crate::words;
use crate::words::Words;

/// New units that one file may bring. More, and the column holds something else.
pub const MAX_UNITS: usize = 500;
/// Classes that one file may name.
pub const MAX_CLASSES: usize = 3_000;

/// Refuses a file whose rows name more units or classes than a school has.
pub(super) fn within_limits(column: &str, places: &Places, classes: usize) -> Result<(), Refusal> {
    let units = places.new_units();
    if units > MAX_UNITS {
        return Err(Refusal::state(
            "too_many_units",
            words!(
                "文件里有 {units} 个新的部门或年级，一次最多 {MAX_UNITS} 个。请检查“{column}”一列是否填了别的内容",
                "The file names {units} new units, at most {MAX_UNITS} at a time: does the column “{column}” hold something else?"
            ),
        ));
    }
    if classes > MAX_CLASSES {
        return Err(Refusal::state(
            "too_many_classes",
            words!(
                "文件里有 {classes} 个班，一次最多 {MAX_CLASSES} 个。请检查班级是否填了别的内容，或分成几个文件",
                "The file names {classes} classes, at most {MAX_CLASSES} at a time: do the cells for classes hold something else? Or split the file"
            ),
        ));
    }
    Ok(())
}

/// Reads each row that has something in it.
pub(super) fn each_row<T>(
    table: Table,
    mut read: impl FnMut(&mut Sheet<'_>, &Row) -> Option<T>,
) -> Parsed<T> {
    let mut parsed = Parsed {
        encoding: table.encoding,
        rows: 0,
        taken: Vec::new(),
        errors: 0,
        repaired: 0,
        findings: Vec::new(),
        named: HashSet::new(),
        codes: Codes::default(),
    };
    let mut findings = Findings::new(table.findings);
    let last = table.rows.iter().rposition(|r| !r.blank).map_or(0, |at| at + 1);
    for row in table.rows.into_iter().take(last) {
        let mut sheet = Sheet::new(row.line, &mut findings);
        if row.blank {
            // Spreadsheets leave blank rows at the end; one in between may be a lost entry.
            sheet.warn("", String::new(), Words::fixed("空行，已跳过", "A blank row: skipped"));
            continue;
        }
        if row.cells.first().is_some_and(|number| number.trim() == SAMPLE) {
            let words = Words::fixed("模板里的示例行，已跳过", "The sample row of the template: skipped");
            sheet.warn("", SAMPLE.to_owned(), words);
            continue;
        }
        parsed.rows += 1;
        if row.overflow > 0 {
            let n = row.overflow;
            sheet.error(
                "",
                String::new(),
                words!(
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
    parsed.findings = findings.into_list();
    parsed
}
