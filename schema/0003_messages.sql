-- Messages, their chains and decisions. The triggers are the last line of
-- I1 to I3: they refuse also what comes by raw SQL.

-- Posts that propose approval procedures, and confirm those that others
-- proposed. `domain::access::grants` says the same.
CREATE VIEW posts_that_set_procedures (post) AS
VALUES ('principal'), ('leader_in_charge'), ('office_director'), ('student_affairs_head'), ('leading_group'), ('administrator');

-- Approval procedures, the regulation's and the school's own (本校审批流程),
-- stored as data: which one a message takes follows from who sends it, and then
-- from its audience where the school tells them apart. A change is a new
-- version, which counts once a second person has confirmed it, and from its day
-- on; messages under way keep the steps they were submitted with.
CREATE TABLE procedures (
  id            INTEGER NOT NULL,
  version       INTEGER NOT NULL,
  sender        TEXT    NOT NULL,       -- who sends: teacher, office, school_level, college, department, society
  scope         TEXT    NOT NULL,       -- to whom: any, grade, school
  label_zh      TEXT    NOT NULL,       -- the clause that it follows
  label_en      TEXT    NOT NULL,
  steps         TEXT    NOT NULL CHECK (json_valid(steps)),
  in_force_from INTEGER NOT NULL,
  set_by        INTEGER NOT NULL,       -- who proposed it; 0: it came with the setup
  set_at        INTEGER NOT NULL,
  confirmed_by  INTEGER,                -- the second person; 0: it came with the setup
  confirmed_at  INTEGER,
  declined_by   INTEGER,                -- who did not confirm it
  declined_at   INTEGER,
  mac           TEXT    NOT NULL,       -- seal over the row under a key that the database does not hold
  PRIMARY KEY (id, version)
) WITHOUT ROWID;
CREATE TRIGGER procedures_no_replace BEFORE INSERT ON procedures
WHEN EXISTS (SELECT 1 FROM procedures p WHERE p.id = NEW.id AND p.version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'procedures_stay'); END;
-- Proposed by somebody who may, behind the last version and while none waits;
-- one procedure for a sender and scope. Only setup's are born confirmed, before
-- the log has an entry. One that nobody decides is none, whoever wrote it.
CREATE TRIGGER procedures_proposed BEFORE INSERT ON procedures
WHEN NEW.declined_by IS NOT NULL OR NEW.declined_at IS NOT NULL
  OR NOT EXISTS (SELECT 1 FROM json_each(NEW.steps) s WHERE s.value ->> 'kind' IN ('review', 'approve') AND s.value ->> 'holds' = 1)
  OR NEW.set_by = 0 AND (
       NEW.version <> 1 OR NEW.confirmed_by IS NOT 0 OR NEW.confirmed_at IS NOT NEW.set_at OR NEW.in_force_from <> NEW.set_at
    OR EXISTS (SELECT 1 FROM audit))
  OR NEW.set_by <> 0 AND (
       NEW.confirmed_by IS NOT NULL OR NEW.confirmed_at IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.set_by AND a.since <= NEW.set_at
                   AND a.post IN (SELECT post FROM posts_that_set_procedures)))
  OR EXISTS (SELECT 1 FROM procedures p WHERE p.id = NEW.id AND (
       p.sender <> NEW.sender OR p.scope <> NEW.scope OR p.version >= NEW.version OR p.confirmed_at IS NULL AND p.declined_at IS NULL))
  OR EXISTS (SELECT 1 FROM procedures p WHERE p.id <> NEW.id AND p.sender = NEW.sender AND p.scope = NEW.scope)
BEGIN SELECT RAISE(ABORT, 'procedure_refused'); END;
-- Confirmed once, while it waits, by somebody else who may; its seal is made anew.
CREATE TRIGGER procedures_confirmed BEFORE UPDATE ON procedures
WHEN (NEW.confirmed_by IS NOT OLD.confirmed_by OR NEW.confirmed_at IS NOT OLD.confirmed_at) AND (
     OLD.confirmed_by IS NOT NULL OR OLD.confirmed_at IS NOT NULL OR OLD.declined_at IS NOT NULL OR NEW.declined_at IS NOT NULL
  OR NEW.confirmed_by IS NULL OR NEW.confirmed_at IS NULL OR NEW.confirmed_by IN (0, NEW.set_by) OR NEW.mac = OLD.mac
  OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.confirmed_by AND a.since <= NEW.confirmed_at
                 AND a.post IN (SELECT post FROM posts_that_set_procedures)))
BEGIN SELECT RAISE(ABORT, 'confirmation_refused'); END;
-- What was proposed stays what it was; declined once, while it waits; the seal changes with a confirmation alone.
CREATE TRIGGER procedures_fixed BEFORE UPDATE ON procedures
WHEN NEW.id <> OLD.id OR NEW.version <> OLD.version OR NEW.sender <> OLD.sender OR NEW.scope <> OLD.scope
  OR NEW.label_zh <> OLD.label_zh OR NEW.label_en <> OLD.label_en OR NEW.steps <> OLD.steps
  OR NEW.in_force_from <> OLD.in_force_from OR NEW.set_by <> OLD.set_by OR NEW.set_at <> OLD.set_at
  OR (NEW.declined_by IS NOT OLD.declined_by OR NEW.declined_at IS NOT OLD.declined_at)
     AND (OLD.declined_at IS NOT NULL OR OLD.confirmed_at IS NOT NULL OR NEW.declined_by IS NULL OR NEW.declined_at IS NULL)
  OR NEW.mac <> OLD.mac AND NEW.confirmed_at IS OLD.confirmed_at
BEGIN SELECT RAISE(ABORT, 'procedures_stay'); END;
CREATE TRIGGER procedures_no_delete BEFORE DELETE ON procedures
BEGIN SELECT RAISE(ABORT, 'procedures_stay'); END;

