-- A database in the shape of Fedora's, made by the server out of row numbers alone: equal scales give
-- equal rows. The setting `fedora.scale` multiplies the repositories, and so the directories, file
-- details and what hosts carry; the number of hosts stays. At scale 1: 750 hosts, 5 categories, 2,462
-- repositories, 151 thousand directories, 305 thousand file details, 18.8 million rows about what hosts
-- carry, 17.5 million of them up to date.

-- No foreign key is checked while rows are made: they are right by construction.
SET LOCAL session_replication_role = replica;
SET LOCAL maintenance_work_mem = '512MB';
SET LOCAL work_mem = '64MB';

-- A number from 0 to n - 1 that looks random and stays the same.
CREATE FUNCTION pg_temp.pick(key bigint, salt bigint, n bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE RETURN (hashint8extended(key, salt) & 9223372036854775807) % n;

-- The same out of the letters of a digest: n of them.
CREATE FUNCTION pg_temp.digest(key bigint, salt text, n integer) RETURNS text
LANGUAGE sql IMMUTABLE RETURN
    substr(md5(salt || key) || md5(key || salt) || md5(salt || key || '/') || md5(key || salt || '/'), 1, n);

-- Categories: repositories at scale 1, the first version, and of a hundred hosts, public and private
-- ones, how many carry it.
CREATE TEMP TABLE plan (number integer, name text, top text, product text, repositories integer,
                        first integer, arches text[], kinds text[], public integer, private integer);
INSERT INTO plan VALUES
    (1, 'Fedora Linux', 'pub/fedora/linux', 'Fedora', 660, 26, '{x86_64,aarch64,ppc64le,s390x}',
     '{fedora,fedora-debug,fedora-source,updates,updates-debug,updates-source,testing,testing-debug,testing-source}',
     65, 40),
    (2, 'Fedora EPEL', 'pub/epel', 'EPEL', 160, 4, '{x86_64,aarch64,ppc64le,s390x}',
     '{epel,epel-debug,epel-source,epel-testing,epel-testing-debug,epel-testing-source}', 80, 60),
    (3, 'Fedora Archive', 'pub/archive/fedora/linux', 'Fedora', 1170, 1, '{x86_64,i386,ppc,aarch64,armhfp}',
     '{archive,archive-debug,archive-source,archive-updates,archive-updates-debug,archive-updates-source}',
     20, 3),
    (4, 'Fedora Secondary Arches', 'pub/fedora-secondary', 'Fedora', 432, 18, '{i386,armhfp,riscv64}',
     '{secondary,secondary-debug,secondary-source,secondary-updates,secondary-updates-debug,secondary-updates-source}',
     15, 2),
    (5, 'Fedora Other', 'pub/alt', 'Fedora', 40, 30, '{x86_64,aarch64}', '{live,spins,cloud,iot}', 20, 3);

INSERT INTO arch (name, publiclist, primary_arch)
    SELECT DISTINCT unnest(arches), true, false FROM plan ON CONFLICT DO NOTHING;
INSERT INTO product (name, publiclist)
    SELECT DISTINCT product, true FROM plan ON CONFLICT DO NOTHING;

-- Repositories, each below TOP/VERSION/KIND/ARCH.
CREATE TEMP TABLE repositories AS
SELECT row_number() OVER (ORDER BY plan.number, n)::integer AS number, plan.number AS category, top, product,
       first + n / (cardinality(arches) * cardinality(kinds)) AS version,
       kinds[1 + n / cardinality(arches) % cardinality(kinds)] AS kind,
       arches[1 + n % cardinality(arches)] AS arch
FROM plan, generate_series(0, ceil(repositories * current_setting('fedora.scale')::float8)::integer - 1) AS n;
INSERT INTO version (name, product_id, is_test, display, ordered_mirrorlist, sortorder)
    SELECT v.version::text, product.id, false, true, false, v.version
    FROM (SELECT DISTINCT version, product FROM repositories) v JOIN product ON product.name = v.product
    ORDER BY product.id, v.version
    ON CONFLICT DO NOTHING;

-- The sixty directories of a repository.
CREATE TEMP TABLE places (number serial, below text);
INSERT INTO places (below)
    SELECT unnest(ARRAY['', '/repodata', '/images', '/images/pxeboot', '/EFI', '/EFI/BOOT', '/LiveOS', '/Packages'])
    UNION ALL SELECT '/Packages/' || letter FROM regexp_split_to_table('abcdefghijklmnopqrstuvwxyz0123456789', '') letter
    UNION ALL SELECT '/drpms' UNION ALL SELECT '/drpms/' || lpad(n::text, 2, '0') FROM generate_series(1, 15) n;

-- All directories; the levels above repositories belong to repository 0.
CREATE TEMP TABLE directories AS
SELECT number AS repository, category, place, name, substr(name, length(top) + 2) AS path
FROM (SELECT r.number, category, top, p.number AS place, concat_ws('/', top, version, kind, arch, 'os') || below AS name
      FROM repositories r, places p
      UNION ALL
      SELECT DISTINCT 0, category, top, 0, level
      FROM repositories,
           unnest(ARRAY[top, concat_ws('/', top, version), concat_ws('/', top, version, kind),
                        concat_ws('/', top, version, kind, arch)]) AS level) d;
INSERT INTO directory (name, readable, ctime)
    SELECT name, true, 1700000000 + pg_temp.pick(repository, 1, 20000000)
    FROM directories ORDER BY repository > 0, pg_temp.pick(repository, 2, 1 << 30), name;
ALTER TABLE directories ADD id integer;
UPDATE directories SET id = directory.id FROM directory WHERE directory.name = directories.name;
ANALYZE directories;

INSERT INTO category (name, canonicalhost, publiclist, admin_only, product_id, topdir_id)
    SELECT plan.name, 'https://dl.example.org', true, false, product.id, d.id
    FROM plan JOIN product ON product.name = plan.product JOIN directories d ON d.name = plan.top
    ORDER BY plan.number;
CREATE TEMP TABLE categories AS SELECT plan.*, category.id FROM plan JOIN category USING (name);
INSERT INTO category_directory (category_id, directory_id)
    SELECT c.id, d.id FROM directories d JOIN categories c ON c.number = d.category ORDER BY d.id;
INSERT INTO repository (name, prefix, category_id, version_id, arch_id, directory_id, disabled)
    SELECT d.name, r.kind || '-' || r.version, c.id, version.id, arch.id, d.id, pg_temp.pick(r.number, 3, 200) = 0
    FROM repositories r JOIN categories c ON c.number = r.category
    JOIN directories d ON d.repository = r.number AND d.place = 1
    JOIN product ON product.name = r.product
    JOIN version ON version.name = r.version::text AND version.product_id = product.id
    JOIN arch ON arch.name = r.arch
    ORDER BY r.number;

-- Up to 19 generations of repomd.xml, and two files in nearly every other directory.
INSERT INTO file_detail (filename, "timestamp", size, sha1, md5, sha256, sha512, directory_id)
    SELECT 'repomd.xml', 1745000000 + pg_temp.pick(repository, 4, 86400) - age * 86400, 3000 + age,
           pg_temp.digest(id, 'a' || age, 40), pg_temp.digest(id, 'b' || age, 32),
           pg_temp.digest(id, 'c' || age, 64), pg_temp.digest(id, 'd' || age, 128), id
    FROM directories, generate_series(0, pg_temp.pick(repository, 5, 19)) AS age
    WHERE place = 2
    ORDER BY id, age DESC;
INSERT INTO file_detail (filename, "timestamp", size, sha1, md5, sha256, directory_id)
    SELECT 'file-' || n || '-CHECKSUM', 1700000000 + pg_temp.pick(id, n, 40000000), 500 + pg_temp.pick(id, 6, 9000),
           pg_temp.digest(id, 'e' || n, 40), pg_temp.digest(id, 'f' || n, 32), pg_temp.digest(id, 'g' || n, 64), id
    FROM directories, generate_series(1, 2) AS n
    WHERE repository > 0 AND place <> 2 AND pg_temp.pick(id, 7, 1000) < 965
    ORDER BY id, n;

-- Sites and hosts: 450 public hosts, then 300 private ones. A few are switched off.
INSERT INTO site (name, private, admin_active, user_active, created_at, created_by, all_sites_can_pull_from_me,
                  email_on_drop, email_on_add)
    SELECT 'site-' || n, n > 400, pg_temp.pick(n, 10, 100) > 0, pg_temp.pick(n, 11, 100) > 1, '2020-01-01', 'admin',
           false, false, false
    FROM generate_series(1, 600) AS n;
CREATE TEMP TABLE codes AS
SELECT string_to_array('US,DE,CN,FR,GB,CA,RU,BR,JP,NL,SE,TW,IN,AU,PL,IT,CZ,CH,UA,KR,SG,ID,ZA,ES,FI,AT,NZ,AR,KE,MX,'
                       'DK,BG,RO,HU,BE,TR,VN,TH,HK,CL,NO,PT,GR,IE,HR,RS,SK,SI,LT,LV,EE,BY,KZ,IL,IR,AE,SA,BD,PK,MY,'
                       'PH,LK,NP,CO,PE,EC,UY,CR,PA,PR,NC,MA,TN,EG,NG,TZ,MU,GE,AM,IS', ',') AS code;
INSERT INTO host (name, site_id, admin_active, user_active, country, bandwidth_int, private, internet2,
                  internet2_clients, asn, asn_clients, max_connections, crawl_failures)
    SELECT 'mirror' || n || '.example.org',
           (SELECT id FROM site WHERE name = 'site-' || CASE WHEN n <= 450 THEN 1 + n % 400 ELSE 401 + n % 200 END),
           pg_temp.pick(n, 12, 100) > 2, pg_temp.pick(n, 13, 100) > 2,
           code[1 + floor(80 * power(pg_temp.pick(n, 14, 10000) / 10000.0, 3))],
           (ARRAY[10, 100, 100, 200, 500, 1000, 1000, 1000, 2000, 5000, 10000, 10000, 20000, 40000, 100000])
               [1 + pg_temp.pick(n, 15, 15)],
           n > 450, pg_temp.pick(n, 16, 10) = 0, pg_temp.pick(n, 17, 20) = 0,
           CASE WHEN pg_temp.pick(n, 18, 10) < 8 THEN 1 + pg_temp.pick(n, 19, 40000) END,
           pg_temp.pick(n, 20, 10) < CASE WHEN n <= 450 THEN 8 ELSE 5 END, 1 + pg_temp.pick(n, 21, 8), 0
    FROM generate_series(1, 750) AS n, codes
    ORDER BY n;
INSERT INTO host_category (host_id, category_id, always_up2date)
    SELECT host.id, c.id, host.private AND pg_temp.pick(host.id, 30 + c.number, 100) < 15
    FROM host, categories c
    WHERE pg_temp.pick(host.id, 40 + c.number, 100) < CASE WHEN host.private THEN c.private ELSE c.public END
    ORDER BY host.id, c.number;
INSERT INTO host_category_url (host_category_id, url, private)
    SELECT hc.id, scheme || '://mirror' || hc.host_id || '.example.org/' ||
           CASE scheme WHEN 'rsync' THEN 'module-' || c.number ELSE c.top END,
           scheme = 'rsync' AND pg_temp.pick(hc.id, 50, 10) = 0
    FROM host_category hc JOIN categories c ON c.id = hc.category_id,
         unnest(ARRAY['http', 'https', 'rsync'], ARRAY[100, 80, 70]) AS s (scheme, share)
    WHERE pg_temp.pick(hc.host_id, 50 + share, 100) < share
    ORDER BY hc.id, scheme;
INSERT INTO host_netblock (netblock, name, host_id)
    SELECT CASE n WHEN 1 THEN format('%s.%s.0.0/16', 1 + pg_temp.pick(id, 60, 220), pg_temp.pick(id, 61, 256))
                  WHEN 2 THEN format('%s.%s.%s.0/24', 1 + pg_temp.pick(id, 62, 220), pg_temp.pick(id, 63, 256),
                                     pg_temp.pick(id, 64, 256))
                  ELSE format('2001:%s::/32', to_hex(512 + pg_temp.pick(id, 65, 4000))) END, 'net', id
    FROM host, generate_series(1, 3) AS n
    WHERE pg_temp.pick(id, 66 + n, 10) < CASE WHEN private THEN 7 ELSE 2 END
    ORDER BY id, n;
INSERT INTO host_country_allowed (country, host_id)
    SELECT code[n], 450 + 20 * n FROM codes, generate_series(1, 12) AS n;
INSERT INTO repository_redirect (from_repo, to_repo) VALUES
    ('fedora-rawhide', 'fedora-26'), ('epel-latest', 'epel-4'), ('updates-rawhide', NULL);
INSERT INTO country_continent_redirect (country, continent)
    SELECT country, 'EU' FROM unnest(ARRAY['IL', 'AM', 'KZ', 'AE', 'PK', 'GE']) AS country ON CONFLICT DO NOTHING;
INSERT INTO netblock_country (netblock, country) VALUES ('10.0.0.0/8', 'US'), ('192.168.0.0/16', 'DE');

-- What hosts carry: of each category a share of its repositories, whole, of which seven in a hundred are
-- behind. A table that is emptied in this transaction is not logged, and its indexes are made at the end.
TRUNCATE host_category_dir;
CREATE TEMP TABLE keys AS
SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
WHERE conrelid = 'host_category_dir'::regclass AND contype IN ('p', 'u');
CREATE TEMP TABLE indexes AS
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
WHERE indrelid = 'host_category_dir'::regclass AND NOT EXISTS (SELECT FROM keys WHERE name = indexrelid::regclass::text);
CREATE INDEX ON directories (category, path);
DO $$
DECLARE
    key record;
    carried record;
BEGIN
    FOR key IN SELECT * FROM keys LOOP
        EXECUTE format('ALTER TABLE host_category_dir DROP CONSTRAINT %I', key.name);
    END LOOP;
    FOR key IN SELECT * FROM indexes LOOP
        EXECUTE format('DROP INDEX %I', key.name);
    END LOOP;
    FOR carried IN
        SELECT hc.id, c.number AS category, 31 + pg_temp.pick(hc.id, 80, 63) AS share
        FROM host_category hc JOIN categories c ON c.id = hc.category_id
        WHERE NOT hc.always_up2date ORDER BY hc.id
    LOOP
        INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id)
            SELECT carried.id, d.path, pg_temp.pick(d.repository, carried.id, 1000) >= 70, d.id
            FROM directories d
            WHERE d.category = carried.category
              AND (d.repository = 0 OR pg_temp.pick(d.repository, -carried.id, 100) < carried.share)
            ORDER BY d.path;
    END LOOP;
    FOR key IN SELECT * FROM keys LOOP
        EXECUTE format('ALTER TABLE host_category_dir ADD CONSTRAINT %I %s', key.name, key.definition);
    END LOOP;
    FOR key IN SELECT * FROM indexes LOOP
        EXECUTE key.definition;
    END LOOP;
END $$;
