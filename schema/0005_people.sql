-- People as they were and as they go: names of the moment, departures, and
-- numbers that somebody says are not theirs.

-- A name as it was until somebody changed it. A message, a decision or an
-- entry of the log shows the name of its own moment: the first row here whose
-- end lies behind that moment, else the name of today. So that nobody is
-- looked up who never changed, `named_at` beside each name says when it was
-- last changed, and a page asks here only where that is later than its moment.
CREATE TABLE former_names (
  kind     TEXT    NOT NULL,            -- staff, student, guardian, class, unit
  subject  INTEGER NOT NULL,            -- its id
  until    INTEGER NOT NULL,            -- when it was changed
  name     TEXT    NOT NULL,
  relation TEXT,                        -- a guardian's
  place    INTEGER,                     -- a student's class, a class's or unit's own unit
  PRIMARY KEY (kind, subject, until)
) WITHOUT ROWID;
-- Only what a change of today leaves behind, once: nothing is put between.
CREATE TRIGGER former_names_of_a_change BEFORE INSERT ON former_names
WHEN NOT CASE NEW.kind
    WHEN 'staff'    THEN EXISTS (SELECT 1 FROM staff t WHERE t.id = NEW.subject AND t.named_at = NEW.until)
    WHEN 'student'  THEN EXISTS (SELECT 1 FROM students s WHERE s.id = NEW.subject AND s.named_at = NEW.until)
    WHEN 'guardian' THEN EXISTS (SELECT 1 FROM guardians g WHERE g.id = NEW.subject AND g.named_at = NEW.until)
    WHEN 'class'    THEN EXISTS (SELECT 1 FROM classes c WHERE c.id = NEW.subject AND c.named_at = NEW.until)
    WHEN 'unit'     THEN EXISTS (SELECT 1 FROM units u WHERE u.id = NEW.subject AND u.named_at = NEW.until)
    ELSE 0 END
  OR EXISTS (SELECT 1 FROM former_names f WHERE f.kind = NEW.kind AND f.subject = NEW.subject AND f.until >= NEW.until)
BEGIN SELECT RAISE(ABORT, 'former_names_stay'); END;
CREATE TRIGGER former_names_no_update BEFORE UPDATE ON former_names
BEGIN SELECT RAISE(ABORT, 'former_names_stay'); END;
CREATE TRIGGER former_names_no_delete BEFORE DELETE ON former_names
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- A change of name says when, and nothing else does. Not long before the
-- newest entry of the log (ten minutes, for two who write at once): a name that
-- is dated back would stand on pages of the past.
CREATE TRIGGER staff_named BEFORE UPDATE OF name, named_at ON staff
WHEN (NEW.name IS NOT OLD.name) <> (NEW.named_at IS NOT OLD.named_at)
  OR NEW.named_at IS NOT OLD.named_at AND (NEW.named_at IS NULL OR NEW.named_at <= COALESCE(OLD.named_at, 0)
    OR NEW.named_at < (SELECT a.at FROM audit a ORDER BY a.seq DESC LIMIT 1) - 600000)
BEGIN SELECT RAISE(ABORT, 'rename_undated'); END;
CREATE TRIGGER staff_were_named AFTER UPDATE OF name ON staff WHEN NEW.name IS NOT OLD.name
BEGIN INSERT INTO former_names (kind, subject, until, name) VALUES ('staff', OLD.id, NEW.named_at, OLD.name); END;

CREATE TRIGGER students_named BEFORE UPDATE OF name, class_id, named_at ON students
WHEN (NEW.name IS NOT OLD.name OR NEW.class_id IS NOT OLD.class_id) <> (NEW.named_at IS NOT OLD.named_at)
  OR NEW.named_at IS NOT OLD.named_at AND (NEW.named_at IS NULL OR NEW.named_at <= COALESCE(OLD.named_at, 0)
    OR NEW.named_at < (SELECT a.at FROM audit a ORDER BY a.seq DESC LIMIT 1) - 600000)
BEGIN SELECT RAISE(ABORT, 'rename_undated'); END;
CREATE TRIGGER students_were_named AFTER UPDATE OF name, class_id ON students
WHEN NEW.name IS NOT OLD.name OR NEW.class_id IS NOT OLD.class_id
BEGIN
  INSERT INTO former_names (kind, subject, until, name, place) VALUES ('student', OLD.id, NEW.named_at, OLD.name, OLD.class_id);
END;

