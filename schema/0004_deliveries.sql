-- From release to the parents' answer. Batches carry the truth of who acts
-- next (I7); deliveries carry what became of each phone.
--
-- Rows written are paid for, index entries too. deliveries is clustered on
-- its key, which is also what a link token packs, and has no index: all
-- work reaches it through a batch's members or a message's range. It has no
-- foreign keys either: the round answers for the message and for every phone.

-- Why there are SMS of this message: the sending (0), and later ones such as
-- reminders and resends (1 to 3: two bits of the link token), with who ordered
-- it and why (I4). A round has a state, a time and an end of its own: a
-- reminder of a message that was sent begins, waits and ends by itself.
--
-- filling: its deliveries are being written, in one batch with its birth and
-- its release. Nothing acts on it, and nothing can be added afterwards.
CREATE TABLE rounds (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  round      INTEGER NOT NULL CHECK (round BETWEEN 0 AND 3),
  kind       TEXT    NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'filling',
  ordered_by INTEGER NOT NULL,          -- staff id; 0 is a rule
  why        TEXT    NOT NULL,
  due_at     INTEGER NOT NULL,          -- its time: too old is counted from here
  at         INTEGER NOT NULL,          -- released; the order over all streams (I6)
  ended_at   INTEGER,                   -- sent; or stopped, and nothing of it under way any more
  skipped    INTEGER NOT NULL DEFAULT 0,-- deliveries that belong to no batch
  mac        TEXT    NOT NULL,          -- RoundSeal: asked for again before the provider is called
  PRIMARY KEY (message_id, round)
) WITHOUT ROWID;
-- The rounds that are on their way, oldest first: a round enters once and
-- leaves once. Used where the query says `ended_at IS NULL`.
CREATE INDEX rounds_open ON rounds (at) WHERE ended_at IS NULL;

-- I1 a, asked once for a whole round: deliveries are inserted only into a
-- round that is filling, and a round is born filling only for a message whose
-- chain is complete and whose registrations are there.
CREATE TRIGGER rounds_need_approval BEFORE INSERT ON rounds
WHEN NOT EXISTS (SELECT 1 FROM messages WHERE id = NEW.message_id AND state IN ('sending', 'paused', 'sent'))
  OR NOT EXISTS (SELECT 1 FROM complete_chains WHERE message_id = NEW.message_id)
BEGIN SELECT RAISE(ABORT, 'not_approved'); END;
CREATE TRIGGER rounds_need_registration BEFORE INSERT ON rounds
WHEN EXISTS (SELECT 1 FROM missing_registrations WHERE message_id = NEW.message_id)
BEGIN SELECT RAISE(ABORT, 'not_registered'); END;
CREATE TRIGGER rounds_kind BEFORE INSERT ON rounds
WHEN NEW.kind NOT IN ('sending', 'reminder', 'resend') OR (NEW.round = 0) <> (NEW.kind = 'sending')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER rounds_born_filling BEFORE INSERT ON rounds
WHEN NEW.state <> 'filling' OR NEW.ended_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM rounds r WHERE r.message_id = NEW.message_id AND r.round = NEW.round)
BEGIN SELECT RAISE(ABORT, 'round_fixed'); END;
-- Its time decides the order over all streams, and when it is too old.
CREATE TRIGGER rounds_on_time BEFORE INSERT ON rounds
WHEN EXISTS (SELECT 1 FROM messages m WHERE m.id = NEW.message_id AND m.released_at IS NOT NULL
             AND (NEW.at < m.released_at OR NEW.due_at < m.due_at
               OR NEW.due_at > CASE WHEN NEW.round = 0 THEN m.due_at ELSE NEW.at END))
