-- What every feature stands on: the guard, the audit log, retention runs,
-- idempotency, and the school with its units, phones and people.
--
-- Instants are UTC milliseconds (I12). People leave (left_at), appointments
-- end (until); rows are deleted in a retention run only (G58).
--
-- A list of kinds or states that may grow stands in a small trigger, not in a
-- CHECK: D1 can drop and create a trigger, but it cannot alter a CHECK without
-- rebuilding the table and everything that refers to it.

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

-- A retention run: while one is open (ended_at is NULL) rows may be deleted,
-- and at no other time. Every table that keeps its rows asks this one.
CREATE TABLE retention_runs (
  id         INTEGER PRIMARY KEY,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER,
  ordered_by INTEGER NOT NULL,          -- staff id; 0 is a rule
  why        TEXT    NOT NULL,
  audit_seq  INTEGER NOT NULL           -- the audit entry that tells of its start
);
CREATE INDEX retention_runs_open ON retention_runs (id) WHERE ended_at IS NULL;
-- Nobody deletes unrecorded: the newest audit entry has to be the start of this
-- run, so the entry is written just before it in the same batch. One at a time.
CREATE TRIGGER retention_runs_recorded BEFORE INSERT ON retention_runs
WHEN NEW.ended_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM retention_runs r WHERE r.id = NEW.id OR r.ended_at IS NULL)
  OR NOT EXISTS (SELECT 1 FROM audit a WHERE a.seq = (SELECT MAX(seq) FROM audit) AND a.seq = NEW.audit_seq
                 AND a.action = 'retention.started' AND a.subject_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'retention_unrecorded'); END;
CREATE TRIGGER retention_runs_end_once BEFORE UPDATE ON retention_runs
WHEN OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
  OR NEW.id <> OLD.id OR NEW.started_at <> OLD.started_at OR NEW.ordered_by <> OLD.ordered_by
  OR NEW.why <> OLD.why OR NEW.audit_seq <> OLD.audit_seq
BEGIN SELECT RAISE(ABORT, 'retention_runs_stay'); END;
CREATE TRIGGER retention_runs_no_delete BEFORE DELETE ON retention_runs
BEGIN SELECT RAISE(ABORT, 'retention_runs_stay'); END;

-- A POST's Idempotency-Key, written in the batch of its effect. The same key
-- with the same body gets the same answer, with another body 422. What is
-- answered is either kept as text, or is the path of a resource that is read
-- again, so that large answers are not stored twice.
CREATE TABLE idempotency (
  staff_id  INTEGER NOT NULL,
  route     TEXT    NOT NULL,           -- method and path
  key       TEXT    NOT NULL,
  body_hash TEXT    NOT NULL,
  status    INTEGER NOT NULL,
  answer    TEXT,
  resource  TEXT,                       -- /api/messages/7: read again by an internal GET
  at        INTEGER NOT NULL,
  PRIMARY KEY (staff_id, route, key),
  CHECK ((answer IS NULL) <> (resource IS NULL))
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
  roll_version  INTEGER NOT NULL DEFAULT 1,  -- each change of the roll adds one; a preview holds for one
  stopped_at    INTEGER,                -- set while all sending is stopped
  stopped_by    INTEGER,
  stopped_post  TEXT,                   -- by which post: who lifts it has the same rank, or a higher one
  stop_reason   TEXT,
  created_at    INTEGER NOT NULL,
  lift_asked_by INTEGER,                -- while nobody has the rank of the stop: who asked first to let it go on
  lift_asked_at INTEGER,
  lifted_by     INTEGER                 -- who let it go on last
);

-- What parents read and when they may be disturbed is set when the school is opened.
CREATE TRIGGER school_settings_stay BEFORE UPDATE ON school
WHEN NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.signature <> OLD.signature OR NEW.platform_word <> OLD.platform_word
  OR NEW.window_from <> OLD.window_from OR NEW.window_to <> OLD.window_to OR NEW.created_at <> OLD.created_at
BEGIN SELECT RAISE(ABORT, 'settings_stay'); END;
CREATE TRIGGER school_no_replace BEFORE INSERT ON school
WHEN EXISTS (SELECT 1 FROM school)
BEGIN SELECT RAISE(ABORT, 'settings_stay'); END;
CREATE TRIGGER school_no_delete BEFORE DELETE ON school
BEGIN SELECT RAISE(ABORT, 'settings_stay'); END;