CREATE TRIGGER guardians_named BEFORE UPDATE OF name, relation, named_at ON guardians
WHEN (NEW.name IS NOT OLD.name OR NEW.relation IS NOT OLD.relation) <> (NEW.named_at IS NOT OLD.named_at)
  OR NEW.named_at IS NOT OLD.named_at AND (NEW.named_at IS NULL OR NEW.named_at <= COALESCE(OLD.named_at, 0)
    OR NEW.named_at < (SELECT a.at FROM audit a ORDER BY a.seq DESC LIMIT 1) - 600000)
BEGIN SELECT RAISE(ABORT, 'rename_undated'); END;
CREATE TRIGGER guardians_were_named AFTER UPDATE OF name, relation ON guardians
WHEN NEW.name IS NOT OLD.name OR NEW.relation IS NOT OLD.relation
BEGIN
  INSERT INTO former_names (kind, subject, until, name, relation) VALUES ('guardian', OLD.id, NEW.named_at, OLD.name, OLD.relation);
END;

CREATE TRIGGER classes_named BEFORE UPDATE OF name, unit_id, named_at ON classes
WHEN (NEW.name IS NOT OLD.name OR NEW.unit_id IS NOT OLD.unit_id) <> (NEW.named_at IS NOT OLD.named_at)
  OR NEW.named_at IS NOT OLD.named_at AND (NEW.named_at IS NULL OR NEW.named_at <= COALESCE(OLD.named_at, 0)
    OR NEW.named_at < (SELECT a.at FROM audit a ORDER BY a.seq DESC LIMIT 1) - 600000)
BEGIN SELECT RAISE(ABORT, 'rename_undated'); END;
CREATE TRIGGER classes_were_named AFTER UPDATE OF name, unit_id ON classes
WHEN NEW.name IS NOT OLD.name OR NEW.unit_id IS NOT OLD.unit_id
BEGIN
  INSERT INTO former_names (kind, subject, until, name, place) VALUES ('class', OLD.id, NEW.named_at, OLD.name, OLD.unit_id);
END;

CREATE TRIGGER units_named BEFORE UPDATE OF name, named_at ON units
WHEN (NEW.name IS NOT OLD.name) <> (NEW.named_at IS NOT OLD.named_at)
  OR NEW.named_at IS NOT OLD.named_at AND (NEW.named_at IS NULL OR NEW.named_at <= COALESCE(OLD.named_at, 0)
    OR NEW.named_at < (SELECT a.at FROM audit a ORDER BY a.seq DESC LIMIT 1) - 600000)
BEGIN SELECT RAISE(ABORT, 'rename_undated'); END;
CREATE TRIGGER units_were_named AFTER UPDATE OF name ON units WHEN NEW.name IS NOT OLD.name
BEGIN
  INSERT INTO former_names (kind, subject, until, name, place) VALUES ('unit', OLD.id, NEW.named_at, OLD.name, OLD.parent_id);
END;

-- That somebody left, who said so and why; written in the batch that takes them
-- off the roll. A return, where that was a mistake, completes the same row.
CREATE TABLE departures (
  id          INTEGER PRIMARY KEY,
  kind        TEXT    NOT NULL,         -- staff, student, guardian
  person      INTEGER NOT NULL,
  left_at     INTEGER NOT NULL,
  reason      TEXT    NOT NULL,
  by          INTEGER NOT NULL,         -- staff id
  import_id   INTEGER REFERENCES imports (id),
  returned_at INTEGER,
  returned_by INTEGER
);
CREATE INDEX departures_person ON departures (kind, person);
CREATE TRIGGER departures_kind BEFORE INSERT ON departures
WHEN NEW.kind NOT IN ('staff', 'student', 'guardian')
  OR NEW.reason NOT IN ('transferred', 'graduated', 'suspended', 'resigned', 'retired', 'deceased', 'custody', 'mistake', 'imported')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER departures_append BEFORE INSERT ON departures
WHEN NEW.returned_at IS NOT NULL OR EXISTS (SELECT 1 FROM departures d WHERE d.id = NEW.id)
  OR EXISTS (SELECT 1 FROM departures d WHERE d.kind = NEW.kind AND d.person = NEW.person AND d.returned_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'departures_stay'); END;
CREATE TRIGGER departures_return_once BEFORE UPDATE ON departures
WHEN OLD.returned_at IS NOT NULL OR NEW.returned_at IS NULL OR NEW.returned_by IS NULL
  OR NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.person <> OLD.person OR NEW.left_at <> OLD.left_at
  OR NEW.reason <> OLD.reason OR NEW.by <> OLD.by OR NEW.import_id IS NOT OLD.import_id
