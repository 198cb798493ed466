-- What comes from an SMS provider by itself: its health, receipts that come early, replies.

-- A provider that fails call after call is left alone until open_until. Only
-- failures write here, and the call that ends them.
CREATE TABLE provider_health (
  provider   TEXT    PRIMARY KEY,
  failures   INTEGER NOT NULL,          -- calls in a row
  open_until INTEGER NOT NULL,          -- until then nothing is claimed for it
  code       TEXT,                      -- the provider's code of the last failure, for the office
  at         INTEGER NOT NULL
) WITHOUT ROWID;
-- The first claim after that time is a trial: all others wait until its call is over, or its lease.
CREATE TRIGGER batches_probe AFTER UPDATE OF state ON batches
WHEN OLD.state = 'enqueued' AND NEW.state = 'claimed'
  AND EXISTS (SELECT 1 FROM provider_health h WHERE h.provider = NEW.provider AND h.failures >= 5)
BEGIN
  UPDATE provider_health SET open_until = NEW.check_at WHERE provider = NEW.provider;
END;

-- Receipts that name an SMS by the provider's id alone, before the answer that tells the
-- id was written. Kept only for phones with a call of that provider that is still open.
CREATE TABLE early_receipts (
  provider    TEXT    NOT NULL,
  provider_id TEXT    NOT NULL,
  phone_id    INTEGER NOT NULL,
  state       TEXT    NOT NULL,         -- delivered, undelivered
  reason      TEXT,
  at          INTEGER NOT NULL,
  PRIMARY KEY (provider, provider_id, phone_id)
) WITHOUT ROWID;
CREATE INDEX early_receipts_age ON early_receipts (at);   -- swept after three days
-- The id is known: what was told of it holds. «delivered» absorbs what the call is then written down as.
CREATE TRIGGER parts_take_early AFTER INSERT ON attempt_parts
WHEN NEW.provider_id IS NOT NULL AND EXISTS (
  SELECT 1 FROM early_receipts e WHERE e.provider = NEW.provider AND e.provider_id = NEW.provider_id AND e.phone_id = NEW.phone_id)
BEGIN
  UPDATE deliveries SET (state, reason, moved_at) = (
      SELECT e.state, e.reason, e.at FROM early_receipts e
      WHERE e.provider = NEW.provider AND e.provider_id = NEW.provider_id AND e.phone_id = NEW.phone_id)
  WHERE phone_id = NEW.phone_id AND state IN ('queued', 'unknown', 'accepted')
    AND (message_id, round) = (SELECT a.message_id, a.round FROM attempts a WHERE a.reference = NEW.reference);
  DELETE FROM early_receipts WHERE provider = NEW.provider AND provider_id = NEW.provider_id AND phone_id = NEW.phone_id;
END;

-- SMS that came back. Nothing answers them; whoever wrote the message reads them beside it.
CREATE TABLE replies (
  key        TEXT    PRIMARY KEY,       -- keyed hash of what the provider tells one by: the same SMS comes twice, and is here once
  phone_id   INTEGER NOT NULL,
  message_id INTEGER,                   -- the last that went to this phone; NULL where there is none
  round      INTEGER,
  text       TEXT    NOT NULL,
  opts_out   INTEGER NOT NULL CHECK (opts_out IN (0, 1)),   -- 退订, TD: evidence of phones.contact_state
  at         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX replies_message ON replies (message_id, at) WHERE message_id IS NOT NULL;
CREATE TRIGGER replies_no_update BEFORE UPDATE ON replies
BEGIN SELECT RAISE(ABORT, 'replies_stay'); END;
CREATE TRIGGER replies_no_replace BEFORE INSERT ON replies
WHEN EXISTS (SELECT 1 FROM replies r WHERE r.key = NEW.key)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER replies_no_delete BEFORE DELETE ON replies
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
