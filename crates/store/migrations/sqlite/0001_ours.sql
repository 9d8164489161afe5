-- What is ours, beside upstream's tables, in SQLite's words. Times are UTC.

-- What may have to be served differently: one row per transaction and subject. There is one writer, so ids
-- are in the order of the commits; they are never used twice, or a reader would miss a row.
CREATE TABLE mm3_change (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'),
    subject         TEXT NOT NULL,
    subject_id      INTEGER NOT NULL,
    directories     TEXT                            -- JSON array of directory ids; NULL: all of the subject
);

-- How far each reader of the change log has come.
CREATE TABLE mm3_reader (
    name            TEXT PRIMARY KEY NOT NULL,
    position        BIGINT NOT NULL,                -- rows up to this id have been read
    seen_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')
);

-- What was proven of one host's copy of a category: the rows that design section 5 describes, packed.
CREATE TABLE mm3_evidence (
    host_category_id INTEGER PRIMARY KEY NOT NULL REFERENCES host_category (id) ON DELETE CASCADE,
    updated_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'),
    url             TEXT,                           -- where it was proven
    addresses       TEXT,                           -- JSON array of the addresses that answered
    data            BLOB NOT NULL
);

-- The scanner's memory of a category.
CREATE TABLE mm3_scan_state (
    category_id     INTEGER PRIMARY KEY NOT NULL REFERENCES category (id) ON DELETE CASCADE,
    source          TEXT,                           -- kind of tree source of the last good scan
    lock_owner      TEXT,                           -- who scans it now
    locked_at       TEXT,
    device          BIGINT                          -- device number of the master root
);

-- Directories that the next scan reads again although their time has not changed (damaged repomd.xml).
CREATE TABLE mm3_retry (
    directory_id    INTEGER PRIMARY KEY NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    reason          TEXT NOT NULL,
    created_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')
);

-- The last crawl of one host's copy of a category.
CREATE TABLE mm3_crawl_result (
    host_category_id INTEGER PRIMARY KEY NOT NULL REFERENCES host_category (id) ON DELETE CASCADE,
    status          TEXT NOT NULL,
    reason          TEXT,
    started_at      TEXT,
    finished_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'),
    current         INTEGER NOT NULL DEFAULT 0,     -- directories proven up to date
    stale           INTEGER NOT NULL DEFAULT 0,     -- proven not up to date, or absent
    unknown         INTEGER NOT NULL DEFAULT 0,     -- no answer that proves anything
    requests        BIGINT NOT NULL DEFAULT 0,
    bytes           BIGINT NOT NULL DEFAULT 0
);