BEGIN SELECT RAISE(ABORT, 'departures_stay'); END;
CREATE TRIGGER departures_no_delete BEFORE DELETE ON departures
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Nobody leaves and nobody comes back without that row.
CREATE TRIGGER staff_leave_on_record BEFORE UPDATE OF left_at ON staff
WHEN NEW.left_at IS NOT OLD.left_at AND NOT EXISTS (
  SELECT 1 FROM departures d WHERE d.id = (SELECT MAX(e.id) FROM departures e WHERE e.kind = 'staff' AND e.person = NEW.id)
    AND CASE WHEN NEW.left_at IS NULL THEN d.returned_at IS NOT NULL ELSE d.left_at = NEW.left_at AND d.returned_at IS NULL END)
BEGIN SELECT RAISE(ABORT, 'departure_unrecorded'); END;
CREATE TRIGGER students_leave_on_record BEFORE UPDATE OF left_at ON students
WHEN NEW.left_at IS NOT OLD.left_at AND NOT EXISTS (
  SELECT 1 FROM departures d WHERE d.id = (SELECT MAX(e.id) FROM departures e WHERE e.kind = 'student' AND e.person = NEW.id)
    AND CASE WHEN NEW.left_at IS NULL THEN d.returned_at IS NOT NULL ELSE d.left_at = NEW.left_at AND d.returned_at IS NULL END)
BEGIN SELECT RAISE(ABORT, 'departure_unrecorded'); END;
CREATE TRIGGER guardians_leave_on_record BEFORE UPDATE OF left_at ON guardians
WHEN NEW.left_at IS NOT OLD.left_at AND NOT EXISTS (
  SELECT 1 FROM departures d WHERE d.id = (SELECT MAX(e.id) FROM departures e WHERE e.kind = 'guardian' AND e.person = NEW.id)
    AND CASE WHEN NEW.left_at IS NULL THEN d.returned_at IS NOT NULL ELSE d.left_at = NEW.left_at AND d.returned_at IS NULL END)
BEGIN SELECT RAISE(ABORT, 'departure_unrecorded'); END;

-- A message goes in the post of its author: where that has ended, it waits.
CREATE TRIGGER messages_in_a_post BEFORE UPDATE ON messages
WHEN OLD.state = 'approved' AND NEW.state = 'sending' AND NOT EXISTS (
  SELECT 1 FROM appointments a JOIN staff t ON t.id = a.staff_id WHERE a.id = NEW.appointment_id AND a.staff_id = NEW.author_id
    AND t.left_at IS NULL AND (a.until IS NULL OR a.until > NEW.released_at)
    AND (a.post <> 'subject_teacher' OR a.listed_at IS NOT NULL OR NEW.audience ->> 'kind' NOT IN ('classes', 'children', 'students')))
BEGIN SELECT RAISE(ABORT, 'author_left'); END;

-- Nor does it go while nobody answers for the account of the level that sends.
CREATE TRIGGER messages_with_custodian BEFORE UPDATE ON messages
WHEN OLD.state = 'approved' AND NEW.state = 'sending'
  AND NOT EXISTS (SELECT 1 FROM message_custodians c WHERE c.message_id = NEW.id AND c.since <= COALESCE(NEW.released_at, c.since))
BEGIN SELECT RAISE(ABORT, 'no_custodian'); END;

-- A unit is closed once nothing is in it, the school itself never. (Lost race: somebody came into it meanwhile.)
CREATE TRIGGER units_close_empty BEFORE UPDATE OF closed_at ON units
WHEN NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL AND (
     NEW.parent_id IS NULL
  OR EXISTS (SELECT 1 FROM units u WHERE u.parent_id = NEW.id AND u.closed_at IS NULL)
  OR EXISTS (SELECT 1 FROM classes c WHERE c.unit_id = NEW.id AND c.archived_at IS NULL)
  OR EXISTS (SELECT 1 FROM appointments a WHERE a.unit_id = NEW.id AND a.until IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.state = 'submitted' AND NEW.id IN (m.capacity_unit_id, m.audience_unit_id))
  OR EXISTS (SELECT 1 FROM messages m WHERE m.state = 'approved' AND NEW.id IN (m.capacity_unit_id, m.audience_unit_id))
  OR EXISTS (SELECT 1 FROM rounds r JOIN messages m ON m.id = r.message_id
             WHERE r.ended_at IS NULL AND NEW.id IN (m.capacity_unit_id, m.audience_unit_id)))