-- Who stopped all sending stays on record while it is stopped: it says who may
-- let it go on (domain::rank).
CREATE TRIGGER school_stop_stays BEFORE UPDATE OF stopped_at, stopped_by, stopped_post, stop_reason ON school
WHEN OLD.stopped_at IS NOT NULL AND NEW.stopped_at IS NOT NULL
  AND (NEW.stopped_at <> OLD.stopped_at OR NEW.stopped_by IS NOT OLD.stopped_by OR NEW.stopped_post IS NOT OLD.stopped_post
    OR NEW.stop_reason IS NOT OLD.stop_reason)
BEGIN SELECT RAISE(ABORT, 'halt_stays'); END;

-- Whoever lets it go on has the rank of the stop or a higher one. Where nobody
-- has it any more, two people who may stop sending do it together: the first
-- asks, another one lifts. `domain::rank` says the same.
CREATE VIEW ranks (post, rank) AS
VALUES ('principal', 4), ('leader_in_charge', 4), ('vice_principal', 3), ('office_director', 2),
  ('student_affairs_head', 2), ('student_affairs_deputy', 2), ('office_clerk', 1);
CREATE TRIGGER school_lifted BEFORE UPDATE ON school
WHEN OLD.stopped_at IS NOT NULL AND NEW.stopped_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM appointments_in_power a CROSS JOIN ranks r ON r.post = a.post
    WHERE a.staff_id = NEW.lifted_by AND r.rank >= COALESCE((SELECT rank FROM ranks WHERE post = OLD.stopped_post), 4))
  AND (EXISTS (SELECT 1 FROM ranks r CROSS JOIN appointments_in_power a ON a.post = r.post
               WHERE r.rank >= COALESCE((SELECT rank FROM ranks WHERE post = OLD.stopped_post), 4))
    OR OLD.lift_asked_by IS NULL OR NEW.lifted_by IS NULL OR OLD.lift_asked_by = NEW.lifted_by
    OR (SELECT COUNT(DISTINCT a.staff_id) FROM appointments_in_power a CROSS JOIN ranks r ON r.post = a.post
        WHERE a.staff_id IN (OLD.lift_asked_by, NEW.lifted_by)) < 2)
BEGIN SELECT RAISE(ABORT, 'outranked'); END;

-- G1. A tree of any depth: the school, its offices and departments, its
-- grades. Two departments may each have a unit of the same name.
CREATE TABLE units (
  id           INTEGER PRIMARY KEY,
  parent_id    INTEGER REFERENCES units (id),
  kind         TEXT    NOT NULL,
  code         TEXT    UNIQUE,          -- the school's own code, where it has one: what an import matches by
  name         TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  named_at     INTEGER,                 -- when it was last renamed: former_names
  closed_at    INTEGER,                 -- since when nothing is in it: no post, no class in use, no unit, no open message
  UNIQUE (parent_id, name)
);
CREATE UNIQUE INDEX units_root ON units ((parent_id IS NULL)) WHERE parent_id IS NULL;
CREATE TRIGGER units_kind BEFORE INSERT ON units
WHEN NEW.kind NOT IN ('school', 'office', 'student_affairs', 'department', 'college', 'society', 'grade')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER units_kind_moved BEFORE UPDATE OF kind ON units
WHEN NEW.kind NOT IN ('school', 'office', 'student_affairs', 'department', 'college', 'society', 'grade')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;

-- Every unit with every unit above it, itself included: «is it within this
-- unit?» is one indexed question at any depth. The triggers on units keep it;
-- nothing else writes it, and nothing guards it against raw SQL that does.
CREATE TABLE unit_tree (
  ancestor_id INTEGER NOT NULL REFERENCES units (id),
  unit_id     INTEGER NOT NULL REFERENCES units (id),
  depth       INTEGER NOT NULL,         -- steps from the unit up to this ancestor
  PRIMARY KEY (unit_id, ancestor_id)
) WITHOUT ROWID;
CREATE INDEX unit_tree_within ON unit_tree (ancestor_id, unit_id);

-- The nearest college at or above a unit that lies in one: what is sent from there is the college's.
-- `Surroundings::college` finds the same.
CREATE VIEW unit_colleges (unit_id, college_id) AS
SELECT t.unit_id, t.ancestor_id FROM unit_tree t JOIN units u ON u.id = t.ancestor_id
WHERE u.kind = 'college' AND NOT EXISTS (
  SELECT 1 FROM unit_tree n JOIN units c ON c.id = n.ancestor_id
  WHERE n.unit_id = t.unit_id AND n.depth < t.depth AND c.kind = 'college');

