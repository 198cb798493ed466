-- From release to the parents' answer. Batches carry the truth of who acts
-- next (I7); deliveries carry what became of each phone.
--
-- Rows written are paid for, index entries too. deliveries is clustered on
-- its key, which is also what a link token packs, and has no index: all
-- work reaches it through a batch's members or a message's range.

-- Why there are SMS of this message: the sending (0), reminders and resends
-- (1 to 3), with who ordered it and why (I4).
CREATE TABLE rounds (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  round      INTEGER NOT NULL CHECK (round BETWEEN 0 AND 3),
  kind       TEXT    NOT NULL CHECK (kind IN ('sending', 'reminder', 'resend')),
  ordered_by INTEGER NOT NULL,          -- staff id; 0 is a rule
  why        TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  skipped    INTEGER NOT NULL,          -- deliveries that belong to no batch
  PRIMARY KEY (message_id, round)
) WITHOUT ROWID;

-- A message's place in each stream that it addresses (I6).
CREATE TABLE message_streams (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  round      INTEGER NOT NULL,
  stream     TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('ready', 'numbered', 'settled')),
  seq        INTEGER,                   -- 第几号, given by the Sequencer; no two alike in a stream
  ready_at   INTEGER NOT NULL,
  settled_at INTEGER,
  PRIMARY KEY (message_id, round, stream),
  CHECK ((state = 'ready') = (seq IS NULL))
) WITHOUT ROWID;
CREATE UNIQUE INDEX message_streams_seq ON message_streams (stream, seq) WHERE seq IS NOT NULL;
-- Moving column: what a Sequencer still has to do; each place enters once and leaves once.
CREATE INDEX message_streams_open ON message_streams (stream, ready_at, message_id) WHERE state <> 'settled';

-- A number that was given stays, and so does the place.
CREATE TRIGGER places_forward BEFORE UPDATE ON message_streams
WHEN NEW.message_id <> OLD.message_id OR NEW.round <> OLD.round OR NEW.stream <> OLD.stream OR NEW.ready_at <> OLD.ready_at
  OR OLD.seq IS NOT NULL AND NEW.seq IS NOT OLD.seq
  OR NEW.state <> OLD.state AND NOT (OLD.state = 'ready' AND NEW.state = 'numbered' OR OLD.state = 'numbered' AND NEW.state = 'settled')
BEGIN SELECT RAISE(ABORT, 'place_fixed'); END;
CREATE TRIGGER places_born_ready BEFORE INSERT ON message_streams
WHEN NEW.state <> 'ready' OR EXISTS (
  SELECT 1 FROM message_streams s WHERE s.message_id = NEW.message_id AND s.round = NEW.round AND s.stream = NEW.stream)
BEGIN SELECT RAISE(ABORT, 'place_fixed'); END;
CREATE TRIGGER places_stay BEFORE DELETE ON message_streams
BEGIN SELECT RAISE(ABORT, 'place_fixed'); END;
-- Sent is sent in every stream: else what rests there would never be looked at again.
CREATE TRIGGER messages_sent_everywhere BEFORE UPDATE ON messages
WHEN NEW.state = 'sent' AND OLD.state <> 'sent' AND EXISTS (
  SELECT 1 FROM message_streams s WHERE s.message_id = NEW.id AND s.state <> 'settled')
BEGIN SELECT RAISE(ABORT, 'wrong_state'); END;