CREATE TABLE messages (
  -- 24 bits of the link token. AUTOINCREMENT: an id that was deleted never
  -- returns, else an old link would open another message.
  id           INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 16777215),
  version      INTEGER NOT NULL DEFAULT 1,
  state        TEXT    NOT NULL DEFAULT 'draft',
  author_id    INTEGER NOT NULL REFERENCES staff (id),
  -- In which capacity it is sent: one of the author's appointments, and its unit.
  appointment_id   INTEGER REFERENCES appointments (id),
  capacity_unit_id INTEGER REFERENCES units (id),
  audience_unit_id INTEGER NOT NULL REFERENCES units (id),   -- the smallest unit that holds the audience
  sender_title TEXT    NOT NULL,        -- 七年级1班班主任, as parents see it
  audience     TEXT    NOT NULL CHECK (json_valid(audience)),
  audience_zh  TEXT    NOT NULL,        -- the audience in words
  audience_en  TEXT    NOT NULL,
  category     TEXT,
  title        TEXT    NOT NULL,
  body         TEXT    NOT NULL,
  send_at      INTEGER,
  reasons      TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(reasons)),
  findings     TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(findings)),
  template     TEXT    NOT NULL,
  template_version INTEGER NOT NULL,
  mode         TEXT    NOT NULL DEFAULT 'link',      -- how it is read
  answer       TEXT    NOT NULL DEFAULT 'confirm',   -- what parents are asked for
  signature    TEXT    NOT NULL,
  procedure_id      INTEGER,            -- the procedure that its chain was copied from; set at submission
  procedure_version INTEGER,
  digest_form  INTEGER,                 -- how the digest was computed; set at submission
  digest       TEXT,                    -- I2; set at submission
  reach        TEXT,                    -- {children, people, phones, unreachable} of the frozen list
  statement_at INTEGER,                 -- 我对内容负责 (G60)
  created_at   INTEGER NOT NULL,
  changed_at   INTEGER NOT NULL,
  submitted_at INTEGER,
  approved_at  INTEGER,
  due_at       INTEGER,                 -- its time, moved to the first open window
  released_at  INTEGER,
  halted_at    INTEGER,                 -- while it is paused, and once it was stopped: when,
  halted_by    INTEGER REFERENCES staff (id),   -- by whom,
  halted_post  TEXT,                    -- by which post: who resumes it has the same rank, or a higher one
  halt_reason  TEXT,                    -- and why it was stopped
  corrects_id  INTEGER,                 -- the message that it corrects (G33). No foreign key: that one may be deleted first
  -- 登记: its number by year and unit, given when it is first submitted, and when that was.
  register_year INTEGER,
  register_unit INTEGER REFERENCES units (id),
  register_no   INTEGER,
  registered_at INTEGER,
  FOREIGN KEY (procedure_id, procedure_version) REFERENCES procedures (id, version)
);
CREATE INDEX messages_author ON messages (author_id, id);
CREATE INDEX messages_audience_unit ON messages (audience_unit_id, id);
-- Moving column, but a message enters and leaves each of these once: what
-- waits for a decision, and what cron has to release.
CREATE INDEX messages_submitted ON messages (id) WHERE state = 'submitted';
CREATE INDEX messages_approved ON messages (due_at) WHERE state = 'approved';
-- What its drafter has in hand: those that came back are found among them, for a badge on every page.
CREATE INDEX messages_in_hand ON messages (author_id) WHERE state IN ('draft', 'returned');

-- The corrections of a message: few.
CREATE INDEX messages_corrects ON messages (corrects_id) WHERE corrects_id IS NOT NULL;
-- The register, in the order of its entries, and each number once. Written once for each message.
CREATE INDEX messages_registered_at ON messages (registered_at, id) WHERE registered_at IS NOT NULL;
-- What went out on a day, for the agenda.
CREATE INDEX messages_released ON messages (released_at) WHERE released_at IS NOT NULL;
CREATE UNIQUE INDEX messages_register ON messages (register_unit, register_year, register_no) WHERE register_no IS NOT NULL;

-- The last number of the register by year and unit. It steps in the batch that
-- submits, so that a race that is lost takes none with it, and it outlives
-- what retention deletes.
CREATE TABLE register_counters (
  year    INTEGER NOT NULL,
  unit_id INTEGER NOT NULL REFERENCES units (id),
  last_no INTEGER NOT NULL,
  PRIMARY KEY (year, unit_id)
) WITHOUT ROWID;
CREATE TRIGGER register_counters_begin BEFORE INSERT ON register_counters
WHEN NEW.last_no <> 0 OR EXISTS (SELECT 1 FROM register_counters c WHERE c.year = NEW.year AND c.unit_id = NEW.unit_id)
BEGIN SELECT RAISE(ABORT, 'register_fixed'); END;
CREATE TRIGGER register_counters_step BEFORE UPDATE ON register_counters
WHEN NEW.year <> OLD.year OR NEW.unit_id <> OLD.unit_id OR NEW.last_no <> OLD.last_no + 1
BEGIN SELECT RAISE(ABORT, 'register_fixed'); END;
CREATE TRIGGER register_counters_no_delete BEFORE DELETE ON register_counters
BEGIN SELECT RAISE(ABORT, 'register_fixed'); END;

-- What a submitted version said and in which form its digest was computed.
-- It stays for the approver's before and after, and so that the digest of a
-- version can be computed again when newer forms and templates are in use.
CREATE TABLE message_versions (
  message_id   INTEGER NOT NULL REFERENCES messages (id),
  version      INTEGER NOT NULL,
  title        TEXT    NOT NULL,
  body         TEXT    NOT NULL,
  audience_zh  TEXT    NOT NULL,
  audience_en  TEXT    NOT NULL,
  digest       TEXT    NOT NULL,
  submitted_at INTEGER NOT NULL,
  digest_form  INTEGER NOT NULL,
  template     TEXT    NOT NULL,
  template_version INTEGER NOT NULL,
  mode         TEXT    NOT NULL,
  answer       TEXT    NOT NULL,
  appointment_id    INTEGER NOT NULL,
  capacity_unit_id  INTEGER NOT NULL,
  procedure_id      INTEGER NOT NULL,
  procedure_version INTEGER NOT NULL,
  lists        TEXT    NOT NULL CHECK (json_valid(lists)),  -- [{stream, entries, root}] of the frozen list
  PRIMARY KEY (message_id, version)
) WITHOUT ROWID;

-- The chain, copied from the procedure at submission.
CREATE TABLE message_steps (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  kind       TEXT    NOT NULL,          -- review and approve are decided; file and register have rows of their own
  post       TEXT    NOT NULL,
  unit_id    INTEGER REFERENCES units (id),
  substitute TEXT,
  substitute_unit_id INTEGER REFERENCES units (id),   -- NULL: anywhere
  holds      INTEGER NOT NULL CHECK (holds IN (0, 1)),-- 1: nothing is sent before it is done
  needs      TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(needs)),  -- what it asks for: document, number
  PRIMARY KEY (message_id, version, position)
) WITHOUT ROWID;

