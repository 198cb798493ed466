//! Ending a post. One person does: a power that is abused has to stop at once.
//! But nobody does it unseen: the holder is told, and where the school would be
//! left without somebody, whoever ends it has read so.

use serde::{Deserialize, Serialize};

use crate::access::Appointment;
use crate::problem::Refusal;
use crate::school::PersonRef;
use crate::time::{DAY, Instant};
use crate::words;
use crate::words::Words;

impl Ended {
    /// How long its holder is told of an ended post, in milliseconds.
    pub const SHOWN: i64 = 14 * DAY;
}

/// A post of the reader's that decided or managed, and that somebody ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ended {
    /// What and where.
    pub appointment: Appointment,
    /// When it ended.
    pub at: Instant,
    /// Name of who ended it.
    pub by: String,
}

/// `POST /api/appointments/{id}/end`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EndPost {
    /// That the consequences were read ([`Ending::leaves`]) and are meant.
    pub knowing: bool,
}

/// `GET /api/appointments/{id}/end`: what would follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ending {
    /// What and where.
    pub appointment: Appointment,
    /// Whose.
    pub staff: PersonRef,
    /// Others who hold the same post in the same unit.
    pub others: u32,
    /// Messages that wait for this post and that nobody else could decide in it.
    pub undecided: u32,
    /// Approved messages that are sent in this post: they would be held.
    pub held: u32,
    /// Whether nobody would answer for the unit's account.
    pub custodian: bool,
}

impl Ending {
    /// Whom and what the school would lack then, in sentences; nothing where it lacks nobody.
    pub fn leaves(&self) -> Vec<Words> {
        let mut all = Vec::new();
        let held = &self.appointment;
        let title = held.post.title();
        let (unit, zh, en) = (&held.unit_name, &title.zh, &title.en);
        if held.post.needs_confirmation() && self.others == 0 {
            all.push(words!("{unit}就没有{zh}了。", "Nobody would be {en} in {unit}."));
        }
        if self.undecided > 0 {
            let n = self.undecided;
            all.push(words!(
                "{n} 条报批中的通知等着{zh}办理，届时由代行的人办理；没有代行的，要等补上人。",
                "Notices that wait for this post: {n}. Whoever stands in decides them; where nobody does, they wait for a successor."
            ));
        }
        if self.custodian {
            all.push(words!(
                "{unit}的账号没有专人负责，补上之前不能发送。",
                "Nobody would answer for the account of {unit}, which cannot send until somebody does."
            ));
        }
        if self.held > 0 {
            let n = self.held;
            all.push(words!(
                "{n} 条已批准的通知是以这个岗位发送的，会停住不发。",
                "Approved notices that are sent in this post and would be held: {n}."
            ));
        }
        all
    }

    /// Refuses to end it where the school would lack somebody and whoever orders it has not read so.
    ///
    /// # Errors
    /// With the sentences.
    pub fn check(&self, order: &EndPost) -> Result<(), Refusal> {
        let leaves = self.leaves();
        if order.knowing || leaves.is_empty() {
            return Ok(());
        }
        let zh = leaves.iter().map(|w| w.zh.as_ref()).collect::<String>();
        let en = leaves.iter().map(|w| w.en.as_ref()).collect::<Vec<_>>().join(" ");
        Err(Refusal::state(
            "leaves_nobody",
            words!("{zh}请看过后再确认结束。", "{en} Confirm that you have read this."),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Post;
    use crate::ids::{AppointmentId, StaffId, UnitId};

    #[test]
    fn a_step_is_not_left_without_decider_unread() {
        let ending = Ending {
            appointment: Appointment {
                id: AppointmentId(1),
                post: Post::Dean,
                unit: UnitId(2),
                unit_name: "信息学院".into(),
                class: None,
                class_name: None,
                above: None,
                subject: None,
                listed: true,
            },
            staff: PersonRef { id: StaffId(1), name: "甲".into(), number: "U1".into() },
            others: 1,
            undecided: 0,
            held: 0,
            custodian: false,
        };
        let unread = EndPost::default();
        assert!(ending.check(&unread).is_ok(), "another dean is there");
        for alone in [
            Ending { others: 0, ..ending.clone() },
            Ending { undecided: 2, ..ending.clone() },
            Ending { custodian: true, ..ending.clone() },
            Ending { held: 1, ..ending.clone() },
        ] {
            assert_eq!(alone.check(&unread).expect_err("unread").kind, "leaves_nobody");
            assert!(alone.check(&EndPost { knowing: true }).is_ok());
        }
        let zh = Ending { others: 0, ..ending }.leaves()[0].zh.clone();
        assert_eq!(zh, "信息学院就没有院长了。");
    }
}