-- A parent comes before its children, so that their lines to the root can be
-- copied from it; and nothing lies below itself.
CREATE TRIGGER units_below_a_unit BEFORE INSERT ON units
WHEN NEW.parent_id IS NOT NULL AND (NEW.parent_id = NEW.id OR NOT EXISTS (SELECT 1 FROM units p WHERE p.id = NEW.parent_id))
BEGIN SELECT RAISE(ABORT, 'unit_cycle'); END;
CREATE TRIGGER units_enter_tree AFTER INSERT ON units
BEGIN
  INSERT INTO unit_tree (ancestor_id, unit_id, depth)
  SELECT NEW.id, NEW.id, 0
  UNION ALL SELECT t.ancestor_id, NEW.id, t.depth + 1 FROM unit_tree t WHERE t.unit_id = NEW.parent_id;
END;
CREATE TRIGGER units_no_cycle BEFORE UPDATE OF parent_id ON units
WHEN EXISTS (SELECT 1 FROM unit_tree t WHERE t.unit_id = NEW.parent_id AND t.ancestor_id = OLD.id)
  OR NEW.parent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM units p WHERE p.id = NEW.parent_id)
BEGIN SELECT RAISE(ABORT, 'unit_cycle'); END;
-- A unit moves with all that lies below it: the lines that lead out of the
-- subtree are dropped, and made anew through the new parent.
CREATE TRIGGER units_move_in_tree AFTER UPDATE OF parent_id ON units
WHEN NEW.parent_id IS NOT OLD.parent_id
BEGIN
  DELETE FROM unit_tree
  WHERE unit_id IN (SELECT s.unit_id FROM unit_tree s WHERE s.ancestor_id = NEW.id)
    AND ancestor_id NOT IN (SELECT s.unit_id FROM unit_tree s WHERE s.ancestor_id = NEW.id);
  INSERT INTO unit_tree (ancestor_id, unit_id, depth)
  SELECT a.ancestor_id, s.unit_id, a.depth + s.depth + 1
  FROM unit_tree a CROSS JOIN unit_tree s
  WHERE a.unit_id = NEW.parent_id AND s.ancestor_id = NEW.id;
END;
-- Messages, appointments and steps name units for good. (REPLACE of a name or
-- code is refused by unit_tree's foreign key.)
CREATE TRIGGER units_no_replace BEFORE INSERT ON units
WHEN EXISTS (SELECT 1 FROM units u WHERE u.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'units_stay'); END;
CREATE TRIGGER units_keep_id BEFORE UPDATE ON units
WHEN NEW.id <> OLD.id
BEGIN SELECT RAISE(ABORT, 'units_stay'); END;
CREATE TRIGGER units_no_delete BEFORE DELETE ON units
BEGIN SELECT RAISE(ABORT, 'units_stay'); END;

-- I11. One row per number, whoever uses it. All else holds phone_id.
-- The id is small and counts up: it is packed into the link token (30 bits).
-- It never returns (AUTOINCREMENT remembers the highest one in
-- sqlite_sequence): else a link to a number that was deleted would open the
-- messages of the next one.
CREATE TABLE phones (
  id            INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 1073741823),
  key_id        INTEGER NOT NULL,       -- which data key sealed it
  index_key_id  INTEGER NOT NULL,       -- which key made lookup and last4
  sealed        TEXT    NOT NULL,       -- base64(nonce || AES-256-GCM(digits)), AAD = id
  lookup        TEXT    NOT NULL UNIQUE,-- keyed index (HMAC) of the digits
  last4         TEXT    NOT NULL,       -- keyed index of the last four, for the office's search
  contact_state TEXT    NOT NULL DEFAULT 'unknown',
  contact_why   TEXT,                   -- evidence: the provider's code. 'reachable' is written where something else was known before: a first delivery is no news
  contact_at    INTEGER,
  revoked_at    INTEGER,                -- its owner no longer wants it used
  revoked_why   TEXT
);
CREATE INDEX phones_last4 ON phones (last4);
CREATE TRIGGER phones_contact_state BEFORE INSERT ON phones
WHEN NEW.contact_state NOT IN ('unknown', 'reachable', 'unreachable', 'invalid', 'opted_out')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER phones_contact_state_moved BEFORE UPDATE OF contact_state ON phones
WHEN NEW.contact_state NOT IN ('unknown', 'reachable', 'unreachable', 'invalid', 'opted_out')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
-- The Worker gives the id itself, since the number is sealed to it. An id that
-- was not given reads as -1 here. (Lost race: another import took the id.)
CREATE TRIGGER phones_ids_never_return BEFORE INSERT ON phones
WHEN NEW.id <> -1 AND NEW.id <= (SELECT seq FROM sqlite_sequence WHERE name = 'phones')
BEGIN SELECT RAISE(ABORT, 'phone_id_taken'); END;
-- A number in use is not replaced by a row of another id, nor moved onto one.
CREATE TRIGGER phones_no_replace BEFORE INSERT ON phones
WHEN EXISTS (SELECT 1 FROM phones p WHERE p.lookup = NEW.lookup)
BEGIN SELECT RAISE(ABORT, 'phones_stay'); END;
CREATE TRIGGER phones_keep_id BEFORE UPDATE ON phones
WHEN NEW.id <> OLD.id
  OR NEW.lookup <> OLD.lookup AND EXISTS (SELECT 1 FROM phones p WHERE p.lookup = NEW.lookup AND p.id <> OLD.id)