BEGIN SELECT RAISE(ABORT, 'not_due'); END;
-- The table of domain::delivery::RoundState::next. It ends when it is sent; one
-- that was stopped ends when what was under way has ended.
CREATE TRIGGER rounds_forward BEFORE UPDATE OF state, ended_at ON rounds
WHEN NEW.state <> OLD.state AND NOT (
     OLD.state = 'filling' AND NEW.state = 'sending'
  OR OLD.state = 'sending' AND NEW.state IN ('paused', 'sent', 'stopped')
  OR OLD.state = 'paused'  AND NEW.state IN ('sending', 'sent', 'stopped'))
  OR NEW.state = 'sent' AND NEW.ended_at IS NULL OR NEW.ended_at IS NOT NULL AND NEW.state NOT IN ('sent', 'stopped')
  OR OLD.ended_at IS NOT NULL AND NEW.ended_at IS NOT OLD.ended_at
BEGIN SELECT RAISE(ABORT, 'wrong_state'); END;
CREATE TRIGGER rounds_fixed BEFORE UPDATE ON rounds
WHEN NEW.message_id <> OLD.message_id OR NEW.round <> OLD.round OR NEW.kind <> OLD.kind
  OR NEW.ordered_by <> OLD.ordered_by OR NEW.why <> OLD.why OR NEW.due_at <> OLD.due_at OR NEW.at <> OLD.at
  OR NEW.mac <> OLD.mac
  OR NEW.skipped <> OLD.skipped AND OLD.state <> 'filling'
BEGIN SELECT RAISE(ABORT, 'round_fixed'); END;
CREATE TRIGGER rounds_no_delete BEFORE DELETE ON rounds
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- A message's place in each stream that it addresses (I6).
CREATE TABLE message_streams (
  message_id INTEGER NOT NULL,
  round      INTEGER NOT NULL,
  stream_id  INTEGER NOT NULL REFERENCES streams (id),
  state      TEXT    NOT NULL,          -- ready, numbered, settled
  seq        INTEGER,                   -- order in the stream, given by the Sequencer; no two alike
  number     INTEGER,                   -- 第几号, which parents see; only where takes_number is 1
  takes_number INTEGER NOT NULL CHECK (takes_number IN (0, 1)),   -- 0: a reminder, or what goes to some of a stream, has an order, no number
  ready_at   INTEGER NOT NULL,
  settled_at INTEGER,
  PRIMARY KEY (message_id, round, stream_id),
  FOREIGN KEY (message_id, round) REFERENCES rounds (message_id, round)
) WITHOUT ROWID;
CREATE UNIQUE INDEX message_streams_seq ON message_streams (stream_id, seq) WHERE seq IS NOT NULL;
CREATE UNIQUE INDEX message_streams_number ON message_streams (stream_id, number) WHERE number IS NOT NULL;
-- Moving column: what a Sequencer still has to do; each place enters once and leaves once.
CREATE INDEX message_streams_open ON message_streams (stream_id, ready_at, message_id) WHERE state <> 'settled';

-- Places are made with their round; nothing slips a place into one under way.
CREATE TRIGGER places_born_ready BEFORE INSERT ON message_streams
WHEN NEW.state <> 'ready' OR NEW.seq IS NOT NULL OR NEW.number IS NOT NULL
  OR NOT EXISTS (SELECT 1 FROM rounds r WHERE r.message_id = NEW.message_id AND r.round = NEW.round AND r.state = 'filling')
  OR EXISTS (SELECT 1 FROM message_streams s
             WHERE s.message_id = NEW.message_id AND s.round = NEW.round AND s.stream_id = NEW.stream_id)
BEGIN SELECT RAISE(ABORT, 'place_fixed'); END;
-- The number counts what the whole class, or all of the staff, was told: of what goes to some of them the
-- others would miss one. It has its turn like any other. A correction takes one where what it corrects did.
CREATE TRIGGER places_number BEFORE INSERT ON message_streams
WHEN NEW.takes_number <> (NEW.round = 0 AND COALESCE(
  (SELECT q.takes_number FROM messages m CROSS JOIN message_streams q ON q.message_id = m.corrects_id AND q.round = 0 AND q.stream_id = NEW.stream_id
   WHERE m.id = NEW.message_id),
  COALESCE((SELECT m.audience ->> '$.kind' FROM messages m WHERE m.id = NEW.message_id), '') NOT IN ('children', 'students', 'units')))
