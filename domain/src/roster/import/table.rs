//! From bytes to rows: encoding, kind of file, header. What fails here fails
//! the whole file, in one sentence that says what to do.

use super::cell;
use super::columns::{self, Column, Needed};
use crate::problem::Refusal;
use crate::roster::{ImportKind, MAX_IMPORT_BYTES, RowFinding, RowLevel};
use crate::words;
use crate::words::Words;

/// Rows of one file. The largest schools have some 12,000 students.
pub const MAX_ROWS: usize = 20_000;
/// Filled cells of one row. Rosters have some ten columns.
pub const MAX_COLUMNS: usize = 200;
/// Columns of a spreadsheet.
const SHEET_COLUMNS: usize = 16_384;
/// A title may stand above the header; further down nobody looks for it.
const HEADER_WITHIN: usize = 6;

/// A file as rows of cells in the order of the expected columns.
pub(super) struct Table {
    pub encoding: &'static str,
    pub rows: Vec<Row>,
    /// What is to be said about the header.
    pub findings: Vec<RowFinding>,
    /// Names of the expected columns that the file has.
    pub has: Vec<&'static str>,
}

pub(super) struct Row {
    /// Line in the file, from 1.
    pub line: u32,
    /// One per expected column; empty where the file has none.
    pub cells: Vec<String>,
    /// Set where the row has filled cells behind the last column.
    pub overflow: usize,
    /// Whether all its cells are blank.
    pub blank: bool,
}

pub(super) fn read(kind: ImportKind, bytes: &[u8], gb18030: Decode) -> Result<Table, Refusal> {
    let (text, encoding) = decode(bytes, gb18030)?;
    let mut records = records(&text)?;
    let expected = columns::of(kind);
    let other_kind = match kind {
        ImportKind::Staff => ImportKind::Students,
        ImportKind::Students => ImportKind::Staff,
    };
    let known = |header: &[String], columns: &[Column]| {
        header.iter().filter(|h| columns.iter().any(|c| c.is_called(h))).count()
    };
    let folded: Vec<Vec<String>> = records
        .iter()
        .take(HEADER_WITHIN)
        .map(|(_, cells)| cells.iter().map(|c| fold_header(c)).collect())
        .collect();
    let best = |columns: &[Column]| {
        let counted = folded.iter().enumerate().map(|(at, header)| (known(header, columns), at));
        counted.max_by_key(|(n, at)| (*n, usize::MAX - at)).unwrap_or_default()
    };
    let (matches, place) = best(expected);
    if best(columns::of(other_kind)).0 > matches.max(2) {
        return Err(wrong_kind(kind));
    }
    let header = folded.get(place).map(Vec::as_slice).unwrap_or_default();
    if matches < 2 {
        let names: Vec<&str> =
            expected.iter().filter(|c| matches!(c.needed, Needed::Always)).map(|c| c.name).collect();
        let names = names.join("、");
        return Err(Refusal::state(
            "no_header",
            words!(
                "没有找到表头。第一行应当是：{names}",
                "No header found. The first row should read: {names}"
            ),
        ));
    }
    let (header_line, raw_header) = &records[place];
    let mut table = Table { encoding, rows: Vec::new(), findings: Vec::new(), has: Vec::new() };
    let places = places(expected, header, raw_header, *header_line, &mut table.findings)?;
    table.has = expected.iter().zip(&places).filter(|(_, at)| at.is_some()).map(|(c, _)| c.name).collect();
    for (line, mut cells) in records.drain(place + 1..) {
        let overflow = cells.iter().skip(header.len()).filter(|c| !cell::is_blank(c)).count();
        let blank = cells.iter().all(|c| cell::is_blank(c));
        let mut cell = |at: &Option<usize>| at.and_then(|at| cells.get_mut(at)).map(std::mem::take);
        let cells = places.iter().map(|at| cell(at).unwrap_or_default()).collect();
        table.rows.push(Row { line, cells, overflow, blank });
    }
    let filled = table.rows.iter().filter(|r| !r.blank).count();
    if filled > MAX_ROWS {
        return Err(Refusal::state(
            "too_many_rows",
            words!(
                "文件有 {filled} 行，一次最多导入 {MAX_ROWS} 行，请分成几个文件",
                "The file has {filled} rows, at most {MAX_ROWS} at a time: split it"
            ),
        ));
    }
    if filled == 0 {
        return Err(Refusal::state(
            "no_rows",
            Words::fixed("文件只有表头，没有名单", "The file has a header, but no rows below it"),
        ));
    }
    Ok(table)
}