BEGIN SELECT RAISE(ABORT, 'phones_stay'); END;
CREATE TRIGGER phones_no_delete BEFORE DELETE ON phones
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- AUTOINCREMENT: the audit log names people by id for ever, so an id that was
-- deleted must not come to mean somebody else.
CREATE TABLE staff (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  number        TEXT    NOT NULL,          -- 教职工号 (G38)
  name          TEXT    NOT NULL,
  phone_id      INTEGER REFERENCES phones (id),
  password      TEXT,                      -- PHC string of Argon2id over password and id under the pepper; NULL: not activated
  password_at   INTEGER,
  created_at    INTEGER NOT NULL,
  left_at       INTEGER,                   -- with a row of departures
  named_at      INTEGER                    -- when the name was last changed: former_names
);
CREATE INDEX staff_phone ON staff (phone_id);   -- sign-in by phone
-- A number is one person's while that person is here. Who leaves keeps it in
-- the own row, for the past; it may be given to somebody else, who is another
-- row with another id and another account.
CREATE UNIQUE INDEX staff_number ON staff (number) WHERE left_at IS NULL;
-- REPLACE by id or number is refused here; a row that anything refers to is
-- held by its foreign keys as well.
CREATE TRIGGER staff_no_replace BEFORE INSERT ON staff
WHEN EXISTS (SELECT 1 FROM staff t WHERE t.id = NEW.id)
  OR NEW.left_at IS NULL AND EXISTS (SELECT 1 FROM staff t WHERE t.number = NEW.number AND t.left_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'people_stay'); END;
CREATE TRIGGER staff_keep_id BEFORE UPDATE ON staff
WHEN NEW.id <> OLD.id
  OR NEW.left_at IS NULL AND (NEW.number <> OLD.number OR OLD.left_at IS NOT NULL)
     AND EXISTS (SELECT 1 FROM staff t WHERE t.number = NEW.number AND t.left_at IS NULL AND t.id <> OLD.id)
BEGIN SELECT RAISE(ABORT, 'people_stay'); END;
CREATE TRIGGER staff_no_delete BEFORE DELETE ON staff
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Posts whose holder decides, administers, runs the office or opens accounts:
-- such an appointment counts for nothing before a second person has confirmed
-- it. `Post::needs_confirmation` says the same.
CREATE VIEW posts_to_confirm (post) AS
VALUES ('principal'), ('vice_principal'), ('leader_in_charge'), ('department_leader'), ('office_director'), ('office_clerk'),
  ('student_affairs_head'), ('student_affairs_deputy'), ('student_affairs_clerk'), ('dean'), ('college_leader'), ('college_clerk'),
  ('first_responsible'), ('designated_sender'), ('custodian'), ('grade_head'), ('society_teacher'), ('leading_group'), ('auditor'),
  ('administrator');
-- Posts that import rosters and manage accounts: who gives appointments, and
-- confirms those that others gave. `domain::access::grants` says the same.
CREATE VIEW posts_that_appoint (post) AS
VALUES ('office_director'), ('office_clerk'), ('administrator');

-- Posts whose holders are the second person for a slip: those, and the leaders
-- of the school, since in a small one only two people manage accounts and the
-- slip of one of them takes a third. `domain::access::grants` says the same.
CREATE VIEW posts_that_second (post) AS
VALUES ('office_director'), ('office_clerk'), ('administrator'), ('principal'), ('vice_principal'), ('leader_in_charge');

-- Posts held (职务). Rights follow from these alone, as of now, and only from
-- those that the view appointments_in_power shows.
CREATE TABLE appointments (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,   -- messages name the one in which they are sent
  staff_id     INTEGER NOT NULL REFERENCES staff (id),
  post         TEXT    NOT NULL,
  unit_id      INTEGER NOT NULL REFERENCES units (id),
  class_id     INTEGER REFERENCES classes (id),
  subject      TEXT,
  since        INTEGER NOT NULL,
  until        INTEGER,                 -- that it has ended, and when: written when the end comes, never ahead
  given_by     INTEGER NOT NULL,        -- staff id; 0: opened with the school
  import_id    INTEGER REFERENCES imports (id),   -- by which file
  confirmed_by INTEGER,                 -- the second person; 0: opened with the school
  confirmed_at INTEGER,
  declined_by  INTEGER,                 -- who did not confirm it, and why: it ended then
  declined_why TEXT,
  listed_by    INTEGER,                 -- a subject teacher's: the homeroom teacher who lets it write to the class's
  listed_at    INTEGER,                 --   parents; NULL while it is not on that list. Who was on it when: changes
  mac          TEXT    NOT NULL         -- seal over the row under a key that the database does not hold
);
CREATE INDEX appointments_staff ON appointments (staff_id);
CREATE INDEX appointments_post ON appointments (post, unit_id);
CREATE INDEX appointments_class ON appointments (class_id) WHERE class_id IS NOT NULL;

