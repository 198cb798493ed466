//! The account with an SMS provider by raw SQL: no version comes in force by
//! one person, and none is changed or removed.

use crate::refused::Refused;
use crate::world::{number, refusal, run, school};

/// A version that waits, proposed by administrator 5, with the SQL behind it.
macro_rules! proposed {
    ($then:literal) => {
        concat!(
            "INSERT INTO sms_accounts VALUES (1, 'aliyun', 1, '校', 'approved', '[]', 45, 1, 'c', 5, 9, NULL, NULL, NULL, NULL, 'n'); ",
            $then
        )
    };
}

/// The same, confirmed by administrator 6.
macro_rules! in_force {
    ($then:literal) => {
        concat!(
            "INSERT INTO sms_accounts VALUES (1, 'aliyun', 1, '校', 'approved', '[]', 45, 1, 'c', 5, 9, NULL, NULL, NULL, NULL, 'n');
             UPDATE sms_accounts SET confirmed_by = 6, confirmed_at = 9, mac = 'o'; ",
            $then
        )
    };
}

/// See [`crate::refused`].
pub const SMS_ACCOUNTS: &[Refused] = &[
    // By somebody who may, unconfirmed, behind the last, one at a time.
    (
        "INSERT INTO sms_accounts VALUES (1, 'aliyun', 1, '校', 'approved', '[]', 45, 1, 'c', 4, 9, NULL, NULL, NULL, NULL, 'n')",
        &["sms_accounts_proposed"],
    ),
    (
        "INSERT INTO sms_accounts VALUES (1, 'aliyun', 1, '校', 'approved', '[]', 45, 1, 'c', 5, 9, 6, 9, NULL, NULL, 'n')",
        &["sms_accounts_proposed"],
    ),
    (
        "INSERT INTO sms_accounts VALUES (1, 'aliyun', 1, '校', 'approved', '[]', 45, 1, 'c', 5, 9, NULL, NULL, 6, 9, 'n')",
        &["sms_accounts_proposed"],
    ),
    (
        "INSERT INTO sms_accounts VALUES (2, 'aliyun', 1, '校', 'approved', '[]', 45, 1, 'c', 5, 9, NULL, NULL, NULL, NULL, 'n')",
        &["sms_accounts_proposed"],
    ),
    (
        proposed!(
            "INSERT INTO sms_accounts VALUES (2, 'aliyun', 1, '校', 'approved', '[]', 45, 1, 'c', 6, 9, NULL, NULL, NULL, NULL, 'n')"
        ),
        &["sms_accounts_proposed"],
    ),
    (
        in_force!(
            "INSERT OR REPLACE INTO sms_accounts VALUES (1, 'aliyun', 1, '校', 'approved', '[]', 45, 1, 'd', 5, 9, NULL, NULL, NULL, NULL, 'n')"
        ),
        &["sms_accounts_proposed"],
    ),
    // The first with a provider is on trial.
    (
        "INSERT INTO sms_accounts VALUES (1, 'aliyun', 0, '校', 'approved', '[]', 45, 1, 'c', 5, 9, NULL, NULL, NULL, NULL, 'n')",
        &["sms_accounts_proposed"],
    ),
    (
        in_force!(
            "INSERT INTO sms_accounts VALUES (2, 'tencent', 0, '校', 'approved', '[]', 45, 1, 'c', 5, 9, NULL, NULL, NULL, NULL, 'n')"
        ),
        &["sms_accounts_proposed"],
    ),
    // Confirmed by neither who proposed it nor somebody without the right, with a seal of its own, once, while it waits.
    (
        proposed!("UPDATE sms_accounts SET confirmed_by = 5, confirmed_at = 9, mac = 'o'"),
        &["sms_accounts_confirmed"],
    ),
    (
        proposed!("UPDATE sms_accounts SET confirmed_by = 4, confirmed_at = 9, mac = 'o'"),
        &["sms_accounts_confirmed"],
    ),
    (proposed!("UPDATE sms_accounts SET confirmed_by = 6, confirmed_at = 9"), &["sms_accounts_confirmed"]),
    (
        proposed!(
            "UPDATE sms_accounts SET declined_by = 6, declined_at = 9; UPDATE sms_accounts SET confirmed_by = 6, confirmed_at = 9, mac = 'o'"
        ),
        &["sms_accounts_confirmed"],
    ),
    (
        in_force!("UPDATE sms_accounts SET confirmed_by = 3, confirmed_at = 10, mac = 'p'"),
        &["sms_accounts_confirmed"],
    ),
    // What was proposed stays; no secret, signature or price is exchanged under a confirmation.
    (proposed!("UPDATE sms_accounts SET credentials = 'd'"), &["sms_accounts_fixed"]),
    (in_force!("UPDATE sms_accounts SET credentials = 'd', key_id = 2"), &["sms_accounts_fixed"]),
    (in_force!("UPDATE sms_accounts SET trial = 0"), &["sms_accounts_fixed"]),
    (in_force!("UPDATE sms_accounts SET provider = 'tencent'"), &["sms_accounts_fixed"]),
    (in_force!("UPDATE sms_accounts SET signature = '别校'"), &["sms_accounts_fixed"]),
    (in_force!("UPDATE sms_accounts SET templates = '[1]'"), &["sms_accounts_fixed"]),
    (in_force!("UPDATE sms_accounts SET price = 0"), &["sms_accounts_fixed"]),
    (in_force!("UPDATE sms_accounts SET mac = 'x'"), &["sms_accounts_fixed"]),
    (in_force!("UPDATE sms_accounts SET declined_by = 5, declined_at = 9"), &["sms_accounts_fixed"]),
    (in_force!("DELETE FROM sms_accounts"), &["sms_accounts_no_delete"]),
    // A test: the next of the person's day, five at most, with one end.
    ("INSERT INTO sms_tests VALUES ('r', 5, '2026-11-25', 2, NULL, 9, NULL, NULL)", &["sms_tests_capped"]),
    (
        "INSERT INTO sms_tests VALUES ('r', 5, '2026-11-25', 1, NULL, 9, 'accepted', NULL)",
        &["sms_tests_capped"],
    ),
    (
        "INSERT INTO sms_tests VALUES ('r', 5, '2026-11-25', 1, NULL, 9, NULL, NULL); UPDATE sms_tests SET day = '2026-11-24'",
        &["sms_tests_end"],
    ),
    (
        "INSERT INTO sms_tests VALUES ('r', 5, '2026-11-25', 1, NULL, 9, NULL, NULL);
         UPDATE sms_tests SET outcome = 'accepted'; UPDATE sms_tests SET outcome = 'rejected'",
        &["sms_tests_end"],
    ),
    (
        "INSERT INTO sms_tests VALUES ('r', 5, '2026-11-25', 1, NULL, 9, NULL, NULL); DELETE FROM sms_tests",
        &["sms_tests_no_delete"],
    ),
];

