//! Random procedures, people and actions, played by the rules and by raw SQL
//! at once: both let the same things happen, and nothing is released without
//! its chain.
//!
//! The rules know what was told to them here; the schema knows its rows. What
//! was said about which version stands in a third record, apart from both.

use std::cell::Cell;
use std::collections::BTreeSet;

use domain::access::Post;
use domain::approval::procedure::check_steps;
use domain::approval::{
    Absence, Binding, Chain, Decide, Decision, Held, Holder, ProcedureStep, Scope, Sender, Step, StepKind,
    Then, Verdict,
};
use domain::ids::{AppointmentId, StaffId, UnitId};
use domain::time::Instant;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rusqlite::Connection;

use crate::world::{empty, run};

/// School 1; college 2 with its department 3; college 4; year group 5.
const UNITS: &str = "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES
   (1, NULL, 'school', '校', 1), (2, 1, 'college', '甲', 1), (3, 2, 'department', '乙', 1), (4, 1, 'college', '丙', 1), (5, 1, 'grade', '丁', 1)";

/// Where the posts of this school are held.
const POSTS: [(Post, i64); 8] = [
    (Post::Principal, 1),
    (Post::VicePrincipal, 1),
    (Post::OfficeDirector, 1),
    (Post::Dean, 2),
    (Post::Dean, 4),
    (Post::CollegeLeader, 2),
    (Post::GradeHead, 5),
    (Post::FirstResponsible, 3),
];

/// 8 and 9 open the school; 7 keeps the accounts of its units; 1 and 2 can appoint as well, and 1 to 6 draft and
/// decide.
const PEOPLE: std::ops::RangeInclusive<i64> = 1..=6;

/// How somebody came to a post.
#[derive(Clone, Debug)]
struct Given {
    staff: i64,
    post: usize,
    since: i64,
    given_by: i64,
    confirmed: Option<(i64, i64)>,
    away: Option<i64>,
}

fn given() -> impl Strategy<Value = Given> {
    let hand = || prop_oneof![3 => 8i64..=9, 1 => 1i64..=2];
    let at = prop_oneof![4 => Just(0i64), 1 => 1i64..14];
    let confirmed = prop::option::weighted(0.9, (hand(), at));
    let since = prop_oneof![6 => Just(0i64), 1 => 4i64..14];
    let away = prop::option::weighted(0.3, PEOPLE);
    (PEOPLE, 0..POSTS.len(), since, hand(), confirmed, away).prop_map(
        |(staff, post, since, given_by, confirmed, away)| Given {
            staff,
            post,
            since,
            given_by,
            confirmed,
            away,
        },
    )
}

fn step() -> impl Strategy<Value = ProcedureStep> {
    let post = || (0..POSTS.len()).prop_map(|at| POSTS[at].0);
    let held = || prop_oneof![4 => Just(Held::Anywhere), 1 => prop::sample::select(Held::ALL.to_vec())];
    let kind = prop_oneof![3 => Just(StepKind::Review), 4 => Just(StepKind::Approve), 1 => Just(StepKind::File), 1 => Just(StepKind::Register)];
    let substitute = prop::option::weighted(0.5, (post(), held()));
    (kind, post(), held(), substitute, prop::bool::weighted(0.9)).prop_map(
        |(kind, post, at, substitute, holds)| ProcedureStep {
            substitute: substitute.map(|(post, _)| post),
            substitute_at: substitute.map(|(_, at)| at).unwrap_or_default(),
            holds: holds && kind != StepKind::File,
            ..ProcedureStep::new(kind, post).held(at)
        },
    )
}

