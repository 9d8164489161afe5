-- What is ours, beside upstream's tables. Times are UTC. A reference to one of upstream's tables is
-- ON DELETE CASCADE, so that a delete by upstream's programs never fails on us.

-- What may have to be served differently: one row per transaction and subject. A reader takes the rows
-- of transactions that are older than every open one, so that late commits are not missed.
CREATE TABLE mm3_change (
    id              bigserial PRIMARY KEY,
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at      timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    subject         text NOT NULL,
    subject_id      integer NOT NULL,
    directories     text                            -- JSON array of directory ids; NULL: all of the subject
);
CREATE INDEX mm3_change_xid_idx ON mm3_change (xid, id);

-- How far each reader of the change log has come.
CREATE TABLE mm3_reader (
    name            text PRIMARY KEY,
    position        bigint NOT NULL,                -- transactions below it have been read
    seen_at         timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

-- What was proven of one host's copy of a category: the rows that design section 5 describes, packed.
CREATE TABLE mm3_evidence (
    host_category_id integer PRIMARY KEY REFERENCES host_category (id) ON DELETE CASCADE,
    updated_at      timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    url             text,                           -- where it was proven
    addresses       text,                           -- JSON array of the addresses that answered
    data            bytea NOT NULL
);

-- The scanner's memory of a category.
CREATE TABLE mm3_scan_state (
    category_id     integer PRIMARY KEY REFERENCES category (id) ON DELETE CASCADE,
    source          text,                           -- kind of tree source of the last good scan
    lock_owner      text,                           -- who scans it now
    locked_at       timestamp,
    device          bigint                          -- device number of the master root
);

-- Directories that the next scan reads again although their time has not changed (damaged repomd.xml).
CREATE TABLE mm3_retry (
    directory_id    integer PRIMARY KEY REFERENCES directory (id) ON DELETE CASCADE,
    reason          text NOT NULL,
    created_at      timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

-- The last crawl of one host's copy of a category.
CREATE TABLE mm3_crawl_result (
    host_category_id integer PRIMARY KEY REFERENCES host_category (id) ON DELETE CASCADE,
    status          text NOT NULL,
    reason          text,
    started_at      timestamp,
    finished_at     timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    current         integer NOT NULL DEFAULT 0,     -- directories proven up to date
    stale           integer NOT NULL DEFAULT 0,     -- proven not up to date, or absent
    unknown         integer NOT NULL DEFAULT 0,     -- no answer that proves anything
    requests        bigint NOT NULL DEFAULT 0,
    bytes           bigint NOT NULL DEFAULT 0
);
