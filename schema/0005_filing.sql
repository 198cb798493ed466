-- Papers beside a message: a department's application (G7), the order by which
-- its designated sender releases what is registered, what was said about it,
-- and that late filings were chased (G5).

-- What a department applies for (书面申请), of each version: written while that
-- version is a draft, frozen with it, and inside its digest.
CREATE TABLE applications (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  need       TEXT    NOT NULL,
  content    TEXT    NOT NULL,
  audience   TEXT    NOT NULL,
  sender     TEXT    NOT NULL,
  from_at    INTEGER,                   -- its period: nothing is released before or after it
  until_at   INTEGER,
  PRIMARY KEY (message_id, version)
) WITHOUT ROWID;
CREATE TRIGGER applications_of_drafts BEFORE INSERT ON applications
WHEN NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER applications_frozen BEFORE UPDATE ON applications
WHEN NEW.message_id <> OLD.message_id OR NEW.version <> OLD.version
  OR NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'content_frozen'); END;
CREATE TRIGGER applications_no_delete BEFORE DELETE ON applications
WHEN NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.version = OLD.version AND m.state = 'draft')
  AND (NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
    OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused')))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
-- Clause 六: a department applies in writing; one application for each message.
CREATE TRIGGER messages_need_application BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted'
  AND (SELECT a.post FROM appointments a WHERE a.id = NEW.appointment_id) IS 'designated_sender'
  AND NOT EXISTS (
    SELECT 1 FROM applications p WHERE p.message_id = NEW.id AND p.version = NEW.version
      AND trim(p.need) <> '' AND trim(p.content) <> '' AND trim(p.audience) <> '' AND trim(p.sender) <> ''
      AND p.from_at < p.until_at AND p.until_at > NEW.submitted_at)
BEGIN SELECT RAISE(ABORT, 'application_missing'); END;

-- 指派专人负责信息发送: a department's message is released by the order of its
-- designated sender, and of nobody else.
CREATE TABLE release_orders (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  appointment_id INTEGER NOT NULL REFERENCES appointments (id),
  digest     TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  mac        TEXT    NOT NULL,          -- ReleaseOrderSeal
  PRIMARY KEY (message_id, version)
) WITHOUT ROWID;
-- Given on what is approved and registered, within the period applied for, by
-- somebody who holds the post in the department that sends and decided nothing.
CREATE TRIGGER release_orders_fit BEFORE INSERT ON release_orders
WHEN NOT EXISTS (
    SELECT 1 FROM messages m
    JOIN appointments c ON c.id = m.appointment_id AND c.post = 'designated_sender'
    JOIN appointments_in_power a ON a.id = NEW.appointment_id AND a.staff_id = NEW.staff_id
      AND a.post = 'designated_sender' AND a.unit_id = m.capacity_unit_id AND a.since <= NEW.at
    JOIN applications p ON p.message_id = m.id AND p.version = m.version AND p.from_at <= NEW.at AND p.until_at > NEW.at
    WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.digest = NEW.digest AND m.state = 'approved' AND m.approved_at <= NEW.at)
  OR EXISTS (SELECT 1 FROM missing_registrations r WHERE r.message_id = NEW.message_id)
  OR EXISTS (SELECT 1 FROM registrations r WHERE r.message_id = NEW.message_id AND r.version = NEW.version
             AND (r.staff_id = NEW.staff_id OR r.at > NEW.at))
  OR EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = NEW.message_id AND d.version = NEW.version AND d.staff_id = NEW.staff_id)
  OR EXISTS (SELECT 1 FROM release_orders o WHERE o.message_id = NEW.message_id AND o.version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'release_refused'); END;
CREATE TRIGGER release_orders_no_update BEFORE UPDATE ON release_orders
BEGIN SELECT RAISE(ABORT, 'release_orders_stay'); END;
CREATE TRIGGER release_orders_no_delete BEFORE DELETE ON release_orders
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Departments' messages that lack an order which counts: whoever gave it still
-- holds the post.
CREATE VIEW missing_release_orders AS
SELECT m.id AS message_id
FROM messages m JOIN appointments c ON c.id = m.appointment_id AND c.post = 'designated_sender'
WHERE NOT EXISTS (
  SELECT 1 FROM release_orders o
  JOIN appointments_in_power a ON a.id = o.appointment_id AND a.staff_id = o.staff_id AND a.post = c.post AND a.unit_id = m.capacity_unit_id
  WHERE o.message_id = m.id AND o.version = m.version AND o.digest = m.digest);
-- Nor is anything released outside the period that was applied for.
CREATE TRIGGER messages_released_by_order BEFORE UPDATE ON messages
WHEN NEW.state = 'sending' AND OLD.state = 'approved' AND (
     EXISTS (SELECT 1 FROM missing_release_orders o WHERE o.message_id = NEW.id)
  OR EXISTS (SELECT 1 FROM applications p WHERE p.message_id = NEW.id AND p.version = NEW.version
             AND (NEW.released_at < p.from_at OR NEW.released_at >= p.until_at)))