#[derive(Clone, Debug)]
enum Action {
    /// Somebody says something about the text that was read: this one, or an earlier one.
    Decide { by: i64, approve: bool, stale: bool },
    /// One of those who may say something says it: yes, or no.
    Go(usize, bool),
    /// A post ends.
    End(usize),
    /// The absences of a post are withdrawn.
    Back(usize),
    /// What came back is submitted anew.
    Correct,
    /// A registration is entered.
    Register,
    /// It is released, whatever is missing.
    Release,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let one = prop_oneof![
        8 => (PEOPLE, prop::bool::weighted(0.85), prop::bool::weighted(0.1))
            .prop_map(|(by, approve, stale)| Action::Decide { by, approve, stale }),
        5 => (0usize..6, prop::bool::weighted(0.75)).prop_map(|(n, yes)| Action::Go(n, yes)),
        1 => any::<prop::sample::Index>().prop_map(|i| Action::End(i.index(64))),
        1 => any::<prop::sample::Index>().prop_map(|i| Action::Back(i.index(64))),
        5 => Just(Action::Correct),
        1 => Just(Action::Register),
        2 => Just(Action::Release),
    ];
    prop::collection::vec(one, 4..24)
}

/// Whether the database takes it; nothing stays of what it refuses.
fn takes(db: &Connection, sql: &str) -> bool {
    run(db, "SAVEPOINT tried");
    let taken = db.execute_batch(sql).is_ok();
    run(db, if taken { "RELEASE tried" } else { "ROLLBACK TO tried; RELEASE tried" });
    taken
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Draft,
    Submitted,
    Returned,
    Approved,
    Released,
}

/// A school in both forms, with one message.
struct Play {
    db: Connection,
    /// Appointments as they stand in the rules' world, those that ended left out.
    holders: Vec<(Holder, i64)>,
    procedure: Vec<ProcedureStep>,
    binding: Binding,
    author: i64,
    version: u32,
    time: i64,
    at: At,
    chain: Chain,
    registered: BTreeSet<u32>,
    /// Who approved which step of which version: the third record.
    said: Vec<(u32, u32, i64)>,
}

