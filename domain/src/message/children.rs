//! Some children of a class, chosen one by one: the message that teachers send most. It goes to
//! these children's own guardians and to nobody else.

use serde::{Deserialize, Serialize};

use crate::ids::StudentId;
use crate::problem::Refusal;
use crate::words;
use crate::words::{Words, count};

/// Most students that one message names: more than any class holds.
pub const CHILDREN_MAX: usize = 200;

/// Names that are told before it becomes «and others».
const NAMED: usize = 5;

/// How [`count_words`] ends in Chinese: the words that are kept of such an audience.
pub const CHILDREN_ZH: &str = "名学生的家长";

/// A student who was chosen, as the reader may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChosenChild {
    /// Who.
    pub student: StudentId,
    /// Name; none where the reader may not read the class's roll.
    pub name: Option<String>,
    /// Whether the student is in the class today, and not only was.
    pub is_here: bool,
}

/// Whom it goes to by number. Kept with the message: it tells no child's name.
pub fn count_words(class: &str, n: usize) -> Words {
    let students = count(n as u64, "student", "students");
    words!("{class} {n} {CHILDREN_ZH}", "Parents of {students} in {class}")
}

/// Whom it goes to by name, for who may read the class's roll.
pub fn children_words(class: &str, names: &[String]) -> Words {
    let n = names.len();
    if n == 0 {
        return count_words(class, 0);
    }
    let first = &names[..n.min(NAMED)];
    let (zh, en) = (first.join("、"), first.join(", "));
    if n <= NAMED {
        words!("{class} {zh}的家长", "Parents of {en} ({class})")
    } else {
        words!("{class} {zh}等 {n} {CHILDREN_ZH}", "Parents of {en} and others ({class}, {n} students)")
    }
}

pub(super) fn too_many(n: usize) -> Option<Refusal> {
    (n > CHILDREN_MAX).then(|| {
        let words = words!("一次最多选择 {CHILDREN_MAX} 名学生", "At most {CHILDREN_MAX} students at a time");
        Refusal::field("too_many_students", "audience", words)
    })
}

/// Refuses students of whom the class knows nothing: who is in another class is told like nobody at all.
pub(super) fn unknown(chosen: &[StudentId], known: &[ChosenChild]) -> Option<Refusal> {
    let is_known = |id: &StudentId| known.iter().any(|child| child.student == *id);
    (!chosen.iter().all(is_known)).then(|| {
        let words = Words::fixed(
            "所选学生不在这个班的名册上，请重新选择",
            "A chosen student is not on this class's roll: choose again",
        );
        Refusal::field("student_unknown", "audience", words)
    })
}

/// Names those who have left.
pub(super) fn left(known: &[ChosenChild]) -> Option<Refusal> {
    let left: Vec<&ChosenChild> = known.iter().filter(|child| !child.is_here).collect();
    if left.is_empty() {
        return None;
    }
    let names: Option<Vec<&str>> = left.iter().map(|child| child.name.as_deref()).collect();
    let words = match names {
        Some(names) => {
            let (zh, en) = (names.join("、"), names.join(", "));
            words!(
                "{zh}已不在这个班，请从名单中去掉",
                "No longer in this class: {en}. Take them off the list"
            )
        }
        None => {
            let (n, en) = (left.len(), count(left.len() as u64, "student", "students"));
            words!(
                "所选学生中有 {n} 名已不在这个班，请重新选择",
                "No longer in this class: {en}. Choose again"
            )
        }
    };
    Some(Refusal::field("student_left", "audience", words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        ["王小明", "李红", "张三", "赵四", "钱五", "孙六"][..n].iter().map(ToString::to_string).collect()
    }

    #[test]
    fn few_children_are_named_and_many_counted() {
        assert_eq!(children_words("七年级1班", &names(1)).zh, "七年级1班 王小明的家长");
        assert_eq!(children_words("七年级1班", &names(2)).zh, "七年级1班 王小明、李红的家长");
        assert_eq!(
            children_words("七年级1班", &names(6)).zh,
            "七年级1班 王小明、李红、张三、赵四、钱五等 6 名学生的家长"
        );
        assert_eq!(children_words("七年级1班", &names(1)).en, "Parents of 王小明 (七年级1班)");
        assert_eq!(count_words("七年级1班", 1).zh, "七年级1班 1 名学生的家长");
        assert_eq!(count_words("七年级1班", 2).en, "Parents of 2 students in 七年级1班");
    }
}