-- Those that count. An end is asked for as a state: a row that has one decides
-- nothing, whatever date a decision gives itself. When it began is left to who
-- asks (`since <= now`).
CREATE VIEW appointments_in_power AS
SELECT a.id, a.staff_id, a.post, a.unit_id, a.class_id, a.subject, a.since, a.given_by, a.confirmed_by, a.confirmed_at,
  a.post <> 'subject_teacher' OR a.listed_at IS NOT NULL AS listed
FROM appointments a JOIN staff t ON t.id = a.staff_id
WHERE a.until IS NULL AND t.left_at IS NULL
  AND (a.confirmed_at IS NOT NULL OR a.post NOT IN (SELECT post FROM posts_to_confirm));

-- G2. Who answers for the account and password of which unit (专人负责). Clause 四 of the university's regulation
-- names two by their posts; elsewhere the school appoints somebody. A unit without one cannot send.
-- `Post::is_custodian` says the same.
CREATE VIEW posts_of_custodians (post) AS
VALUES ('custodian'), ('student_affairs_deputy'), ('college_leader');
-- From when on is left to who asks (`since <= now`): one can be named ahead.
CREATE VIEW custodians (unit_id, staff_id, appointment_id, since) AS
SELECT a.unit_id, a.staff_id, a.id, a.since FROM appointments_in_power a WHERE a.post IN (SELECT post FROM posts_of_custodians);
-- Units that have an account of their own. At a university these are 学生处 and the colleges, with the year
-- groups below them.
CREATE VIEW units_with_account (unit_id) AS
SELECT u.id FROM units u
WHERE u.closed_at IS NULL AND (
     u.kind IN ('student_affairs', 'college')
  OR u.kind IN ('school', 'office') AND NOT EXISTS (SELECT 1 FROM units s WHERE s.kind = 'student_affairs' AND s.closed_at IS NULL)
  OR u.kind = 'grade' AND NOT EXISTS (SELECT 1 FROM unit_colleges c WHERE c.unit_id = u.id));

-- Given by somebody who may, and never born confirmed. The two first
-- administrators apart: setup opens both at once, before the log has an entry.
-- A second row with the same facts would bring back one that ended, seal and all.
-- (Lost race: the giver's own post ended meanwhile.)
CREATE TRIGGER appointments_given BEFORE INSERT ON appointments
WHEN NEW.until IS NOT NULL OR NEW.declined_by IS NOT NULL OR NEW.declined_why IS NOT NULL
  OR NEW.listed_by IS NOT NULL OR NEW.listed_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM appointments a WHERE a.staff_id = NEW.staff_id AND a.post = NEW.post AND a.unit_id = NEW.unit_id
             AND a.class_id IS NEW.class_id AND a.subject IS NEW.subject AND a.since = NEW.since)
  OR NEW.given_by = 0 AND (
       NEW.post <> 'administrator' OR NEW.confirmed_by IS NOT 0 OR NEW.confirmed_at IS NOT NEW.since
    OR EXISTS (SELECT 1 FROM audit) OR (SELECT COUNT(*) FROM appointments) >= 2)
  OR NEW.given_by <> 0 AND (
       NEW.confirmed_by IS NOT NULL OR NEW.confirmed_at IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.given_by AND a.since <= NEW.since
                   AND a.post IN (SELECT post FROM posts_that_appoint)))
