-- What a crawl found out, for pages and the API, and what is to be told about it.

-- Since when a repository that the copy carries has been an older version there, seconds since 1970; NULL: it is none.
ALTER TABLE mm3_crawl_result ADD COLUMN behind_since bigint;
-- What was wrong: JSON array of objects with directory, file and reason, a hundred at most.
ALTER TABLE mm3_crawl_result ADD COLUMN bad text;

-- Events that wait for being sent. Written in the transaction of what they tell about.
CREATE TABLE mm3_outbox (
    id              serial PRIMARY KEY,
    created_at      bigint NOT NULL,                -- seconds since 1970
    topic           text NOT NULL,
    body            text NOT NULL                   -- JSON object; the sender adds URLs
);
