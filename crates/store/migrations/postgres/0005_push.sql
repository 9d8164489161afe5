-- How fast each new version of a repository spread: seconds from its time to the run that first saw it on so many
-- percent of the mirrors that carry the repository, and of their bandwidth.
CREATE TABLE mm3_push (
    repository_id   integer NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    sha256          text NOT NULL,                  -- of its repomd.xml
    pushed_at       bigint NOT NULL,                -- seconds since 1970
    hosts_50        bigint,
    hosts_90        bigint,
    hosts_99        bigint,
    bandwidth_50    bigint,
    bandwidth_90    bigint,
    bandwidth_99    bigint,
    PRIMARY KEY (repository_id, sha256)
);
