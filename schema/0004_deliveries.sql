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

-- One SMS per message, round and phone (I4).
CREATE TABLE deliveries (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  round      INTEGER NOT NULL,
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
WHEN NOT EXISTS (SELECT 1 FROM messages WHERE id = NEW.message_id AND state IN ('approved', 'sending', 'paused', 'sent'))
  OR NOT EXISTS (SELECT 1 FROM complete_chains WHERE message_id = NEW.message_id)
BEGIN SELECT RAISE(ABORT, 'not_approved'); END;
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
CREATE INDEX attempts_batch ON attempts (message_id, round, batch_no);

-- What a family answered. One row per message and phone: a second tap changes nothing.
CREATE TABLE answers (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  phone_id   INTEGER NOT NULL,
  round      INTEGER NOT NULL,          -- through which SMS
  at         INTEGER NOT NULL,
  PRIMARY KEY (message_id, phone_id)
) WITHOUT ROWID;
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
