-- The roll (在册): classes with their streams, students, their guardians, the
-- recorded changes of numbers, and the files that all of it comes from.

-- At a university 2023级1班 stands once in every department: a name is unique
-- within its unit only, a code everywhere.
CREATE TABLE classes (
  id          INTEGER PRIMARY KEY,
  unit_id     INTEGER NOT NULL REFERENCES units (id),   -- the grade
  code        TEXT    UNIQUE,
  name        TEXT    NOT NULL,                         -- 七年级1班
  created_at  INTEGER NOT NULL,
  archived_at INTEGER,
  named_at    INTEGER,                                  -- when name or unit last changed: former_names
  UNIQUE (unit_id, name)
);
CREATE TRIGGER classes_no_replace BEFORE INSERT ON classes
WHEN EXISTS (SELECT 1 FROM classes c WHERE c.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'classes_stay'); END;
CREATE TRIGGER classes_keep_id BEFORE UPDATE ON classes
WHEN NEW.id <> OLD.id
BEGIN SELECT RAISE(ABORT, 'classes_stay'); END;
CREATE TRIGGER classes_no_delete BEFORE DELETE ON classes
BEGIN SELECT RAISE(ABORT, 'classes_stay'); END;

-- A stream: SMS to its members go out in the order of their messages (I6).
-- One for each class, one for the staff. A phone that a message reaches
-- through several streams lies in the one of lowest rank.
CREATE TABLE streams (
  id       INTEGER PRIMARY KEY,
  kind     TEXT    NOT NULL,
  class_id INTEGER UNIQUE REFERENCES classes (id),
  rank     INTEGER NOT NULL UNIQUE       -- 0 the staff, a class its own id
);
CREATE TRIGGER streams_fit BEFORE INSERT ON streams
WHEN NOT (NEW.kind = 'class' AND NEW.class_id IS NOT NULL OR NEW.kind = 'staff' AND NEW.class_id IS NULL)
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER streams_no_replace BEFORE INSERT ON streams
WHEN EXISTS (SELECT 1 FROM streams s WHERE s.id = NEW.id OR s.class_id = NEW.class_id OR s.rank = NEW.rank)
BEGIN SELECT RAISE(ABORT, 'streams_stay'); END;
-- Frozen lists, places and batches name streams for good.
CREATE TRIGGER streams_no_update BEFORE UPDATE ON streams
BEGIN SELECT RAISE(ABORT, 'streams_stay'); END;
CREATE TRIGGER streams_no_delete BEFORE DELETE ON streams
BEGIN SELECT RAISE(ABORT, 'streams_stay'); END;
CREATE TRIGGER classes_have_a_stream AFTER INSERT ON classes
BEGIN INSERT INTO streams (kind, class_id, rank) VALUES ('class', NEW.id, NEW.id); END;
INSERT INTO streams (id, kind, class_id, rank) VALUES (1, 'staff', NULL, 0);

-- AUTOINCREMENT as for staff: frozen lists and the audit log name them by id.
CREATE TABLE students (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  number     TEXT    NOT NULL,          -- 学号
  name       TEXT    NOT NULL,
  class_id   INTEGER NOT NULL REFERENCES classes (id),
  created_at INTEGER NOT NULL,
  left_at    INTEGER,                   -- with a row of departures
  named_at   INTEGER                    -- when name or class last changed: former_names
);
CREATE INDEX students_class ON students (class_id);
-- As for staff: a number passes on when its holder leaves.
CREATE UNIQUE INDEX students_number ON students (number) WHERE left_at IS NULL;
CREATE TRIGGER students_no_replace BEFORE INSERT ON students
WHEN EXISTS (SELECT 1 FROM students s WHERE s.id = NEW.id)
  OR NEW.left_at IS NULL AND EXISTS (SELECT 1 FROM students s WHERE s.number = NEW.number AND s.left_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'people_stay'); END;
CREATE TRIGGER students_keep_id BEFORE UPDATE ON students
WHEN NEW.id <> OLD.id
  OR NEW.left_at IS NULL AND (NEW.number <> OLD.number OR OLD.left_at IS NOT NULL)
     AND EXISTS (SELECT 1 FROM students s WHERE s.number = NEW.number AND s.left_at IS NULL AND s.id <> OLD.id)
