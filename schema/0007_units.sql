-- Where a unit lies says who decides for it and who sees what it sends, and a
-- closed one sends no more. So each of the two takes two people: one proposes
-- it, another one confirms it. A new name changes neither, and takes one.

-- Posts that make, move and close units. `domain::access::grants` says the same.
CREATE VIEW posts_that_edit_units (post) AS
VALUES ('office_director'), ('office_clerk'), ('administrator');

CREATE TABLE unit_changes (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  unit_id      INTEGER NOT NULL REFERENCES units (id),
  from_parent  INTEGER NOT NULL REFERENCES units (id),   -- the unit above it when this was proposed
  to_parent    INTEGER REFERENCES units (id),            -- where it goes; NULL: it is closed
  proposed_by  INTEGER NOT NULL REFERENCES staff (id),
  proposed_at  INTEGER NOT NULL,
  confirmed_by INTEGER REFERENCES staff (id),            -- the second person
  confirmed_at INTEGER,
  declined_by  INTEGER REFERENCES staff (id),            -- who did not confirm it, or took it back
  declined_at  INTEGER,
  done         INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),   -- the unit has moved, or is closed: it does so once
  mac          TEXT    NOT NULL                          -- seal over the row under a key that the database does not hold
);
CREATE INDEX unit_changes_unit ON unit_changes (unit_id, id);
CREATE INDEX unit_changes_waiting ON unit_changes (id) WHERE confirmed_at IS NULL AND declined_at IS NULL;

-- By somebody who may, one at a time for a unit; never born confirmed. A second
-- row with the same facts would bring back one that was declined, seal and all.
CREATE TRIGGER unit_changes_proposed BEFORE INSERT ON unit_changes
WHEN NEW.confirmed_by IS NOT NULL OR NEW.confirmed_at IS NOT NULL OR NEW.declined_by IS NOT NULL OR NEW.declined_at IS NOT NULL
  OR NEW.done <> 0 OR NEW.to_parent IS NEW.from_parent
  OR EXISTS (SELECT 1 FROM unit_changes c WHERE c.id = NEW.id)
  OR EXISTS (SELECT 1 FROM unit_changes c WHERE c.unit_id = NEW.unit_id
             AND (c.confirmed_at IS NULL AND c.declined_at IS NULL OR c.proposed_at = NEW.proposed_at))
  OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.proposed_by AND a.since <= NEW.proposed_at
                 AND a.post IN (SELECT post FROM posts_that_edit_units))
BEGIN SELECT RAISE(ABORT, 'unit_change_refused'); END;
-- Confirmed once, while it waits, by somebody else who may; its seal is made anew.
CREATE TRIGGER unit_changes_confirmed BEFORE UPDATE ON unit_changes
WHEN (NEW.confirmed_by IS NOT OLD.confirmed_by OR NEW.confirmed_at IS NOT OLD.confirmed_at) AND (
     OLD.confirmed_by IS NOT NULL OR OLD.confirmed_at IS NOT NULL OR OLD.declined_at IS NOT NULL OR NEW.declined_at IS NOT NULL
  OR NEW.confirmed_by IS NULL OR NEW.confirmed_at IS NULL OR NEW.confirmed_by = NEW.proposed_by OR NEW.mac = OLD.mac
  OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.confirmed_by AND a.since <= NEW.confirmed_at
                 AND a.post IN (SELECT post FROM posts_that_edit_units)))
BEGIN SELECT RAISE(ABORT, 'confirmation_refused'); END;
-- Of an open unit, which lies where it lay. (Triggers of their own: SQLite 3.51 to 3.53 take a NOT EXISTS for false that
-- stands behind a scalar subquery in one WHEN.)
CREATE TRIGGER unit_changes_of_open_units BEFORE INSERT ON unit_changes
WHEN NEW.from_parent IS NOT (SELECT u.parent_id FROM units u WHERE u.id = NEW.unit_id AND u.closed_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'unit_change_refused'); END;
CREATE TRIGGER unit_changes_in_place BEFORE UPDATE OF confirmed_at ON unit_changes
WHEN NEW.confirmed_at IS NOT NULL AND OLD.confirmed_at IS NULL
  AND NEW.from_parent IS NOT (SELECT u.parent_id FROM units u WHERE u.id = NEW.unit_id AND u.closed_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'confirmation_refused'); END;
