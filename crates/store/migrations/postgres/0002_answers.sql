-- What the cache builder needs to follow the change log, and what answers need that upstream has no table for.

-- How many rows of the four big tables (directory, category_directory, file_detail, host_category_dir) the
-- transaction wrote; so that writers that keep no change log are noticed.
ALTER TABLE mm3_change ADD COLUMN written bigint NOT NULL DEFAULT 0;

-- Networks whose clients get one host and no other. Set by administrators only.
CREATE TABLE mm3_exclusive_netblock (
    id              serial PRIMARY KEY,
    netblock        text NOT NULL UNIQUE,           -- canonical, without host bits
    host_id         integer NOT NULL REFERENCES host (id) ON DELETE CASCADE,
    hashes          boolean NOT NULL DEFAULT true,  -- metalinks for these clients have checksums
    comment         text
);
CREATE INDEX mm3_exclusive_netblock_host_idx ON mm3_exclusive_netblock (host_id);

-- Under which address families a base URL answers.
CREATE TABLE mm3_url_family (
    host_category_url_id integer PRIMARY KEY REFERENCES host_category_url (id) ON DELETE CASCADE,
    v4              boolean NOT NULL,
    v6              boolean NOT NULL,
    checked_at      timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
