//! The steps that most scenarios begin with, through the API like any clerk's.

use std::collections::BTreeMap;

use domain::account::{Slip, SlipView};
use domain::appointment::{Confirm, WaitingAppointments};
use domain::approval::{Decide, PHONES_WITHOUT_PASSWORD, Verdict};
use domain::delivery::Funnel;
use domain::ids::{ClassId, MessageId, StaffId};
use domain::message::{Audience, Category, Created, Draft, MessageState, MessageView, Submit};
use domain::roster::{
    Answer, ClassView, ImportApply, ImportPreview, OfferKind, PersonAnswer, Question, Sameness,
};

use crate::{App, Client, PASSPHRASE, Reply, SOON, eventually};

/// Phones of the demo school's guardians.
pub const PHONES: u32 = 1756;
/// Of these, the pretend network refuses so many: numbers that end in 001.
pub const PHONES_REFUSED: u32 = 2;
/// Of these, so many end without «delivered»: 001, 002 and 003.
pub const PHONES_FAILING: u32 = 6;

/// A harmless notice to classes.
pub fn draft_to(classes: &[ClassId]) -> Draft {
    Draft {
        audience: Audience::Classes { classes: classes.to_vec() },
        appointment: None,
        category: Some(Category::Event),
        title: "秋季运动会安排".into(),
        body: "各位家长：\n\n本周五举行秋季运动会，请让孩子穿运动鞋，早上 7:40 到校。".into(),
        send_at: None,
        reasons: BTreeMap::new(),
        application: None,
    }
}

/// A harmless notice to all guardians of the school.
pub fn draft_to_all() -> Draft {
    Draft { audience: Audience::AllGuardians, ..draft_to(&[]) }
}

impl Client {
    /// The id of a class within reach.
    ///
    /// # Panics
    /// Where it is not.
    #[track_caller]
    pub fn class(&self, name: &str) -> ClassId {
        let classes: Vec<ClassView> = self.get("/api/classes").json();
        classes.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("{name} is not in {classes:?}")).id
    }

    /// Saves a draft.
    #[track_caller]
    pub fn draft(&self, draft: &Draft) -> MessageId {
        let reply = self.post("/api/messages", draft);
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json::<Created>().id
    }

    /// A slip for somebody, confirmed by a second person where it waits for one.
    ///
    /// # Panics
    /// Where it is refused.
    #[track_caller]
    pub fn slip(&self, second: &Client, staff: StaffId) -> Slip {
        let slip: Slip = self.post(&format!("/api/staff/{staff}/activation"), &()).json();
        if !slip.waits {
            return slip;
        }
        let waiting: Vec<SlipView> = second.get("/api/staff/activations").json();
        second.post(&format!("/api/staff/activations/{}/confirm", waiting[0].id), &()).json()
    }

    /// Uploads a roster file, looks at what it does with these answers, and takes it: who has another
    /// name is renamed, and of what is offered the posts and parents of people who stand in it are ticked.
    #[track_caller]
    pub fn import_with(&self, kind: &str, file: &[u8], answer: impl Fn(&Question) -> Vec<String>) -> Reply {
        let first: ImportPreview = self.upload(&format!("/api/roster/imports?kind={kind}"), file).json();
        let path = format!("/api/roster/imports/{}", first.id);
        let chosen = |q: &Question| Answer { id: q.id.clone(), chosen: answer(q) };
        let renamed = |id: &String| PersonAnswer { id: id.clone(), is: Sameness::Renamed };
        let look = |given: &ImportApply| self.post(&format!("{path}/preview"), given).json::<ImportPreview>();
        let persons = first.others.iter().map(|other| renamed(&other.id)).collect();
        let given = ImportApply { persons, ..ImportApply::default() };
        let answers = look(&given).questions.iter().map(chosen).collect();
        let given = ImportApply { answers, ..given };
        let seen = look(&given);
        let of_the_file = [OfferKind::PostEnds, OfferKind::GuardianLeaves];
        let offers = seen.offers.iter().filter(|offer| of_the_file.contains(&offer.kind));
        let ticked = offers.map(|offer| offer.id.clone()).collect();
        self.post(&format!("{path}/apply"), &ImportApply { ticked, shown: seen.shown, ..given })
    }

    /// The same with the suggested answers.
    #[track_caller]
    pub fn import(&self, kind: &str, text: &str) {
        let applied = self.import_with(kind, text.as_bytes(), |q| q.suggested.clone());
        assert_eq!(applied.status, 200, "{}", applied.body);
    }

    /// Submits it with the statement.
    #[track_caller]
    pub fn submit(&self, id: MessageId) -> MessageView {
        self.post(&format!("/api/messages/{id}/submit"), &Submit { statement: true }).json()
    }

    /// A message as this person sees it.
    #[track_caller]
    pub fn message(&self, id: MessageId) -> MessageView {
        self.get(&format!("/api/messages/{id}")).json()
    }

    /// Decides the step that waits, on the digest as it stands.
    #[track_caller]
    pub fn decide(&self, id: MessageId, verdict: Verdict, reason: &str) -> Reply {
        let message = self.message(id);
        let digest = message.digest.expect("a submitted message has a digest");
        // The password is asked again before many are sent to; where it was not asked it does no harm.
        let password = (message.reach.phones > PHONES_WITHOUT_PASSWORD).then(|| PASSPHRASE.to_owned());
        self.post(
            &format!("/api/messages/{id}/decisions"),
            &Decide { verdict, digest, reason: reason.into(), passages: Vec::new(), password },
        )
    }

    /// Confirms every appointment that waits and that this person may confirm.
    #[track_caller]
    pub fn confirm_waiting(&self) -> WaitingAppointments {
        let all: WaitingAppointments = self.get("/api/appointments/waiting").json();
        let mine = all.waiting.iter().filter(|w| w.bar.is_none());
        let appointments = mine.map(|w| w.appointment.id).collect();
        self.post("/api/appointments/confirmations", &Confirm { appointments }).json()
    }

    /// Approves it.
    #[track_caller]
    pub fn approve(&self, id: MessageId) -> MessageView {
        self.decide(id, Verdict::Approve, "").json()
    }

    /// How far it has got.
    #[track_caller]
    pub fn funnel(&self, id: MessageId) -> Funnel {
        self.get(&format!("/api/messages/{id}/funnel")).json()
    }
}

