//! Powers: who gives an appointment, who confirms it, what counts, and who
//! stands in, by raw SQL.

use domain::access::{Action, Post, grants};
use domain::approval::{Absence, Chain, Holder, Step, StepKind};
use domain::ids::{AppointmentId, StaffId, UnitId};
use domain::time::Instant;
use rusqlite::Connection;

use crate::refused::Refused;
use crate::world::{SUBMITTED, decision, draft, empty, number, refusal, run, school, submit, version, world};

/// See [`crate::refused`].
pub const POWERS: &[Refused] = &[
    // Nobody is born confirmed, whatever is said of the giver.
    (
        "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, confirmed_by, confirmed_at, mac)
         VALUES (1, 'principal', 1, 1, 5, 6, 1, 'm')",
        &["appointments_given"],
    ),
    (
        "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, confirmed_by, confirmed_at, mac)
         VALUES (1, 'administrator', 1, 1, 0, 0, 1, 'm')",
        &["appointments_given"],
    ),
    // By somebody who may: no teacher, nobody who has left the post, nobody who only waits for it.
    (
        "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES (1, 'principal', 1, 1, 2, '')",
        &["appointments_given"],
    ),
    (
        "UPDATE appointments SET mac = mac || 'e', until = 9 WHERE id = 7;
         INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES (1, 'principal', 1, 9, 5, '')",
        &["appointments_given"],
    ),
    (
        "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES (1, 'administrator', 1, 1, 5, '');
         INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES (2, 'principal', 1, 1, 1, '')",
        &["appointments_given"],
    ),
    // None begins as ended or declined.
    (
        "INSERT INTO appointments (staff_id, post, unit_id, since, until, given_by, mac) VALUES (1, 'principal', 1, 1, 9, 5, '')",
        &["appointments_given"],
    ),
    // A copy of one that ended would have its seal.
    (
        "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES (4, 'grade_head', 2, 1, 5, '')",
        &["appointments_given"],
    ),
    // Neither who gave it nor who gets it confirms, nor somebody without the right.
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (9, 6, 'principal', 1, 1, 5, '');
         UPDATE appointments SET confirmed_by = 5, confirmed_at = 1, mac = 'm' WHERE id = 9",
        &["appointments_confirmed"],
    ),
    // Nor who alone opened the account.
    (
        "INSERT INTO staff (id, number, name, created_at) VALUES (9, 'T9', '庚', 1);
         INSERT INTO activations (staff_id, is_reset, code_index, mac, ordered_by, created_at, expires_at) VALUES (9, 0, 'c', 'm', 6, 1, 9);
         UPDATE activations SET used_at = 2 WHERE code_index = 'c';
         INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (9, 9, 'principal', 1, 1, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 1, mac = 'm' WHERE id = 9",
        &["appointments_confirmed"],
    ),
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (9, 6, 'principal', 1, 1, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 1, mac = 'm' WHERE id = 9",
        &["appointments_confirmed"],
    ),
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (9, 6, 'principal', 1, 1, 5, '');
         UPDATE appointments SET confirmed_by = 2, confirmed_at = 1, mac = 'm' WHERE id = 9",
        &["appointments_confirmed"],
    ),
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (9, 1, 'principal', 1, 1, 5, '');
         UPDATE appointments SET confirmed_by = 0, confirmed_at = 1, mac = 'm' WHERE id = 9",
        &["appointments_confirmed"],
    ),
    // The list of who may write to a class: its homeroom teacher's, about others, about who teaches it, as long as it lasts.
    (
        "INSERT INTO appointments (staff_id, post, unit_id, class_id, since, listed_at, given_by, mac)
         VALUES (2, 'subject_teacher', 2, 1, 1, 1, 5, '')",
        &["appointments_given"],
    ),
    ("UPDATE appointments SET listed_at = 9, listed_by = 2 WHERE id = 1", &["appointments_listed"]),
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, class_id, since, given_by, mac) VALUES (9, 3, 'subject_teacher', 2, 1, 1, 5, '');
         UPDATE appointments SET listed_at = 9, listed_by = 3 WHERE id = 9",
        &["appointments_listed"],
    ),
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, class_id, since, given_by, mac) VALUES (9, 3, 'subject_teacher', 2, 1, 1, 5, '');
         UPDATE appointments SET listed_at = 9 WHERE id = 9",
        &["appointments_listed"],
    ),
    // With a seal of its own, once, while it waits.
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (9, 1, 'principal', 1, 1, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 1 WHERE id = 9",
        &["appointments_confirmed"],
    ),
    // A second custodian of a unit that has one.
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (9, 3, 'custodian', 2, 1, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 2, mac = 'm' WHERE id = 9",
        &["appointments_one_custodian"],
    ),
    ("UPDATE appointments SET confirmed_by = 3, mac = 'x' WHERE id = 2", &["appointments_confirmed", "appointments_fixed"]),
    ("UPDATE appointments SET confirmed_at = 9, mac = 'x' WHERE id = 2", &["appointments_confirmed"]),
    ("UPDATE appointments SET confirmed_by = NULL, confirmed_at = NULL, mac = 'x' WHERE id = 2", &["appointments_confirmed"]),
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (9, 1, 'principal', 1, 1, 5, '');
         UPDATE appointments SET mac = mac || 'e', until = 2, declined_by = 6, declined_why = '不符' WHERE id = 9;
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 3, mac = 'm' WHERE id = 9",
        &["appointments_confirmed"],
    ),
];