-- The frozen list: exactly whom the approver saw, at which phones. stream_id
-- first, so that one class's part is read alone when its batch is checked
-- against its root. No foreign key to phones: this is one of the two largest
-- tables, and deleting a phone would have to walk through it.
CREATE TABLE recipients (
  message_id INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  stream_id  INTEGER NOT NULL REFERENCES streams (id),
  kind       TEXT    NOT NULL,          -- guardian, staff, student
  person     INTEGER NOT NULL,          -- guardian, staff or student id
  student    INTEGER NOT NULL,          -- the student whom it concerns, or 0
  phone_id   INTEGER NOT NULL,
  PRIMARY KEY (message_id, version, stream_id, kind, person, student)
) WITHOUT ROWID;

-- 谁审批，谁负责: a decision names the digest it was made on, and the
-- appointment by which, and stays.
CREATE TABLE decisions (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  appointment_id INTEGER NOT NULL REFERENCES appointments (id),
  post       TEXT    NOT NULL,
  verdict    TEXT    NOT NULL,          -- approve, return
  digest     TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  mac        TEXT    NOT NULL,          -- seal over the row under a key that the database does not hold
  PRIMARY KEY (message_id, version, position),
  UNIQUE (message_id, version, staff_id)            -- I3: reviewer and approver differ
) WITHOUT ROWID;

-- What was wrong where, of a decision that returns: places in the title or the
-- text of its version, counted in characters. The decision's seal covers them.
CREATE TABLE return_passages (
  message_id INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  no         INTEGER NOT NULL,          -- 0, 1, 2, … in the order of the text
  part       TEXT    NOT NULL,          -- title, body
  start      INTEGER NOT NULL,
  len        INTEGER NOT NULL,
  reason     TEXT    NOT NULL,
  PRIMARY KEY (message_id, version, position, no),
  FOREIGN KEY (message_id, version, position) REFERENCES decisions (message_id, version, position)
) WITHOUT ROWID;