/// Where each expected column stands in the file.
fn places(
    expected: &[Column],
    header: &[String],
    raw: &[String],
    line: u32,
    findings: &mut Vec<RowFinding>,
) -> Result<Vec<Option<usize>>, Refusal> {
    let mut places = Vec::new();
    for column in expected {
        let mut at = (0..header.len()).filter(|at| column.is_called(&header[*at]));
        let first = at.next();
        if at.next().is_some() {
            let name = column.name;
            return Err(Refusal::state(
                "column_twice",
                words!(
                    "“{name}”这一列出现了两次，请只保留一列",
                    "The column “{name}” stands there twice: keep one"
                ),
            ));
        }
        places.push(first);
    }
    let has = |is: &dyn Fn(&Column) -> bool| expected.iter().zip(&places).any(|(c, p)| p.is_some() && is(c));
    let is_needed = |column: &Column| match column.needed {
        Needed::Always => true,
        Needed::Never => false,
        Needed::WithGroup(group) => has(&|c| c.name.starts_with(group)),
        Needed::Without(others) => !has(&|c| others.contains(&c.name)),
    };
    let missing: Vec<&str> = expected
        .iter()
        .zip(&places)
        .filter(|(c, p)| p.is_none() && is_needed(c))
        .map(|(c, _)| c.name)
        .collect();
    if !missing.is_empty() {
        let names = missing.join("、");
        return Err(Refusal::state(
            "column_missing",
            words!(
                "缺少这些列：{names}。请对照模板补上",
                "These columns are missing: {names}. Add them as in the template"
            ),
        ));
    }
    for (at, name) in header.iter().enumerate() {
        if !name.is_empty() && !expected.iter().any(|c| c.is_called(name)) {
            let shown = cell::shown(raw.get(at).map(String::as_str).unwrap_or_default());
            findings.push(RowFinding {
                row: line,
                column: shown.clone(),
                level: RowLevel::Warning,
                value: shown,
                words: Words::fixed(
                    "名单用不到这一列，没有导入",
                    "The roll has no use for this column: it is left out",
                ),
            });
        }
    }
    Ok(places)
}

fn wrong_kind(wanted: ImportKind) -> Refusal {
    let words = match wanted {
        ImportKind::Students => Words::fixed(
            "这是教职工名单，请在“教职工”一栏导入；这里需要学生名单",
            "This is a staff file: import it under Staff. A student file belongs here",
        ),
        ImportKind::Staff => Words::fixed(
            "这是学生名单，请在“学生”一栏导入；这里需要教职工名单",
            "This is a student file: import it under Students. A staff file belongs here",
        ),
    };
    Refusal::state("wrong_kind_of_file", words)
}

/// Text from bytes in GB18030; none where they are not. The platform has the tables.
pub type Decode = fn(&[u8]) -> Option<String>;