fn posts(db: &Connection, view: &str) -> Vec<String> {
    let mut rows = db.prepare(&format!("SELECT post FROM {view} ORDER BY post")).expect("a view");
    rows.query_map([], |r| r.get(0)).expect("rows").collect::<Result<_, _>>().expect("posts")
}

/// The lists of the schema are those of the rules.
#[test]
fn the_schema_names_the_posts_that_the_rules_name() {
    let db = school();
    let of = |is: &dyn Fn(Post) -> bool| {
        let mut keys: Vec<String> =
            Post::ALL.iter().filter(|p| is(**p)).map(|p| p.key().to_owned()).collect();
        keys.sort();
        keys
    };
    assert_eq!(posts(&db, "posts_to_confirm"), of(&Post::needs_confirmation));
    assert_eq!(posts(&db, "posts_of_custodians"), of(&Post::is_custodian));
    for action in [Action::ManageAccounts, Action::ImportRoster] {
        let grants = |post: Post| grants(post).iter().any(|(granted, _)| *granted == action);
        assert_eq!(posts(&db, "posts_that_appoint"), of(&grants));
    }
    let sets = |post: Post| grants(post).iter().any(|(granted, _)| *granted == Action::SetProcedures);
    assert_eq!(posts(&db, "posts_that_set_procedures"), of(&sets));
    let edits = |post: Post| grants(post).iter().any(|(granted, _)| *granted == Action::EditUnits);
    assert_eq!(posts(&db, "posts_that_edit_units"), of(&edits));
    let account = |post: Post| grants(post).iter().any(|(granted, _)| *granted == Action::SetSmsAccount);
    assert_eq!(posts(&db, "posts_that_set_sms_account"), of(&account));
    let seconds = |post: Post| grants(post).iter().any(|(granted, _)| *granted == Action::ConfirmSlips);
    assert_eq!(posts(&db, "posts_that_second"), of(&seconds));
}

/// Setup opens two, and only while nothing has been written down.
#[test]
fn nobody_is_appointed_by_nobody_but_the_first_two() {
    let db = empty();
    run(
        &db,
        "INSERT INTO units (id, kind, name, created_at) VALUES (1, 'school', '示范中学', 1);
         INSERT INTO staff (id, number, name, created_at) VALUES (1, 'T1', '甲', 1), (2, 'T2', '乙', 1), (3, 'T3', '丙', 1)",
    );
    let opened = |staff: i64, post: &str| {
        format!(
            "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, confirmed_by, confirmed_at, mac)
             VALUES ({staff}, '{post}', 1, 1, 0, 0, 1, 'm')"
        )
    };
    run(&db, &opened(1, "administrator"));
    assert_eq!(refusal(&db, &opened(2, "principal")), "appointment_refused");
    let waits = opened(2, "administrator").replace("0, 0, 1, 'm'", "0, NULL, NULL, 'm'");
    assert_eq!(refusal(&db, &waits), "appointment_refused", "half opened");
    run(&db, "BEGIN; INSERT INTO audit VALUES (1, 1, 0, 'school.opened', 'school', 1, '{}')");
    assert!(db.execute_batch(&opened(2, "administrator")).is_err(), "the school is open");
    run(&db, "ROLLBACK");
    run(&db, &opened(2, "administrator"));
    assert_eq!(refusal(&db, &opened(3, "administrator")), "appointment_refused", "a third one");
}