-- A step `register` (登记) done: the signed original is in the register, under
-- a number that its year has once, with its scan.
CREATE TABLE registrations (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  year       INTEGER NOT NULL,          -- of `at`, in Shanghai
  number     TEXT,
  document_sha256 TEXT,                 -- the scan, stored in the bucket under this hash
  document_kind   TEXT,                 -- its media type, by its first bytes
  document_size   INTEGER,
  delivered_by TEXT  NOT NULL,          -- who brought the original
  place      TEXT    NOT NULL,          -- where it is kept
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  appointment_id INTEGER NOT NULL REFERENCES appointments (id),
  digest     TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  mac        TEXT    NOT NULL,          -- RegistrationSeal: asked for again before the provider is called
  PRIMARY KEY (message_id, version, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX registrations_number ON registrations (year, number);
-- One signed original approves one message.
CREATE UNIQUE INDEX registrations_document ON registrations (document_sha256);

-- A step `file` (备案) done: filed with its number when it is released, and
-- later registered by who receives it.
CREATE TABLE filings (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  year       INTEGER NOT NULL,          -- of `filed_at`, in Shanghai
  no         INTEGER NOT NULL,          -- 1, 2, 3, … within the year
  digest     TEXT    NOT NULL,
  filed_at   INTEGER NOT NULL,
  registered_by INTEGER REFERENCES staff (id),
  registered_as INTEGER REFERENCES appointments (id),
  registered_at INTEGER,
  PRIMARY KEY (message_id, version, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX filings_number ON filings (year, no);
-- Those that wait for their registration: each enters once and leaves once.
CREATE INDEX filings_open ON filings (filed_at) WHERE registered_at IS NULL;

-- I1 b: after submission nothing that parents will see can change. A return
-- and its correction make the next version.
CREATE TRIGGER messages_content BEFORE UPDATE ON messages
WHEN OLD.state <> 'draft' AND (
     NEW.title IS NOT OLD.title OR NEW.body IS NOT OLD.body OR NEW.category IS NOT OLD.category
  OR NEW.audience IS NOT OLD.audience OR NEW.audience_zh IS NOT OLD.audience_zh OR NEW.audience_en IS NOT OLD.audience_en
  OR NEW.author_id IS NOT OLD.author_id OR NEW.audience_unit_id IS NOT OLD.audience_unit_id
  OR NEW.appointment_id IS NOT OLD.appointment_id OR NEW.capacity_unit_id IS NOT OLD.capacity_unit_id
  OR NEW.sender_title IS NOT OLD.sender_title OR NEW.send_at IS NOT OLD.send_at
  OR NEW.template IS NOT OLD.template OR NEW.template_version IS NOT OLD.template_version
  OR NEW.mode IS NOT OLD.mode OR NEW.answer IS NOT OLD.answer OR NEW.signature IS NOT OLD.signature
  OR NEW.reasons IS NOT OLD.reasons OR NEW.findings IS NOT OLD.findings OR NEW.reach IS NOT OLD.reach
  OR NEW.state <> 'draft' AND (NEW.version IS NOT OLD.version OR NEW.digest IS NOT OLD.digest OR NEW.digest_form IS NOT OLD.digest_form
    OR NEW.procedure_id IS NOT OLD.procedure_id OR NEW.procedure_version IS NOT OLD.procedure_version)
  OR NEW.statement_at IS NOT OLD.statement_at OR NEW.submitted_at IS NOT OLD.submitted_at
  OR OLD.approved_at IS NOT NULL AND NEW.approved_at IS NOT OLD.approved_at
  OR OLD.released_at IS NOT NULL AND NEW.released_at IS NOT OLD.released_at)
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;

-- No row takes another's place: UPDATE OR REPLACE would put a draft where an
-- approved message stood, under its decisions. Without OF: «SET rowid» names no column.
CREATE TRIGGER messages_keep_id BEFORE UPDATE ON messages
WHEN NEW.id IS NOT OLD.id OR NEW.author_id IS NOT OLD.author_id
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;

CREATE TRIGGER messages_kinds BEFORE INSERT ON messages
WHEN NEW.mode NOT IN ('link') OR NEW.answer NOT IN ('confirm')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER messages_kinds_moved BEFORE UPDATE OF mode, answer ON messages
WHEN NEW.mode NOT IN ('link') OR NEW.answer NOT IN ('confirm')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;

-- The approver saw when it goes: not before that time, nor before the window that was found for it.
CREATE TRIGGER messages_not_early BEFORE UPDATE ON messages
WHEN OLD.state = 'approved' AND NEW.state = 'sending' AND (
     NEW.due_at IS NULL OR NEW.released_at IS NULL OR NEW.released_at < NEW.due_at OR NEW.due_at < NEW.send_at)
BEGIN SELECT RAISE(ABORT, 'not_due'); END;

-- Once approved its time moves only later, and only as the log says: the newest entry tells of it.
CREATE TRIGGER messages_put_off_recorded BEFORE UPDATE ON messages
WHEN OLD.state = 'approved' AND NEW.due_at IS NOT OLD.due_at AND (
     NEW.due_at IS NULL OR NEW.due_at < OLD.due_at
  OR NOT EXISTS (SELECT 1 FROM audit a WHERE a.seq = (SELECT MAX(seq) FROM audit) AND a.action = 'message.put_off'
                 AND a.subject = 'message' AND a.subject_id = NEW.id AND a.detail ->> 'due_at' = NEW.due_at))
BEGIN SELECT RAISE(ABORT, 'put_off_unrecorded'); END;

-- Who paused it stays on record while it is paused: it says who may let it go on (domain::rank).
CREATE TRIGGER messages_halted BEFORE UPDATE OF state, halted_at, halted_by, halted_post, halt_reason ON messages
WHEN NEW.state = OLD.state AND (NEW.halted_at IS NOT OLD.halted_at OR NEW.halted_by IS NOT OLD.halted_by
    OR NEW.halted_post IS NOT OLD.halted_post OR NEW.halt_reason IS NOT OLD.halt_reason)
  OR NEW.state <> OLD.state AND CASE
    WHEN NEW.state IN ('paused', 'stopped') THEN NEW.halted_at IS NULL OR NEW.halted_by IS NULL OR NEW.halted_post IS NULL
      OR NEW.state = 'stopped' AND NEW.halt_reason IS NULL
    WHEN NEW.state = 'sent' THEN NEW.halted_by IS NOT OLD.halted_by
    ELSE NEW.halted_at IS NOT NULL OR NEW.halted_by IS NOT NULL OR NEW.halted_post IS NOT NULL END
BEGIN SELECT RAISE(ABORT, 'halt_stays'); END;

-- A digest comes with submission, never later, never without.
CREATE TRIGGER messages_digest BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND (NEW.digest IS NOT NULL) <> (NEW.state = 'submitted')
BEGIN SELECT RAISE(ABORT, 'digest_misplaced'); END;
-- What is submitted stands in message_versions in the same words, written just
-- before. IS NULL on either side of a comparison refuses, too.
CREATE TRIGGER messages_submitted_version BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted' AND NOT EXISTS (
  SELECT 1 FROM message_versions v WHERE v.message_id = NEW.id AND v.version = NEW.version
    AND v.digest = NEW.digest AND v.digest_form = NEW.digest_form AND v.submitted_at = NEW.submitted_at
    AND v.title = NEW.title AND v.body = NEW.body AND v.audience_zh = NEW.audience_zh AND v.audience_en = NEW.audience_en
    AND v.template = NEW.template AND v.template_version = NEW.template_version AND v.mode = NEW.mode AND v.answer = NEW.answer
    AND v.appointment_id = NEW.appointment_id AND v.capacity_unit_id = NEW.capacity_unit_id
    AND v.procedure_id = NEW.procedure_id AND v.procedure_version = NEW.procedure_version)
BEGIN SELECT RAISE(ABORT, 'version_missing'); END;
-- Who answers for the account of the level that sends a message (G2), from when on: a college's, where one of its
-- posts sends, else the unit's of the capacity. A department's designated sender is that person, and so is a society's
-- teacher.
CREATE VIEW message_custodians (message_id, since) AS
SELECT m.id, p.since FROM messages m JOIN appointments p ON p.id = m.appointment_id AND p.post IN ('designated_sender', 'society_teacher')
UNION ALL
SELECT m.id, c.since FROM messages m JOIN appointments p ON p.id = m.appointment_id
CROSS JOIN custodians c ON c.unit_id = COALESCE(
  CASE WHEN p.post IN ('college_leader', 'college_clerk', 'counsellor') THEN (
    SELECT u.college_id FROM unit_colleges u WHERE u.unit_id = m.capacity_unit_id) END,
  m.capacity_unit_id);
-- The capacity is the author's at that moment. (Lost race: the appointment ended meanwhile.)
CREATE TRIGGER messages_capacity BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted' AND NOT EXISTS (
  SELECT 1 FROM appointments_in_power a WHERE a.id = NEW.appointment_id AND a.staff_id = NEW.author_id
    AND a.unit_id = NEW.capacity_unit_id AND a.since <= NEW.submitted_at
    AND (a.listed OR NEW.audience ->> 'kind' NOT IN ('classes', 'children', 'students')))
BEGIN SELECT RAISE(ABORT, 'capacity_not_held'); END;

-- The procedure is the one that holds at that moment: confirmed, its day come, and no later one in its place.
-- (Lost race: a version came into force meanwhile.)
CREATE TRIGGER messages_procedure BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted' AND NOT EXISTS (
  SELECT 1 FROM procedures p WHERE p.id = NEW.procedure_id AND p.version = NEW.procedure_version
    AND p.confirmed_at <= NEW.submitted_at AND p.in_force_from <= NEW.submitted_at
    AND NOT EXISTS (SELECT 1 FROM procedures q WHERE q.id = p.id AND q.version > p.version
                    AND q.confirmed_at <= NEW.submitted_at AND q.in_force_from <= NEW.submitted_at))
BEGIN SELECT RAISE(ABORT, 'procedure_not_in_force'); END;
-- What concerns one child goes to that child's own guardians alone. Both questions are asked once, of the
-- whole list, as it is submitted: nothing joins it afterwards. IS NULL on either side refuses, too.
CREATE TRIGGER messages_about_one_child BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted' AND NEW.category IN ('thinking', 'study')
  AND (NEW.audience ->> '$.kind' IS NOT 'children' OR json_array_length(NEW.audience, '$.students') IS NOT 1)
  AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.id = NEW.corrects_id AND o.category IN ('thinking', 'study'))
BEGIN SELECT RAISE(ABORT, 'about_one_child'); END;
-- To chosen children: each on the list is a guardian of one of them, not the child, in their class, at the own number.
CREATE TRIGGER messages_to_chosen_children BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted' AND NEW.audience ->> '$.kind' = 'children' AND EXISTS (
  SELECT 1 FROM recipients r WHERE r.message_id = NEW.id AND r.version = NEW.version AND (
    r.kind <> 'guardian' OR r.student NOT IN (SELECT value FROM json_each(NEW.audience, '$.students')) OR NOT EXISTS (
      SELECT 1 FROM guardians g
      CROSS JOIN students s ON s.id = g.student_id AND s.left_at IS NULL
      CROSS JOIN streams t ON t.class_id = s.class_id
      WHERE g.id = r.person AND g.student_id = r.student AND g.phone_id = r.phone_id AND g.left_at IS NULL AND g.relation <> '本人'
        AND s.class_id = NEW.audience ->> '$.class' AND t.id = r.stream_id)))
