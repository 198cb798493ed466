-- The school's account with an SMS provider. Whoever could exchange it could
-- read along every number and word that goes out, so that nobody does it
-- alone: one person who administers proposes a version, another confirms it.

-- Posts that propose and confirm. `domain::access::grants` says the same.
CREATE VIEW posts_that_set_sms_account (post) AS
VALUES ('administrator'), ('office_director');

CREATE TABLE sms_accounts (
  version      INTEGER PRIMARY KEY,     -- 1, 2, …; the newest that is confirmed is in force
  provider     TEXT    NOT NULL,        -- domain::provider::ProviderKind
  trial        INTEGER NOT NULL,        -- 试运行: SMS go to numbers of staff alone
  signature    TEXT    NOT NULL,        -- as it is filed with the provider, without 【】
  signature_state TEXT NOT NULL,        -- domain::provider::FilingState
  templates    TEXT    NOT NULL CHECK (json_valid(templates)),   -- [{name, version, code, state}]
  price        INTEGER NOT NULL,        -- of one SMS part, in thousandths of a yuan
  key_id       INTEGER NOT NULL,        -- which of DATA_KEYS
  credentials  TEXT    NOT NULL,        -- sealed; never shown again
  set_by       INTEGER NOT NULL REFERENCES staff (id),
  set_at       INTEGER NOT NULL,
  confirmed_by INTEGER REFERENCES staff (id),   -- the second person
  confirmed_at INTEGER,
  declined_by  INTEGER REFERENCES staff (id),
  declined_at  INTEGER,
  mac          TEXT    NOT NULL         -- seal over the row under a key that the database does not hold
);

CREATE VIEW sms_account_in_force AS
SELECT * FROM sms_accounts WHERE confirmed_at IS NOT NULL ORDER BY version DESC LIMIT 1;

-- Behind the last version, while none waits, by somebody who may; born unconfirmed. With a provider
-- that was not yet in use it begins on trial.
CREATE TRIGGER sms_accounts_proposed BEFORE INSERT ON sms_accounts
WHEN NEW.version <> (SELECT COALESCE(MAX(a.version), 0) + 1 FROM sms_accounts a)
  OR NEW.confirmed_by IS NOT NULL OR NEW.confirmed_at IS NOT NULL OR NEW.declined_by IS NOT NULL OR NEW.declined_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM sms_accounts a WHERE a.confirmed_at IS NULL AND a.declined_at IS NULL)
  OR NEW.trial NOT IN (0, 1)
  OR NEW.trial = 0 AND NOT EXISTS (SELECT 1 FROM sms_account_in_force a WHERE a.provider = NEW.provider)
  OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.set_by AND a.since <= NEW.set_at
                 AND a.post IN (SELECT post FROM posts_that_set_sms_account))
BEGIN SELECT RAISE(ABORT, 'sms_account_refused'); END;
-- Confirmed once, while it waits, by somebody else who may; its seal is made anew.
CREATE TRIGGER sms_accounts_confirmed BEFORE UPDATE ON sms_accounts
WHEN (NEW.confirmed_by IS NOT OLD.confirmed_by OR NEW.confirmed_at IS NOT OLD.confirmed_at) AND (
     OLD.confirmed_at IS NOT NULL OR OLD.declined_at IS NOT NULL OR NEW.declined_at IS NOT NULL
  OR NEW.confirmed_by IS NULL OR NEW.confirmed_at IS NULL OR NEW.confirmed_by = NEW.set_by OR NEW.mac = OLD.mac
  OR NOT EXISTS (SELECT 1 FROM appointments_in_power a WHERE a.staff_id = NEW.confirmed_by AND a.since <= NEW.confirmed_at
                 AND a.post IN (SELECT post FROM posts_that_set_sms_account)))
