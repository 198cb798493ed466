//! What raw SQL tries with whom a message goes to: the list holds those who
//! were chosen and nobody else, and a society stays within its college.

use rusqlite::Connection;

use crate::refused::Refused;
use crate::world::{SUBMITTED, draft, refusal, run, school, version};

/// See [`crate::refused`]. Message 3 is a draft to class 1's stream.
pub const CHOSEN: &[Refused] = &[
    (
        "UPDATE messages SET audience = '{\"kind\":\"classes\",\"classes\":[1]}' WHERE id = 3;
         INSERT INTO recipients VALUES (3, 1, 2, 'guardian', 1, 1, 1), (3, 1, 3, 'guardian', 3, 3, 3);
         INSERT INTO message_versions SELECT id, 1, title, body, audience_zh, audience_en, 'd', 1, 1, template, template_version,
           mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = 3;
         UPDATE register_counters SET last_no = last_no + 1;
         UPDATE messages SET registered_at = 1, register_year = 2026, register_unit = 2,
           register_no = (SELECT last_no FROM register_counters), state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1,
           submitted_at = 1 WHERE id = 3",
        &["messages_to_the_chosen"],
    ),
    // G59: the society lies in the eighth year, class 1 in the seventh.
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (80, 3, 'society', 's', 1);
         INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (92, 1, 'society_teacher', 80, 0, 5, 'm');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 0, mac = 'n' WHERE id = 92;
         UPDATE messages SET appointment_id = 92, capacity_unit_id = 80, audience = '{\"kind\":\"classes\",\"classes\":[1]}' WHERE id = 3;
         INSERT INTO recipients VALUES (3, 1, 2, 'guardian', 1, 1, 1);
         INSERT INTO message_versions SELECT id, 1, title, body, audience_zh, audience_en, 'd', 1, 1, template, template_version,
           mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = 3;
         INSERT INTO register_counters VALUES (2026, 80, 0); UPDATE register_counters SET last_no = 1 WHERE unit_id = 80;
         UPDATE messages SET registered_at = 1, register_year = 2026, register_unit = 80, register_no = 1, state = 'submitted', digest = 'd',
           digest_form = 1, procedure_id = 1, procedure_version = 1, submitted_at = 1 WHERE id = 3",
        &["messages_of_societies"],
    ),
];

/// A draft to this audience, its list written as given. Staff 1 heads the seventh year, unit 2, and has phone 4.
fn chosen(audience: &str, list: &str) -> Connection {
    let db = school();
    draft(&db, 1);
    run(
        &db,
        &format!(
            "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('staff', 1, NULL, 4, 1, 5);
             UPDATE staff SET phone_id = 4 WHERE id = 1;
             UPDATE messages SET audience = '{audience}';
             INSERT INTO recipients VALUES {list};
             INSERT INTO message_steps VALUES (1, 1, 0, 'approve', 'grade_head', 2, NULL, NULL, 1, '[]');
             {}",
            version(1)
        ),
    );
    db
}

fn submit() -> String {
    format!("UPDATE messages SET {SUBMITTED} WHERE id = 1")
}

#[test]
fn only_guardians_of_the_chosen_classes_are_on_the_list() {
    let classes = |list: &str| chosen(r#"{"kind":"classes","classes":[1]}"#, list);
    let own = "(1, 1, 2, 'guardian', 1, 1, 1), (1, 1, 2, 'guardian', 2, 2, 2)";
    run(&classes(own), &submit());
    for (what, entry) in [
        ("a class that was not chosen", "(1, 1, 3, 'guardian', 3, 3, 3)"),
        ("the stream of another class", "(1, 1, 3, 'guardian', 2, 2, 2)"),
        ("another number", "(1, 1, 2, 'guardian', 2, 2, 5)"),
        ("another child", "(1, 1, 2, 'guardian', 2, 1, 2)"),
        ("a member of staff", "(1, 1, 1, 'staff', 1, 0, 4)"),
        ("nobody there is", "(1, 1, 2, 'guardian', 99, 1, 1)"),
    ] {
        let both = format!("(1, 1, 2, 'guardian', 1, 1, 1), {entry}");
        assert_eq!(refusal(&classes(&both), &submit()), "not_in_the_audience", "{what}");
    }
    // Parents' messages go to parents, students' to students.
    let students = |list: &str| chosen(r#"{"kind":"students","classes":[1]}"#, list);
    assert_eq!(refusal(&students(own), &submit()), "not_in_the_audience");
    let db = students("(1, 1, 2, 'guardian', 1, 1, 1)");
    run(&db, "UPDATE guardians SET relation = '本人', named_at = 9 WHERE id = 1");
    run(&db, &submit());
}

#[test]
fn only_staff_of_the_chosen_units_are_on_the_list() {
    let units = |unit: i64, list: &str| chosen(&format!(r#"{{"kind":"units","units":[{unit}]}}"#), list);
    let own = "(1, 1, 1, 'staff', 1, 0, 4)";
    run(&units(2, own), &submit());
    run(&units(1, own), &submit());
    assert_eq!(refusal(&units(3, own), &submit()), "not_in_the_audience", "another unit's");
    for entry in
        ["(1, 1, 1, 'staff', 1, 0, 5)", "(1, 1, 1, 'staff', 3, 0, 4)", "(1, 1, 2, 'guardian', 1, 1, 1)"]
    {
        assert_eq!(refusal(&units(2, entry), &submit()), "not_in_the_audience", "{entry}");
    }
}