BEGIN SELECT RAISE(ABORT, 'appointment_refused'); END;
-- From now or from a later day on, never from one that is past; so is a confirmation. (Ten minutes for two who write
-- at once; the newest entry of the log is the only clock here.)
CREATE TRIGGER appointments_not_dated_back BEFORE INSERT ON appointments
WHEN NEW.since < (SELECT a.at FROM audit a ORDER BY a.seq DESC LIMIT 1) - 600000
BEGIN SELECT RAISE(ABORT, 'appointment_dated_back'); END;
CREATE TRIGGER confirmations_not_dated_back BEFORE UPDATE ON appointments
WHEN NEW.confirmed_at IS NOT OLD.confirmed_at AND NEW.confirmed_at < (SELECT a.at FROM audit a ORDER BY a.seq DESC LIMIT 1) - 600000
BEGIN SELECT RAISE(ABORT, 'appointment_dated_back'); END;
-- Confirmed once, while it waits, by somebody who manages accounts and is
-- neither who gave it nor who gets it, nor who alone issued the slip with which
-- that account was opened last; its seal is made anew.
CREATE TRIGGER appointments_confirmed BEFORE UPDATE ON appointments
WHEN (NEW.confirmed_by IS NOT OLD.confirmed_by OR NEW.confirmed_at IS NOT OLD.confirmed_at) AND (
     OLD.confirmed_by IS NOT NULL OR OLD.confirmed_at IS NOT NULL OR OLD.until IS NOT NULL OR NEW.until IS NOT NULL
  OR NEW.confirmed_by IS NULL OR NEW.confirmed_at IS NULL OR NEW.confirmed_by IN (0, NEW.given_by, NEW.staff_id)
  OR NEW.post NOT IN (SELECT post FROM posts_to_confirm) OR NEW.mac = OLD.mac
  OR EXISTS (SELECT 1 FROM activations v WHERE v.staff_id = NEW.staff_id AND v.ordered_by = NEW.confirmed_by
             AND v.used_at IS NOT NULL AND v.confirmed_by IS NULL
             AND NOT EXISTS (SELECT 1 FROM activations w WHERE w.staff_id = v.staff_id AND w.used_at > v.used_at))
  OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.confirmed_by AND a.since <= NEW.confirmed_at
                 AND a.post IN (SELECT post FROM posts_that_appoint)))
BEGIN SELECT RAISE(ABORT, 'confirmation_refused'); END;
-- Which subject teachers may write to the parents of a class (能针对本班发布短信的任课教师) is said by its homeroom
-- teacher: nobody puts himself on the list. (Lost race: either of them lost the post meanwhile.)
CREATE TRIGGER appointments_listed BEFORE UPDATE ON appointments
WHEN (NEW.listed_at IS NOT OLD.listed_at OR NEW.listed_by IS NOT OLD.listed_by) AND (
     (NEW.listed_at IS NULL) <> (NEW.listed_by IS NULL) OR OLD.until IS NOT NULL
  OR NEW.listed_at IS NOT NULL AND (
       OLD.listed_at IS NOT NULL OR NEW.post <> 'subject_teacher' OR NEW.listed_by = NEW.staff_id
    OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.listed_by AND a.post = 'homeroom_teacher'
                   AND a.class_id = NEW.class_id AND a.since <= NEW.listed_at)))
BEGIN SELECT RAISE(ABORT, 'listing_refused'); END;
-- One custodian for a unit: whoever takes over is confirmed when the former one's time has ended.
-- (Lost race: another one was confirmed meanwhile.)
CREATE TRIGGER appointments_one_custodian BEFORE UPDATE OF confirmed_at ON appointments
WHEN NEW.post = 'custodian' AND OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM appointments a WHERE a.post = 'custodian' AND a.unit_id = NEW.unit_id AND a.id <> NEW.id
    AND a.until IS NULL AND a.confirmed_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'one_custodian'); END;
-- Two people who can appoint remain, else nobody could ever confirm anything again.
CREATE TRIGGER appointments_two_remain BEFORE UPDATE ON appointments
WHEN OLD.until IS NULL AND NEW.until IS NOT NULL AND OLD.confirmed_at IS NOT NULL
  AND OLD.post IN (SELECT post FROM posts_that_appoint)
  AND (SELECT COUNT(DISTINCT a.staff_id) FROM appointments_in_power a
       WHERE a.id <> OLD.id AND a.post IN (SELECT post FROM posts_that_appoint)) < 2
BEGIN SELECT RAISE(ABORT, 'two_must_remain'); END;
-- What a message was sent in stays what it was: an appointment ends, and the
-- next one is a row of its own. An end stays where it was set; declining is an
-- end of what waits; the seal changes with a confirmation and with the end, and an end is sealed.
CREATE TRIGGER appointments_no_replace BEFORE INSERT ON appointments
WHEN EXISTS (SELECT 1 FROM appointments a WHERE a.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'appointments_stay'); END;
CREATE TRIGGER appointments_fixed BEFORE UPDATE ON appointments
WHEN NEW.id <> OLD.id OR NEW.staff_id <> OLD.staff_id OR NEW.post <> OLD.post OR NEW.unit_id <> OLD.unit_id
  OR NEW.class_id IS NOT OLD.class_id OR NEW.subject IS NOT OLD.subject OR NEW.since <> OLD.since
  OR NEW.given_by <> OLD.given_by OR NEW.import_id IS NOT OLD.import_id
  OR OLD.until IS NOT NULL AND NEW.until IS NOT OLD.until
  OR (NEW.declined_by IS NOT OLD.declined_by OR NEW.declined_why IS NOT OLD.declined_why)
     AND (OLD.until IS NOT NULL OR NEW.until IS NULL OR OLD.confirmed_at IS NOT NULL OR NEW.declined_by IS NULL OR NEW.declined_why IS NULL)
  OR NEW.mac <> OLD.mac AND NEW.confirmed_at IS OLD.confirmed_at AND NEW.until IS OLD.until
  OR NEW.mac = OLD.mac AND NEW.until IS NOT OLD.until
