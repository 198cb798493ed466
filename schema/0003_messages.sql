-- Messages, their chains and decisions. The triggers are the last line of
-- I1 to I3: they refuse also what comes by raw SQL.

-- The school's own approval procedure (本校审批流程), stored as data. A change
-- is a new version; messages under way keep the steps they were submitted with.
CREATE TABLE policies (
  version    INTEGER NOT NULL,
  scope      TEXT    NOT NULL CHECK (scope IN ('grade', 'school')),
  steps      TEXT    NOT NULL CHECK (json_valid(steps)),  -- [{kind, post, substitute}]
  in_force_from INTEGER NOT NULL,
  set_by     INTEGER NOT NULL,
  PRIMARY KEY (scope, version)
) WITHOUT ROWID;
CREATE TRIGGER policies_no_update BEFORE UPDATE ON policies
BEGIN SELECT RAISE(ABORT, 'policies_stay'); END;
CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies
BEGIN SELECT RAISE(ABORT, 'policies_stay'); END;
CREATE TRIGGER policies_no_replace BEFORE INSERT ON policies
WHEN EXISTS (SELECT 1 FROM policies p WHERE p.scope = NEW.scope AND p.version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'policies_stay'); END;

CREATE TABLE messages (
  id           INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 16777215),  -- 24 bits of the link token
  version      INTEGER NOT NULL DEFAULT 1,
  state        TEXT    NOT NULL DEFAULT 'draft' CHECK (state IN
               ('draft', 'submitted', 'returned', 'approved', 'sending', 'paused', 'sent', 'withdrawn', 'cancelled')),
  author_id    INTEGER NOT NULL REFERENCES staff (id),
  unit_id      INTEGER NOT NULL REFERENCES units (id),   -- the smallest unit that holds the audience
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
  signature    TEXT    NOT NULL,
  lists        TEXT,                    -- [{stream, entries, root}] of the frozen list
  reach        TEXT,                    -- {children, people, phones, unreachable} of the frozen list
  digest       TEXT,                    -- I2; set at submission
  statement_at INTEGER,                 -- 我对内容负责 (G60)
  created_at   INTEGER NOT NULL,
  changed_at   INTEGER NOT NULL,
  submitted_at INTEGER,
  approved_at  INTEGER,
  due_at       INTEGER,                 -- its time, moved to the first open window
  released_at  INTEGER
);
CREATE INDEX messages_author ON messages (author_id, id);
CREATE INDEX messages_unit ON messages (unit_id, id);
-- Moving column, but a message enters and leaves each of these once: what
-- waits for a decision, and what cron has to release.
CREATE INDEX messages_submitted ON messages (id) WHERE state = 'submitted';
CREATE INDEX messages_approved ON messages (due_at) WHERE state = 'approved';

-- What an earlier version said, for the approver's before and after.
CREATE TABLE message_versions (
  message_id  INTEGER NOT NULL REFERENCES messages (id),
  version     INTEGER NOT NULL,
  title       TEXT    NOT NULL,
  body        TEXT    NOT NULL,
  audience_zh TEXT    NOT NULL,
  audience_en TEXT    NOT NULL,
  digest      TEXT    NOT NULL,
  submitted_at INTEGER NOT NULL,
  PRIMARY KEY (message_id, version)
) WITHOUT ROWID;

-- The chain, copied from the policy at submission.
CREATE TABLE message_steps (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  kind       TEXT    NOT NULL CHECK (kind IN ('review', 'approve', 'file')),
  post       TEXT    NOT NULL,
  unit_id    INTEGER REFERENCES units (id),
  substitute TEXT,
  PRIMARY KEY (message_id, version, position)
) WITHOUT ROWID;

-- The frozen list: exactly whom the approver saw. stream first, so that one
-- class's part is read alone when its batch is checked against its root.
CREATE TABLE recipients (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  stream     TEXT    NOT NULL,          -- class:12, staff
  person     INTEGER NOT NULL,          -- guardian id; staff id in the stream staff
  student    INTEGER NOT NULL,          -- student id; 0 in the stream staff
  PRIMARY KEY (message_id, version, stream, person, student)
) WITHOUT ROWID;

-- 谁审批，谁负责: a decision names the digest it was made on and stays.
CREATE TABLE decisions (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  post       TEXT    NOT NULL,
  verdict    TEXT    NOT NULL CHECK (verdict IN ('approve', 'return')),
  digest     TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (message_id, version, position),
  UNIQUE (message_id, version, staff_id)            -- I3: reviewer and approver differ
) WITHOUT ROWID;

