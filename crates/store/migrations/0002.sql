-- Version 2: what was learned of feeds, and what to ask a page with again.

ALTER TABLE feed ADD COLUMN habits TEXT;                     -- model::habits::Habits as JSON; NULL where nothing was learned
ALTER TABLE feed ADD COLUMN whole INTEGER NOT NULL DEFAULT 0; -- pages in a row that said no more than the feed did

-- The validators of the page whose body is entry.hash; NULL where that body came from the feed.
ALTER TABLE entry ADD COLUMN page_etag     TEXT;
ALTER TABLE entry ADD COLUMN page_modified TEXT;