/// What waits, what ended and whoever has left counts for nothing.
#[test]
fn only_what_was_confirmed_and_has_not_ended_counts() {
    let db = school();
    let counts =
        |id: i64| number(&db, &format!("SELECT COUNT(*) FROM appointments_in_power WHERE id = {id}")) == 1;
    assert!(counts(2) && counts(7) && !counts(6));
    run(
        &db,
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES
           (9, 1, 'principal', 1, 1, 5, ''), (10, 1, 'subject_teacher', 2, 1, 5, ''), (11, 6, 'grade_head', 2, 1, 5, '')",
    );
    assert!(!counts(9) && counts(10), "a teacher's post needs no second person");
    run(&db, "UPDATE appointments SET confirmed_by = 6, confirmed_at = 1, mac = 'm' WHERE id = 9");
    assert!(counts(9));
    // A post that only waits lets nobody confirm.
    run(
        &db,
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (12, 2, 'office_clerk', 1, 1, 5, '')",
    );
    let by_two = "UPDATE appointments SET confirmed_by = 2, confirmed_at = 2, mac = 'm' WHERE id = 11";
    assert_eq!(refusal(&db, by_two), "confirmation_refused");
    run(&db, "DROP TRIGGER staff_leave_on_record; UPDATE staff SET left_at = 3 WHERE id = 1");
    assert!(!counts(9) && !counts(10));
}

/// A post that ended is ended in state: no decision that is dated before it and written after.
#[test]
fn an_ended_post_decides_nothing_whatever_the_date() {
    let db = world();
    let decides = decision(2, 0, 3, "office_director", "approve");
    run(&db, "BEGIN");
    run(&db, &decides);
    run(&db, "ROLLBACK");
    run(&db, "UPDATE appointments SET mac = mac || 'e', until = 99 WHERE id = 3");
    assert_eq!(refusal(&db, &decides), "decision_refused");
}

/// Gives a post to somebody, by 5 and 6 unless said otherwise, and submits message 1 of staff 1 at 1:
/// for approval by the grade head of unit 3.
fn notice(db: &Connection, head: &str) {
    run(db, "UPDATE appointments SET mac = mac || 'e', until = 5 WHERE id = 5");
    run(db, head);
    draft(db, 1);
    run(
        db,
        &format!(
            "INSERT INTO message_steps VALUES (1, 1, 0, 'approve', 'grade_head', 3, 'principal', 1, 1, '[]');
             {}; UPDATE messages SET {SUBMITTED} WHERE id = 1",
            version(1)
        ),
    );
}

fn appointed(staff: i64, post: &str, unit: i64, given_by: i64, confirmed: Option<(i64, i64)>) -> String {
    let give = format!(
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac)
         VALUES (20, {staff}, '{post}', {unit}, 0, {given_by}, '')"
    );
    match confirmed {
        Some((by, at)) => format!(
            "{give}; UPDATE appointments SET confirmed_by = {by}, confirmed_at = {at}, mac = 'm' WHERE id = 20"
        ),
        None => give,
    }
}

/// An appointment decides a message that was submitted after its confirmation.
#[test]
fn an_appointment_decides_only_what_was_submitted_after_it_was_confirmed() {
    for (confirmed, decides) in
        [(None, false), (Some((6, 1)), false), (Some((6, 5)), false), (Some((6, 0)), true)]
    {
        let db = school();
        notice(&db, &appointed(2, "grade_head", 3, 5, confirmed));
        let sql = "INSERT INTO decisions VALUES (1, 1, 0, 2, 20, 'grade_head', 'approve', 'd', '', 10, 'm')";
        if decides {
            run(&db, sql);
        } else {
            assert_eq!(refusal(&db, sql), "decision_refused", "{confirmed:?}");
        }
    }
}

