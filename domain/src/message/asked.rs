//! Who asked for a message that the office wrote up for a leader or a department
//! (G13): named wherever the message is read as a whole.

use serde::{Deserialize, Serialize};

use crate::access::Post;
use crate::ids::RequestId;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

/// Who asked, in which post, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Asker {
    /// The request.
    pub request: RequestId,
    /// Name.
    pub name: String,
    /// The post in which it was handed in.
    pub post: Post,
    /// Of which unit.
    pub unit: String,
    /// When.
    pub at: Instant,
}

impl Asker {
    /// `11月3日 09:00 由教务处 王一（处室主任）报校办室办理`.
    pub fn words(&self) -> Words {
        let (name, unit, post, at) = (&self.name, &self.unit, self.post.title(), self.at.words());
        let (pz, pe, az, ae) = (post.zh, post.en, at.zh, at.en);
        words!(
            "{az} 由{unit} {name}（{pz}）报校办室办理",
            "Handed in to the office by {name} ({pe}, {unit}) on {ae}"
        )
    }
}

/// Who asked, and for what: the words that were handed in, beside those that are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AskedFor {
    /// Who.
    #[serde(flatten)]
    pub asker: Asker,
    /// The title that was handed in.
    pub title: String,
    /// The text.
    pub body: String,
    /// To whom, in words.
    pub whom: String,
    /// Whether the reader finds the request on the page of requests.
    pub may_open: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g13_who_asked_is_told_in_a_sentence() {
        let asker = Asker {
            request: RequestId(1),
            name: "王一".into(),
            post: Post::DepartmentHead,
            unit: "教务处".into(),
            at: Instant::from_local("2026-11-03T09:00").expect("a time"),
        };
        assert_eq!(asker.words().zh, "11月3日 09:00 由教务处 王一（处室主任）报校办室办理");
        assert_eq!(
            asker.words().en,
            "Handed in to the office by 王一 (Head of department, 教务处) on 3 Nov, 09:00"
        );
    }
}
