-- What the cache builder needs to follow the change log, and what answers need that upstream has no table for,
-- in SQLite's words.

-- How many rows of the four big tables (directory, category_directory, file_detail, host_category_dir) the
-- transaction wrote; so that writers that keep no change log are noticed.
ALTER TABLE mm3_change ADD COLUMN written BIGINT NOT NULL DEFAULT 0;

-- Networks whose clients get one host and no other. Set by administrators only.
CREATE TABLE mm3_exclusive_netblock (
    id              INTEGER PRIMARY KEY NOT NULL,
    netblock        TEXT NOT NULL UNIQUE,           -- canonical, without host bits
    host_id         INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
    hashes          BOOLEAN NOT NULL DEFAULT 1,     -- metalinks for these clients have checksums
    comment         TEXT
);
CREATE INDEX mm3_exclusive_netblock_host_idx ON mm3_exclusive_netblock (host_id);

-- Under which address families a base URL answers.
CREATE TABLE mm3_url_family (
    host_category_url_id INTEGER PRIMARY KEY NOT NULL REFERENCES host_category_url (id) ON DELETE CASCADE,
    v4              BOOLEAN NOT NULL,
    v6              BOOLEAN NOT NULL,
    checked_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')
);

-- How many rows of the four big tables anybody has written. PostgreSQL counts by itself.
CREATE TABLE mm3_written (
    id              INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    rows            BIGINT NOT NULL
);
INSERT INTO mm3_written (id, rows) VALUES (1, 0);
CREATE TRIGGER mm3_written_directory_i AFTER INSERT ON directory BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_directory_u AFTER UPDATE ON directory BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_directory_d AFTER DELETE ON directory BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_category_directory_i AFTER INSERT ON category_directory BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_category_directory_u AFTER UPDATE ON category_directory BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_category_directory_d AFTER DELETE ON category_directory BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_file_detail_i AFTER INSERT ON file_detail BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_file_detail_u AFTER UPDATE ON file_detail BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_file_detail_d AFTER DELETE ON file_detail BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_host_category_dir_i AFTER INSERT ON host_category_dir BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_host_category_dir_u AFTER UPDATE ON host_category_dir BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;
CREATE TRIGGER mm3_written_host_category_dir_d AFTER DELETE ON host_category_dir BEGIN
    UPDATE mm3_written SET rows = rows + 1;
END;

-- Times have six digits (0001_ours.sql).
CREATE TRIGGER mm3_time_mm3_url_family_checked_at_i AFTER INSERT ON mm3_url_family
WHEN NEW.checked_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.checked_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_url_family SET checked_at = substr(replace(replace(replace(NEW.checked_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.checked_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_url_family_checked_at_u AFTER UPDATE OF checked_at ON mm3_url_family
WHEN NEW.checked_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.checked_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_url_family SET checked_at = substr(replace(replace(replace(NEW.checked_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.checked_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