/// Who drafts and who decides have not made the decider between themselves.
#[test]
fn author_and_decider_do_not_appoint_each_other() {
    // Staff 1, the author, also administers; staff 2 imported the own promotion.
    let office = "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES
           (21, 1, 'office_clerk', 1, 0, 5, ''), (22, 2, 'office_clerk', 1, 0, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 0, mac = 'm' WHERE id > 20";
    for (given_by, confirmed_by, decides) in [(2, 1, false), (2, 6, true), (5, 1, true), (1, 6, true)] {
        let db = school();
        run(&db, office);
        notice(&db, &appointed(2, "grade_head", 3, given_by, Some((confirmed_by, 0))));
        let sql = "INSERT INTO decisions VALUES (1, 1, 0, 2, 20, 'grade_head', 'approve', 'd', '', 10, 'm')";
        if decides {
            run(&db, sql);
        } else {
            assert_eq!(refusal(&db, sql), "decision_refused");
        }
    }
}

const STANDS_IN: &str =
    "INSERT INTO decisions VALUES (1, 1, 0, 4, 4, 'principal', 'approve', 'd', '', 10, 'm')";

/// The substitute decides where nobody who holds the post in that unit can.
#[test]
fn the_substitute_stands_in_for_a_vacant_post_of_the_unit() {
    let db = school();
    notice(&db, &appointed(2, "grade_head", 3, 5, Some((6, 0))));
    assert_eq!(refusal(&db, STANDS_IN), "decision_refused", "the head is there");
    run(&db, "UPDATE appointments SET mac = mac || 'e', until = 6 WHERE id = 20");
    run(&db, STANDS_IN);
    // A head whose appointment waits, or came too late, holds nobody up.
    for confirmed in [None, Some((6, 5))] {
        let db = school();
        notice(&db, &appointed(2, "grade_head", 3, 5, confirmed));
        run(&db, STANDS_IN);
    }
    // Where the head drafted it.
    let db = school();
    notice(&db, &appointed(1, "grade_head", 3, 5, Some((6, 0))));
    run(&db, STANDS_IN);
}

/// Who decided an earlier step cannot decide this one: then the substitute does.
#[test]
fn the_substitute_stands_in_for_who_decided_before() {
    let db = school();
    run(&db, "UPDATE appointments SET mac = mac || 'e', until = 6 WHERE id = 2");
    run(&db, &appointed(3, "grade_head", 2, 5, Some((6, 0))));
    draft(&db, 1);
    submit(&db, 1);
    let stands_in = decision(1, 1, 4, "principal", "approve");
    // The head of unit 2 is now the office director as well.
    run(&db, &decision(1, 0, 3, "office_director", "approve"));
    run(&db, &stands_in);
}

/// While the holder is recorded as away; not before, not after, not withdrawn, and not by the word
/// of the drafter or of who would stand in.
#[test]
fn the_substitute_stands_in_for_who_is_away() {
    for (from, until, by, withdrawn, stands_in) in [
        (5, 20, 2, false, true),
        (5, 20, 3, false, true),
        (11, 20, 2, false, false),
        (5, 10, 2, false, false),
        (5, 20, 2, true, false),
        (5, 20, 4, false, false),
    ] {
        let db = school();
        notice(&db, &appointed(2, "grade_head", 3, 5, Some((6, 0))));
        run(
            &db,
            &format!(
                "INSERT INTO delegations VALUES (1, 20, {from}, {until}, {by}, 5, '病假', NULL, NULL, 'm')"
            ),
        );
        if withdrawn {
            run(&db, "UPDATE delegations SET mac = mac || 'w', withdrawn_by = 2, withdrawn_at = 6");
        }
        if stands_in {
            run(&db, STANDS_IN);
        } else {
            assert_eq!(refusal(&db, STANDS_IN), "decision_refused", "{from}–{until} by {by}");
        }
    }
    // Recorded only after the decision's date.
    let db = school();
    notice(&db, &appointed(2, "grade_head", 3, 5, Some((6, 0))));
    run(&db, "INSERT INTO delegations VALUES (1, 20, 5, 20, 2, 11, '', NULL, NULL, 'm')");
    assert_eq!(refusal(&db, STANDS_IN), "decision_refused");
    // The drafter is principal as well, and said so of the head.
    let db = school();
    run(
        &db,
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (21, 1, 'office_director', 1, 0, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 0, mac = 'm' WHERE id = 21",
    );
    notice(&db, &appointed(2, "grade_head", 3, 5, Some((6, 0))));
    run(&db, "INSERT INTO delegations VALUES (1, 20, 5, 20, 1, 5, '病假', NULL, NULL, 'm')");
    assert_eq!(refusal(&db, STANDS_IN), "decision_refused");
}

/// Who holds posts that decide at 10, as the rule is told.
fn holders(db: &Connection) -> Vec<Holder> {
    let away = |appointment: i64| {
        let mut rows = db
            .prepare("SELECT recorded_by, until_at FROM delegations WHERE appointment_id = ?1 AND from_at <= 10 AND until_at > 10")
            .expect("a statement");
        let absence = |r: &rusqlite::Row<'_>| {
            Ok(Absence { recorded_by: StaffId(r.get(0)?), until: Instant(r.get(1)?) })
        };
        rows.query_map([appointment], absence).and_then(Iterator::collect).expect("absences")
    };
    let mut rows = db
        .prepare(
            "SELECT id, staff_id, post, unit_id, given_by, confirmed_by, confirmed_at FROM appointments_in_power
             WHERE confirmed_at IS NOT NULL AND since <= 10 ORDER BY id",
        )
        .expect("a statement");
    let holder = |r: &rusqlite::Row<'_>| {
        Ok(Holder {
            appointment: AppointmentId(r.get(0)?),
            staff: StaffId(r.get(1)?),
            name: String::new(),
            post: Post::from_key(&r.get::<_, String>(2)?).expect("a post"),
            unit: UnitId(r.get(3)?),
            given_by: StaffId(r.get(4)?),
            confirmed_by: StaffId(r.get(5)?),
            confirmed_at: Instant(r.get(6)?),
            away: away(r.get(0)?),
        })
    };
    rows.query_map([], holder).and_then(Iterator::collect).expect("holders")
}