impl Play {
    /// None where the procedure is one that nobody decides: then both refuse it.
    fn open(
        given: &[Given],
        procedure: Vec<ProcedureStep>,
        author: i64,
        own: i64,
        audience: i64,
    ) -> Option<Self> {
        let db = empty();
        let staff: Vec<String> = (1..=9).map(|n| format!("({n}, 'T{n}', '人', 1)")).collect();
        let steps = serde_json::to_string(&procedure).expect("json");
        run(
            &db,
            &format!(
                "INSERT INTO school VALUES (1, '校', '校', '校讯通', 0, 1440, 1, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL); {UNITS};
                 INSERT INTO staff (id, number, name, created_at) VALUES {};
                 INSERT INTO appointments (staff_id, post, unit_id, since, given_by, confirmed_by, confirmed_at, mac) VALUES
                   (8, 'administrator', 1, 0, 0, 0, 0, 'm'), (9, 'administrator', 1, 0, 0, 0, 0, 'm');
                 INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES
                   (1, 'administrator', 1, 0, 8, ''), (2, 'administrator', 1, 0, 8, ''),
                   (7, 'custodian', 2, 0, 8, ''), (7, 'custodian', 3, 0, 8, ''), (7, 'custodian', 4, 0, 8, ''), (7, 'custodian', 5, 0, 8, '');
                 UPDATE appointments SET confirmed_by = 9, confirmed_at = 0, mac = 'm' WHERE confirmed_by IS NULL",
                staff.join(", ")
            ),
        );
        let proposed = takes(
            &db,
            &format!(
                "INSERT INTO procedures VALUES (1, 1, 'teacher', 'grade', '本校', 'Own', '{steps}', 0, 0, 0, 0, 0, NULL, NULL, 'm')"
            ),
        );
        let refusals = check_steps(Sender::Teacher, Scope::Grade, &procedure);
        let is_none = refusals.iter().any(|r| r.kind == "no_deciding_step");
        assert_eq!(proposed, !is_none, "{procedure:?}");
        if !proposed {
            return None;
        }
        // Everybody teaches where the message is sent from: the author's capacity.
        let mut holders = Vec::new();
        for n in PEOPLE {
            run(
                &db,
                &format!(
                    "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES ({n}, 'homeroom_teacher', {own}, 0, 8, '')"
                ),
            );
        }
        for g in given {
            let (post, unit) = POSTS[g.post];
            let id = db
                .query_row("SELECT MAX(id) + 1 FROM appointments", [], |r| r.get::<_, i64>(0))
                .expect("an id");
            let give = format!(
                "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES ({id}, {}, '{}', {unit}, {}, {}, '')",
                g.staff,
                post.key(),
                g.since,
                g.given_by
            );
            if !takes(&db, &give) {
                continue;
            }
            let Some((by, at)) = g.confirmed else { continue };
            let confirm = format!(
                "UPDATE appointments SET confirmed_by = {by}, confirmed_at = {at}, mac = 'm' WHERE id = {id}"
            );
            if !takes(&db, &confirm) {
                continue;
            }
            let away = g.away.filter(|by| {
                takes(
                    &db,
                    &format!("INSERT INTO delegations (appointment_id, from_at, until_at, recorded_by, recorded_at, why, mac) VALUES ({id}, 0, 99, {by}, 0, '病假', 'm')"),
                )
            });
            let absence = |by| Absence { recorded_by: StaffId(by), until: Instant(99) };
            holders.push((
                Holder {
                    appointment: AppointmentId(id),
                    staff: StaffId(g.staff),
                    name: String::new(),
                    post,
                    unit: UnitId(unit),
                    given_by: StaffId(g.given_by),
                    confirmed_by: StaffId(by),
                    confirmed_at: Instant(at),
                    away: away.map(absence).into_iter().collect(),
                },
                g.since,
            ));
        }
        run(
            &db,
            &format!(
                "INSERT INTO messages (id, author_id, appointment_id, capacity_unit_id, audience_unit_id, sender_title, audience,
                   audience_zh, audience_en, category, title, body, template, template_version, signature, created_at, changed_at)
                 SELECT 1, {author}, id, unit_id, {audience}, '班主任', '{{}}', '家长', 'parents', 'daily', '题', '文', 'n', 1, '校', 1, 1
                 FROM appointments WHERE staff_id = {author} AND post = 'homeroom_teacher'"
            ),
        );
        let college = match own {
            2 | 3 => Some(UnitId(2)),
            4 => Some(UnitId(4)),
            _ => None,
        };
        let mut play = Self {
            db,
            holders,
            procedure,
            binding: Binding { own: UnitId(own), college, audience: UnitId(audience) },
            author,
            version: 1,
            time: 4,
            at: At::Draft,
            chain: Chain {
                author: StaffId(author),
                digest: String::new(),
                submitted_at: Instant(0),
                steps: Vec::new(),
                decisions: Vec::new(),
                holders: Vec::new(),
            },
            registered: BTreeSet::new(),
            said: Vec::new(),
        };
        play.submit();
        Some(play)
    }

    fn digest(&self) -> String {
        format!("d{}", self.version)
    }

    /// Freezes the chain in both; whether it can come to an end is the rules' own question.
    fn submit(&mut self) {
        let (version, digest, now) = (self.version, self.digest(), self.time);
        let steps = Step::bind(&self.procedure, self.binding);
        // The first version takes its number in the register.
        let register = if version == 1 {
            let unit = self.binding.college.unwrap_or(self.binding.own);
            run(
                &self.db,
                &format!(
                    "INSERT INTO register_counters VALUES (2026, {unit}, 0); UPDATE register_counters SET last_no = 1"
                ),
            );
            format!(", registered_at = {now}, register_year = 2026, register_unit = {unit}, register_no = 1")
        } else {
            String::new()
        };
        let id = |unit: Option<UnitId>| unit.map_or("NULL".to_owned(), |u| u.0.to_string());
        let mut sql = String::new();
        for s in &steps {
            let substitute = s.substitute.map_or("NULL".to_owned(), |p| format!("'{}'", p.key()));
            sql += &format!(
                "INSERT INTO message_steps VALUES (1, {version}, {}, '{}', '{}', {}, {substitute}, {}, {}, '[]');",
                s.position,
                s.kind.key(),
                s.post.key(),
                id(s.unit),
                id(s.substitute_unit),
                i32::from(s.holds)
            );
        }
        run(
            &self.db,
            &format!(
                "{sql} INSERT INTO message_versions
                 SELECT id, version, title, body, audience_zh, audience_en, '{digest}', {now}, 1, template, template_version, mode, answer,
                   appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages;
                 UPDATE messages SET state = 'submitted', digest = '{digest}', digest_form = 1, procedure_id = 1, procedure_version = 1,
                   submitted_at = {now}, statement_at = {now}{register}"
            ),
        );
        self.chain =
            Chain { digest, submitted_at: Instant(now), steps, decisions: Vec::new(), ..self.chain.clone() };
        self.registered.clear();
        self.at = At::Submitted;
    }

    /// The rules are told who holds what now.
    fn told(&mut self) {
        let now = self.time;
        let held = self.holders.iter().filter(|(_, since)| *since <= now).map(|(holder, _)| holder.clone());
        self.chain.holders = held.collect();
    }

    fn decide(&mut self, by: i64, approve: bool, stale: bool) -> Result<(), TestCaseError> {
        self.told();
        let digest = if stale { "d0".to_owned() } else { self.chain.digest.clone() };
        let order = Decide {
            verdict: if approve { Verdict::Approve } else { Verdict::Return },
            digest: digest.clone(),
            reason: "错别字".into(),
            passages: Vec::new(),
            password: None,
        };
        let rule = if self.at == At::Submitted { self.chain.decide(StaffId(by), &order).ok() } else { None };
        let insert = |position: u32, appointment: AppointmentId, post: Post| {
            format!(
                "INSERT INTO decisions VALUES (1, {}, {position}, {by}, {appointment}, '{}', '{}', '{digest}', '错', {}, 'm')",
                self.version,
                post.key(),
                order.verdict.key(),
                self.time
            )
        };
        let Some(outcome) = rule else {
            // Whatever this person has, on whichever step: the schema takes none of it.
            let mine: Vec<&Holder> =
                self.holders.iter().map(|(h, _)| h).filter(|h| h.staff.0 == by).collect();
            for step in &self.chain.steps {
                for holder in &mine {
                    let sql = insert(step.position, holder.appointment, holder.post);
                    // Advice that sending does not wait for is outside the chain; the rules never ask for it.
                    if step.is_decisive() {
                        prop_assert!(!takes(&self.db, &sql), "{by} decided {step:?} as {holder:?}");
                    }
                }
            }
            return Ok(());
        };
        let sql = insert(outcome.by.position, outcome.by.appointment, outcome.by.post);
        prop_assert!(takes(&self.db, &sql), "{by} could not decide: {outcome:?}, {:?}", self.chain);
        self.chain.decisions.push(Decision {
            position: outcome.by.position,
            staff: StaffId(by),
            verdict: order.verdict,
            digest,
        });
        if approve {
            self.said.push((self.version, outcome.by.position, by));
        }
        let returned = format!("UPDATE messages SET state = 'returned', changed_at = {}", self.time);
        prop_assert_eq!(takes(&self.db, &returned), outcome.then == Then::Returned);
        if outcome.then == Then::Returned {
            self.at = At::Returned;
        }
        Ok(())
    }

    /// After every action raw SQL tries to call it approved.
    fn approve(&mut self) -> Result<(), TestCaseError> {
        let now = self.time;
        let complete = self.at == At::Submitted && self.chain.is_complete();
        let sql = format!(
            "UPDATE messages SET state = 'approved', approved_at = {now}, due_at = {now} WHERE state <> 'approved'"
        );
        let before = self.at;
        let taken = before != At::Approved && before != At::Released && takes(&self.db, &sql);
        prop_assert_eq!(taken, complete, "{:?} {:?}", before, &self.chain);
        if taken {
            self.at = At::Approved;
        }
        Ok(())
    }

    fn register(&mut self) -> Result<(), TestCaseError> {
        let steps = self.chain.steps.clone();
        for step in &steps {
            // By somebody of the office that the step asks, never the author.
            let registers = |(holder, since): &&(Holder, i64)| {
                *since <= self.time
                    && holder.post.registers_for(step.post)
                    && step.unit.is_none_or(|unit| unit == holder.unit)
                    && holder.staff != StaffId(self.author)
            };
            let who = self.holders.iter().find(registers).map(|(h, _)| (h.staff.0, h.appointment.0));
            let due = self.at == At::Approved
                && step.kind == StepKind::Register
                && !self.registered.contains(&step.position)
                && who.is_some();
            let (staff, appointment) = who.unwrap_or((8, 1));
            let (version, position) = (self.version, step.position);
            let sql = format!(
                "INSERT INTO registrations VALUES (1, {version}, {position}, 1970, '{position}', NULL, NULL, NULL, '', '', {staff},
                   {appointment}, '{}', {}, 'm')",
                self.chain.digest, self.time
            );
            let taken = takes(&self.db, &sql);
            prop_assert_eq!(taken, due, "{:?}", step);
            if taken {
                self.registered.insert(step.position);
            }
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), TestCaseError> {
        let lacks = self
            .chain
            .steps
            .iter()
            .any(|s| s.kind == StepKind::Register && s.holds && !self.registered.contains(&s.position));
        let may = self.at == At::Approved && !lacks;
        let now = self.time;
        let sql = format!(
            "UPDATE messages SET state = 'sending', released_at = {now} WHERE state <> 'sending';
             INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac)
             SELECT 1, 0, 'sending', {}, 'approved', COALESCE(due_at, {now}), {now}, 'm' FROM messages;
             INSERT INTO filings SELECT 1, s.version, s.position, 1970, ROW_NUMBER() OVER (ORDER BY s.position), m.digest, {now}, NULL, NULL, NULL
               FROM messages m JOIN message_steps s ON s.version = m.version AND s.kind = 'file';
             UPDATE rounds SET state = 'sending' WHERE state = 'filling'",
            self.author
        );
        let before = self.at;
        if before == At::Released {
            return Ok(());
        }
        let taken = takes(&self.db, &sql);
        prop_assert_eq!(taken, may, "{:?}", before);
        if taken {
            self.at = At::Released;
            self.really_approved()?;
        }
        Ok(())
    }

    /// Against the third record alone: each decided step by one person, no person twice, never the author.
    fn really_approved(&self) -> Result<(), TestCaseError> {
        let mut people = vec![self.author];
        let decisive = self.procedure.iter().enumerate().filter(|(_, s)| s.holds && s.kind.decides());
        for (position, step) in decisive {
            let by: Vec<i64> = self
                .said
                .iter()
                .filter(|(version, at, _)| (*version, *at as usize) == (self.version, position))
                .map(|(.., who)| *who)
                .collect();
            let [who] = by.as_slice() else {
                return Err(TestCaseError::fail(format!("{step:?} has {by:?}")));
            };
            prop_assert!(!people.contains(who), "{} twice", who);
            people.push(*who);
        }
        prop_assert!(people.len() > 1, "released without any decision");
        Ok(())
    }

    fn obey(&mut self, action: &Action) -> Result<(), TestCaseError> {
        self.time += 1;
        match action {
            Action::Decide { by, approve, stale } => self.decide(*by, *approve, *stale)?,
            Action::Go(n, approve) => {
                self.told();
                let may: Vec<i64> = PEOPLE.filter(|n| self.chain.may_decide(StaffId(*n)).is_ok()).collect();
                if let Some(by) = may.get(n % may.len().max(1)) {
                    self.decide(*by, *approve, false)?;
                }
            }
            Action::End(n) if !self.holders.is_empty() => {
                let at = n % self.holders.len();
                let (holder, _) = self.holders.remove(at);
                let end = format!(
                    "UPDATE appointments SET mac = mac || 'e', until = {} WHERE id = {}",
                    self.time, holder.appointment
                );
                prop_assert!(takes(&self.db, &end), "an end is never refused while 8 and 9 remain");
            }
            Action::Back(n) if !self.holders.is_empty() => {
                let at = n % self.holders.len();
                let (holder, _) = &mut self.holders[at];
                holder.away.clear();
                run(
                    &self.db,
                    &format!(
                        "UPDATE delegations SET withdrawn_by = 8, withdrawn_at = {}, mac = 'w' WHERE appointment_id = {} AND withdrawn_at IS NULL",
                        self.time, holder.appointment
                    ),
                );
            }
            Action::Correct if self.at == At::Returned => {
                run(
                    &self.db,
                    "UPDATE messages SET state = 'draft', version = version + 1, digest = NULL, digest_form = NULL,
                       procedure_id = NULL, procedure_version = NULL",
                );
                self.version += 1;
                self.submit();
            }
            Action::Register => self.register()?,
            Action::Release => self.release()?,
            Action::End(_) | Action::Back(_) | Action::Correct => {}
        }
        self.approve()
    }
}