BEGIN SELECT RAISE(ABORT, 'appointments_stay'); END;
CREATE TRIGGER appointments_no_delete BEFORE DELETE ON appointments
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- That somebody is away for a time, so that a substitute decides meanwhile:
-- recorded by the holder, or for somebody who cannot by the principal or the
-- office director, who then says why.
CREATE TABLE delegations (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  appointment_id INTEGER NOT NULL REFERENCES appointments (id),   -- the post that somebody else decides for
  from_at        INTEGER NOT NULL,
  until_at       INTEGER NOT NULL,
  recorded_by    INTEGER NOT NULL REFERENCES staff (id),
  recorded_at    INTEGER NOT NULL,
  why            TEXT    NOT NULL,
  withdrawn_by   INTEGER REFERENCES staff (id),
  withdrawn_at   INTEGER,
  mac            TEXT    NOT NULL       -- seal over the row, made anew when it is withdrawn
);
CREATE INDEX delegations_appointment ON delegations (appointment_id) WHERE withdrawn_at IS NULL;
CREATE INDEX delegations_open ON delegations (until_at) WHERE withdrawn_at IS NULL;
CREATE TRIGGER delegations_fit BEFORE INSERT ON delegations
WHEN NEW.withdrawn_by IS NOT NULL OR NEW.withdrawn_at IS NOT NULL
  OR NEW.until_at <= NEW.from_at OR NEW.until_at <= NEW.recorded_at
  OR EXISTS (SELECT 1 FROM delegations d WHERE d.id = NEW.id)
  -- A second row with the same facts would bring back one that was withdrawn, seal and all.
  OR EXISTS (SELECT 1 FROM delegations d WHERE d.appointment_id = NEW.appointment_id AND d.from_at = NEW.from_at
             AND d.until_at = NEW.until_at AND d.recorded_by = NEW.recorded_by AND d.recorded_at = NEW.recorded_at)
  OR NOT EXISTS (
    SELECT 1 FROM appointments_in_power a WHERE a.id = NEW.appointment_id AND (
      a.staff_id = NEW.recorded_by
      OR trim(NEW.why) <> '' AND EXISTS (
        SELECT 1 FROM appointments_in_power l WHERE l.staff_id = NEW.recorded_by AND l.since <= NEW.recorded_at
          AND l.post IN ('principal', 'office_director'))))
BEGIN SELECT RAISE(ABORT, 'delegation_refused'); END;
CREATE TRIGGER delegations_withdrawn_once BEFORE UPDATE ON delegations
WHEN OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR NEW.withdrawn_by IS NULL OR NEW.mac = OLD.mac
  OR NEW.id <> OLD.id OR NEW.appointment_id <> OLD.appointment_id OR NEW.from_at <> OLD.from_at OR NEW.until_at <> OLD.until_at
  OR NEW.recorded_by <> OLD.recorded_by OR NEW.recorded_at <> OLD.recorded_at OR NEW.why <> OLD.why