BEGIN SELECT RAISE(ABORT, 'place_fixed'); END;
-- A seq and a number that were given stay, and so does the place.
CREATE TRIGGER places_forward BEFORE UPDATE ON message_streams
WHEN NEW.message_id <> OLD.message_id OR NEW.round <> OLD.round OR NEW.stream_id <> OLD.stream_id
  OR NEW.ready_at <> OLD.ready_at OR NEW.takes_number <> OLD.takes_number
  OR OLD.seq IS NOT NULL AND NEW.seq IS NOT OLD.seq OR OLD.number IS NOT NULL AND NEW.number IS NOT OLD.number
  OR NEW.seq IS NULL AND NEW.state = 'numbered' OR NEW.seq IS NOT NULL AND NEW.state = 'ready' OR (NEW.number IS NULL) <> (NEW.seq IS NULL OR NEW.takes_number = 0)
  OR NEW.state <> OLD.state AND NOT (OLD.state = 'ready' AND NEW.state IN ('numbered', 'settled') OR OLD.state = 'numbered' AND NEW.state = 'settled')
BEGIN SELECT RAISE(ABORT, 'place_fixed'); END;
-- One that never had its turn settles without a number only where its round was stopped.
CREATE TRIGGER places_without_a_turn BEFORE UPDATE OF state ON message_streams
WHEN OLD.state = 'ready' AND NEW.state = 'settled' AND NOT EXISTS (
  SELECT 1 FROM rounds r WHERE r.message_id = NEW.message_id AND r.round = NEW.round AND r.state = 'stopped')
BEGIN SELECT RAISE(ABORT, 'place_fixed'); END;
-- UPDATE OR REPLACE must not take the seq or number of another place, nor its row.
CREATE TRIGGER places_no_replace BEFORE UPDATE OF seq, number ON message_streams
WHEN EXISTS (SELECT 1 FROM message_streams s WHERE s.stream_id = NEW.stream_id AND s.seq = NEW.seq AND s.seq IS NOT NULL
             AND (s.message_id, s.round) <> (NEW.message_id, NEW.round))
  OR EXISTS (SELECT 1 FROM message_streams s WHERE s.stream_id = NEW.stream_id AND s.number = NEW.number AND s.number IS NOT NULL
             AND (s.message_id, s.round) <> (NEW.message_id, NEW.round))
BEGIN SELECT RAISE(ABORT, 'seq_taken'); END;
CREATE TRIGGER places_no_delete BEFORE DELETE ON message_streams
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
-- Sent is sent in every stream, and nothing waits for a retry: else what rests
-- would never be looked at again, and the page would say «sent» of it. A
-- message is sent when its sending is; later rounds end by themselves.
CREATE TRIGGER messages_sent_everywhere BEFORE UPDATE ON messages
WHEN NEW.state = 'sent' AND OLD.state <> 'sent' AND EXISTS (
  SELECT 1 FROM message_streams s WHERE s.message_id = NEW.id AND s.round = 0 AND s.state <> 'settled'
  UNION ALL SELECT 1 FROM batches b WHERE b.message_id = NEW.id AND b.round = 0 AND b.state <> 'settled')
BEGIN SELECT RAISE(ABORT, 'wrong_state'); END;
CREATE TRIGGER rounds_sent_everywhere BEFORE UPDATE OF state, ended_at ON rounds
WHEN (NEW.state = 'sent' AND OLD.state <> 'sent' OR NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL) AND EXISTS (
  SELECT 1 FROM message_streams s WHERE s.message_id = NEW.message_id AND s.round = NEW.round AND s.state <> 'settled'
  UNION ALL SELECT 1 FROM batches b WHERE b.message_id = NEW.message_id AND b.round = NEW.round AND b.state <> 'settled')
