//! Why a name in a file is not one unit or one class, in words that say how to
//! write it.

use crate::words;
use crate::words::Words;

/// How many of those that fit are listed where several do.
const LISTED: usize = 4;

/// Why a text is not one unit or one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unclear {
    /// No class can be read from it.
    NoClass,
    /// A class with something behind it: the class, the rest.
    MoreThanClass(String, String),
    /// Several units fit.
    Units(Several),
    /// Several classes fit.
    Classes(Several),
}

/// What a name could mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Several {
    pub name: String,
    pub count: usize,
    /// The first few, as each is written in full.
    pub listed: Vec<String>,
}

impl Several {
    pub fn new(name: String, all: &[usize], written: impl Fn(usize) -> String) -> Self {
        let listed = all.iter().take(LISTED).map(|at| written(*at)).collect();
        Self { name, count: all.len(), listed }
    }

    fn list(&self) -> String {
        let more = if self.count > self.listed.len() { "…" } else { "" };
        format!("{}{more}", self.listed.join("、"))
    }
}

impl Unclear {
    pub fn words(&self) -> Words {
        match self {
            Self::NoClass => Words::fixed(
                "看不出是哪个班，请写成“七年级1班”或“信息学院/2023级1班”",
                "Not clear which class: write it like 七年级1班 or 信息学院/2023级1班",
            ),
            Self::MoreThanClass(class, rest) => words!(
                "“{class}”后面还有“{rest}”：班级一格只写到“班”为止，学科请写在“任教”一列，如“{class}:{rest}”",
                "“{rest}” stands behind “{class}”: end the class at 班, and write the subject into the column 任教, like {class}:{rest}"
            ),
            Self::Units(several @ Several { name, count, listed }) => {
                let (list, first) = (several.list(), listed.first().map_or("", String::as_str));
                words!(
                    "有 {count} 个部门都叫“{name}”：{list}。请写明是哪一个，例如“{first}”",
                    "{count} units are called “{name}”: {list}. Say which one, like “{first}”"
                )
            }
            Self::Classes(several @ Several { name, count, listed }) => {
                let (list, first) = (several.list(), listed.first().map_or("", String::as_str));
                words!(
                    "有 {count} 个班都叫“{name}”：{list}。请写明是哪一个，例如“{first}”",
                    "{count} classes are called “{name}”: {list}. Say which one, like “{first}”"
                )
            }
        }
    }
}