#[test]
fn the_newest_confirmed_version_is_in_force_and_the_trial_ends_with_the_next() {
    let db = school();
    let in_force = |column: &str| {
        number(&db, &format!("SELECT COALESCE((SELECT {column} FROM sms_account_in_force), 0)"))
    };
    run(&db, proposed!(""));
    assert_eq!(in_force("version"), 0, "it waits");
    run(&db, "UPDATE sms_accounts SET confirmed_by = 3, confirmed_at = 9, mac = 'o'");
    assert_eq!((in_force("version"), in_force("trial")), (1, 1));
    let next = "INSERT INTO sms_accounts VALUES (2, 'aliyun', 0, '校', 'approved', '[]', 45, 1, 'c', 5, 9, NULL, NULL, NULL, NULL, 'n')";
    run(&db, next);
    assert_eq!((in_force("version"), in_force("trial")), (1, 1), "the next waits");
    run(&db, "UPDATE sms_accounts SET declined_by = 6, declined_at = 9 WHERE version = 2");
    run(&db, &next.replace("(2,", "(3,"));
    run(&db, "UPDATE sms_accounts SET confirmed_by = 6, confirmed_at = 9, mac = 'o' WHERE version = 3");
    assert_eq!((in_force("version"), in_force("trial")), (3, 0));
}

#[test]
fn a_sixth_test_of_a_day_is_one_too_many() {
    let db = school();
    let nth =
        |n: u32| format!("INSERT INTO sms_tests VALUES ('r{n}', 5, '2026-11-25', {n}, NULL, 9, NULL, NULL)");
    (1..=domain::sms_account::TESTS_PER_DAY).for_each(|n| run(&db, &nth(n)));
    assert!(refusal(&db, &nth(6)).contains("CHECK"));
}