BEGIN SELECT RAISE(ABORT, 'wrong_state'); END;

-- At most 100 phones of one stream, one provider call.
CREATE TABLE batches (
  message_id INTEGER NOT NULL,
  round      INTEGER NOT NULL,
  no         INTEGER NOT NULL,          -- 1, 2, … within message and round; retries get the next
  stream_id  INTEGER NOT NULL,
  state      TEXT    NOT NULL,          -- ready, numbered, enqueued, claimed, submitting, settled
  members    TEXT    NOT NULL CHECK (json_valid(members)),  -- phone ids
  size       INTEGER NOT NULL,          -- how many
  provider   TEXT    NOT NULL DEFAULT '',    -- through which it goes; fixed once it is called
  tries      INTEGER NOT NULL DEFAULT 0,-- earlier attempts of these phones
  not_before INTEGER NOT NULL DEFAULT 0,
  claim      INTEGER NOT NULL DEFAULT 0,-- counts claims: the fence of the one that holds it
  ready_at   INTEGER NOT NULL,          -- release: the order over all streams
  forgiven   INTEGER NOT NULL DEFAULT 0,-- claims in vain before a person put it again
  set_apart_at  INTEGER,                -- it cannot be worked on: it holds nobody up, and is shown
  set_apart_why TEXT,                   -- domain::delivery::ApartReason
  check_at   INTEGER,                   -- when it has to be looked at; NULL once every member has ended
  totals     TEXT    NOT NULL DEFAULT '{}',  -- {state: n} of its members
  confirmed  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (message_id, round, no),
  FOREIGN KEY (message_id, round) REFERENCES rounds (message_id, round)
) WITHOUT ROWID;
-- Moving column: cron's way to calls that are over. What rests before its call is its stream's, and cron
-- finds that by its place: so a batch enters once, and is not moved with each of its steps.
CREATE INDEX batches_check ON batches (check_at) WHERE check_at IS NOT NULL AND state IN ('submitting', 'settled');
-- What a stream has in hand: a batch enters once and leaves once. Without it
-- each look of a Sequencer would walk through all batches of its message.
CREATE INDEX batches_open ON batches (stream_id, message_id, round) WHERE state <> 'settled';
-- Those put off to a retry, or passed over while they were paused: few. Their stream may have gone on without them.
CREATE INDEX batches_put_off ON batches (stream_id) WHERE state <> 'settled' AND not_before > 0;
-- Those set apart: none as a rule.
CREATE INDEX batches_apart ON batches (set_apart_at) WHERE set_apart_at IS NOT NULL AND state <> 'settled';
-- I5: whose call was begun is never put on the queue again; its members' next try is a new batch.
CREATE TRIGGER batches_forward BEFORE UPDATE OF state ON batches
WHEN NEW.state <> OLD.state AND NOT (
     OLD.state = 'ready'      AND NEW.state IN ('numbered', 'enqueued', 'settled')
  OR OLD.state = 'numbered'   AND NEW.state IN ('enqueued', 'settled')
  OR OLD.state = 'enqueued'   AND NEW.state IN ('numbered', 'claimed', 'settled')
  OR OLD.state = 'claimed'    AND NEW.state IN ('enqueued', 'submitting', 'settled')
  OR OLD.state = 'submitting' AND NEW.state = 'settled')
BEGIN SELECT RAISE(ABORT, 'batch_fixed'); END;
CREATE TRIGGER batches_keep_members BEFORE UPDATE OF message_id, round, no, stream_id, members, size, provider, tries, claim, ready_at ON batches
WHEN NEW.message_id <> OLD.message_id OR NEW.round <> OLD.round OR NEW.no <> OLD.no OR NEW.stream_id <> OLD.stream_id
  OR NEW.members <> OLD.members OR NEW.size <> OLD.size OR NEW.tries <> OLD.tries OR NEW.claim < OLD.claim OR NEW.ready_at <> OLD.ready_at
  OR NEW.provider <> OLD.provider AND OLD.state IN ('submitting', 'settled')
