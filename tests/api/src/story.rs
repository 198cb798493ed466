//! The steps that most scenarios begin with, through the API like any clerk's.

use std::collections::BTreeMap;

use domain::approval::{Decide, Verdict};
use domain::delivery::Funnel;
use domain::ids::{ClassId, MessageId};
use domain::message::{Audience, Category, Created, Draft, MessageState, MessageView, Submit};
use domain::roster::ClassView;

use crate::{App, Client, Reply, SOON, eventually};

/// A harmless notice to classes.
pub fn draft_to(classes: &[ClassId]) -> Draft {
    Draft {
        audience: Audience::Classes { classes: classes.to_vec() },
        category: Some(Category::Event),
        title: "秋季运动会安排".into(),
        body: "各位家长：\n\n本周五举行秋季运动会，请让孩子穿运动鞋，早上 7:40 到校。".into(),
        send_at: None,
        reasons: BTreeMap::new(),
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
        let digest = self.message(id).digest.expect("a submitted message has a digest");
        self.post(
            &format!("/api/messages/{id}/decisions"),
            &Decide { verdict, digest, reason: reason.into() },
        )
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
    /// 七年级1班's homeroom teacher writes, the head of the grade approves.
    pub fn class_notice(&self) -> (Client, MessageId) {
        let teacher = self.homeroom("七年级1班");
        let id = teacher.draft(&draft_to(&[teacher.class("七年级1班")]));
        teacher.submit(id);
        self.grade_head("七年级").approve(id);
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

    /// The path of the link in the newest SMS to a phone that ends so.
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
