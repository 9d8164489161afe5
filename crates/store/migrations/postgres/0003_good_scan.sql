-- When each category was scanned well for the last time, seconds since 1970. A table of its own: this row is
-- written by every scan, outside of its transaction.
CREATE TABLE mm3_good_scan (
    category_id     integer PRIMARY KEY REFERENCES category (id) ON DELETE CASCADE,
    at              bigint NOT NULL
);