#[test]
fn rules_and_schema_let_the_same_things_happen() {
    let config = ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    let input = (
        prop::collection::vec(given(), 6..20),
        prop::collection::vec(step(), 0..4),
        (PEOPLE, 2i64..=5, prop_oneof![Just(1i64), Just(2), Just(5)]),
        actions(),
    );
    // Procedures that nobody decides, decisions, returns, approvals, releases.
    let seen = Cell::new([0_usize; 5]);
    let count = |what: usize, n: usize| {
        let mut all = seen.get();
        all[what] += n;
        seen.set(all);
    };
    let played =
        TestRunner::new(config).run(&input, |(given, procedure, (author, own, audience), actions)| {
            let Some(mut play) = Play::open(&given, procedure, author, own, audience) else {
                count(0, 1);
                return Ok(());
            };
            for action in &actions {
                play.obey(action)?;
            }
            count(1, play.said.len());
            count(2, play.version as usize - 1);
            count(3, usize::from(matches!(play.at, At::Approved | At::Released)));
            count(4, usize::from(play.at == At::Released));
            Ok(())
        });
    played.unwrap_or_else(|e| panic!("{e}"));
    let seen = seen.get();
    assert!(seen.iter().all(|n| *n >= 10), "it hardly reaches what it is about: {seen:?}");
}