BEGIN SELECT RAISE(ABORT, 'unit_in_use'); END;
-- And nothing comes into it while it is closed.
CREATE TRIGGER units_in_an_open_unit BEFORE INSERT ON units
WHEN EXISTS (SELECT 1 FROM units p WHERE p.id = NEW.parent_id AND p.closed_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'unit_closed'); END;
CREATE TRIGGER units_move_to_an_open_unit BEFORE UPDATE OF parent_id, closed_at ON units
WHEN NEW.closed_at IS NULL AND EXISTS (SELECT 1 FROM units p WHERE p.id = NEW.parent_id AND p.closed_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'unit_closed'); END;
CREATE TRIGGER classes_in_an_open_unit BEFORE INSERT ON classes
WHEN NEW.archived_at IS NULL AND EXISTS (SELECT 1 FROM units u WHERE u.id = NEW.unit_id AND u.closed_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'unit_closed'); END;
CREATE TRIGGER classes_stay_in_open_units BEFORE UPDATE OF unit_id, archived_at ON classes
WHEN NEW.archived_at IS NULL AND EXISTS (SELECT 1 FROM units u WHERE u.id = NEW.unit_id AND u.closed_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'unit_closed'); END;
CREATE TRIGGER appointments_in_an_open_unit BEFORE INSERT ON appointments
WHEN EXISTS (SELECT 1 FROM units u WHERE u.id = NEW.unit_id AND u.closed_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'unit_closed'); END;

-- A number changes only with the row that records the change, which is the
-- person's newest and leads from the number of before to that of now.
CREATE TRIGGER guardians_number_on_record BEFORE UPDATE OF phone_id ON guardians
WHEN NEW.phone_id IS NOT OLD.phone_id AND NOT EXISTS (
  SELECT 1 FROM phone_changes c WHERE c.id = (SELECT MAX(d.id) FROM phone_changes d WHERE d.kind = 'guardian' AND d.person = NEW.id)
    AND c.from_phone IS OLD.phone_id AND c.to_phone IS NEW.phone_id)
BEGIN SELECT RAISE(ABORT, 'number_unrecorded'); END;
CREATE TRIGGER staff_number_on_record BEFORE UPDATE OF phone_id ON staff
WHEN NEW.phone_id IS NOT OLD.phone_id AND NOT EXISTS (
  SELECT 1 FROM phone_changes c WHERE c.id = (SELECT MAX(d.id) FROM phone_changes d WHERE d.kind = 'staff' AND d.person = NEW.id)
    AND c.from_phone IS OLD.phone_id AND c.to_phone IS NEW.phone_id)
BEGIN SELECT RAISE(ABORT, 'number_unrecorded'); END;

-- Whoever has the phone says that it is not this person's. Until the homeroom
-- teacher or the office has settled it, nothing goes there for that person.
CREATE TABLE disputes (
  id         INTEGER PRIMARY KEY,
  phone_id   INTEGER NOT NULL,
  kind       TEXT    NOT NULL,          -- as in recipients
  person     INTEGER NOT NULL,
  message_id INTEGER NOT NULL,          -- through which SMS it was said
  at         INTEGER NOT NULL,
  settled_at INTEGER,
  settled_by INTEGER,
  outcome    TEXT                       -- kept: it is theirs after all; changed; left
);
CREATE UNIQUE INDEX disputes_open ON disputes (phone_id, kind, person) WHERE settled_at IS NULL;
-- Who left by mistake comes back with what was open then.
CREATE INDEX disputes_left ON disputes (kind, person) WHERE outcome = 'left';
CREATE TRIGGER disputes_by_recipients BEFORE INSERT ON disputes
WHEN NEW.settled_at IS NOT NULL OR EXISTS (SELECT 1 FROM disputes d WHERE d.id = NEW.id)
  OR NOT EXISTS (
    SELECT 1 FROM rounds o CROSS JOIN deliveries d ON d.message_id = o.message_id AND d.round = o.round AND d.phone_id = NEW.phone_id
    CROSS JOIN json_each(d.recipients) x
    WHERE o.message_id = NEW.message_id AND d.state <> 'skipped' AND x.value ->> 0 = NEW.kind AND x.value ->> 1 = NEW.person)
BEGIN SELECT RAISE(ABORT, 'dispute_refused'); END;
CREATE TRIGGER disputes_settle_once BEFORE UPDATE ON disputes
WHEN OLD.settled_at IS NOT NULL OR NEW.settled_at IS NULL OR NEW.settled_by IS NULL OR NEW.outcome IS NULL
  OR NEW.outcome NOT IN ('kept', 'changed', 'left')
  OR NEW.id <> OLD.id OR NEW.phone_id <> OLD.phone_id OR NEW.kind <> OLD.kind OR NEW.person <> OLD.person
  OR NEW.message_id <> OLD.message_id OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'disputes_stay'); END;
CREATE TRIGGER disputes_no_delete BEFORE DELETE ON disputes
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