BEGIN SELECT RAISE(ABORT, 'not_the_guardian'); END;

-- To classes, to their students, to the staff of units: nobody is on the list but those who were chosen, at the own number.
CREATE TRIGGER messages_to_the_chosen BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted' AND NEW.audience ->> '$.kind' IN ('classes', 'students', 'units') AND EXISTS (
  SELECT 1 FROM recipients r WHERE r.message_id = NEW.id AND r.version = NEW.version AND NOT CASE NEW.audience ->> '$.kind'
    WHEN 'units' THEN r.kind = 'staff' AND EXISTS (
      SELECT 1 FROM staff t
      CROSS JOIN appointments_in_power p ON p.staff_id = t.id
      CROSS JOIN unit_tree w ON w.unit_id = p.unit_id
      WHERE t.id = r.person AND t.left_at IS NULL AND t.phone_id = r.phone_id
        AND w.ancestor_id IN (SELECT value FROM json_each(NEW.audience, '$.units')))
    ELSE r.kind = 'guardian' AND EXISTS (
      SELECT 1 FROM guardians g
      CROSS JOIN students s ON s.id = g.student_id AND s.left_at IS NULL
      CROSS JOIN streams t ON t.class_id = s.class_id
      WHERE g.id = r.person AND g.student_id = r.student AND g.phone_id = r.phone_id AND g.left_at IS NULL AND t.id = r.stream_id
        AND (g.relation = '本人') = (NEW.audience ->> '$.kind' = 'students')
        AND s.class_id IN (SELECT value FROM json_each(NEW.audience, '$.classes'))) END)
BEGIN SELECT RAISE(ABORT, 'not_in_the_audience'); END;
-- G59. A society writes to classes of the unit above it, or to their students.
CREATE TRIGGER messages_of_societies BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted'
  AND EXISTS (SELECT 1 FROM appointments a WHERE a.id = NEW.appointment_id AND a.post = 'society_teacher')
  AND (NEW.audience ->> '$.kind' NOT IN ('classes', 'students', 'earlier') OR EXISTS (
    SELECT 1 FROM json_each(NEW.audience, '$.classes') k WHERE NOT EXISTS (
      SELECT 1 FROM units u CROSS JOIN classes c ON c.id = k.value CROSS JOIN unit_tree w ON w.unit_id = c.unit_id
      WHERE u.id = NEW.capacity_unit_id AND w.ancestor_id = u.parent_id)))
BEGIN SELECT RAISE(ABORT, 'society_audience'); END;

CREATE TRIGGER messages_born_as_drafts BEFORE INSERT ON messages
WHEN NEW.state <> 'draft' OR NEW.digest IS NOT NULL OR NEW.version <> 1
  OR COALESCE(NEW.register_year, NEW.register_unit, NEW.register_no, NEW.registered_at) IS NOT NULL
  OR NEW.id <> -1 AND NEW.id <= (SELECT seq FROM sqlite_sequence WHERE name = 'messages')    -- stops REPLACE, too
BEGIN SELECT RAISE(ABORT, 'not_a_draft'); END;

-- 登记: who is first submitted gets the number that its unit's counter has just
-- come to, in the unit that sends; then it stays, whatever the version.
CREATE TRIGGER messages_in_register BEFORE UPDATE ON messages
WHEN OLD.register_no IS NOT NULL AND (NEW.register_year IS NOT OLD.register_year OR NEW.register_unit IS NOT OLD.register_unit
      OR NEW.register_no IS NOT OLD.register_no OR NEW.registered_at IS NOT OLD.registered_at)
  OR OLD.register_no IS NULL AND CASE WHEN OLD.state = 'draft' AND NEW.state = 'submitted' THEN
      NEW.register_unit IS NOT COALESCE((SELECT u.college_id FROM unit_colleges u WHERE u.unit_id = NEW.capacity_unit_id),
        NEW.capacity_unit_id) OR NEW.registered_at IS NULL OR NEW.registered_at IS NOT NEW.submitted_at
      OR NOT EXISTS (SELECT 1 FROM register_counters c WHERE c.year = NEW.register_year AND c.unit_id = NEW.register_unit
                     AND c.last_no = NEW.register_no)
      OR EXISTS (SELECT 1 FROM messages m WHERE m.register_unit = NEW.register_unit AND m.register_year = NEW.register_year
                 AND m.register_no = NEW.register_no)
    ELSE COALESCE(NEW.register_year, NEW.register_unit, NEW.register_no, NEW.registered_at) IS NOT NULL END
BEGIN SELECT RAISE(ABORT, 'register_fixed'); END;

-- G33. A correction is of a message that went out, goes to those whom that one
-- reached (corrections_to_whom_it_went), and is the only one that is under way
-- or has gone out.
CREATE TRIGGER corrections_fit BEFORE INSERT ON messages
WHEN NEW.corrects_id IS NOT CASE NEW.audience ->> '$.kind' WHEN 'earlier' THEN NEW.audience ->> '$.message' END
  OR NEW.corrects_id IS NOT NULL AND (
     NOT EXISTS (SELECT 1 FROM messages o WHERE o.id = NEW.corrects_id AND o.state IN ('sending', 'paused', 'sent', 'stopped'))
  OR EXISTS (SELECT 1 FROM messages c WHERE c.corrects_id = NEW.corrects_id AND c.state NOT IN ('withdrawn', 'cancelled', 'stopped')))
BEGIN SELECT RAISE(ABORT, 'correction_refused'); END;
CREATE TRIGGER corrections_stay BEFORE UPDATE ON messages
WHEN NEW.corrects_id IS NOT OLD.corrects_id
  OR NEW.corrects_id IS NOT CASE NEW.audience ->> '$.kind' WHEN 'earlier' THEN NEW.audience ->> '$.message' END
BEGIN SELECT RAISE(ABORT, 'correction_refused'); END;