-- At most 100 phones of one stream, one provider call.
CREATE TABLE batches (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  round      INTEGER NOT NULL,
  no         INTEGER NOT NULL,          -- 1, 2, … within message and round; retries get the next
  stream     TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('ready', 'numbered', 'enqueued', 'claimed', 'submitting', 'settled')),
  members    TEXT    NOT NULL CHECK (json_valid(members)),  -- phone ids
  tries      INTEGER NOT NULL DEFAULT 0,-- earlier attempts of these phones
  not_before INTEGER NOT NULL DEFAULT 0,
  claim      INTEGER NOT NULL DEFAULT 0,-- counts claims: the fence of the one that holds it
  ready_at   INTEGER NOT NULL,          -- release: the order over all streams
  check_at   INTEGER,                   -- when cron has to look; NULL once every member has ended
  totals     TEXT    NOT NULL DEFAULT '{}',  -- {state: n} of its members
  confirmed  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (message_id, round, no)
) WITHOUT ROWID;
-- Moving column: cron's only way in. A batch moves some eight times, its hundred members pay for it.
CREATE INDEX batches_check ON batches (check_at) WHERE check_at IS NOT NULL;
-- Which numbers are on their way, over all streams (I6).
CREATE INDEX batches_open ON batches (ready_at, message_id) WHERE state <> 'settled';
-- Those put off, to a retry or a window: few. Their stream may have gone on without them.
CREATE INDEX batches_put_off ON batches (stream) WHERE state <> 'settled' AND not_before > 0;
-- I5: whose call was begun is never put on the queue again; its members' next try is a new batch.
CREATE TRIGGER batches_forward BEFORE UPDATE OF state ON batches
WHEN NEW.state <> OLD.state AND NOT (
     OLD.state = 'ready'      AND NEW.state IN ('numbered', 'enqueued', 'settled')
  OR OLD.state = 'numbered'   AND NEW.state IN ('enqueued', 'settled')
  OR OLD.state = 'enqueued'   AND NEW.state IN ('numbered', 'claimed', 'settled')
  OR OLD.state = 'claimed'    AND NEW.state IN ('enqueued', 'submitting', 'settled')
  OR OLD.state = 'submitting' AND NEW.state = 'settled')
BEGIN SELECT RAISE(ABORT, 'batch_fixed'); END;
CREATE TRIGGER batches_keep_members BEFORE UPDATE OF message_id, round, no, stream, members, tries, claim, ready_at ON batches
WHEN NEW.message_id <> OLD.message_id OR NEW.round <> OLD.round OR NEW.no <> OLD.no OR NEW.stream <> OLD.stream
  OR NEW.members <> OLD.members OR NEW.tries <> OLD.tries OR NEW.claim < OLD.claim OR NEW.ready_at <> OLD.ready_at
BEGIN SELECT RAISE(ABORT, 'batch_fixed'); END;
CREATE TRIGGER batches_born_waiting BEFORE INSERT ON batches
WHEN NEW.state NOT IN ('ready', 'numbered') OR EXISTS (
  SELECT 1 FROM batches b WHERE b.message_id = NEW.message_id AND b.round = NEW.round AND b.no = NEW.no)
BEGIN SELECT RAISE(ABORT, 'batch_fixed'); END;
CREATE TRIGGER batches_stay BEFORE DELETE ON batches
BEGIN SELECT RAISE(ABORT, 'batch_fixed'); END;

-- One SMS per message, round and phone (I4).
CREATE TABLE deliveries (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  round      INTEGER NOT NULL CHECK (round BETWEEN 0 AND 3),
  phone_id   INTEGER NOT NULL REFERENCES phones (id),
  batch_no   INTEGER NOT NULL,          -- 0 where skipped at release
  state      TEXT    NOT NULL CHECK (state IN
             ('queued', 'accepted', 'delivered', 'undelivered', 'rejected', 'unknown', 'abandoned', 'no_receipt', 'skipped')),
  reason     TEXT,
  recipients TEXT    NOT NULL CHECK (json_valid(recipients)),  -- [[person, student, stream]] behind this phone
  moved_at   INTEGER NOT NULL,
  PRIMARY KEY (message_id, round, phone_id)
) WITHOUT ROWID;

-- «submitting» is the state of the batch: writing it to each of its rows
-- would cost one row written per recipient and say nothing new.
CREATE VIEW delivery_states AS
SELECT d.message_id, d.round, d.phone_id, d.batch_no,
       CASE WHEN d.state = 'queued' AND b.state = 'submitting' THEN 'submitting' ELSE d.state END AS state,
       d.reason, d.recipients, d.moved_at
