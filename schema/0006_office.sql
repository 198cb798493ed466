-- What leaders and departments hand in to the office (统一报校办室办理, G13): they
-- do not send themselves. The office writes it up as a message of its own.
CREATE TABLE office_requests (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,   -- the log names them by id
  requester_id   INTEGER NOT NULL REFERENCES staff (id),
  appointment_id INTEGER NOT NULL REFERENCES appointments (id),   -- the post in which it is handed in
  title          TEXT    NOT NULL,
  body           TEXT    NOT NULL,
  whom           TEXT    NOT NULL,      -- to whom, in words
  wanted_at      INTEGER,               -- when it should go out
  note           TEXT    NOT NULL,
  at             INTEGER NOT NULL,
  withdrawn_at   INTEGER,
  declined_at    INTEGER,
  officer_id     INTEGER REFERENCES staff (id),   -- who of the office took it up or declined it
  taken_at       INTEGER,
  message_id     INTEGER UNIQUE REFERENCES messages (id),   -- what it became
  agreed_title   TEXT    NOT NULL,      -- the words that may go out: at first those handed in
  agreed_body    TEXT    NOT NULL,
  asked_title    TEXT,                  -- changed words that wait for the requester
  asked_body     TEXT,
  asked_at       INTEGER,
  reason         TEXT    NOT NULL DEFAULT ''   -- why it was declined, or the changed words refused
);
CREATE INDEX office_requests_requester ON office_requests (requester_id, id);
CREATE INDEX office_requests_open ON office_requests (id) WHERE taken_at IS NULL AND declined_at IS NULL AND withdrawn_at IS NULL;

-- By somebody who holds the post, in the words that may go out unchanged.
CREATE TRIGGER office_requests_born BEFORE INSERT ON office_requests
WHEN EXISTS (SELECT 1 FROM office_requests r WHERE r.id = NEW.id)
  OR NEW.withdrawn_at IS NOT NULL OR NEW.declined_at IS NOT NULL OR NEW.officer_id IS NOT NULL OR NEW.taken_at IS NOT NULL
  OR NEW.message_id IS NOT NULL OR NEW.agreed_title <> NEW.title OR NEW.agreed_body <> NEW.body OR NEW.asked_at IS NOT NULL
  OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.id = NEW.appointment_id AND a.staff_id = NEW.requester_id AND a.since <= NEW.at)
BEGIN SELECT RAISE(ABORT, 'request_refused'); END;
-- What was handed in stays; it has one end, and becomes one message, of who took it up in the office's post. The words
-- that may go out change only to those that the requester was asked about.
CREATE TRIGGER office_requests_fixed BEFORE UPDATE ON office_requests
WHEN NEW.id <> OLD.id OR NEW.requester_id <> OLD.requester_id OR NEW.appointment_id <> OLD.appointment_id OR NEW.title <> OLD.title
  OR NEW.body <> OLD.body OR NEW.whom <> OLD.whom OR NEW.wanted_at IS NOT OLD.wanted_at OR NEW.note <> OLD.note OR NEW.at <> OLD.at
  OR OLD.withdrawn_at IS NOT NULL OR OLD.declined_at IS NOT NULL
  OR (NEW.withdrawn_at IS NOT NULL) + (NEW.declined_at IS NOT NULL) + (NEW.taken_at IS NOT NULL) > 1
  OR OLD.taken_at IS NOT NULL AND (NEW.taken_at IS NOT OLD.taken_at OR NEW.officer_id IS NOT OLD.officer_id OR NEW.message_id IS NOT OLD.message_id)
  OR (NEW.taken_at IS NOT NULL) <> (NEW.message_id IS NOT NULL)
  OR NEW.message_id IS NOT NULL AND OLD.message_id IS NULL AND NOT EXISTS (
       SELECT 1 FROM messages m CROSS JOIN appointments_in_power a ON a.id = m.appointment_id
       WHERE m.id = NEW.message_id AND m.author_id = NEW.officer_id AND m.state = 'draft' AND a.post IN ('office_director', 'office_clerk'))
  OR (NEW.agreed_title <> OLD.agreed_title OR NEW.agreed_body <> OLD.agreed_body)
     AND (NEW.agreed_title IS NOT OLD.asked_title OR NEW.agreed_body IS NOT OLD.asked_body)
BEGIN SELECT RAISE(ABORT, 'request_refused'); END;
CREATE TRIGGER office_requests_no_delete BEFORE DELETE ON office_requests
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- The office does not put other words into the mouth of who asked. (Lost race: the answer is not there yet.)
CREATE TRIGGER messages_as_requested BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted' AND EXISTS (
  SELECT 1 FROM office_requests r WHERE r.message_id = NEW.id AND (r.agreed_title <> NEW.title OR r.agreed_body <> NEW.body))
BEGIN SELECT RAISE(ABORT, 'words_not_agreed'); END;