impl App {
    /// 八年级1班's homeroom teacher writes, the head of the grade approves.
    pub fn class_notice(&self) -> (Client, MessageId) {
        let teacher = self.homeroom("八年级1班");
        let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
        teacher.submit(id);
        self.grade_head("八年级").approve(id);
        (teacher, id)
    }

    /// The office writes to everybody, the director reviews, the principal approves.
    pub fn school_notice(&self) -> (Client, MessageId) {
        let clerk = self.office_clerk();
        let id = clerk.draft(&draft_to_all());
        clerk.submit(id);
        self.office_director().approve(id);
        self.principal().approve(id);
        (clerk, id)
    }

    /// Waits until nothing of a message waits or is unknown, with cron fired as it would be.
    ///
    /// # Panics
    /// Where that does not come about soon.
    pub fn settled(&self, reader: &Client, id: MessageId) -> MessageView {
        let mut asked = 0;
        eventually("every delivery has left our hands", SOON, || {
            asked += 1;
            if asked % 20 == 0 {
                self.cron();
            }
            let funnel = reader.funnel(id);
            (funnel.phones > 0 && funnel.waiting == 0 && funnel.accepted == 0 && funnel.unknown == 0)
                .then_some(())
        });
        eventually("the message is sent", SOON, || {
            let message = reader.message(id);
            if message.state != MessageState::Sent {
                self.cron();
            }
            (message.state == MessageState::Sent).then_some(message)
        })
    }

    /// Takes a notice to the whole school to its end: some numbers time out
    /// (asked about after a minute), answer two minutes late or never (given
    /// up after three days), so the clock is set forward on the way.
    ///
    /// # Panics
    /// Where a delivery does not end.
    pub fn finish(&mut self, id: MessageId) -> Funnel {
        self.drive("every batch has been submitted", id, |f| f.waiting == 0);
        // A clock that a test has set forward already goes on from there.
        let from = self.clock_offset();
        for (minutes, what) in [(5, "every unknown outcome is found out"), (10, "late receipts have come")] {
            self.forward(from + minutes * 60_000);
            self.drive(what, id, |f| f.waiting == 0 && f.unknown == 0);
        }
        self.forward(from + 74 * 3_600_000);
        self.drive("what never gets a receipt is given up", id, |f| f.accepted + f.unknown + f.waiting == 0)
    }

    /// Starts again with the clock set so far forward.
    pub fn forward(&mut self, ms: i64) {
        self.restart_with(&[("CLOCK_OFFSET_MS", &ms.to_string())]);
    }

    /// Fires cron until a message has got so far. The states add up at every moment.
    ///
    /// # Panics
    /// Where it does not.
    pub fn drive(&self, what: &str, id: MessageId, done: impl Fn(&Funnel) -> bool) -> Funnel {
        let clerk = self.office_clerk();
        eventually(what, SOON * 3, || {
            self.cron();
            let f = clerk.funnel(id);
            let sum = f.waiting + f.accepted + f.delivered + f.failed + f.unknown + f.skipped;
            assert_eq!(f.phones, sum, "{f:?}");
            (f.phones > 0 && done(&f)).then_some(f)
        })
    }

    /// Ids of the guardians' phones whose number ends so.
    ///
    /// # Panics
    /// Where there are none.
    pub fn phones_ending(&self, ending: &str) -> Vec<i64> {
        // Numbers are sealed: the file that the demo school came from tells them.
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/middle-school-students.csv");
        let text = std::fs::read_to_string(file).expect("the students' file");
        let mut ids = Vec::new();
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            for (position, at) in [(1, 6), (2, 9)] {
                if cells.get(at).is_some_and(|phone| phone.len() == 11 && phone.ends_with(ending)) {
                    let sql = "SELECT g.phone_id FROM guardians g JOIN students s ON s.id = g.student_id
                               WHERE s.number = ?1 AND g.position = ?2";
                    let number = cells.first().expect("a number");
                    let id = self.db().query_row(sql, rusqlite::params![number, position], |r| r.get(0));
                    ids.push(id.expect("a guardian"));
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        assert!(!ids.is_empty(), "no phone ends in {ending}");
        ids
    }

    /// The path of the link in the newest SMS whose text holds this title.
    ///
    /// # Panics
    /// Where there is no such SMS.
    pub fn link(&self, message_title: &str) -> String {
        let sms = self.sms();
        let found =
            sms.iter().rev().find(|s| s.text.contains(message_title)).expect("an SMS with this title");
        link_in(&found.text)
    }
}

/// The path of the link in an SMS.
///
/// # Panics
/// Where there is none.
pub fn link_in(text: &str) -> String {
    let from = text.find("/m/").unwrap_or_else(|| panic!("no link in {text}"));
    text[from..].chars().take_while(|c| c.is_ascii_alphanumeric() || "/-_".contains(*c)).collect()
}