-- I1 b: after submission nothing that parents will see can change. A return
-- and its correction make the next version.
CREATE TRIGGER messages_content BEFORE UPDATE ON messages
WHEN OLD.state <> 'draft' AND (
     NEW.title IS NOT OLD.title OR NEW.body IS NOT OLD.body OR NEW.category IS NOT OLD.category
  OR NEW.audience IS NOT OLD.audience OR NEW.audience_zh IS NOT OLD.audience_zh OR NEW.audience_en IS NOT OLD.audience_en
  OR NEW.author_id IS NOT OLD.author_id OR NEW.unit_id IS NOT OLD.unit_id OR NEW.sender_title IS NOT OLD.sender_title
  OR NEW.send_at IS NOT OLD.send_at OR NEW.template IS NOT OLD.template OR NEW.template_version IS NOT OLD.template_version
  OR NEW.signature IS NOT OLD.signature OR NEW.reasons IS NOT OLD.reasons OR NEW.findings IS NOT OLD.findings
  OR NEW.lists IS NOT OLD.lists AND NEW.state <> 'draft' OR NEW.reach IS NOT OLD.reach OR NEW.digest IS NOT OLD.digest AND NEW.state <> 'draft'
  OR NEW.version IS NOT OLD.version AND NEW.state <> 'draft'
  OR NEW.statement_at IS NOT OLD.statement_at OR NEW.submitted_at IS NOT OLD.submitted_at
  OR OLD.approved_at IS NOT NULL AND NEW.approved_at IS NOT OLD.approved_at
  OR OLD.released_at IS NOT NULL AND NEW.released_at IS NOT OLD.released_at)
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;

-- No row takes another's place: UPDATE OR REPLACE would put a draft where an
-- approved message stood, under its decisions. Without OF: «SET rowid» names no column.
CREATE TRIGGER messages_keep_id BEFORE UPDATE ON messages
WHEN NEW.id IS NOT OLD.id OR NEW.author_id IS NOT OLD.author_id
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;

-- The approver saw when it goes: not before that time, nor before the window that was found for it.
CREATE TRIGGER messages_not_early BEFORE UPDATE ON messages
WHEN OLD.state = 'approved' AND NEW.state = 'sending' AND (
     NEW.due_at IS NULL OR NEW.released_at IS NULL OR NEW.released_at < NEW.due_at OR NEW.due_at < NEW.send_at)
BEGIN SELECT RAISE(ABORT, 'not_due'); END;

-- A digest comes with submission, never later, never without.
CREATE TRIGGER messages_digest BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND (NEW.digest IS NOT NULL) <> (NEW.state = 'submitted')
BEGIN SELECT RAISE(ABORT, 'digest_misplaced'); END;

CREATE TRIGGER messages_born_as_drafts BEFORE INSERT ON messages
WHEN NEW.state <> 'draft' OR NEW.digest IS NOT NULL OR NEW.version <> 1
  OR EXISTS (SELECT 1 FROM messages WHERE id = NEW.id)    -- stops REPLACE
BEGIN SELECT RAISE(ABORT, 'not_a_draft'); END;

CREATE TRIGGER messages_stay BEFORE DELETE ON messages
BEGIN SELECT RAISE(ABORT, 'messages_stay'); END;

-- The table of domain::message::MessageState::next.
CREATE TRIGGER messages_state BEFORE UPDATE ON messages
WHEN NEW.state <> OLD.state AND NOT (
     OLD.state = 'draft'     AND NEW.state IN ('submitted', 'withdrawn')
  OR OLD.state = 'submitted' AND NEW.state IN ('returned', 'approved', 'withdrawn')
  OR OLD.state = 'returned'  AND NEW.state IN ('draft', 'withdrawn')
  OR OLD.state = 'approved'  AND NEW.state IN ('sending', 'cancelled')
  OR OLD.state = 'sending'   AND NEW.state IN ('paused', 'sent')
  OR OLD.state = 'paused'    AND NEW.state IN ('sending', 'sent'))
BEGIN SELECT RAISE(ABORT, 'wrong_state'); END;

-- A returned message is corrected as its next version, without a digest.
CREATE TRIGGER messages_next_version BEFORE UPDATE ON messages
WHEN OLD.state = 'returned' AND NEW.state = 'draft'
  AND (NEW.version <> OLD.version + 1 OR NEW.digest IS NOT NULL)
  OR OLD.state = 'draft' AND NEW.version <> OLD.version
