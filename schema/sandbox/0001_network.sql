-- The pretend telephone network of the demo: a database of its own, bound
-- only by `npm start`. A real deployment has neither the binding nor the table.

CREATE TABLE sms (
  id         INTEGER PRIMARY KEY,
  reference  TEXT    NOT NULL,          -- the caller's, as a provider stores it
  phone      TEXT    NOT NULL,
  text       TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  outcome    TEXT    NOT NULL CHECK (outcome IN ('delivered', 'undelivered', 'never')),
  receipt_at INTEGER,                   -- when the receipt is due; NULL: never
  told_at    INTEGER                    -- when the receipt was handed over
);
CREATE INDEX sms_phone ON sms (phone, id);
CREATE INDEX sms_reference ON sms (reference, phone);
CREATE INDEX sms_receipts ON sms (receipt_at) WHERE told_at IS NULL AND receipt_at IS NOT NULL;