-- Retention is about what has ended: nothing under way loses its chain.
CREATE TRIGGER messages_stay BEFORE DELETE ON messages
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR OLD.state IN ('submitted', 'approved', 'sending', 'paused')
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- The table of domain::message::MessageState::next.
CREATE TRIGGER messages_state BEFORE UPDATE ON messages
WHEN NEW.state <> OLD.state AND NOT (
     OLD.state = 'draft'     AND NEW.state IN ('submitted', 'withdrawn')
  OR OLD.state = 'submitted' AND NEW.state IN ('returned', 'approved', 'withdrawn')
  OR OLD.state = 'returned'  AND NEW.state IN ('draft', 'withdrawn')
  OR OLD.state = 'approved'  AND NEW.state IN ('sending', 'cancelled')
  OR OLD.state = 'sending'   AND NEW.state IN ('paused', 'sent', 'stopped')
  OR OLD.state = 'paused'    AND NEW.state IN ('sending', 'sent', 'stopped'))
BEGIN SELECT RAISE(ABORT, 'wrong_state'); END;

-- A returned message is corrected as its next version, without a digest.
CREATE TRIGGER messages_next_version BEFORE UPDATE ON messages
WHEN OLD.state = 'returned' AND NEW.state = 'draft'
  AND (NEW.version <> OLD.version + 1 OR NEW.digest IS NOT NULL)
  OR OLD.state = 'draft' AND NEW.version <> OLD.version
BEGIN SELECT RAISE(ABORT, 'next_version'); END;

-- The steps that are decided and that sending waits for: the ones of the
-- chain that a decision can be missing for.
CREATE VIEW deciding_steps AS
SELECT s.message_id, s.version, s.position, s.kind, s.post, s.unit_id, s.substitute, s.substitute_unit_id
FROM message_steps s WHERE s.kind IN ('review', 'approve') AND s.holds = 1;

-- I1 a, I3: a message is complete when it has a step that is decided and holds
-- sending, and every such step is approved on the digest of its version, by
-- different people, none of them the drafter. Asked at approval and again when
-- a round is made.
CREATE VIEW complete_chains AS
SELECT m.id AS message_id
FROM messages m
WHERE m.digest IS NOT NULL
  AND EXISTS (SELECT 1 FROM deciding_steps s WHERE s.message_id = m.id AND s.version = m.version)
  AND NOT EXISTS (
    SELECT 1 FROM deciding_steps s
    LEFT JOIN decisions d ON d.message_id = s.message_id AND d.version = s.version AND d.position = s.position
    WHERE s.message_id = m.id AND s.version = m.version
      AND (d.verdict IS NOT 'approve' OR d.digest IS NOT m.digest OR d.staff_id = m.author_id
        OR EXISTS (SELECT 1 FROM decisions e WHERE e.message_id = d.message_id AND e.version = d.version
                   AND e.staff_id = d.staff_id AND e.position <> d.position)));

-- Registrations that sending still waits for, of messages in their current version.
CREATE VIEW missing_registrations AS
SELECT m.id AS message_id, s.position
FROM messages m
JOIN message_steps s ON s.message_id = m.id AND s.version = m.version AND s.kind = 'register' AND s.holds = 1
WHERE NOT EXISTS (SELECT 1 FROM registrations r
                  WHERE r.message_id = s.message_id AND r.version = s.version AND r.position = s.position);

-- Posts that enter in a register, and register filings: those of one office do
-- so for one another. `Post::registers_for` says the same.
CREATE VIEW posts_that_register (asked, post) AS
VALUES ('student_affairs_head', 'student_affairs_head'), ('student_affairs_head', 'student_affairs_deputy'),
  ('student_affairs_head', 'student_affairs_clerk'), ('student_affairs_deputy', 'student_affairs_head'),
  ('student_affairs_deputy', 'student_affairs_deputy'), ('student_affairs_deputy', 'student_affairs_clerk'),
  ('student_affairs_clerk', 'student_affairs_head'), ('student_affairs_clerk', 'student_affairs_deputy'),
  ('student_affairs_clerk', 'student_affairs_clerk'), ('office_director', 'office_director'),
  ('office_director', 'office_clerk'), ('office_clerk', 'office_director'), ('office_clerk', 'office_clerk');

-- By which appointments a step `register` or `file` can be registered: by
-- those of the office that it asks, never by the author, nor by who holds a post
-- in the department that sends (交学生处登记备案).
CREATE VIEW registrars AS
SELECT m.id AS message_id, s.version, s.position, s.kind, a.id AS appointment_id, a.staff_id, a.since
FROM messages m
CROSS JOIN message_steps s ON s.message_id = m.id AND s.version = m.version AND s.kind IN ('register', 'file')
CROSS JOIN posts_that_register office ON office.asked = s.post
CROSS JOIN appointments_in_power a ON a.post = office.post AND a.unit_id = COALESCE(s.unit_id, a.unit_id)
WHERE a.staff_id <> m.author_id
  AND NOT EXISTS (SELECT 1 FROM appointments_in_power o JOIN appointments c ON c.id = m.appointment_id AND c.post = 'designated_sender'
                  WHERE o.staff_id = a.staff_id AND o.unit_id = m.capacity_unit_id);

CREATE TRIGGER messages_approved_by_chain BEFORE UPDATE ON messages
WHEN NEW.state = 'approved' AND OLD.state <> 'approved'
  AND NOT EXISTS (SELECT 1 FROM complete_chains WHERE message_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'not_approved'); END;

CREATE TRIGGER messages_registered BEFORE UPDATE ON messages
WHEN NEW.state = 'sending' AND OLD.state = 'approved'
  AND EXISTS (SELECT 1 FROM missing_registrations WHERE message_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'not_registered'); END;

CREATE TRIGGER messages_returned_by_decision BEFORE UPDATE ON messages
WHEN NEW.state = 'returned' AND OLD.state <> 'returned' AND NOT EXISTS (
  SELECT 1 FROM decisions d WHERE d.message_id = NEW.id AND d.version = NEW.version AND d.verdict = 'return')
BEGIN SELECT RAISE(ABORT, 'not_returned'); END;

-- By which appointments a step of a submitted message can be decided: its
-- post's, and its substitute's (stands_in). They count where they were
-- confirmed before the message was submitted, and not given and confirmed by
-- its author and the decider among themselves. Neither the drafter nor an
-- earlier decider is among them. Since when it is held is left to who asks.
CREATE VIEW deciders AS
SELECT m.id AS message_id, m.author_id, s.position, k.value AS stands_in, a.id AS appointment_id, a.staff_id, a.post, a.since
FROM messages m
CROSS JOIN message_steps s ON s.message_id = m.id AND s.version = m.version AND s.kind IN ('review', 'approve')
CROSS JOIN json_each('[0, 1]') k
CROSS JOIN appointments_in_power a ON a.post = CASE k.value WHEN 0 THEN s.post ELSE s.substitute END
  AND a.unit_id = COALESCE(CASE k.value WHEN 0 THEN s.unit_id ELSE s.substitute_unit_id END, a.unit_id)
