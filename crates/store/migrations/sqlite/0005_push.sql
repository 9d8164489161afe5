-- How fast each new version of a repository spread: seconds from its time to the run that first saw it on so many
-- percent of the mirrors that carry the repository, and of their bandwidth.
CREATE TABLE mm3_push (
    repository_id   INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    sha256          TEXT NOT NULL,                  -- of its repomd.xml
    pushed_at       BIGINT NOT NULL,                -- seconds since 1970
    hosts_50        BIGINT,
    hosts_90        BIGINT,
    hosts_99        BIGINT,
    bandwidth_50    BIGINT,
    bandwidth_90    BIGINT,
    bandwidth_99    BIGINT,
    PRIMARY KEY (repository_id, sha256)
);