/// The play above reaches what it is about: decisions, returns, releases, and refusals of each.
#[test]
fn the_play_comes_to_its_ends() {
    let hand =
        |staff, post| Given { staff, post, since: 0, given_by: 8, confirmed: Some((9, 0)), away: None };
    let steps = vec![
        ProcedureStep::new(StepKind::Review, Post::GradeHead).held(Held::AudienceUnit),
        ProcedureStep::new(StepKind::Approve, Post::Principal),
        ProcedureStep::new(StepKind::Register, Post::OfficeDirector),
    ];
    let mut play = Play::open(&[hand(2, 6), hand(3, 0), hand(4, 2)], steps, 1, 5, 5).expect("a procedure");
    let decide = |by, approve| Action::Decide { by, approve, stale: false };
    for (action, at) in [
        (decide(3, true), At::Submitted),
        (decide(2, false), At::Returned),
        (Action::Correct, At::Submitted),
        (decide(2, true), At::Submitted),
        (Action::Release, At::Submitted),
        (decide(2, true), At::Submitted),
        (decide(3, true), At::Approved),
        (Action::Release, At::Approved),
        (Action::Register, At::Approved),
        (Action::Release, At::Released),
    ] {
        play.obey(&action).expect("both agree");
        assert_eq!(play.at, at, "{action:?}");
    }
    assert_eq!(play.said.len(), 2);
}