-- What was proposed stays what it was; declined once, while it waits; done once, when it was confirmed.
CREATE TRIGGER unit_changes_fixed BEFORE UPDATE ON unit_changes
WHEN NEW.id <> OLD.id OR NEW.unit_id <> OLD.unit_id OR NEW.from_parent <> OLD.from_parent OR NEW.to_parent IS NOT OLD.to_parent
  OR NEW.proposed_by <> OLD.proposed_by OR NEW.proposed_at <> OLD.proposed_at
  OR (NEW.declined_by IS NOT OLD.declined_by OR NEW.declined_at IS NOT OLD.declined_at)
     AND (OLD.declined_at IS NOT NULL OR OLD.confirmed_at IS NOT NULL OR NEW.declined_by IS NULL OR NEW.declined_at IS NULL)
  OR NEW.done <> OLD.done AND (OLD.done = 1 OR OLD.confirmed_at IS NULL)
  OR NEW.mac <> OLD.mac AND NEW.confirmed_at IS OLD.confirmed_at
BEGIN SELECT RAISE(ABORT, 'unit_changes_stay'); END;
CREATE TRIGGER unit_changes_no_delete BEFORE DELETE ON unit_changes
BEGIN SELECT RAISE(ABORT, 'unit_changes_stay'); END;

-- Nothing else moves or closes a unit, and each confirmation does so once.
CREATE TRIGGER units_moved_by_two BEFORE UPDATE OF parent_id ON units
WHEN NEW.parent_id IS NOT OLD.parent_id AND NOT EXISTS (
  SELECT 1 FROM unit_changes c WHERE c.unit_id = OLD.id AND c.confirmed_at IS NOT NULL AND c.done = 0
    AND c.from_parent = OLD.parent_id AND c.to_parent = NEW.parent_id)
BEGIN SELECT RAISE(ABORT, 'unit_takes_two'); END;
CREATE TRIGGER units_closed_by_two BEFORE UPDATE OF closed_at ON units
WHEN NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM unit_changes c WHERE c.unit_id = OLD.id AND c.confirmed_at IS NOT NULL AND c.done = 0
    AND c.from_parent = OLD.parent_id AND c.to_parent IS NULL)
BEGIN SELECT RAISE(ABORT, 'unit_takes_two'); END;
CREATE TRIGGER units_moved_once AFTER UPDATE OF parent_id ON units
WHEN NEW.parent_id IS NOT OLD.parent_id
BEGIN UPDATE unit_changes SET done = 1 WHERE unit_id = NEW.id AND confirmed_at IS NOT NULL AND done = 0; END;
CREATE TRIGGER units_closed_once AFTER UPDATE OF closed_at ON units
WHEN NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL
BEGIN UPDATE unit_changes SET done = 1 WHERE unit_id = NEW.id AND confirmed_at IS NOT NULL AND done = 0; END;

CREATE TRIGGER unit_changes_told AFTER INSERT ON unit_changes
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('unit_change', NEW.id, json_object('unit', json_array(NULL, NEW.unit_id), 'parent', json_array(NEW.from_parent, NEW.to_parent),
    'proposed_by', json_array(NULL, NEW.proposed_by)), (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER unit_changes_changed_told AFTER UPDATE ON unit_changes
WHEN NEW.confirmed_by IS NOT OLD.confirmed_by OR NEW.declined_by IS NOT OLD.declined_by
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('unit_change', NEW.id, json_object('unit', json_array(OLD.unit_id, NEW.unit_id),
    'confirmed_by', json_array(OLD.confirmed_by, NEW.confirmed_by), 'declined_by', json_array(OLD.declined_by, NEW.declined_by)),
    (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