BEGIN SELECT RAISE(ABORT, 'next_version'); END;

-- I1 a, I3: a message is complete when every step but filing is approved on the
-- digest of its version, by different people, none of them the drafter. Asked
-- at approval and once more at every delivery.
CREATE VIEW complete_chains AS
SELECT m.id AS message_id
FROM messages m
WHERE m.digest IS NOT NULL
  AND EXISTS (SELECT 1 FROM message_steps s WHERE s.message_id = m.id AND s.version = m.version AND s.kind <> 'file')
  AND NOT EXISTS (
    SELECT 1 FROM message_steps s
    LEFT JOIN decisions d ON d.message_id = s.message_id AND d.version = s.version AND d.position = s.position
    WHERE s.message_id = m.id AND s.version = m.version AND s.kind <> 'file'
      AND (d.verdict IS NOT 'approve' OR d.digest IS NOT m.digest OR d.staff_id = m.author_id
        OR EXISTS (SELECT 1 FROM decisions e WHERE e.message_id = d.message_id AND e.version = d.version
                   AND e.staff_id = d.staff_id AND e.position <> d.position)));

CREATE TRIGGER messages_approved_by_chain BEFORE UPDATE ON messages
WHEN NEW.state = 'approved' AND OLD.state <> 'approved'
  AND NOT EXISTS (SELECT 1 FROM complete_chains WHERE message_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'not_approved'); END;

CREATE TRIGGER messages_returned_by_decision BEFORE UPDATE ON messages
WHEN NEW.state = 'returned' AND OLD.state <> 'returned' AND NOT EXISTS (
  SELECT 1 FROM decisions d WHERE d.message_id = NEW.id AND d.version = NEW.version AND d.verdict = 'return')
BEGIN SELECT RAISE(ABORT, 'not_returned'); END;

-- I1 c: a decision is made on a submitted message, on its digest, on the step
-- that waits, by neither drafter nor an earlier decider, and by someone who
-- holds its post (or the substitute's) at that moment; and then it stays.
CREATE TRIGGER decisions_fit BEFORE INSERT ON decisions
WHEN NOT EXISTS (
    SELECT 1 FROM messages m
    JOIN message_steps s ON s.message_id = m.id AND s.version = m.version
    WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.digest = NEW.digest AND m.author_id <> NEW.staff_id
      AND s.position = NEW.position AND s.kind <> 'file' AND m.state = 'submitted'
      AND NEW.post IN (s.post, s.substitute)
      AND EXISTS (SELECT 1 FROM appointments a JOIN staff t ON t.id = a.staff_id
                  WHERE a.staff_id = NEW.staff_id AND a.post = NEW.post AND t.left_at IS NULL
                    AND (NEW.post <> s.post OR s.unit_id IS NULL OR a.unit_id = s.unit_id)
                    AND a.since <= NEW.at AND (a.until IS NULL OR a.until > NEW.at)))
  OR EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = NEW.message_id AND d.version = NEW.version
             AND (d.position >= NEW.position OR d.staff_id = NEW.staff_id OR d.verdict = 'return'))
  OR EXISTS (SELECT 1 FROM message_steps s WHERE s.message_id = NEW.message_id AND s.version = NEW.version
             AND s.kind <> 'file' AND s.position < NEW.position
             AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = s.message_id AND d.version = s.version AND d.position = s.position))
BEGIN SELECT RAISE(ABORT, 'decision_refused'); END;
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions_stay'); END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions_stay'); END;

-- Steps and the frozen list are written in the batch that submits, while the
-- message is still a draft; never again.
CREATE TRIGGER steps_at_submission BEFORE INSERT ON message_steps
WHEN NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER steps_no_update BEFORE UPDATE ON message_steps
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER steps_no_delete BEFORE DELETE ON message_steps
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER recipients_at_submission BEFORE INSERT ON recipients
WHEN NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER recipients_no_update BEFORE UPDATE ON recipients
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER recipients_no_delete BEFORE DELETE ON recipients
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER versions_stay BEFORE UPDATE ON message_versions
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER versions_no_delete BEFORE DELETE ON message_versions
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER versions_no_replace BEFORE INSERT ON message_versions
WHEN EXISTS (SELECT 1 FROM message_versions v WHERE v.message_id = NEW.message_id AND v.version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