BEGIN SELECT RAISE(ABORT, 'people_stay'); END;
CREATE TRIGGER students_no_delete BEFORE DELETE ON students
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- A guardian's entry for one student. The same person has one entry per
-- child; what they share is the phone. The relation 本人 is the student's own number.
CREATE TABLE guardians (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  student_id INTEGER NOT NULL REFERENCES students (id),
  position   INTEGER NOT NULL,          -- 1, 2: the order of the form
  name       TEXT    NOT NULL,
  relation   TEXT    NOT NULL,          -- 父亲, 母亲, …
  phone_id   INTEGER NOT NULL REFERENCES phones (id),
  created_at INTEGER NOT NULL,
  left_at    INTEGER,                   -- with a row of departures
  named_at   INTEGER                    -- when name or relation last changed: former_names
);
CREATE INDEX guardians_student ON guardians (student_id);
CREATE INDEX guardians_phone ON guardians (phone_id);
CREATE TRIGGER guardians_no_replace BEFORE INSERT ON guardians
WHEN EXISTS (SELECT 1 FROM guardians g WHERE g.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'people_stay'); END;
-- Whose guardian it is, too: a frozen list holds the pair.
CREATE TRIGGER guardians_keep_id BEFORE UPDATE ON guardians
WHEN NEW.id <> OLD.id OR NEW.student_id <> OLD.student_id
BEGIN SELECT RAISE(ABORT, 'people_stay'); END;
CREATE TRIGGER guardians_no_delete BEFORE DELETE ON guardians
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- That a person's number changed, written in the batch that changes it. A
-- message whose list was frozen before goes to the new number only where the
-- change stands here: a number that was put into the roll unrecorded gets
-- nothing that was approved for somebody else's.
CREATE TABLE phone_changes (
  id         INTEGER PRIMARY KEY,
  kind       TEXT    NOT NULL,          -- as in recipients
  person     INTEGER NOT NULL,          -- guardian, staff or student id
  from_phone INTEGER,                   -- phone ids; NULL: had none, has none now
  to_phone   INTEGER,
  at         INTEGER NOT NULL,
  by         INTEGER NOT NULL,          -- staff id
  import_id  INTEGER REFERENCES imports (id),
  mac        TEXT    NOT NULL DEFAULT ''   -- under RECORD_KEY: what is written here otherwise has none
);
CREATE INDEX phone_changes_person ON phone_changes (kind, person);
CREATE INDEX phone_changes_to ON phone_changes (to_phone);   -- asked at the claim: by which change is this phone reached
CREATE INDEX phone_changes_at ON phone_changes (at);   -- what changed since a message was submitted
CREATE TRIGGER phone_changes_kind BEFORE INSERT ON phone_changes
WHEN NEW.kind NOT IN ('guardian', 'staff', 'student')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER phone_changes_no_replace BEFORE INSERT ON phone_changes
WHEN EXISTS (SELECT 1 FROM phone_changes c WHERE c.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'phone_changes_stay'); END;
CREATE TRIGGER phone_changes_no_update BEFORE UPDATE ON phone_changes
BEGIN SELECT RAISE(ABORT, 'phone_changes_stay'); END;
CREATE TRIGGER phone_changes_no_delete BEFORE DELETE ON phone_changes
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- An uploaded file between preview and apply. Sealed: it is full of numbers.
CREATE TABLE imports (
  id           INTEGER PRIMARY KEY,
  kind         TEXT    NOT NULL,        -- staff, students
  sealed       BLOB,                    -- nonce || AES-256-GCM(file), AAD = sha256; NULL once applied or stale
  key_id       INTEGER NOT NULL,
  sha256       TEXT    NOT NULL,
  roll_version INTEGER NOT NULL,        -- the roll that the preview compared with
  uploaded_by  INTEGER NOT NULL REFERENCES staff (id),
  uploaded_at  INTEGER NOT NULL,
  applied_at   INTEGER,
  counts       TEXT,                    -- what applying it did, as JSON
  -- While nothing has come of it, it can be taken back. It asks the roll's
  -- version that it made, the log behind its own entry, and the ids that it touched.
  applied_version INTEGER,
  audit_seq    INTEGER,
  touched      TEXT CHECK (touched IS NULL OR json_valid(touched)),   -- {classes, acting, added}
  undone_at    INTEGER,
  undone_by    INTEGER REFERENCES staff (id)
);
CREATE INDEX imports_age ON imports (uploaded_at);
CREATE INDEX imports_applied ON imports (applied_at) WHERE applied_at IS NOT NULL;

-- What the newest applied file changed, from what to what: how it is taken
-- back. Sealed, since it holds names; the next one that is applied ends it.
CREATE TABLE import_records (
  import_id INTEGER NOT NULL REFERENCES imports (id),
  part      INTEGER NOT NULL,           -- 0, 1, …: a value of D1 holds 2 MB
  key_id    INTEGER NOT NULL,
  sealed    BLOB    NOT NULL,           -- nonce || AES-256-GCM(part of the JSON), AAD = import and part
  PRIMARY KEY (import_id, part)
) WITHOUT ROWID;
