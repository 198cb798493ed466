//! The tree of units and the streams of classes keep themselves.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::world::{empty, number, refusal, run, school};

/// Ancestor, unit, depth.
type Line = (i64, i64, i64);

fn stored(db: &Connection) -> BTreeSet<Line> {
    let mut rows = db.prepare("SELECT ancestor_id, unit_id, depth FROM unit_tree").expect("a query");
    rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .expect("rows")
        .map(|r| r.expect("a row"))
        .collect()
}

fn computed(parents: &BTreeMap<i64, Option<i64>>) -> BTreeSet<Line> {
    let mut lines = BTreeSet::new();
    for unit in parents.keys() {
        let (mut at, mut depth) = (Some(*unit), 0);
        while let Some(ancestor) = at {
            lines.insert((ancestor, *unit, depth));
            (at, depth) = (parents[&ancestor], depth + 1);
        }
    }
    lines
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// Whatever is inserted and moved in whatever order, the closure is what a
/// walk up the parents gives, and only a cycle is refused.
#[test]
fn the_tree_is_always_what_its_parents_say() {
    for seed in 1..=20 {
        let db = empty();
        // Who moves them is another rule's business.
        run(&db, "DROP TRIGGER units_moved_by_two");
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15 ^ seed);
        let mut parents = BTreeMap::from([(1, None)]);
        run(&db, "INSERT INTO units (id, kind, name, created_at) VALUES (1, 'school', 'x', 1)");
        for _ in 0..80 {
            let units: Vec<i64> = parents.keys().copied().collect();
            let (unit, parent) = (units[numbers.below(units.len())], units[numbers.below(units.len())]);
            if numbers.below(2) == 0 {
                // Ids count up or are given.
                let id = units.len() as i64 + 1;
                let column = if numbers.below(2) == 0 { "NULL".to_owned() } else { id.to_string() };
                run(
                    &db,
                    &format!(
                        "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES ({column}, {parent}, 'department', 'u{id}', 1)"
                    ),
                );
                parents.insert(id, Some(parent));
            } else {
                let sql = format!("UPDATE units SET parent_id = {parent} WHERE id = {unit}");
                if computed(&parents).iter().any(|(a, u, _)| (*a, *u) == (unit, parent)) {
                    assert_eq!(refusal(&db, &sql), "unit_cycle");
                } else {
                    run(&db, &sql);
                    parents.insert(unit, Some(parent));
                }
            }
            assert_eq!(stored(&db), computed(&parents), "seed {seed}");
        }
    }
}

/// Several units moved by one statement are moved one after the other.
#[test]
fn a_statement_moves_many() {
    let db = school();
    run(
        &db,
        "DROP TRIGGER units_moved_by_two; INSERT INTO units (id, parent_id, kind, name, created_at) VALUES
           (4, 2, 'department', 'a', 1), (5, 4, 'department', 'b', 1), (6, 5, 'department', 'c', 1);
         UPDATE units SET parent_id = 3 WHERE id IN (4, 6)",
    );
    let parents =
        BTreeMap::from([(1, None), (2, Some(1)), (3, Some(1)), (4, Some(3)), (5, Some(4)), (6, Some(3))]);
    assert_eq!(stored(&db), computed(&parents));
}

/// One school, names unique below a parent, codes everywhere.
#[test]
fn names_and_codes() {
    let db = school();
    let unit = |parent: &str, code: &str, name: &str| {
        format!(
            "INSERT INTO units (parent_id, kind, code, name, created_at) VALUES ({parent}, 'department', {code}, '{name}', 1)"
        )
    };
    assert!(refusal(&db, &unit("NULL", "NULL", "another school")).contains("units_root"));
    run(&db, &unit("2", "NULL", "教研组"));
    run(&db, &unit("3", "NULL", "教研组"));
    assert!(refusal(&db, &unit("3", "NULL", "教研组")).contains("units.name"));
    assert!(refusal(&db, &unit("3", "'G7'", "x")).contains("units.code"));
    let class = |unit: i64, name: &str| {
        format!("INSERT INTO classes (unit_id, name, created_at) VALUES ({unit}, '{name}', 1)")
    };
    run(&db, &class(3, "七年级1班"));
    assert!(refusal(&db, &class(2, "七年级1班")).contains("classes.name"));
}

/// A class has its stream from the start, and an import may name it twice.
#[test]
fn every_class_has_a_stream() {
    let db = school();
    let upsert =
        "INSERT INTO classes (unit_id, name, created_at) VALUES (3, '八年级1班', 1), (3, '八年级2班', 1)
      ON CONFLICT (unit_id, name) DO UPDATE SET archived_at = NULL";
    run(&db, upsert);
    run(&db, upsert);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM classes"), 4);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM streams WHERE kind = 'class' AND rank = class_id"), 4);
    assert_eq!(number(&db, "SELECT rank FROM streams WHERE id = 1 AND kind = 'staff'"), 0);
    // People are found by their number among those who are here, and never written over.
    let staff = "INSERT INTO staff (number, name, created_at) VALUES ('T1', '甲甲', 2)";
    assert!(refusal(&db, staff).contains("people_stay"));
    run(
        &db,
        "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('staff', 1, 5, 'mistake', 3);
         UPDATE staff SET left_at = 5 WHERE id = 1;
         UPDATE departures SET returned_at = 6, returned_by = 3 WHERE kind = 'staff'",
    );
    run(&db, staff);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM staff WHERE number = 'T1'"), 2);
    for back in ["UPDATE", "UPDATE OR REPLACE"] {
        let back = format!("{back} staff SET left_at = NULL WHERE id = 1");
        assert!(refusal(&db, &back).contains("people_stay"), "the number has passed on");
    }
    let student =
        "INSERT OR REPLACE INTO students (number, name, class_id, created_at) VALUES ('S1', '他', 1, 1)";
    assert!(refusal(&db, student).contains("people_stay"));
    run(
        &db,
        "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('student', 1, 5, 'mistake', 3);
         UPDATE students SET left_at = 5 WHERE id = 1;
         UPDATE departures SET returned_at = 6, returned_by = 3 WHERE kind = 'student'",
    );
    run(&db, student);
    assert!(
        refusal(&db, "UPDATE OR REPLACE students SET left_at = NULL WHERE id = 1").contains("people_stay")
    );
}