BEGIN SELECT RAISE(ABORT, 'batch_fixed'); END;
CREATE TRIGGER batches_born_waiting BEFORE INSERT ON batches
WHEN NEW.state NOT IN ('ready', 'numbered') OR NEW.size <> json_array_length(NEW.members) OR NEW.size < 1
  OR EXISTS (SELECT 1 FROM batches b WHERE b.message_id = NEW.message_id AND b.round = NEW.round AND b.no = NEW.no)
BEGIN SELECT RAISE(ABORT, 'batch_fixed'); END;
-- The funnel's count of confirmed phones is made of answers, one at a time.
CREATE TRIGGER batches_confirmed BEFORE UPDATE OF confirmed ON batches
WHEN NEW.confirmed <> OLD.confirmed AND (NEW.confirmed <> OLD.confirmed + 1 OR NEW.confirmed > (
  SELECT COUNT(*) FROM json_each(NEW.members) x WHERE EXISTS (
    SELECT 1 FROM answers a WHERE a.message_id = NEW.message_id AND a.phone_id = x.value AND a.kind = 'confirm')))
BEGIN SELECT RAISE(ABORT, 'not_confirmed'); END;
CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- One SMS per message, round and phone (I4).
CREATE TABLE deliveries (
  message_id INTEGER NOT NULL,
  round      INTEGER NOT NULL,
  phone_id   INTEGER NOT NULL,
  batch_no   INTEGER NOT NULL,          -- 0 where skipped at release
  state      TEXT    NOT NULL,
  reason     TEXT,
  recipients TEXT    NOT NULL CHECK (json_valid(recipients)),  -- [[kind, person, student, stream_id], …] behind this phone
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

-- I1 a: only into a round that is filling, so only on a complete chain, and
-- what is in it is checked as one set before anything of it can go out.
CREATE TRIGGER deliveries_into_a_filling_round BEFORE INSERT ON deliveries
WHEN NEW.state NOT IN ('queued', 'skipped')
  OR NOT EXISTS (SELECT 1 FROM rounds WHERE message_id = NEW.message_id AND round = NEW.round AND state = 'filling')
BEGIN SELECT RAISE(ABORT, 'not_filling'); END;
CREATE TRIGGER deliveries_no_replace BEFORE INSERT ON deliveries
WHEN EXISTS (SELECT 1 FROM deliveries WHERE message_id = NEW.message_id AND round = NEW.round AND phone_id = NEW.phone_id)
BEGIN SELECT RAISE(ABORT, 'one_per_phone'); END;
-- I1 d.
CREATE TRIGGER deliveries_keep_phone BEFORE UPDATE OF message_id, round, phone_id, recipients ON deliveries
WHEN NEW.message_id <> OLD.message_id OR NEW.round <> OLD.round OR NEW.phone_id <> OLD.phone_id
  OR NEW.recipients IS NOT OLD.recipients
BEGIN SELECT RAISE(ABORT, 'delivery_fixed'); END;
CREATE TRIGGER deliveries_no_delete BEFORE DELETE ON deliveries
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
-- The table of domain::delivery::DeliveryState::next, without the derived submitting.
CREATE TRIGGER deliveries_forward BEFORE UPDATE OF state ON deliveries
WHEN NEW.state <> OLD.state AND NOT (
     OLD.state = 'queued'   AND NEW.state IN ('accepted', 'rejected', 'unknown', 'delivered', 'undelivered', 'skipped')
  OR OLD.state = 'accepted' AND NEW.state IN ('delivered', 'undelivered', 'no_receipt')
  OR OLD.state = 'unknown'  AND NEW.state IN ('accepted', 'rejected', 'delivered', 'undelivered', 'abandoned', 'queued')
  OR OLD.state IN ('undelivered', 'rejected', 'no_receipt', 'abandoned') AND NEW.state = 'delivered')
BEGIN SELECT RAISE(ABORT, 'delivery_backwards'); END;

-- What became of an SMS is known from a call: its batch has an attempt, or is a
-- further try of one that had.
CREATE TRIGGER deliveries_by_a_call BEFORE UPDATE OF state ON deliveries
WHEN OLD.state = 'queued' AND NEW.state NOT IN ('queued', 'skipped')
  AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_id = NEW.message_id AND a.round = NEW.round AND a.batch_no = NEW.batch_no)
  AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.message_id = NEW.message_id AND b.round = NEW.round AND b.no = NEW.batch_no
                  AND b.tries > 0)
