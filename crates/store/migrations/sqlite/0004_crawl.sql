-- What a crawl found out, for pages and the API, and what is to be told about it, in SQLite's words.

-- Since when a repository that the copy carries has been an older version there, seconds since 1970; NULL: it is none.
ALTER TABLE mm3_crawl_result ADD COLUMN behind_since BIGINT;
-- What was wrong: JSON array of objects with directory, file and reason, a hundred at most.
ALTER TABLE mm3_crawl_result ADD COLUMN bad TEXT;

-- Events that wait for being sent. Written in the transaction of what they tell about. Ids are never used twice.
CREATE TABLE mm3_outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at      BIGINT NOT NULL,                -- seconds since 1970
    topic           TEXT NOT NULL,
    body            TEXT NOT NULL                   -- JSON object; the sender adds URLs
);