BEGIN SELECT RAISE(ABORT, 'release_refused'); END;
CREATE TRIGGER rounds_need_order BEFORE INSERT ON rounds
WHEN NEW.round = 0 AND EXISTS (SELECT 1 FROM missing_release_orders o WHERE o.message_id = NEW.message_id)
BEGIN SELECT RAISE(ABORT, 'release_refused'); END;
-- A filing is written no later than the release.
CREATE TRIGGER rounds_filed BEFORE UPDATE OF state ON rounds
WHEN OLD.state = 'filling' AND NEW.state = 'sending' AND EXISTS (
  SELECT 1 FROM messages m JOIN message_steps s ON s.message_id = m.id AND s.version = m.version AND s.kind = 'file'
  WHERE m.id = NEW.message_id AND NOT EXISTS (
    SELECT 1 FROM filings f WHERE f.message_id = s.message_id AND f.version = s.version AND f.position = s.position))
BEGIN SELECT RAISE(ABORT, 'not_filed'); END;

-- What was said beside a message: comments and questions of whoever keeps the
-- register (协助指导), and the sender's answers.
CREATE TABLE message_comments (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id INTEGER NOT NULL REFERENCES messages (id),
  version    INTEGER NOT NULL,
  kind       TEXT    NOT NULL,          -- comment, question, answer
  staff_id   INTEGER NOT NULL REFERENCES staff (id),
  text       TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  answered_by INTEGER                   -- of a question, once: the id of its answer
);
CREATE INDEX message_comments_message ON message_comments (message_id, id);
-- Questions that wait for their answer: each enters once and leaves once.
CREATE INDEX message_comments_open ON message_comments (message_id) WHERE kind = 'question' AND answered_by IS NULL;
CREATE TRIGGER message_comments_fit BEFORE INSERT ON message_comments
WHEN trim(NEW.text) = '' OR NEW.answered_by IS NOT NULL
  OR EXISTS (SELECT 1 FROM message_comments c WHERE c.id = NEW.id)
  OR NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.version = NEW.version AND m.digest IS NOT NULL)
  OR CASE NEW.kind
     WHEN 'answer' THEN NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.author_id = NEW.staff_id)
       OR NOT EXISTS (SELECT 1 FROM message_comments c WHERE c.message_id = NEW.message_id AND c.kind = 'question' AND c.answered_by IS NULL)
     WHEN 'comment' THEN NOT EXISTS (SELECT 1 FROM appointments_in_power a JOIN posts_that_register p ON p.post = a.post WHERE a.staff_id = NEW.staff_id)
     WHEN 'question' THEN NOT EXISTS (SELECT 1 FROM appointments_in_power a JOIN posts_that_register p ON p.post = a.post WHERE a.staff_id = NEW.staff_id)
     ELSE 1 END
BEGIN SELECT RAISE(ABORT, 'comment_refused'); END;
CREATE TRIGGER message_comments_answered_once BEFORE UPDATE ON message_comments
WHEN NEW.id <> OLD.id OR NEW.message_id <> OLD.message_id OR NEW.version <> OLD.version OR NEW.kind <> OLD.kind
  OR NEW.staff_id <> OLD.staff_id OR NEW.text <> OLD.text OR NEW.at <> OLD.at
  OR OLD.answered_by IS NOT NULL OR OLD.kind <> 'question'
  OR NOT EXISTS (SELECT 1 FROM message_comments c WHERE c.id = NEW.answered_by AND c.message_id = NEW.message_id AND c.kind = 'answer')
BEGIN SELECT RAISE(ABORT, 'comments_stay'); END;
CREATE TRIGGER message_comments_no_delete BEFORE DELETE ON message_comments
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM messages m WHERE m.id = OLD.message_id AND m.state IN ('submitted', 'approved', 'sending', 'paused'))
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- Within how many days a filing is to be registered (one row).
CREATE TABLE filing_limit (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  days INTEGER NOT NULL CHECK (days BETWEEN 1 AND 60)
);
CREATE TRIGGER filing_limit_stays BEFORE DELETE ON filing_limit
BEGIN SELECT RAISE(ABORT, 'settings_stay'); END;
CREATE TRIGGER filing_limit_no_replace BEFORE INSERT ON filing_limit
WHEN EXISTS (SELECT 1 FROM filing_limit)
BEGIN SELECT RAISE(ABORT, 'settings_stay'); END;
INSERT INTO filing_limit (id, days) VALUES (1, 3);

CREATE TRIGGER filing_limit_told AFTER UPDATE ON filing_limit
WHEN NEW.days <> OLD.days
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('school', 1, json_object('filing_days', json_array(OLD.days, NEW.days)), (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;

-- That a late filing was chased, once a day.
CREATE TABLE chases (
  message_id INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  day        TEXT    NOT NULL,          -- in Shanghai
  at         INTEGER NOT NULL,
  PRIMARY KEY (message_id, version, position, day),
  FOREIGN KEY (message_id, version, position) REFERENCES filings (message_id, version, position)
) WITHOUT ROWID;
CREATE TRIGGER chases_fit BEFORE INSERT ON chases
WHEN NOT EXISTS (SELECT 1 FROM filings f WHERE f.message_id = NEW.message_id AND f.version = NEW.version AND f.position = NEW.position
                 AND f.registered_at IS NULL AND f.filed_at < NEW.at)
  OR EXISTS (SELECT 1 FROM chases c WHERE c.message_id = NEW.message_id AND c.version = NEW.version AND c.position = NEW.position AND c.day = NEW.day)
BEGIN SELECT RAISE(ABORT, 'chase_refused'); END;
CREATE TRIGGER chases_no_update BEFORE UPDATE ON chases
BEGIN SELECT RAISE(ABORT, 'chases_stay'); END;
CREATE TRIGGER chases_no_delete BEFORE DELETE ON chases
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
