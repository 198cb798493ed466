//! The register as an Excel workbook, written in the browser. Every cell is
//! text: none of what people wrote is ever computed.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// Widths of the columns, in characters; the others have the program's own.
const WIDTHS: [(u16, f64); 6] = [(0, 20.0), (1, 17.0), (2, 28.0), (4, 24.0), (9, 20.0), (10, 20.0)];

/// A sheet of this name with a head that stays in sight.
///
/// # Errors
/// Where there are more lines, or a longer text, than a sheet can hold.
pub fn workbook(name: &str, rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    let head = Format::new().set_bold();
    for (row, cells) in (0_u32..).zip(rows) {
        for (column, text) in (0_u16..).zip(cells) {
            if row == 0 {
                sheet.write_string_with_format(row, column, text, &head)?;
            } else {
                sheet.write_string(row, column, text)?;
            }
        }
    }
    for (column, width) in WIDTHS {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use domain::words::Lang;

    use super::super::table;
    use super::*;

    fn part(file: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).expect("a workbook");
        let mut text = String::new();
        archive.by_name(name).expect("a part").read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn nothing_that_was_written_is_a_formula() {
        let rows = vec![table::heads(Lang::Zh), table::cells(&table::tests::entry(), Lang::Zh)];
        let file = workbook("登记簿", &rows).expect("it fits");
        let sheet = part(&file, "xl/worksheets/sheet1.xml");
        assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "{sheet}");
        assert!(sheet.contains(r#"<c r="C2" t="s">"#), "the title is text: {sheet}");
        let strings = part(&file, "xl/sharedStrings.xml");
        assert!(strings.contains("=HYPERLINK(") && strings.contains("校办室〔2026〕12号"), "{strings}");
        assert!(part(&file, "xl/workbook.xml").contains(r#"name="登记簿""#));
    }

    #[test]
    fn a_text_that_no_cell_holds_is_told() {
        assert!(workbook("x", &[vec!["字".repeat(40_000)]]).is_err());
    }
}
