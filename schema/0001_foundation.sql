-- What every feature stands on: the guard, the audit log, idempotency, and
-- the school with its people.
--
-- Instants are UTC milliseconds (I12). Rows are never deleted outside
-- retention (G58): people leave (left_at), appointments end (until).

-- I14. D1 has no BEGIN, and an UPDATE that matches no row fails nothing. Behind
-- each decisive statement of a batch stands INSERT INTO guard SELECT changes();
-- where it changed anything but one row the CHECK aborts the whole batch.
CREATE TABLE guard (
  ok INTEGER NOT NULL CONSTRAINT guard_lost CHECK (ok = 1)
);

-- I9. Written in the same batch as the change it tells of. Facts only: ids,
-- counts, states; no name, number or text of a person.
CREATE TABLE audit (
  seq        INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  actor      INTEGER NOT NULL,          -- staff id; 0 is the system
  action     TEXT    NOT NULL,
  subject    TEXT    NOT NULL,
  subject_id INTEGER NOT NULL,
  detail     TEXT    NOT NULL CHECK (json_valid(detail))
);
CREATE TRIGGER audit_appends_only BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;      -- also stops REPLACE
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;

-- The sealer chains the log each minute: hash(n) = SHA-256(hash(n-1), entry n).
-- Apart from the log, so that writing an entry needs no hash (D1 has none).
CREATE TABLE audit_seals (
  seq       INTEGER PRIMARY KEY,
  hash      TEXT    NOT NULL,
  sealed_at INTEGER NOT NULL
);
CREATE TRIGGER audit_seals_append_only BEFORE INSERT ON audit_seals
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_seals)
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
CREATE TRIGGER audit_seals_no_delete BEFORE DELETE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;

-- A POST's Idempotency-Key, written in the batch of its effect. The same key
-- with the same body gets the same answer, with another body 422.
CREATE TABLE idempotency (
  staff_id  INTEGER NOT NULL,
  route     TEXT    NOT NULL,           -- method and path
  key       TEXT    NOT NULL,
  body_hash TEXT    NOT NULL,
  status    INTEGER NOT NULL,
  answer    TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (staff_id, route, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (at);   -- swept after two days

-- The school: one row.
CREATE TABLE school (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  name          TEXT    NOT NULL,
  signature     TEXT    NOT NULL,       -- in every SMS, without 【】
  platform_word TEXT    NOT NULL,       -- 校讯通 or 校信通
  window_from   INTEGER NOT NULL,       -- minutes since midnight in Shanghai
  window_to     INTEGER NOT NULL,
  roll_version  INTEGER NOT NULL DEFAULT 1,  -- each applied import adds one; a preview holds for one
  stopped_at    INTEGER,                -- set while all sending is stopped
  stopped_by    INTEGER,
  stop_reason   TEXT,
  created_at    INTEGER NOT NULL
);

-- G1. A tree: the school, its office and departments, its grades.
CREATE TABLE units (
  id           INTEGER PRIMARY KEY,
  parent_id    INTEGER REFERENCES units (id),
  kind         TEXT    NOT NULL CHECK (kind IN ('school', 'office', 'department', 'grade')),
  name         TEXT    NOT NULL UNIQUE,
  custodian_id INTEGER REFERENCES staff (id),   -- 专人负责 (G2); a unit without one cannot send
  created_at   INTEGER NOT NULL
);

-- I11. One row per number, whoever uses it. All else holds phone_id.
-- id is small and counts up: it is packed into the link token (30 bits).
CREATE TABLE phones (
  id            INTEGER PRIMARY KEY,
  key_id        INTEGER NOT NULL,       -- which data key sealed it
  sealed        TEXT    NOT NULL,       -- base64(nonce || AES-256-GCM(digits)), AAD = id
  lookup        TEXT    NOT NULL UNIQUE,-- keyed index (HMAC) of the digits
  last4         TEXT    NOT NULL,       -- keyed index of the last four, for the office's search
  contact_state TEXT    NOT NULL DEFAULT 'unknown'
                CHECK (contact_state IN ('unknown', 'reachable', 'unreachable', 'invalid', 'opted_out')),
  contact_why   TEXT,                   -- evidence: the provider's code
  contact_at    INTEGER
);
CREATE INDEX phones_last4 ON phones (last4);

CREATE TABLE staff (
  id            INTEGER PRIMARY KEY,
  number        TEXT    NOT NULL UNIQUE,   -- 教职工号 (G38)
  name          TEXT    NOT NULL,
  phone_id      INTEGER REFERENCES phones (id),
  password      TEXT,                      -- PHC string of Argon2id over the peppered password; NULL: not activated
  password_at   INTEGER,
  created_at    INTEGER NOT NULL,
  left_at       INTEGER
);
CREATE INDEX staff_phone ON staff (phone_id);   -- sign-in by phone

-- Posts held (职务). Rights follow from these alone, as of now.
CREATE TABLE appointments (
  id         INTEGER PRIMARY KEY,
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  post       TEXT    NOT NULL,
  unit_id    INTEGER NOT NULL REFERENCES units (id),
  class_id   INTEGER REFERENCES classes (id),
  subject    TEXT,
  since      INTEGER NOT NULL,
  until      INTEGER
);
CREATE INDEX appointments_staff ON appointments (staff_id);
CREATE INDEX appointments_post ON appointments (post, unit_id);
CREATE INDEX appointments_class ON appointments (class_id) WHERE class_id IS NOT NULL;

-- Signed-in browsers. The token itself is nowhere: only its SHA-256.
CREATE TABLE sessions (
  token_hash TEXT    PRIMARY KEY,
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_staff ON sessions (staff_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Single-use activation links (开通单): nobody ever knows another's password.
CREATE TABLE activations (
  token_hash TEXT    PRIMARY KEY,
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  issued_by  INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX activations_staff ON activations (staff_id);

-- Failed sign-ins, counted before any hashing. key: keyed index of the
-- account or the address.
CREATE TABLE signin_failures (
  key      TEXT    PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX signin_failures_age ON signin_failures (last_at);
