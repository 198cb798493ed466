//! The Worker knows the schema that it was built with, and names what differs.

use std::rc::Rc;

use rusqlite::Connection;
use xiaoxun_worker::platform::d1::Db;
use xiaoxun_worker::platform::d1::guards::{Difference, differences};
use xiaoxun_worker::platform::d1::sqlite::Sqlite;

use crate::world::{empty, run};

fn named(db: Connection) -> Vec<Difference> {
    let db = Db::new(Rc::new(Sqlite::over(db).expect("a connection")), false);
    pollster::block_on(differences(&db)).expect("the schema is read")
}

#[test]
fn the_migrations_make_what_the_build_says() {
    assert_eq!(named(empty()), []);
}

#[test]
fn a_guard_that_was_dropped_replaced_or_added_is_named() {
    let after = |sql: &str| {
        let db = empty();
        run(&db, sql);
        named(db)
    };
    assert_eq!(
        after("DROP TRIGGER decisions_fit; DROP INDEX rounds_open"),
        [Difference::Missing("decisions_fit".into()), Difference::Missing("rounds_open".into())]
    );
    let replaced =
        "DROP VIEW complete_chains; CREATE VIEW complete_chains AS SELECT id AS message_id FROM messages";
    assert_eq!(after(replaced), [Difference::Changed("complete_chains".into())]);
    let added = "CREATE TRIGGER quiet AFTER INSERT ON decisions BEGIN UPDATE messages SET title = 'x'; END";
    assert_eq!(after(added), [Difference::Strange("quiet".into())]);
    // Blanks and comments are nobody's business.
    let again =
        "DROP INDEX rounds_open; CREATE INDEX rounds_open\n -- open\n ON rounds (at)  WHERE ended_at IS NULL";
    assert_eq!(after(again), []);
}
