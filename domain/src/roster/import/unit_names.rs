//! What a unit's name tells of its kind.

/// Whether a name is a college's whatever stands in it.
pub(super) fn is_college(name: &str) -> bool {
    ["学院", "书院", "学部"].iter().any(|end| name.strip_suffix(end).is_some_and(|rest| !rest.is_empty()))
}

/// Whether a name is that of a part of a school, with the year groups of one stage or on one campus.
pub(super) fn is_section(name: &str) -> bool {
    ["部", "段", "校区", "分校", "校"].iter().any(|end| name.ends_with(end))
}

/// Whether a name is that of a university's 学生处.
pub(super) fn is_student_affairs(name: &str) -> bool {
    [
        "学生处",
        "学生工作处",
        "学工处",
        "学生工作部",
        "学工部",
        "党委学生工作部",
        "学生工作部(处)",
        "学生工作处(部)",
    ]
    .contains(&name)
}
