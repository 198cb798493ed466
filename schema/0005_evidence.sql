-- Evidence: what was before and what is after stands in the audit log, by ids,
-- for every change of a right, of the roll, of a number, a procedure, a setting.
--
-- The triggers below notice such a change wherever it comes from, and put it
-- down here. The batch that changes something ends by taking what it put down
-- into the log, in its actor's name (record.changed, at most 1,000 rows each).
-- What nobody took is a change that nobody told of: it stays, and is named by
-- the check of the log.
CREATE TABLE changes (
  id     INTEGER PRIMARY KEY,
  kind   TEXT    NOT NULL,
  row_id INTEGER NOT NULL,
  change TEXT    NOT NULL CHECK (json_valid(change)),  -- {field: [before, after]}; of what is personal only that it changed: [0, 1]
  behind INTEGER NOT NULL,                             -- the newest audit entry at that moment
  stray  INTEGER NOT NULL DEFAULT 0                    -- 1: its batch ended without telling
);
-- It goes once an entry behind it tells of it, and at no other time. What its batch did not tell stays.
CREATE TRIGGER changes_told BEFORE DELETE ON changes
WHEN OLD.stray = 1
  OR NOT EXISTS (SELECT 1 FROM audit_about b WHERE b.kind = OLD.kind AND b.id = OLD.row_id AND b.seq > OLD.behind)
BEGIN SELECT RAISE(ABORT, 'change_untold'); END;
CREATE TRIGGER changes_no_replace BEFORE INSERT ON changes
WHEN EXISTS (SELECT 1 FROM changes c WHERE c.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'change_untold'); END;
CREATE TRIGGER changes_stay BEFORE UPDATE ON changes
WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.row_id <> OLD.row_id OR NEW.change <> OLD.change
  OR NEW.behind <> OLD.behind OR NEW.stray < OLD.stray
BEGIN SELECT RAISE(ABORT, 'change_untold'); END;

-- Which entries tell about a row: the way from a person, a post or a number to
-- its history, and from a decision to its entry. It follows from the log.
CREATE TABLE audit_about (
  kind TEXT    NOT NULL,
  id   INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (kind, id, seq)
) WITHOUT ROWID;
CREATE TRIGGER audit_about_no_update BEFORE UPDATE ON audit_about
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
CREATE TRIGGER audit_about_no_delete BEFORE DELETE ON audit_about
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
-- A post is found by its holder, too, and a change of number by both numbers.
-- Sign-ins are many, and change nothing.
CREATE TRIGGER audit_is_found AFTER INSERT ON audit
WHEN NEW.action <> 'session.opened'
BEGIN
  INSERT OR IGNORE INTO audit_about (kind, id, seq)
  SELECT NEW.subject, NEW.subject_id, NEW.seq WHERE NEW.action <> 'record.changed'
  UNION ALL
  SELECT 'staff', s.value, NEW.seq FROM json_each(NEW.detail, '$.staff') s WHERE NEW.action = 'account.slips_issued'
  UNION ALL
  SELECT NEW.detail ->> '$.kind', CAST(r.key AS INTEGER), NEW.seq FROM json_each(NEW.detail, '$.rows') r
  WHERE NEW.action = 'record.changed'
  UNION ALL
  SELECT 'staff', r.value ->> '$.staff[1]', NEW.seq FROM json_each(NEW.detail, '$.rows') r
  WHERE NEW.action = 'record.changed' AND NEW.detail ->> '$.kind' = 'appointment' AND r.value ->> '$.staff[1]' IS NOT NULL
  UNION ALL
  SELECT 'phone', p.value, NEW.seq FROM json_each(NEW.detail, '$.rows') r CROSS JOIN json_each(r.value, '$.phone') p
  WHERE NEW.action = 'record.changed' AND p.value IS NOT NULL;
END;

