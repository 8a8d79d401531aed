-- Version 3: subscriptions to hubs (W3C WebSub), at most one for each feed.

CREATE TABLE subscription (
  feed       TEXT PRIMARY KEY,
  hub        TEXT NOT NULL,                 -- where it is asked
  topic      TEXT NOT NULL,                 -- what the hub calls the feed
  token      TEXT NOT NULL UNIQUE,          -- the end of the callback's path, drawn: nobody can guess it
  secret     TEXT NOT NULL,                 -- what pushes are signed with, drawn
  callback   TEXT,                          -- as the hub was last told it
  asked      INTEGER,                       -- a request is out, and the hub has not asked back yet
  expires    INTEGER,                       -- the lease's end; NULL without a lease
  due        INTEGER NOT NULL,              -- when something is to be done about it: ask, renew, or give the hub up
  failures   INTEGER NOT NULL DEFAULT 0,    -- in a row; denials too
  last_error TEXT,
  denied     INTEGER NOT NULL DEFAULT 0,    -- the hub will not, or not any more
  delivers   INTEGER NOT NULL DEFAULT 0,    -- its pushes come before our polls
  last_push  INTEGER,
  pushes     INTEGER NOT NULL DEFAULT 0,    -- taken
  ignored    INTEGER NOT NULL DEFAULT 0     -- not taken: unsigned, wrongly signed, unreadable
) STRICT;

CREATE INDEX subscription_due ON subscription (due);

-- A feed with another address is another feed.
CREATE TRIGGER feed_readdressed AFTER UPDATE OF url ON feed WHEN old.url <> new.url BEGIN
  DELETE FROM subscription WHERE feed = old.id;
END;

-- A wait that was asked for is kept among what was learned of the feed; one that is under way goes on.
UPDATE feed
   SET habits = json_set(
         CASE WHEN json_valid(habits) THEN habits ELSE '{}' END,
         '$.asked_to_wait_until', strftime('%Y-%m-%dT%H:%M:%fZ', due / 1000.0, 'unixepoch'))
 WHERE held AND due IS NOT NULL;
ALTER TABLE feed DROP COLUMN held;