BEGIN SELECT RAISE(ABORT, 'no_call'); END;

-- I2: to those whom the approver saw, at the number that was frozen or at the
-- one that a recorded change leads to. Checked once for the whole round, when
-- it leaves filling. Nearly every delivery is to one person at the frozen
-- number: those the EXCEPT takes away as a set, by comparing phone and text,
-- four times as fast as taking every JSON apart. What is left is looked at
-- entry by entry, and must say exactly what the frozen list says.
CREATE TRIGGER rounds_on_the_list BEFORE UPDATE OF state ON rounds
WHEN OLD.state = 'filling' AND NEW.state = 'sending' AND EXISTS (
  SELECT 1 FROM (
    SELECT phone_id, recipients FROM deliveries WHERE message_id = NEW.message_id AND round = NEW.round
    EXCEPT
    SELECT r.phone_id, '[["' || r.kind || '",' || r.person || ',' || r.student || ',' || r.stream_id || ']]'
    FROM messages m CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version WHERE m.id = NEW.message_id) d
  WHERE json_type(d.recipients) <> 'array' OR json_array_length(d.recipients) = 0
    OR EXISTS (
      SELECT 1 FROM json_each(d.recipients) x
      WHERE x.type <> 'array' OR NOT EXISTS (
        SELECT 1 FROM messages m CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version
          AND r.stream_id = x.value ->> 3 AND r.kind = x.value ->> 0 AND r.person = x.value ->> 1 AND r.student = x.value ->> 2
        WHERE m.id = NEW.message_id AND x.value = json_array(r.kind, r.person, r.student, r.stream_id) AND (r.phone_id = d.phone_id
          OR d.phone_id = CASE r.kind
               WHEN 'guardian' THEN (SELECT g.phone_id FROM guardians g WHERE g.id = r.person)
               WHEN 'staff' THEN (SELECT t.phone_id FROM staff t WHERE t.id = r.person) END
             AND EXISTS (SELECT 1 FROM phone_changes c WHERE c.kind = r.kind AND c.person = r.person AND c.to_phone = d.phone_id)))))
BEGIN SELECT RAISE(ABORT, 'not_on_the_list'); END;

-- G33: a correction goes to nobody whom the message that it corrects did not
-- reach: the same persons, for the same child, in the same stream. Compared once, as a set.
CREATE TRIGGER corrections_to_whom_it_went BEFORE UPDATE ON messages
WHEN OLD.state = 'draft' AND NEW.state = 'submitted' AND NEW.corrects_id IS NOT NULL AND EXISTS (
  SELECT r.stream_id, r.kind, r.person, r.student FROM recipients r WHERE r.message_id = NEW.id AND r.version = NEW.version
  EXCEPT
  SELECT x.value ->> 3, x.value ->> 0, x.value ->> 1, x.value ->> 2 FROM deliveries d CROSS JOIN json_each(d.recipients) x
  WHERE d.message_id = NEW.corrects_id AND d.round = 0 AND d.state <> 'skipped')
