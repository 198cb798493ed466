//! Roster files to begin with: the columns that an import reads, and one
//! sample row that it knows and leaves out.

use super::effects::ImportKind;

/// What stands for a number in the sample row.
pub const SAMPLE: &str = "示例";

/// A CSV file as spreadsheets in China open it: UTF-8 with its mark, lines that
/// end as on Windows. No cell begins with what would be run as a formula.
pub fn template(kind: ImportKind) -> &'static str {
    match kind {
        ImportKind::Staff => {
            "\u{feff}工号,姓名,手机,部门,职务,班主任班级,任教\r\n\
             示例,张三,19900000000,七年级,年级组长,七年级1班,七年级1班:语文;七年级2班:语文\r\n"
        }
        ImportKind::Students => {
            "\u{feff}学号,姓名,年级,班级,监护人1姓名,监护人1关系,监护人1手机,监护人2姓名,监护人2关系,监护人2手机\r\n\
             示例,李小四,七年级,1班,李四,父亲,19900000000,王五,母亲,19900000001\r\n"
        }
    }
}