/// The rule that speaks to people and the trigger that stands behind it decide alike, whoever gave
/// and confirmed the head's appointment, when, where, whether it ended, and who said that the head is away.
#[test]
fn the_rule_and_the_trigger_agree() {
    let mut seen = [0, 0];
    for (given_by, confirmed_by) in [(5, 6), (5, 1), (1, 6), (2, 1), (2, 6)] {
        for (confirmed_at, unit, ended) in [(0, 3, false), (0, 3, true), (0, 2, false), (1, 3, false)] {
            for away in [None, Some(1), Some(2), Some(3), Some(4)] {
                let db = school();
                // The drafter runs the office, too, and so does whoever is to be head.
                run(
                    &db,
                    "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES
                       (21, 1, 'office_director', 1, 0, 5, ''), (22, 2, 'office_clerk', 1, 0, 5, '');
                     UPDATE appointments SET confirmed_by = 6, confirmed_at = 0, mac = 'm' WHERE id > 20;
                     UPDATE appointments SET mac = mac || 'e', until = 5 WHERE id = 2",
                );
                notice(&db, &appointed(2, "grade_head", unit, given_by, Some((confirmed_by, confirmed_at))));
                if let Some(by) = away {
                    run(
                        &db,
                        &format!(
                            "INSERT INTO delegations VALUES (1, 20, 5, 20, {by}, 5, '病假', NULL, NULL, 'm')"
                        ),
                    );
                }
                if ended {
                    run(&db, "UPDATE appointments SET mac = mac || 'e', until = 9 WHERE id = 20");
                }
                let chain = Chain {
                    author: StaffId(1),
                    digest: "d".into(),
                    submitted_at: Instant(1),
                    steps: vec![Step {
                        position: 0,
                        kind: StepKind::Approve,
                        post: Post::GradeHead,
                        unit: Some(UnitId(3)),
                        substitute: Some(Post::Principal),
                        substitute_unit: Some(UnitId(1)),
                        holds: true,
                        needs: Vec::new(),
                    }],
                    decisions: Vec::new(),
                    holders: holders(&db),
                };
                for (staff, appointment, post) in [
                    (1, 1, "grade_head"),
                    (2, 20, "grade_head"),
                    (3, 3, "office_director"),
                    (4, 4, "principal"),
                ] {
                    let sql = format!(
                        "BEGIN; INSERT INTO decisions VALUES (1, 1, 0, {staff}, {appointment}, '{post}', 'approve', 'd', '', 10, 'm')"
                    );
                    let taken = db.execute_batch(&sql).is_ok();
                    run(&db, "ROLLBACK");
                    let rule = chain.may_decide(StaffId(staff)).map(|by| by.appointment.0);
                    assert_eq!(
                        rule.as_ref().is_ok_and(|by| *by == appointment),
                        taken,
                        "{staff}: {rule:?}; {given_by} {confirmed_by} {confirmed_at} {unit} {ended} {away:?}"
                    );
                    seen[usize::from(taken)] += 1;
                }
            }
        }
    }
    assert!(seen.iter().all(|n| *n > 50), "{seen:?}");
}