-- What is personal in an entry (a former name, the reason that somebody wrote)
-- lies beside the log, sealed under a key of that person's. A retention run
-- deletes the key: the chain stays whole, and the value cannot be read again.
CREATE TABLE audit_values (
  kind   TEXT    NOT NULL,          -- staff, student, guardian
  person INTEGER NOT NULL,
  seq    INTEGER NOT NULL,          -- the entry that it belongs to, which holds the hash of its values
  sealed TEXT    NOT NULL,          -- base64(nonce || AES-256-GCM(JSON)), AAD = kind, person
  PRIMARY KEY (kind, person, seq)
) WITHOUT ROWID;
CREATE INDEX audit_values_entry ON audit_values (seq);
CREATE TRIGGER audit_values_with_entry BEFORE INSERT ON audit_values
WHEN NEW.seq IS NOT (SELECT MAX(seq) FROM audit)
  OR EXISTS (SELECT 1 FROM audit_values v WHERE v.kind = NEW.kind AND v.person = NEW.person AND v.seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
CREATE TRIGGER audit_values_no_update BEFORE UPDATE ON audit_values
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
CREATE TRIGGER audit_values_no_delete BEFORE DELETE ON audit_values
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;

-- A key for each entry that tells something personal of somebody: who writes
-- need not read first, and all keys of a person go at once.
CREATE TABLE person_keys (
  kind   TEXT    NOT NULL,
  person INTEGER NOT NULL,
  seq    INTEGER NOT NULL,
  key_id INTEGER NOT NULL,          -- which data key sealed it
  sealed TEXT    NOT NULL,          -- base64(nonce || AES-256-GCM(32 random bytes))
  PRIMARY KEY (kind, person, seq)
) WITHOUT ROWID;
CREATE TRIGGER person_keys_no_replace BEFORE INSERT ON person_keys
WHEN EXISTS (SELECT 1 FROM person_keys k WHERE k.kind = NEW.kind AND k.person = NEW.person AND k.seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'person_keys_stay'); END;
CREATE TRIGGER person_keys_no_update BEFORE UPDATE ON person_keys
WHEN NEW.kind <> OLD.kind OR NEW.person <> OLD.person OR NEW.seq <> OLD.seq
BEGIN SELECT RAISE(ABORT, 'person_keys_stay'); END;
CREATE TRIGGER person_keys_no_delete BEFORE DELETE ON person_keys
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Days of which the first head stands in the archive: cron tries each minute
-- until it does. No proof; the head in the archive is.
CREATE TABLE audit_heads (
  day TEXT PRIMARY KEY                -- 2026-09-01 in Shanghai
) WITHOUT ROWID;

-- (VALUES and not a chain of UNION ALL: of that D1 takes five terms.)
-- Rights.
CREATE TRIGGER appointments_told AFTER INSERT ON appointments
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, a) AS (VALUES ('staff', NEW.staff_id), ('post', NEW.post), ('unit', NEW.unit_id),
        ('class', NEW.class_id), ('subject', NEW.subject), ('since', NEW.since), ('until', NEW.until),
        ('given_by', NEW.given_by), ('confirmed_by', NEW.confirmed_by))
  SELECT 'appointment', NEW.id, json_group_object(f, json_array(NULL, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE a IS NOT NULL;
END;
-- With whose it is, so that it is found by its holder as well.
CREATE TRIGGER appointments_changed_told AFTER UPDATE ON appointments
WHEN NEW.until IS NOT OLD.until OR NEW.subject IS NOT OLD.subject OR NEW.staff_id <> OLD.staff_id OR NEW.post <> OLD.post
  OR NEW.unit_id <> OLD.unit_id OR NEW.class_id IS NOT OLD.class_id OR NEW.since <> OLD.since
  OR NEW.given_by <> OLD.given_by OR NEW.confirmed_by IS NOT OLD.confirmed_by OR NEW.declined_by IS NOT OLD.declined_by
  OR NEW.listed_by IS NOT OLD.listed_by OR NEW.listed_at IS NOT OLD.listed_at
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, b, a) AS (VALUES ('staff', OLD.staff_id, NEW.staff_id), ('post', OLD.post, NEW.post),
        ('unit', OLD.unit_id, NEW.unit_id), ('class', OLD.class_id, NEW.class_id),
        ('subject', OLD.subject, NEW.subject), ('since', OLD.since, NEW.since), ('until', OLD.until, NEW.until),
        ('given_by', OLD.given_by, NEW.given_by), ('confirmed_by', OLD.confirmed_by, NEW.confirmed_by),
        ('declined_by', OLD.declined_by, NEW.declined_by), ('listed_by', OLD.listed_by, NEW.listed_by),
        ('listed_at', OLD.listed_at, NEW.listed_at))
  SELECT 'appointment', NEW.id, json_group_object(f, json_array(b, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE b IS NOT a OR f = 'staff';
END;
CREATE TRIGGER delegations_told AFTER INSERT ON delegations
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('delegation', NEW.id, json_object('appointment', json_array(NULL, NEW.appointment_id), 'from_at', json_array(NULL, NEW.from_at),
    'until_at', json_array(NULL, NEW.until_at), 'recorded_by', json_array(NULL, NEW.recorded_by)),
    (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER delegations_changed_told AFTER UPDATE ON delegations
WHEN NEW.appointment_id <> OLD.appointment_id OR NEW.from_at <> OLD.from_at OR NEW.until_at <> OLD.until_at
  OR NEW.recorded_by <> OLD.recorded_by OR NEW.withdrawn_by IS NOT OLD.withdrawn_by OR NEW.withdrawn_at IS NOT OLD.withdrawn_at
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, b, a) AS (VALUES ('appointment', OLD.appointment_id, NEW.appointment_id), ('from_at', OLD.from_at, NEW.from_at),
        ('until_at', OLD.until_at, NEW.until_at), ('recorded_by', OLD.recorded_by, NEW.recorded_by),
        ('withdrawn_by', OLD.withdrawn_by, NEW.withdrawn_by), ('withdrawn_at', OLD.withdrawn_at, NEW.withdrawn_at))
  SELECT 'delegation', NEW.id, json_group_object(f, json_array(b, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE b IS NOT a;
END;
CREATE TRIGGER procedures_told AFTER INSERT ON procedures
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('procedure', NEW.id, json_object('version', json_array(NULL, NEW.version), 'sender', json_array(NULL, NEW.sender),
    'scope', json_array(NULL, NEW.scope), 'label', json_array(NULL, NEW.label_zh), 'steps', json_array(NULL, NEW.steps), 'in_force_from', json_array(NULL, NEW.in_force_from),
    'set_by', json_array(NULL, NEW.set_by), 'confirmed_by', json_array(NULL, NEW.confirmed_by)),
    (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER procedures_changed_told AFTER UPDATE ON procedures
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('procedure', NEW.id, json_object('version', json_array(OLD.version, NEW.version),
    'confirmed_by', json_array(OLD.confirmed_by, NEW.confirmed_by), 'declined_by', json_array(OLD.declined_by, NEW.declined_by)),
    (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;

-- Settings.
CREATE TRIGGER school_told AFTER INSERT ON school
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('school', 1, json_object('name', json_array(NULL, NEW.name), 'signature', json_array(NULL, NEW.signature),
    'platform_word', json_array(NULL, NEW.platform_word), 'window_from', json_array(NULL, NEW.window_from),
    'window_to', json_array(NULL, NEW.window_to)), (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER school_changed_told AFTER UPDATE ON school
WHEN NEW.name <> OLD.name OR NEW.signature <> OLD.signature OR NEW.platform_word <> OLD.platform_word
  OR NEW.window_from <> OLD.window_from OR NEW.window_to <> OLD.window_to OR NEW.stopped_at IS NOT OLD.stopped_at
  OR NEW.stopped_by IS NOT OLD.stopped_by OR NEW.lift_asked_by IS NOT OLD.lift_asked_by OR NEW.lifted_by IS NOT OLD.lifted_by
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, b, a) AS (VALUES ('name', OLD.name, NEW.name), ('signature', OLD.signature, NEW.signature),
        ('platform_word', OLD.platform_word, NEW.platform_word), ('window_from', OLD.window_from, NEW.window_from),
        ('window_to', OLD.window_to, NEW.window_to), ('stopped_at', OLD.stopped_at, NEW.stopped_at),
        ('stopped_by', OLD.stopped_by, NEW.stopped_by), ('lift_asked_by', OLD.lift_asked_by, NEW.lift_asked_by),
        ('lifted_by', OLD.lifted_by, NEW.lifted_by))
  SELECT 'school', 1, json_group_object(f, json_array(b, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE b IS NOT a;
END;
CREATE TRIGGER units_told AFTER INSERT ON units
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('unit', NEW.id, json_object('name', json_array(NULL, NEW.name), 'kind', json_array(NULL, NEW.kind),
    'parent', json_array(NULL, NEW.parent_id), 'code', json_array(NULL, NEW.code)),
    (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER units_changed_told AFTER UPDATE ON units
WHEN NEW.name <> OLD.name OR NEW.kind <> OLD.kind OR NEW.parent_id IS NOT OLD.parent_id OR NEW.code IS NOT OLD.code
  OR NEW.closed_at IS NOT OLD.closed_at
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, b, a) AS (VALUES ('name', OLD.name, NEW.name), ('kind', OLD.kind, NEW.kind),
        ('parent', OLD.parent_id, NEW.parent_id), ('code', OLD.code, NEW.code),
        ('closed_at', OLD.closed_at, NEW.closed_at))
  SELECT 'unit', NEW.id, json_group_object(f, json_array(b, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE b IS NOT a;
END;

-- The roll. A number is told by its id in `phones`, where it lies sealed.
CREATE TRIGGER staff_told AFTER INSERT ON staff
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('staff', NEW.id, json_object('added', json_array(0, 1), 'phone', json_array(NULL, NEW.phone_id)),
    (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER staff_changed_told AFTER UPDATE ON staff
WHEN NEW.phone_id IS NOT OLD.phone_id OR NEW.name <> OLD.name OR NEW.number <> OLD.number
  OR NEW.password IS NOT OLD.password OR NEW.left_at IS NOT OLD.left_at
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, b, a) AS (VALUES ('phone', OLD.phone_id, NEW.phone_id), ('left_at', OLD.left_at, NEW.left_at),
        ('name', 0, NEW.name <> OLD.name), ('number', 0, NEW.number <> OLD.number),
        ('password', 0, NEW.password IS NOT OLD.password))
  SELECT 'staff', NEW.id, json_group_object(f, json_array(b, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE b IS NOT a;
END;
CREATE TRIGGER students_told AFTER INSERT ON students
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('student', NEW.id, json_object('added', json_array(0, 1), 'class', json_array(NULL, NEW.class_id)),
    (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER students_changed_told AFTER UPDATE ON students
WHEN NEW.class_id <> OLD.class_id OR NEW.name <> OLD.name OR NEW.number <> OLD.number OR NEW.left_at IS NOT OLD.left_at
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, b, a) AS (VALUES ('class', OLD.class_id, NEW.class_id), ('left_at', OLD.left_at, NEW.left_at),
        ('name', 0, NEW.name <> OLD.name), ('number', 0, NEW.number <> OLD.number))
  SELECT 'student', NEW.id, json_group_object(f, json_array(b, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE b IS NOT a;
END;
CREATE TRIGGER guardians_told AFTER INSERT ON guardians
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('guardian', NEW.id, json_object('added', json_array(0, 1), 'student', json_array(NULL, NEW.student_id),
    'phone', json_array(NULL, NEW.phone_id)), (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER guardians_changed_told AFTER UPDATE ON guardians
WHEN NEW.phone_id <> OLD.phone_id OR NEW.name <> OLD.name OR NEW.relation <> OLD.relation OR NEW.left_at IS NOT OLD.left_at
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, b, a) AS (VALUES ('phone', OLD.phone_id, NEW.phone_id), ('left_at', OLD.left_at, NEW.left_at),
        ('name', 0, NEW.name <> OLD.name), ('relation', 0, NEW.relation <> OLD.relation))
  SELECT 'guardian', NEW.id, json_group_object(f, json_array(b, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE b IS NOT a;
END;
CREATE TRIGGER classes_told AFTER INSERT ON classes
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('class', NEW.id, json_object('name', json_array(NULL, NEW.name), 'unit', json_array(NULL, NEW.unit_id),
    'code', json_array(NULL, NEW.code)), (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER classes_changed_told AFTER UPDATE ON classes
WHEN NEW.name <> OLD.name OR NEW.unit_id <> OLD.unit_id OR NEW.code IS NOT OLD.code OR NEW.archived_at IS NOT OLD.archived_at
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  WITH d (f, b, a) AS (VALUES ('name', OLD.name, NEW.name), ('unit', OLD.unit_id, NEW.unit_id),
        ('code', OLD.code, NEW.code), ('archived_at', OLD.archived_at, NEW.archived_at))
  SELECT 'class', NEW.id, json_group_object(f, json_array(b, a)), (SELECT COALESCE(MAX(seq), 0) FROM audit) FROM d
  WHERE b IS NOT a;
END;
CREATE TRIGGER phones_revoked_told AFTER UPDATE ON phones
WHEN NEW.revoked_at IS NOT OLD.revoked_at
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('phone', NEW.id, json_object('revoked_at', json_array(OLD.revoked_at, NEW.revoked_at)),
    (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
