-- The desk's state, version 1. Times are milliseconds since 1970; keys, ids and hashes are blobs.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- the journal's side

CREATE TABLE feed (
  no            INTEGER PRIMARY KEY,        -- what entry.feed points to
  id            TEXT NOT NULL UNIQUE,       -- the name in the configuration
  url           TEXT NOT NULL,
  etag          TEXT,
  last_modified TEXT,
  due           INTEGER NOT NULL,
  title         TEXT,
  polled        INTEGER NOT NULL DEFAULT 0, -- ever read well
  opened        INTEGER NOT NULL DEFAULT 0, -- its first poll is behind it, with nothing left out
  last_polled   INTEGER,
  last_new      INTEGER,
  failures      INTEGER NOT NULL DEFAULT 0,
  last_error    TEXT,
  gone          INTEGER NOT NULL DEFAULT 0,
  held          INTEGER NOT NULL DEFAULT 0, -- due is what the server asked for (Retry-After)
  interval_s    INTEGER,
  identity      TEXT                        -- what names its entries, once found
) STRICT;

CREATE TABLE entry (
  key         BLOB PRIMARY KEY,             -- model::id::EntryKey
  feed        INTEGER NOT NULL,
  identity    TEXT NOT NULL,
  link        TEXT,                         -- as the feed gives it
  host        TEXT,                         -- host:port of the link
  link_key    BLOB,                         -- fingerprint of the cleaned link
  fingerprint BLOB NOT NULL,                -- of what the feed said when the entry was last opened
  title       TEXT,                         -- the feed's, then the page's
  first_seen  INTEGER NOT NULL,
  left_at     INTEGER,                      -- when a whole listing first went without it; NULL while listed

  state       TEXT NOT NULL,                -- pending, waiting; published, duplicate, unchanged, reverted, dropped
  waits_for   BLOB,                         -- waiting: the entry with the same link whose end is awaited
  due         INTEGER,                      -- pending: not before
  attempts    INTEGER NOT NULL DEFAULT 0,
  under_way   INTEGER NOT NULL DEFAULT 0,   -- an attempt was begun and has not ended
  last_error  TEXT,
  gone_seen   INTEGER NOT NULL DEFAULT 0,   -- 404 or 410 in a row
  gone_since  INTEGER,
  fate        TEXT,                         -- pending: how it will end without being fetched: duplicate, or a drop reason
  fate_value  TEXT,                         -- the hash, or the reason's values as JSON
  sighted     INTEGER NOT NULL DEFAULT 0,   -- hash was seen since the entry was last opened
  revisit     INTEGER NOT NULL DEFAULT 0,   -- it was settled with a body before, and is looked at again

  article     BLOB,                         -- model::id::ArticleId
  hash        BLOB,                         -- the body seen last
  url         TEXT,                         -- ours, after the fetch
  page_host   TEXT,                         -- the host it was fetched from

  settled_at  INTEGER,
  reason      TEXT,                         -- dropped: why, by name
  detail      TEXT,                         -- dropped: the reason's values as JSON
  partition   INTEGER,                      -- published: where
  place       INTEGER                       -- published: the offset
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_due     ON entry (due)       WHERE state = 'pending';
CREATE INDEX entry_listed  ON entry (feed)      WHERE left_at IS NULL;
CREATE INDEX entry_left    ON entry (left_at)   WHERE left_at IS NOT NULL AND settled_at IS NOT NULL;
CREATE INDEX entry_waits   ON entry (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX entry_link    ON entry (link_key)  WHERE link_key IS NOT NULL;
CREATE INDEX entry_hash    ON entry (hash)      WHERE hash IS NOT NULL;
CREATE INDEX entry_article ON entry (article)   WHERE article IS NOT NULL;

-- What the feed said, while the entry is open: apart, because it may be long and is thrown away at the end.
CREATE TABLE listing (
  key  BLOB PRIMARY KEY,
  json TEXT NOT NULL
) STRICT;

-- How many entries are in each state, kept by the triggers: asked at every poll and by every scrape.
CREATE TABLE tally (
  state   TEXT NOT NULL,
  reason  TEXT NOT NULL,                    -- '' but for dropped
  entries INTEGER NOT NULL,
  PRIMARY KEY (state, reason)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN
  INSERT INTO tally (state, reason, entries) VALUES (new.state, coalesce(new.reason, ''), 1)
    ON CONFLICT DO UPDATE SET entries = entries + 1;
END;
CREATE TRIGGER entry_moved AFTER UPDATE OF state, reason ON entry
WHEN old.state <> new.state OR old.reason IS NOT new.reason BEGIN
  UPDATE tally SET entries = entries - 1 WHERE state = old.state AND reason = coalesce(old.reason, '');
  INSERT INTO tally (state, reason, entries) VALUES (new.state, coalesce(new.reason, ''), 1)
    ON CONFLICT DO UPDATE SET entries = entries + 1;
END;
CREATE TRIGGER entry_forgotten AFTER DELETE ON entry BEGIN
  UPDATE tally SET entries = entries - 1 WHERE state = old.state AND reason = coalesce(old.reason, '');
END;

CREATE TABLE article (
  id      BLOB PRIMARY KEY,
  last    BLOB,                             -- the body seen last
  touched INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The addresses an article is known under: fingerprints of cleaned links and of our own urls.
CREATE TABLE address (
  key     BLOB PRIMARY KEY,
  article BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX address_article ON address (article);

-- The distinct bodies seen of an article, numbered.
CREATE TABLE body (
  article  BLOB NOT NULL,
  hash     BLOB NOT NULL,
  revision INTEGER NOT NULL,
  previous BLOB,
  PRIMARY KEY (article, hash)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- the index's side (law 3: no transaction spans both)

CREATE TABLE published (
  hash      BLOB PRIMARY KEY,
  partition INTEGER NOT NULL,
  place     INTEGER NOT NULL,               -- the offset
  made      INTEGER NOT NULL,               -- when the row was made
  entry     BLOB,                           -- the record's headers, where it has them
  article   BLOB,
  revision  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE position (
  partition INTEGER PRIMARY KEY,
  next      INTEGER NOT NULL                -- the next offset to read
) STRICT;

-- What a rebuild has read so far.
CREATE TABLE reread (
  partition INTEGER NOT NULL,
  place     INTEGER NOT NULL,
  hash      BLOB NOT NULL,
  entry     BLOB,
  article   BLOB,
  revision  INTEGER,
  PRIMARY KEY (partition, place)
) STRICT, WITHOUT ROWID;