BEGIN SELECT RAISE(ABORT, 'delegations_stay'); END;
CREATE TRIGGER delegations_no_delete BEFORE DELETE ON delegations
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Signed-in browsers. The token itself is nowhere: only its SHA-256. How long
-- one lives follows from the posts held at each request, not from this row;
-- expires_at is the longest that any may.
CREATE TABLE sessions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,   -- by which its owner ends it
  token_hash TEXT    NOT NULL UNIQUE,
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  system     TEXT    NOT NULL,          -- read from the User-Agent, which itself is not kept
  browser    TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  mac        TEXT    NOT NULL           -- seal over token and owner: a row that was written by hand opens nothing
);
CREATE INDEX sessions_staff ON sessions (staff_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Activation slips (开通单): single-use codes, so that nobody ever knows
-- another's password. The code itself is nowhere, and its index cannot be
-- computed by whoever has the database alone.
--
-- A slip for an account that is active (is_reset) is ordered by one person who
-- manages accounts and confirmed by another; before that it has no code.
CREATE TABLE activations (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  staff_id     INTEGER NOT NULL REFERENCES staff (id),
  is_reset     INTEGER NOT NULL,        -- 1: the account was active when it was ordered
  code_index   TEXT    UNIQUE,          -- keyed index of the code; NULL while the second person has not confirmed
  mac          TEXT,                    -- binds the code to its owner and to the two who gave it
  ordered_by   INTEGER NOT NULL,        -- staff id; 0 is setup
  created_at   INTEGER NOT NULL,
  confirmed_by INTEGER,
  confirmed_at INTEGER,
  expires_at   INTEGER NOT NULL,        -- an earlier one ends when a newer one is ordered or when it is declined
  used_at      INTEGER,
  acknowledged_at INTEGER,              -- the owner says: that was me
  reported_at  INTEGER                  -- the owner says: that was somebody else
);
CREATE INDEX activations_staff ON activations (staff_id);
-- What those who manage accounts have to look at.
CREATE INDEX activations_waiting ON activations (expires_at) WHERE code_index IS NULL AND used_at IS NULL;
CREATE INDEX activations_reported ON activations (reported_at) WHERE reported_at IS NOT NULL;

-- The first slip of an account is one person's; one for an active account is
-- born without a code.
CREATE TRIGGER activations_born BEFORE INSERT ON activations
WHEN NEW.is_reset NOT IN (0, 1) OR NEW.used_at IS NOT NULL OR NEW.confirmed_by IS NOT NULL OR NEW.confirmed_at IS NOT NULL
  OR NEW.acknowledged_at IS NOT NULL OR NEW.reported_at IS NOT NULL
  OR (NEW.code_index IS NULL) <> (NEW.is_reset = 1 OR NEW.ordered_by <> 0 AND EXISTS (
       SELECT 1 FROM appointments a WHERE a.staff_id = NEW.staff_id AND a.until IS NULL AND a.post IN (SELECT post FROM posts_to_confirm)))
  OR NEW.is_reset <> (SELECT t.password IS NOT NULL FROM staff t WHERE t.id = NEW.staff_id)
  OR EXISTS (SELECT 1 FROM activations a WHERE a.id = NEW.id OR a.code_index = NEW.code_index)   -- stops REPLACE
BEGIN SELECT RAISE(ABORT, 'slip_refused'); END;
-- The second person is neither who ordered it nor its owner, and manages accounts or leads the school.
CREATE TRIGGER activations_second_person BEFORE UPDATE ON activations
WHEN OLD.code_index IS NULL AND NEW.code_index IS NOT NULL AND (
     NEW.confirmed_by IS NULL OR NEW.confirmed_at IS NULL OR NEW.mac IS NULL
  OR NEW.confirmed_by = NEW.ordered_by OR NEW.confirmed_by = NEW.staff_id OR OLD.expires_at <= NEW.confirmed_at
  OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.confirmed_by AND a.since <= NEW.confirmed_at
                 AND a.post IN (SELECT post FROM posts_that_second)))
BEGIN SELECT RAISE(ABORT, 'slip_refused'); END;
-- What a slip was stays: whose, by whom, when; a code is given once and used once.
CREATE TRIGGER activations_fixed BEFORE UPDATE ON activations
WHEN NEW.id <> OLD.id OR NEW.staff_id <> OLD.staff_id OR NEW.is_reset <> OLD.is_reset
  OR NEW.ordered_by <> OLD.ordered_by OR NEW.created_at <> OLD.created_at
  OR OLD.code_index IS NOT NULL AND (NEW.code_index IS NOT OLD.code_index OR NEW.mac IS NOT OLD.mac
     OR NEW.confirmed_by IS NOT OLD.confirmed_by OR NEW.confirmed_at IS NOT OLD.confirmed_at OR NEW.expires_at > OLD.expires_at)
  OR NEW.code_index IS NULL AND (NEW.used_at IS NOT NULL OR NEW.confirmed_by IS NOT NULL OR NEW.expires_at > OLD.expires_at)
  OR OLD.used_at IS NOT NULL AND NEW.used_at IS NOT OLD.used_at
  OR OLD.acknowledged_at IS NOT NULL AND NEW.acknowledged_at IS NULL
  OR OLD.reported_at IS NOT NULL AND NEW.reported_at IS NOT OLD.reported_at
BEGIN SELECT RAISE(ABORT, 'slips_stay'); END;
CREATE TRIGGER activations_no_delete BEFORE DELETE ON activations
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Failed tries, counted before any hashing. key: a keyed index that names a
-- browser, an account at an address, an address, an account, or all.
CREATE TABLE signin_failures (
  key      TEXT    PRIMARY KEY,
  failures REAL    NOT NULL,            -- runs down with time, in fractions
  last_at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX signin_failures_age ON signin_failures (last_at);
