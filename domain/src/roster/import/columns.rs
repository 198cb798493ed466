//! The columns of each kind of file, with the names that schools' own files use.

use crate::roster::ImportKind;

/// A column that a kind of file has.
pub(super) struct Column {
    /// Its name, as the template writes it.
    pub name: &'static str,
    /// Other names that schools' own files use, folded as headers are.
    pub also: &'static [&'static str],
    /// Whether the file is refused without it.
    pub needed: Needed,
}

/// When a file is refused for the want of a column.
#[derive(Clone, Copy)]
pub(super) enum Needed {
    Always,
    Never,
    /// Where another column of its group is there: a second guardian's columns
    /// come together or not at all.
    WithGroup(&'static str),
    /// Where none of these is there.
    Without(&'static [&'static str]),
}

impl Column {
    pub fn is_called(&self, folded: &str) -> bool {
        self.name == folded || self.also.contains(&folded)
    }
}

/// The columns of a kind of file, in the order in which rows hold their cells.
pub(super) fn of(kind: ImportKind) -> &'static [Column] {
    match kind {
        ImportKind::Staff => STAFF,
        ImportKind::Students => STUDENTS,
    }
}

const STAFF: &[Column] = &[
    Column {
        name: "工号", also: &["教职工号", "教工号", "职工号", "教师编号"], needed: Needed::Always
    },
    Column { name: "姓名", also: &["教师姓名", "教职工姓名"], needed: Needed::Always },
    Column {
        name: "手机",
        also: &["手机号", "手机号码", "联系电话", "电话", "移动电话"],
        needed: Needed::Always,
    },
    Column { name: "部门", also: &["所在部门", "处室"], needed: Needed::Always },
    Column {
        name: "部门代码", also: &["部门编号", "单位代码", "单位编号"], needed: Needed::Never
    },
    Column { name: "职务", also: &["岗位", "职位"], needed: Needed::Always },
    Column {
        name: "班主任班级",
        also: &["班主任", "所带班级", "辅导员班级", "辅导员", "带班"],
        needed: Needed::Always,
    },
    Column { name: "任教", also: &["任教班级", "任课", "任教学科"], needed: Needed::Always },
];

/// Columns that tell the unit of a class, where a name such as 2023级1班 does not.
pub(super) const UNIT_COLUMNS: &[&str] = &["学院", "系", "学院代码"];

const STUDENTS: &[Column] = &[
    Column { name: "学号", also: &["学生学号", "学籍号", "学生编号"], needed: Needed::Always },
    Column { name: "姓名", also: &["学生姓名", "学生"], needed: Needed::Always },
    Column {
        name: "学院", also: &["院系", "所在学院", "二级学院", "所属学院"], needed: Needed::Never
    },
    Column { name: "系", also: &["系部", "所在系", "系别"], needed: Needed::Never },
    Column {
        name: "学院代码", also: &["学院编号", "院系代码", "院系编号", "系代码"], needed: Needed::Never
    },
    Column { name: "年级", also: &["所在年级", "入学年份"], needed: Needed::Without(UNIT_COLUMNS) },
    Column {
        name: "班级", also: &["班", "所在班级", "班别", "班级名称"], needed: Needed::Always
    },
    Column { name: "班级代码", also: &["班级编号", "班级编码", "班号"], needed: Needed::Never },
    Column {
        name: "监护人1姓名", also: &["监护人姓名", "第一监护人姓名"], needed: Needed::Always
    },
    Column {
        name: "监护人1关系", also: &["关系", "监护人关系", "第一监护人关系"], needed: Needed::Always
    },
    Column {
        name: "监护人1手机",
        also: &[
            "监护人手机",
            "监护人1手机号",
            "监护人1手机号码",
            "监护人1电话",
            "监护人手机号",
            "监护人电话",
        ],
        needed: Needed::Always,
    },
    Column {
        name: "监护人2姓名", also: &["第二监护人姓名"], needed: Needed::WithGroup("监护人2")
    },
    Column {
        name: "监护人2关系", also: &["第二监护人关系"], needed: Needed::WithGroup("监护人2")
    },
    Column {
        name: "监护人2手机",
        also: &["监护人2手机号", "监护人2手机号码", "监护人2电话"],
        needed: Needed::WithGroup("监护人2"),
    },
];
/// Where the columns 学院 and 系 stand among those of a student file.
pub(super) const UNIT_CELLS: std::ops::RangeInclusive<usize> = 2..=3;