FROM deliveries d
LEFT JOIN batches b ON b.message_id = d.message_id AND b.round = d.round AND b.no = d.batch_no;

-- I1 a, and no REPLACE. Asked for every delivery: the fan-out's largest cost, and worth it.
CREATE TRIGGER deliveries_need_approval BEFORE INSERT ON deliveries
WHEN NOT EXISTS (SELECT 1 FROM messages WHERE id = NEW.message_id AND state IN ('sending', 'paused', 'sent'))
  OR NOT EXISTS (SELECT 1 FROM complete_chains WHERE message_id = NEW.message_id)
BEGIN SELECT RAISE(ABORT, 'not_approved'); END;
-- I2: to those whom the approver saw, at a number that is theirs; I4: another
-- round only where someone ordered it.
CREATE TRIGGER deliveries_on_the_list BEFORE INSERT ON deliveries
WHEN NEW.state NOT IN ('queued', 'skipped')
  OR NEW.round > 0 AND NOT EXISTS (SELECT 1 FROM rounds o WHERE o.message_id = NEW.message_id AND o.round = NEW.round)
  OR NEW.recipients = '[]'
  OR EXISTS (SELECT 1 FROM json_each(NEW.recipients) x WHERE NOT EXISTS (
       SELECT 1 FROM messages m CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version
         AND r.stream = x.value ->> 2 AND r.person = x.value ->> 0 AND r.student = x.value ->> 1
       WHERE m.id = NEW.message_id AND NEW.phone_id = CASE WHEN r.stream = 'staff'
         THEN (SELECT t.phone_id FROM staff t WHERE t.id = r.person)
         ELSE (SELECT g.phone_id FROM guardians g WHERE g.id = r.person) END))
BEGIN SELECT RAISE(ABORT, 'not_on_the_list'); END;
CREATE TRIGGER deliveries_no_replace BEFORE INSERT ON deliveries
WHEN EXISTS (SELECT 1 FROM deliveries WHERE message_id = NEW.message_id AND round = NEW.round AND phone_id = NEW.phone_id)
BEGIN SELECT RAISE(ABORT, 'one_per_phone'); END;
-- I1 d.
CREATE TRIGGER deliveries_keep_phone BEFORE UPDATE OF message_id, round, phone_id, recipients ON deliveries
WHEN NEW.message_id <> OLD.message_id OR NEW.round <> OLD.round OR NEW.phone_id <> OLD.phone_id
  OR NEW.recipients IS NOT OLD.recipients
BEGIN SELECT RAISE(ABORT, 'delivery_fixed'); END;
CREATE TRIGGER deliveries_stay BEFORE DELETE ON deliveries
BEGIN SELECT RAISE(ABORT, 'deliveries_stay'); END;
-- The table of domain::delivery::DeliveryState::next, without the derived submitting.
CREATE TRIGGER deliveries_forward BEFORE UPDATE OF state ON deliveries
WHEN NEW.state <> OLD.state AND NOT (
     OLD.state = 'queued'   AND NEW.state IN ('accepted', 'rejected', 'unknown', 'delivered', 'undelivered', 'skipped')
  OR OLD.state = 'accepted' AND NEW.state IN ('delivered', 'undelivered', 'no_receipt')
  OR OLD.state = 'unknown'  AND NEW.state IN ('accepted', 'rejected', 'delivered', 'undelivered', 'abandoned', 'queued')
  OR OLD.state IN ('undelivered', 'no_receipt', 'abandoned') AND NEW.state = 'delivered')
BEGIN SELECT RAISE(ABORT, 'delivery_backwards'); END;