-- Times always have six digits after the dot, whoever writes them: a driver that drops zeros, or one
-- that writes T or a zone of +00:00, must not break comparisons as text.
CREATE TRIGGER mm3_time_site_created_at_i AFTER INSERT ON site
WHEN NEW.created_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE site SET created_at = substr(replace(replace(replace(NEW.created_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_site_created_at_u AFTER UPDATE OF created_at ON site
WHEN NEW.created_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE site SET created_at = substr(replace(replace(replace(NEW.created_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_host_last_checked_in_i AFTER INSERT ON host
WHEN NEW.last_checked_in NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.last_checked_in GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE host SET last_checked_in = substr(replace(replace(replace(NEW.last_checked_in, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.last_checked_in, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_host_last_checked_in_u AFTER UPDATE OF last_checked_in ON host
WHEN NEW.last_checked_in NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.last_checked_in GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE host SET last_checked_in = substr(replace(replace(replace(NEW.last_checked_in, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.last_checked_in, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_host_last_crawled_i AFTER INSERT ON host
WHEN NEW.last_crawled NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.last_crawled GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE host SET last_crawled = substr(replace(replace(replace(NEW.last_crawled, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.last_crawled, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_host_last_crawled_u AFTER UPDATE OF last_crawled ON host
WHEN NEW.last_crawled NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.last_crawled GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE host SET last_crawled = substr(replace(replace(replace(NEW.last_crawled, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.last_crawled, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_host_stats_timestamp_i AFTER INSERT ON host_stats
WHEN NEW."timestamp" NOT GLOB '????-??-?? ??:??:??.??????' AND NEW."timestamp" GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE host_stats SET "timestamp" = substr(replace(replace(replace(NEW."timestamp", 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW."timestamp", '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_host_stats_timestamp_u AFTER UPDATE OF "timestamp" ON host_stats
WHEN NEW."timestamp" NOT GLOB '????-??-?? ??:??:??.??????' AND NEW."timestamp" GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE host_stats SET "timestamp" = substr(replace(replace(replace(NEW."timestamp", 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW."timestamp", '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_group_created_i AFTER INSERT ON mm_group
WHEN NEW.created NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_group SET created = substr(replace(replace(replace(NEW.created, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_group_created_u AFTER UPDATE OF created ON mm_group
WHEN NEW.created NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_group SET created = substr(replace(replace(replace(NEW.created, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_user_created_i AFTER INSERT ON mm_user
WHEN NEW.created NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_user SET created = substr(replace(replace(replace(NEW.created, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_user_created_u AFTER UPDATE OF created ON mm_user
WHEN NEW.created NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_user SET created = substr(replace(replace(replace(NEW.created, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_user_updated_on_i AFTER INSERT ON mm_user
WHEN NEW.updated_on NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.updated_on GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_user SET updated_on = substr(replace(replace(replace(NEW.updated_on, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.updated_on, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_user_updated_on_u AFTER UPDATE OF updated_on ON mm_user
WHEN NEW.updated_on NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.updated_on GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_user SET updated_on = substr(replace(replace(replace(NEW.updated_on, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.updated_on, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_user_visit_created_i AFTER INSERT ON mm_user_visit
WHEN NEW.created NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_user_visit SET created = substr(replace(replace(replace(NEW.created, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_user_visit_created_u AFTER UPDATE OF created ON mm_user_visit
WHEN NEW.created NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_user_visit SET created = substr(replace(replace(replace(NEW.created, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_user_visit_expiry_i AFTER INSERT ON mm_user_visit
WHEN NEW.expiry NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.expiry GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_user_visit SET expiry = substr(replace(replace(replace(NEW.expiry, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.expiry, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm_user_visit_expiry_u AFTER UPDATE OF expiry ON mm_user_visit
WHEN NEW.expiry NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.expiry GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm_user_visit SET expiry = substr(replace(replace(replace(NEW.expiry, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.expiry, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_propagation_stat_datetime_i AFTER INSERT ON propagation_stat
WHEN NEW.datetime NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.datetime GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE propagation_stat SET datetime = substr(replace(replace(replace(NEW.datetime, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.datetime, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_propagation_stat_datetime_u AFTER UPDATE OF datetime ON propagation_stat
WHEN NEW.datetime NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.datetime GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE propagation_stat SET datetime = substr(replace(replace(replace(NEW.datetime, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.datetime, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_change_created_at_i AFTER INSERT ON mm3_change
WHEN NEW.created_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_change SET created_at = substr(replace(replace(replace(NEW.created_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_change_created_at_u AFTER UPDATE OF created_at ON mm3_change
WHEN NEW.created_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_change SET created_at = substr(replace(replace(replace(NEW.created_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_reader_seen_at_i AFTER INSERT ON mm3_reader
WHEN NEW.seen_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.seen_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_reader SET seen_at = substr(replace(replace(replace(NEW.seen_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.seen_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_reader_seen_at_u AFTER UPDATE OF seen_at ON mm3_reader
WHEN NEW.seen_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.seen_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_reader SET seen_at = substr(replace(replace(replace(NEW.seen_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.seen_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_evidence_updated_at_i AFTER INSERT ON mm3_evidence
WHEN NEW.updated_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.updated_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_evidence SET updated_at = substr(replace(replace(replace(NEW.updated_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.updated_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_evidence_updated_at_u AFTER UPDATE OF updated_at ON mm3_evidence
WHEN NEW.updated_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.updated_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_evidence SET updated_at = substr(replace(replace(replace(NEW.updated_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.updated_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_scan_state_locked_at_i AFTER INSERT ON mm3_scan_state
WHEN NEW.locked_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.locked_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_scan_state SET locked_at = substr(replace(replace(replace(NEW.locked_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.locked_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_scan_state_locked_at_u AFTER UPDATE OF locked_at ON mm3_scan_state
WHEN NEW.locked_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.locked_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_scan_state SET locked_at = substr(replace(replace(replace(NEW.locked_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.locked_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_retry_created_at_i AFTER INSERT ON mm3_retry
WHEN NEW.created_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_retry SET created_at = substr(replace(replace(replace(NEW.created_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_retry_created_at_u AFTER UPDATE OF created_at ON mm3_retry
WHEN NEW.created_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.created_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_retry SET created_at = substr(replace(replace(replace(NEW.created_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.created_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_crawl_result_started_at_i AFTER INSERT ON mm3_crawl_result
WHEN NEW.started_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.started_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_crawl_result SET started_at = substr(replace(replace(replace(NEW.started_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.started_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_crawl_result_started_at_u AFTER UPDATE OF started_at ON mm3_crawl_result
WHEN NEW.started_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.started_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_crawl_result SET started_at = substr(replace(replace(replace(NEW.started_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.started_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_crawl_result_finished_at_i AFTER INSERT ON mm3_crawl_result
WHEN NEW.finished_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.finished_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_crawl_result SET finished_at = substr(replace(replace(replace(NEW.finished_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.finished_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
CREATE TRIGGER mm3_time_mm3_crawl_result_finished_at_u AFTER UPDATE OF finished_at ON mm3_crawl_result
WHEN NEW.finished_at NOT GLOB '????-??-?? ??:??:??.??????' AND NEW.finished_at GLOB '????-??-??[T ]??:??:??*' BEGIN
    UPDATE mm3_crawl_result SET finished_at = substr(replace(replace(replace(NEW.finished_at, 'T', ' '), '+00:00', ''), 'Z', '')
        || CASE WHEN instr(NEW.finished_at, '.') = 0 THEN '.' ELSE '' END || '000000', 1, 26) WHERE rowid = NEW.rowid;
END;