WHERE m.state = 'submitted' AND a.staff_id <> m.author_id AND a.confirmed_at < m.submitted_at
  AND NOT (a.given_by IN (m.author_id, a.staff_id) AND a.confirmed_by IN (m.author_id, a.staff_id))
  AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = m.id AND d.version = m.version AND d.staff_id = a.staff_id);

-- I1 c: a decision is made on a submitted message, on its digest, on a step
-- that is decided and that no undecided step holds back, by an appointment
-- that may decide it; by the substitute's only where nobody who holds the post
-- can: vacant, its holders drafted or decided, or away. An absence that the
-- author or the decider recorded for somebody else does not count here. And
-- then it stays.
CREATE TRIGGER decisions_fit BEFORE INSERT ON decisions
WHEN NEW.verdict NOT IN ('approve', 'return')
  OR NOT EXISTS (
    SELECT 1 FROM messages m
    JOIN deciders a ON a.message_id = m.id
    WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.digest = NEW.digest AND m.submitted_at <= NEW.at
      AND a.position = NEW.position AND a.appointment_id = NEW.appointment_id AND a.staff_id = NEW.staff_id
      AND a.post = NEW.post AND a.since <= NEW.at
      AND (a.stands_in = 0 OR NOT EXISTS (
        SELECT 1 FROM deciders h
        WHERE h.message_id = m.id AND h.position = NEW.position AND h.stands_in = 0 AND h.since <= NEW.at
          AND NOT EXISTS (
            SELECT 1 FROM delegations g
            WHERE g.appointment_id = h.appointment_id AND g.withdrawn_at IS NULL
              AND g.recorded_at <= NEW.at AND g.from_at <= NEW.at AND g.until_at > NEW.at
              AND (g.recorded_by = h.staff_id OR g.recorded_by NOT IN (m.author_id, NEW.staff_id))))))
  OR EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = NEW.message_id AND d.version = NEW.version
             AND (d.position = NEW.position OR d.staff_id = NEW.staff_id OR d.verdict = 'return'))
  OR EXISTS (SELECT 1 FROM message_steps s WHERE s.message_id = NEW.message_id AND s.version = NEW.version
             AND s.kind IN ('review', 'approve') AND s.holds = 1 AND s.position < NEW.position
             AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = s.message_id AND d.version = s.version AND d.position = s.position))
BEGIN SELECT RAISE(ABORT, 'decision_refused'); END;
-- Two people who manage accounts can get into anybody's by a slip. So for three
-- days the account does not decide on what those two wrote. (72 hours: RESET_CAUTION in domain::account.)
CREATE TRIGGER decisions_after_reset BEFORE INSERT ON decisions
WHEN EXISTS (
  SELECT 1 FROM activations r JOIN messages m ON m.id = NEW.message_id
  WHERE r.staff_id = NEW.staff_id AND r.is_reset = 1 AND r.used_at > NEW.at - 259200000
    AND m.author_id IN (r.ordered_by, r.confirmed_by))
BEGIN SELECT RAISE(ABORT, 'decision_after_reset'); END;
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions_stay'); END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Written with the decision that returns, before the message is returned by it, and never
-- later; each lies in the version that was read, and says something.
CREATE TRIGGER return_passages_fit BEFORE INSERT ON return_passages
WHEN EXISTS (SELECT 1 FROM return_passages p WHERE p.message_id = NEW.message_id AND p.version = NEW.version
             AND p.position = NEW.position AND p.no = NEW.no)
  OR trim(NEW.reason) = '' OR NEW.start < 0 OR NEW.len < 1
  OR NOT EXISTS (
    SELECT 1 FROM messages m
    CROSS JOIN decisions d ON d.message_id = m.id AND d.version = m.version AND d.position = NEW.position AND d.verdict = 'return'
    CROSS JOIN message_versions v ON v.message_id = m.id AND v.version = m.version
    WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'submitted'
      AND NEW.start + NEW.len <= length(CASE NEW.part WHEN 'title' THEN v.title WHEN 'body' THEN v.body ELSE '' END))
BEGIN SELECT RAISE(ABORT, 'passage_refused'); END;
CREATE TRIGGER return_passages_no_update BEFORE UPDATE ON return_passages
BEGIN SELECT RAISE(ABORT, 'decisions_stay'); END;
CREATE TRIGGER return_passages_no_delete BEFORE DELETE ON return_passages
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- The step that waits of each submitted message: since when (the decision
-- before it, else the submission), and in how many hours its procedure wants it
-- done. Nothing is decided by the clock: it says whom to tell.
CREATE VIEW waiting_steps AS
SELECT s.message_id, s.version, s.position,
  COALESCE((SELECT MAX(d.at) FROM decisions d WHERE d.message_id = m.id AND d.version = m.version), m.submitted_at) AS since,
  (SELECT p.steps ->> ('$[' || s.position || '].within_hours') FROM procedures p
   WHERE p.id = m.procedure_id AND p.version = m.procedure_version) AS within_hours
FROM messages m CROSS JOIN deciding_steps s ON s.message_id = m.id AND s.version = m.version
WHERE m.state = 'submitted'
  AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = s.message_id AND d.version = s.version AND d.position = s.position)
  AND NOT EXISTS (SELECT 1 FROM deciding_steps e WHERE e.message_id = s.message_id AND e.version = s.version AND e.position < s.position
    AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = e.message_id AND d.version = e.version AND d.position = e.position));

-- That the writer has reminded whoever the message waits for: once a day.
CREATE TABLE reminders (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  day        INTEGER NOT NULL,          -- the day in Shanghai, counted from 1970
  version    INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  by         INTEGER NOT NULL REFERENCES staff (id),
  PRIMARY KEY (message_id, day)
) WITHOUT ROWID;
CREATE TRIGGER reminders_fit BEFORE INSERT ON reminders
WHEN NEW.day <> (NEW.at + 28800000) / 86400000
  OR NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.author_id = NEW.by
                 AND m.state = 'submitted' AND m.submitted_at <= NEW.at)
  OR EXISTS (SELECT 1 FROM reminders r WHERE r.message_id = NEW.message_id AND r.day = NEW.day)