fn decode(bytes: &[u8], gb18030: Decode) -> Result<(String, &'static str), Refusal> {
    if bytes.len() > MAX_IMPORT_BYTES {
        return Err(Refusal::state(
            "file_too_large",
            Words::fixed(
                "文件太大，最多 1.5 MB，请分成几个文件",
                "The file is too large (at most 1.5 MB): split it",
            ),
        ));
    }
    let spreadsheet = [&b"PK\x03\x04"[..], b"\xD0\xCF\x11\xE0", b"\xFF\xFE", b"\xFE\xFF"];
    if spreadsheet.iter().any(|magic| bytes.starts_with(magic)) {
        return Err(Refusal::state(
            "not_csv",
            Words::fixed(
                "这是表格软件的文件，请在 Excel 或 WPS 中“另存为”CSV（逗号分隔）后再导入",
                "This is a spreadsheet file. In Excel or WPS choose “Save as” CSV (comma separated), then import that",
            ),
        ));
    }
    let undecodable = || {
        Refusal::state(
            "undecodable",
            Words::fixed(
                "文件读不出文字。请在 Excel 或 WPS 中另存为“CSV UTF-8”后再导入",
                "The file cannot be read as text. Save it as “CSV UTF-8” in Excel or WPS, then import that",
            ),
        )
    };
    let marked = bytes.strip_prefix(b"\xEF\xBB\xBF");
    let (text, encoding) = match (std::str::from_utf8(marked.unwrap_or(bytes)), marked) {
        (Ok(text), _) => (text.to_owned(), "UTF-8"),
        (Err(_), Some(_)) => return Err(undecodable()),
        (Err(_), None) => (gb18030(bytes).ok_or_else(undecodable)?, "GB18030"),
    };
    if text.contains('\0') {
        return Err(undecodable());
    }
    if cell::is_blank(&text) {
        return Err(Refusal::state("empty_file", Words::fixed("文件是空的", "The file is empty")));
    }
    Ok((text, encoding))
}

/// Records with the line each begins on. Blank lines are no records.
fn records(text: &str) -> Result<Vec<(u32, Vec<String>)>, Refusal> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut lines = Lines { bytes: text.as_bytes(), at: 0, line: 1 };
    let mut records = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {
                let start = record.position().map_or(0, csv::Position::byte);
                let line = lines.of(usize::try_from(start).unwrap_or(usize::MAX));
                // Spreadsheets write out every column that was ever touched.
                let cells = record.iter().rev().skip_while(|c| cell::is_blank(c)).count();
                if cells > MAX_COLUMNS {
                    return Err(Refusal::state(
                        "too_many_columns",
                        words!(
                            "第 {line} 行有 {cells} 格，一行最多 {MAX_COLUMNS} 格，请检查是不是名单文件",
                            "Line {line} has {cells} cells, at most {MAX_COLUMNS} in one row: is this a roster?"
                        ),
                    ));
                }
                // A header's blank cells tell how wide the table is.
                let width =
                    if records.len() < HEADER_WITHIN { record.len().min(SHEET_COLUMNS) } else { cells };
                records.push((line, record.iter().take(width).map(str::to_owned).collect()));
            }
            Ok(false) => return Ok(records),
            Err(_) => {
                return Err(Refusal::state(
                    "not_csv",
                    Words::fixed(
                        "文件不是完整的 CSV，请用 Excel 或 WPS 重新另存为 CSV 后再导入",
                        "This is not a whole CSV file: save it as CSV again in Excel or WPS",
                    ),
                ));
            }
        }
    }
}

/// Comma, tab or semicolon: whichever the first lines use most.
fn delimiter(text: &str) -> u8 {
    let head: String = text.lines().take(HEADER_WITHIN).collect();
    let count = |d: u8| head.bytes().filter(|b| *b == d).count();
    [b',', b'\t', b';'].into_iter().rev().max_by_key(|d| count(*d)).unwrap_or(b',')
}

/// Counts line ends as it goes forward; `\r\n`, `\n` and `\r` are one each.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the first byte of a record that is searched from `start`:
    /// the reader's position stands before the blank lines it skips.
    fn of(&mut self, start: usize) -> u32 {
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            let ends = byte == b'\n' || (byte == b'\r' && self.bytes.get(self.at + 1) != Some(&b'\n'));
            let skips = self.at >= start && matches!(byte, b'\n' | b'\r');
            if self.at >= start && !skips {
                break;
            }
            self.at += 1;
            self.line += u32::from(ends);
        }
        self.line
    }
}

/// A header without blanks, notes in brackets, stars and full-width forms.
fn fold_header(text: &str) -> String {
    let mut depth = 0;
    let mut folded = String::new();
    for c in text.chars().map(cell::half_width) {
        match c {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth -= 1,
            '*' | ':' | '"' | '\'' | '_' | '-' => {}
            c if cell::is_space(c) || cell::is_hidden(c) => {}
            c if depth <= 0 => folded.push(c),
            _ => {}
        }
    }
    folded.replace("监护人一", "监护人1").replace("监护人二", "监护人2").replace("家长", "监护人")
}