-- One row per provider call, written before it: whatever dies afterwards, it
-- says what may have reached the provider.
CREATE TABLE attempts (
  reference  TEXT    PRIMARY KEY,       -- ours, goes to the provider; random
  message_id INTEGER NOT NULL,
  round      INTEGER NOT NULL,
  batch_no   INTEGER NOT NULL,
  provider   TEXT    NOT NULL,
  digest     TEXT    NOT NULL,          -- recomputed from what was rendered
  members    TEXT    NOT NULL CHECK (json_valid(members)),
  late       INTEGER NOT NULL,          -- 1: behind its stream's order
  state      TEXT    NOT NULL CHECK (state IN ('submitting', 'answered', 'unknown', 'resolved')),
  started_at INTEGER NOT NULL,
  deadline   INTEGER NOT NULL,
  ended_at   INTEGER,
  answer     TEXT                       -- the provider's code, no numbers
) WITHOUT ROWID;
-- One call for each batch, whatever becomes of it (I5).
CREATE UNIQUE INDEX attempts_batch ON attempts (message_id, round, batch_no);
CREATE TRIGGER attempts_of_a_call BEFORE INSERT ON attempts
WHEN NEW.state <> 'submitting' OR EXISTS (SELECT 1 FROM attempts a WHERE a.reference = NEW.reference
       OR a.message_id = NEW.message_id AND a.round = NEW.round AND a.batch_no = NEW.batch_no)
  OR NOT EXISTS (SELECT 1 FROM batches b WHERE b.message_id = NEW.message_id AND b.round = NEW.round AND b.no = NEW.batch_no
       AND b.state = 'submitting')
BEGIN SELECT RAISE(ABORT, 'attempts_stay'); END;
CREATE TRIGGER attempts_forward BEFORE UPDATE ON attempts
WHEN NEW.reference <> OLD.reference OR NEW.message_id <> OLD.message_id OR NEW.round <> OLD.round OR NEW.batch_no <> OLD.batch_no
  OR NEW.provider <> OLD.provider OR NEW.digest <> OLD.digest OR NEW.members <> OLD.members OR NEW.late <> OLD.late
  OR NEW.started_at <> OLD.started_at OR NEW.deadline <> OLD.deadline
  OR NEW.state <> OLD.state AND NOT (OLD.state = 'submitting' AND NEW.state IN ('answered', 'unknown')
                                  OR OLD.state = 'unknown' AND NEW.state IN ('answered', 'resolved'))
BEGIN SELECT RAISE(ABORT, 'attempts_stay'); END;
CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts_stay'); END;

-- What a family answered. One row per message and phone: a second tap changes nothing.
CREATE TABLE answers (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  phone_id   INTEGER NOT NULL,
  round      INTEGER NOT NULL,          -- through which SMS
  at         INTEGER NOT NULL,
  PRIMARY KEY (message_id, phone_id)
) WITHOUT ROWID;
-- Quietly, since a family may tap twice; also stops REPLACE.
CREATE TRIGGER answers_once BEFORE INSERT ON answers
WHEN EXISTS (SELECT 1 FROM answers a WHERE a.message_id = NEW.message_id AND a.phone_id = NEW.phone_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER answers_no_delete BEFORE DELETE ON answers
BEGIN SELECT RAISE(ABORT, 'answers_stay'); END;
CREATE TRIGGER answers_no_update BEFORE UPDATE ON answers
BEGIN SELECT RAISE(ABORT, 'answers_stay'); END;

-- I8: hints that a page was opened, the only thing a GET may write. One row
-- per batch, {phone id: first time}, so that a funnel reads one row and an
-- opening writes one. No rule reads it.
CREATE TABLE opened (
  message_id INTEGER NOT NULL,
  round      INTEGER NOT NULL,
  batch_no   INTEGER NOT NULL,
  seen       TEXT    NOT NULL,
  PRIMARY KEY (message_id, round, batch_no)
) WITHOUT ROWID;

-- Queue messages that could not be handled, for the office to see (their
-- batch is put again by cron all the same).
CREATE TABLE dead_letters (
  id    INTEGER PRIMARY KEY,
  queue TEXT    NOT NULL,
  body  TEXT    NOT NULL,
  at    INTEGER NOT NULL
);