BEGIN SELECT RAISE(ABORT, 'correction_refused'); END;

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
  state      TEXT    NOT NULL,          -- submitting, answered, unknown, resolved
  started_at INTEGER NOT NULL,
  deadline   INTEGER NOT NULL,
  called_at  INTEGER,                   -- when the call went out; NULL: not known to have
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
  OR OLD.called_at IS NOT NULL AND NEW.called_at IS NOT OLD.called_at
  OR NEW.state <> OLD.state AND NOT (OLD.state = 'submitting' AND NEW.state IN ('answered', 'unknown')
                                  OR OLD.state = 'unknown' AND NEW.state IN ('answered', 'resolved'))
BEGIN SELECT RAISE(ABORT, 'attempts_stay'); END;
CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- What a call came to for each of its phones: the provider's own id, by which
-- a receipt finds its delivery, and the outcome.
CREATE TABLE attempt_parts (
  reference   TEXT    NOT NULL,
  phone_id    INTEGER NOT NULL,
  provider    TEXT    NOT NULL,
  provider_id TEXT,                     -- NULL where the provider gave none
  outcome     TEXT    NOT NULL,
  PRIMARY KEY (reference, phone_id)
) WITHOUT ROWID;
-- One id for all phones of a call (Aliyun), or one for each (Tencent).
CREATE UNIQUE INDEX attempt_parts_id ON attempt_parts (provider, provider_id, phone_id) WHERE provider_id IS NOT NULL;
CREATE TRIGGER parts_outcome BEFORE INSERT ON attempt_parts
WHEN NEW.outcome NOT IN ('accepted', 'rejected', 'not_taken')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
-- Only for members of that call. As text, since an index into the JSON of a
-- hundred members would be built anew for each of the hundred: members are
-- written without spaces, and any other form refuses.
CREATE TRIGGER parts_of_a_member BEFORE INSERT ON attempt_parts
WHEN NOT EXISTS (SELECT 1 FROM attempts a WHERE a.reference = NEW.reference AND a.provider = NEW.provider
  AND instr(',' || substr(a.members, 2, length(a.members) - 2) || ',', ',' || NEW.phone_id || ',') > 0)
BEGIN SELECT RAISE(ABORT, 'not_a_member'); END;
CREATE TRIGGER parts_no_replace BEFORE INSERT ON attempt_parts
WHEN EXISTS (SELECT 1 FROM attempt_parts p WHERE p.reference = NEW.reference AND p.phone_id = NEW.phone_id)
  OR EXISTS (SELECT 1 FROM attempt_parts p WHERE p.provider = NEW.provider AND p.provider_id = NEW.provider_id AND p.provider_id IS NOT NULL
       AND p.phone_id = NEW.phone_id)
BEGIN SELECT RAISE(ABORT, 'parts_stay'); END;
-- The provider's id may come later than the outcome; nothing else moves.
CREATE TRIGGER parts_fixed BEFORE UPDATE ON attempt_parts
WHEN NEW.reference <> OLD.reference OR NEW.phone_id <> OLD.phone_id OR NEW.provider <> OLD.provider OR NEW.outcome <> OLD.outcome
  OR OLD.provider_id IS NOT NULL AND NEW.provider_id IS NOT OLD.provider_id
  OR OLD.provider_id IS NULL AND EXISTS (SELECT 1 FROM attempt_parts p
       WHERE p.provider = NEW.provider AND p.provider_id = NEW.provider_id AND p.phone_id = NEW.phone_id AND p.provider_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'parts_stay'); END;
CREATE TRIGGER parts_no_delete BEFORE DELETE ON attempt_parts
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