BEGIN SELECT RAISE(ABORT, 'reminder_refused'); END;
CREATE TRIGGER reminders_no_update BEFORE UPDATE ON reminders
BEGIN SELECT RAISE(ABORT, 'reminders_stay'); END;
CREATE TRIGGER reminders_no_delete BEFORE DELETE ON reminders
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- A registration is of a step `register` of what was approved, before it is
-- sent, by somebody of the office that the step asks, and brings what the step
-- needs. A missing value fails the comparison.
CREATE TRIGGER registrations_fit BEFORE INSERT ON registrations
WHEN NOT EXISTS (
    SELECT 1 FROM messages m JOIN message_steps s ON s.message_id = m.id AND s.version = m.version
    WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'approved'
      AND s.position = NEW.position AND s.kind = 'register'
      AND m.digest = NEW.digest AND m.approved_at <= NEW.at
      AND NOT EXISTS (SELECT 1 FROM json_each(s.needs) n
                      WHERE n.value = 'number' AND COALESCE(trim(NEW.number), '') = ''
                         OR n.value = 'document' AND (NEW.document_sha256 IS NULL OR NEW.document_kind IS NULL OR NEW.document_size IS NULL)))
  OR NOT EXISTS (SELECT 1 FROM registrars a WHERE a.message_id = NEW.message_id AND a.version = NEW.version AND a.position = NEW.position
                 AND a.appointment_id = NEW.appointment_id AND a.staff_id = NEW.staff_id AND a.since <= NEW.at)
  OR NEW.year IS NOT CAST(strftime('%Y', NEW.at / 1000 + 28800, 'unixepoch') AS INTEGER)
  OR EXISTS (SELECT 1 FROM registrations r
             WHERE r.message_id = NEW.message_id AND r.version = NEW.version AND r.position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'registration_refused'); END;
CREATE TRIGGER registrations_no_update BEFORE UPDATE ON registrations
BEGIN SELECT RAISE(ABORT, 'registrations_stay'); END;
CREATE TRIGGER registrations_no_delete BEFORE DELETE ON registrations
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- A filing is of a step `file` of what was approved, sent or not, under the
-- next number of its year. It is completed once: who registered it, when.
-- Nothing of it can be changed, and nothing waits for it.
CREATE TRIGGER filings_fit BEFORE INSERT ON filings
WHEN NOT EXISTS (
    SELECT 1 FROM messages m JOIN message_steps s ON s.message_id = m.id AND s.version = m.version
    WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state IN ('approved', 'sending', 'paused', 'sent', 'stopped')
      AND s.position = NEW.position AND s.kind = 'file' AND m.digest = NEW.digest)
  OR NEW.registered_by IS NOT NULL OR NEW.registered_as IS NOT NULL OR NEW.registered_at IS NOT NULL
  OR NEW.year IS NOT CAST(strftime('%Y', NEW.filed_at / 1000 + 28800, 'unixepoch') AS INTEGER)
  OR NEW.no IS NOT COALESCE((SELECT MAX(f.no) FROM filings f WHERE f.year = NEW.year), 0) + 1
  OR EXISTS (SELECT 1 FROM filings f WHERE f.message_id = NEW.message_id AND f.version = NEW.version AND f.position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'filing_refused'); END;
CREATE TRIGGER filings_complete_once BEFORE UPDATE ON filings
WHEN OLD.registered_at IS NOT NULL OR NEW.registered_at IS NULL OR NEW.registered_at < OLD.filed_at
  OR NEW.message_id <> OLD.message_id OR NEW.version <> OLD.version OR NEW.position <> OLD.position
  OR NEW.filed_at <> OLD.filed_at OR NEW.year <> OLD.year OR NEW.no <> OLD.no OR NEW.digest <> OLD.digest
  OR NOT EXISTS (SELECT 1 FROM registrars a WHERE a.message_id = NEW.message_id AND a.version = NEW.version AND a.position = NEW.position
                 AND a.appointment_id = NEW.registered_as AND a.staff_id = NEW.registered_by AND a.since <= NEW.registered_at)
BEGIN SELECT RAISE(ABORT, 'filings_stay'); END;
CREATE TRIGGER filings_no_delete BEFORE DELETE ON filings
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Steps, the frozen list and the version's row are written in the batch that
-- submits, while the message is still a draft; never again.
CREATE TRIGGER steps_at_submission BEFORE INSERT ON message_steps
WHEN NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER steps_kind BEFORE INSERT ON message_steps
WHEN NEW.kind NOT IN ('review', 'approve', 'file', 'register')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER steps_no_update BEFORE UPDATE ON message_steps
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER steps_no_delete BEFORE DELETE ON message_steps
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
CREATE TRIGGER recipients_at_submission BEFORE INSERT ON recipients
WHEN NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER recipients_kind BEFORE INSERT ON recipients
WHEN NEW.kind NOT IN ('guardian', 'staff', 'student')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER recipients_no_update BEFORE UPDATE ON recipients
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER recipients_no_delete BEFORE DELETE ON recipients
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
CREATE TRIGGER versions_at_submission BEFORE INSERT ON message_versions
WHEN NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER versions_no_replace BEFORE INSERT ON message_versions
WHEN EXISTS (SELECT 1 FROM message_versions v WHERE v.message_id = NEW.message_id AND v.version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER versions_no_update BEFORE UPDATE ON message_versions
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER versions_no_delete BEFORE DELETE ON message_versions
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- G63: wordings that a unit keeps for its own. What is taken away stays on record.
CREATE TABLE templates (
  id         INTEGER PRIMARY KEY,
  unit_id    INTEGER NOT NULL REFERENCES units (id),
  title      TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  category   TEXT,
  author_id  INTEGER NOT NULL REFERENCES staff (id),
  created_at INTEGER NOT NULL,
  removed_at INTEGER,
  removed_by INTEGER REFERENCES staff (id)
);
CREATE INDEX templates_unit ON templates (unit_id) WHERE removed_at IS NULL;
CREATE TRIGGER templates_no_replace BEFORE INSERT ON templates
WHEN NEW.removed_at IS NOT NULL OR EXISTS (SELECT 1 FROM templates t WHERE t.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'templates_stay'); END;
CREATE TRIGGER templates_removed_once BEFORE UPDATE ON templates
WHEN OLD.removed_at IS NOT NULL OR NEW.removed_at IS NULL OR NEW.removed_by IS NULL OR NEW.id <> OLD.id
  OR NEW.unit_id <> OLD.unit_id OR NEW.title <> OLD.title OR NEW.body <> OLD.body OR NEW.category IS NOT OLD.category
  OR NEW.author_id <> OLD.author_id OR NEW.created_at <> OLD.created_at
BEGIN SELECT RAISE(ABORT, 'templates_stay'); END;
CREATE TRIGGER templates_no_delete BEFORE DELETE ON templates
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