BEGIN SELECT RAISE(ABORT, 'confirmation_refused'); END;
-- What was proposed stays what it was; declined once, while it waits; the seal changes with a confirmation alone.
CREATE TRIGGER sms_accounts_fixed BEFORE UPDATE ON sms_accounts
WHEN NEW.version <> OLD.version OR NEW.provider <> OLD.provider OR NEW.trial <> OLD.trial OR NEW.signature <> OLD.signature
  OR NEW.signature_state <> OLD.signature_state OR NEW.templates <> OLD.templates OR NEW.price <> OLD.price
  OR NEW.key_id <> OLD.key_id OR NEW.credentials <> OLD.credentials OR NEW.set_by <> OLD.set_by OR NEW.set_at <> OLD.set_at
  OR (NEW.declined_by IS NOT OLD.declined_by OR NEW.declined_at IS NOT OLD.declined_at)
     AND (OLD.declined_at IS NOT NULL OR OLD.confirmed_at IS NOT NULL OR NEW.declined_by IS NULL OR NEW.declined_at IS NULL)
  OR NEW.mac <> OLD.mac AND NEW.confirmed_at IS OLD.confirmed_at
BEGIN SELECT RAISE(ABORT, 'sms_accounts_stay'); END;
CREATE TRIGGER sms_accounts_no_delete BEFORE DELETE ON sms_accounts
BEGIN SELECT RAISE(ABORT, 'sms_accounts_stay'); END;

-- Told without what is sealed.
CREATE TRIGGER sms_accounts_told AFTER INSERT ON sms_accounts
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('sms_account', NEW.version, json_object('provider', json_array(NULL, NEW.provider), 'trial', json_array(NULL, NEW.trial),
    'signature', json_array(NULL, NEW.signature), 'templates', json_array(NULL, NEW.templates), 'price', json_array(NULL, NEW.price),
    'set_by', json_array(NULL, NEW.set_by)), (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;
CREATE TRIGGER sms_accounts_changed_told AFTER UPDATE ON sms_accounts
BEGIN
  INSERT INTO changes (kind, row_id, change, behind)
  VALUES ('sms_account', NEW.version, json_object('confirmed_by', json_array(OLD.confirmed_by, NEW.confirmed_by),
    'declined_by', json_array(OLD.declined_by, NEW.declined_by)), (SELECT COALESCE(MAX(seq), 0) FROM audit));
END;

-- A test to one's own phone: written before the provider is called, as every attempt is.
CREATE TABLE sms_tests (
  reference TEXT    PRIMARY KEY,        -- the provider is asked by it
  staff_id  INTEGER NOT NULL REFERENCES staff (id),
  day       TEXT    NOT NULL,           -- in Shanghai
  nth       INTEGER NOT NULL CHECK (nth BETWEEN 1 AND 5),   -- of the person's on that day: five at most
  account   INTEGER,                    -- the version in force; none in the demo without one
  at        INTEGER NOT NULL,
  outcome   TEXT,                       -- accepted, rejected, not_taken, unknown; none while the call is under way
  provider_id TEXT,
  UNIQUE (staff_id, day, nth)
) WITHOUT ROWID;
CREATE TRIGGER sms_tests_capped BEFORE INSERT ON sms_tests
WHEN NEW.outcome IS NOT NULL OR NEW.nth <> (SELECT COUNT(*) + 1 FROM sms_tests t WHERE t.staff_id = NEW.staff_id AND t.day = NEW.day)
  OR EXISTS (SELECT 1 FROM sms_tests t WHERE t.reference = NEW.reference)
BEGIN SELECT RAISE(ABORT, 'sms_test_refused'); END;
CREATE TRIGGER sms_tests_end BEFORE UPDATE ON sms_tests
WHEN OLD.outcome IS NOT NULL OR NEW.reference <> OLD.reference OR NEW.staff_id <> OLD.staff_id OR NEW.day <> OLD.day
  OR NEW.nth <> OLD.nth OR NEW.at <> OLD.at OR NEW.account IS NOT OLD.account
BEGIN SELECT RAISE(ABORT, 'sms_test_refused'); END;
CREATE TRIGGER sms_tests_no_delete BEFORE DELETE ON sms_tests
WHEN NOT EXISTS (SELECT 1 FROM retention_runs WHERE ended_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'retention_only'); END;
