-- One repository of `fedora.parts`, at least one; other ones at every `fedora.step`.
CREATE TEMP TABLE pg_temp.touched ON COMMIT DROP AS
SELECT d.id, r.category_id, d.name = r.name || '/repodata' AS described
FROM (SELECT *, count(*) OVER () AS total,
             greatest(1, count(*) OVER () / current_setting('fedora.parts')::integer) AS part FROM repository) r
JOIN directory d ON d.name = r.name OR d.name LIKE r.name || '/%'
-- A prime spreads neighbours.
WHERE (r.id * 7919 + current_setting('fedora.step')::integer * part) % total < part;
ANALYZE pg_temp.touched;

INSERT INTO file_detail (filename, "timestamp", size, sha1, md5, sha256, sha512, directory_id)
    SELECT f.filename, f."timestamp" + 86400, f.size + 1, md5(f.sha1) || substr(md5(f.md5), 1, 8), md5(f.md5),
           md5(f.sha1) || md5(f.sha256), md5(f.sha1) || md5(f.md5) || md5(f.sha256) || md5(f.sha512), f.directory_id
    FROM (SELECT DISTINCT ON (directory_id) * FROM file_detail
          WHERE directory_id IN (SELECT id FROM pg_temp.touched WHERE described) AND filename = 'repomd.xml'
          ORDER BY directory_id, "timestamp" DESC) f;

-- A host that is behind catches up; of those that are not, every fourth falls behind.
CREATE TEMP TABLE pg_temp.turned ON COMMIT DROP AS
SELECT hcd.id, host_category_id, directory_id FROM host_category_dir hcd JOIN pg_temp.touched t ON t.id = directory_id
WHERE NOT up2date OR (host_category_id + current_setting('fedora.step')::integer) % 4 = 0;
UPDATE host_category_dir SET up2date = NOT up2date FROM pg_temp.turned t WHERE t.id = host_category_dir.id;

CREATE TEMP TABLE pg_temp.changed ON COMMIT DROP AS
SELECT 'category' AS subject, category_id AS subject_id, array_agg(id ORDER BY id) AS directories
FROM pg_temp.touched GROUP BY category_id
UNION ALL
SELECT 'host_category', host_category_id, array_agg(directory_id ORDER BY directory_id)
FROM pg_temp.turned GROUP BY host_category_id;