-- What families answered, as events: n counts those of one phone about one
-- child, so that a change of mind is a row of its own and nothing is lost.
CREATE TABLE answers (
  message_id INTEGER NOT NULL REFERENCES messages (id),
  phone_id   INTEGER NOT NULL,
  student_id INTEGER NOT NULL,          -- 0 where it concerns no child
  kind       TEXT    NOT NULL,          -- confirm
  n          INTEGER NOT NULL,          -- 1, 2, …
  value      TEXT,
  withdrawn  INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
  round      INTEGER NOT NULL,          -- through which SMS
  at         INTEGER NOT NULL,
  PRIMARY KEY (message_id, phone_id, student_id, kind, n)
) WITHOUT ROWID;
-- What holds now: the newest event of each, unless it withdraws.
CREATE VIEW answers_now AS
SELECT a.message_id, a.phone_id, a.student_id, a.kind, a.n, a.value, a.round, a.at
FROM answers a
WHERE a.withdrawn = 0 AND NOT EXISTS (
  SELECT 1 FROM answers b WHERE b.message_id = a.message_id AND b.phone_id = a.phone_id
    AND b.student_id = a.student_id AND b.kind = a.kind AND b.n > a.n);
CREATE TRIGGER answers_kind BEFORE INSERT ON answers
WHEN NEW.kind NOT IN ('confirm')
BEGIN SELECT RAISE(ABORT, 'unknown_kind'); END;
CREATE TRIGGER answers_by_recipients BEFORE INSERT ON answers
WHEN NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = NEW.message_id AND d.round = NEW.round
                 AND d.phone_id = NEW.phone_id AND d.state <> 'skipped'
                 AND EXISTS (SELECT 1 FROM json_each(d.recipients) r WHERE r.value ->> 2 = NEW.student_id))
BEGIN SELECT RAISE(ABORT, 'answer_refused'); END;
-- An event that changes nothing is passed over quietly: a family may tap twice.
CREATE TRIGGER answers_change_something BEFORE INSERT ON answers
WHEN CASE WHEN NEW.withdrawn = 1
       THEN NOT EXISTS (SELECT 1 FROM answers_now a WHERE a.message_id = NEW.message_id AND a.phone_id = NEW.phone_id
                        AND a.student_id = NEW.student_id AND a.kind = NEW.kind)
       ELSE EXISTS (SELECT 1 FROM answers_now a WHERE a.message_id = NEW.message_id AND a.phone_id = NEW.phone_id
                    AND a.student_id = NEW.student_id AND a.kind = NEW.kind AND a.value IS NEW.value) END
BEGIN SELECT RAISE(IGNORE); END;
-- Anything else is the next event; also stops REPLACE. The same question as
-- above stands here negated, since the order of two triggers is not defined.
CREATE TRIGGER answers_append BEFORE INSERT ON answers
WHEN NEW.n <> (SELECT COALESCE(MAX(a.n), 0) + 1 FROM answers a WHERE a.message_id = NEW.message_id AND a.phone_id = NEW.phone_id
               AND a.student_id = NEW.student_id AND a.kind = NEW.kind)
  AND CASE WHEN NEW.withdrawn = 1
       THEN EXISTS (SELECT 1 FROM answers_now a WHERE a.message_id = NEW.message_id AND a.phone_id = NEW.phone_id
                    AND a.student_id = NEW.student_id AND a.kind = NEW.kind)
       ELSE NOT EXISTS (SELECT 1 FROM answers_now a WHERE a.message_id = NEW.message_id AND a.phone_id = NEW.phone_id
                        AND a.student_id = NEW.student_id AND a.kind = NEW.kind AND a.value IS NEW.value) END
BEGIN SELECT RAISE(ABORT, 'answers_stay'); END;
CREATE TRIGGER answers_no_update BEFORE UPDATE ON answers
BEGIN SELECT RAISE(ABORT, 'answers_stay'); END;
CREATE TRIGGER answers_no_delete BEFORE DELETE ON answers
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;

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
CREATE INDEX dead_letters_age ON dead_letters (at);   -- swept after thirty days

-- Where cron goes on: what it cannot look at in one run comes first in the next.
CREATE TABLE cron_cursors (
  name TEXT    PRIMARY KEY,
  at   INTEGER NOT NULL                 -- the last stream that was poked
) WITHOUT ROWID;
