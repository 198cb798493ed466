-- The roll (在册): classes, students, their guardians, and the files they come from.

CREATE TABLE classes (
  id          INTEGER PRIMARY KEY,
  unit_id     INTEGER NOT NULL REFERENCES units (id),   -- the grade
  name        TEXT    NOT NULL UNIQUE,                  -- 七年级1班
  created_at  INTEGER NOT NULL,
  archived_at INTEGER
);
CREATE INDEX classes_unit ON classes (unit_id);

CREATE TABLE students (
  id         INTEGER PRIMARY KEY,
  number     TEXT    NOT NULL UNIQUE,   -- 学号
  name       TEXT    NOT NULL,
  class_id   INTEGER NOT NULL REFERENCES classes (id),
  created_at INTEGER NOT NULL,
  left_at    INTEGER
);
CREATE INDEX students_class ON students (class_id);

-- A guardian's entry for one student. The same person has one entry per
-- child; what they share is the phone.
CREATE TABLE guardians (
  id         INTEGER PRIMARY KEY,
  student_id INTEGER NOT NULL REFERENCES students (id),
  position   INTEGER NOT NULL,          -- 1, 2: the order of the form
  name       TEXT    NOT NULL,
  relation   TEXT    NOT NULL,          -- 父亲, 母亲, …
  phone_id   INTEGER NOT NULL REFERENCES phones (id),
  created_at INTEGER NOT NULL,
  left_at    INTEGER
);
CREATE INDEX guardians_student ON guardians (student_id);
CREATE INDEX guardians_phone ON guardians (phone_id);

-- An uploaded file between preview and apply. Sealed: it is full of numbers.
CREATE TABLE imports (
  id           INTEGER PRIMARY KEY,
  kind         TEXT    NOT NULL CHECK (kind IN ('staff', 'students')),
  sealed       BLOB,                    -- nonce || AES-256-GCM(file), AAD = sha256; NULL once applied or stale
  key_id       INTEGER NOT NULL,
  sha256       TEXT    NOT NULL,
  roll_version INTEGER NOT NULL,        -- the roll that the preview compared with
  uploaded_by  INTEGER NOT NULL REFERENCES staff (id),
  uploaded_at  INTEGER NOT NULL,
  applied_at   INTEGER,
  counts       TEXT                     -- what applying it did, as JSON
);
CREATE INDEX imports_age ON imports (uploaded_at);
