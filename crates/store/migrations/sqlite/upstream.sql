-- The tables that MirrorManager 2 has at Alembic revision 3264c6353b51, in SQLite's words.
--
-- Times are TEXT of 26 characters (YYYY-MM-DD HH:MM:SS.ffffff, UTC), so that they compare as text; the
-- triggers in 0001_ours.sql complete shorter ones. Ids that leave the database (caches, change log) are
-- never used twice: AUTOINCREMENT. Indexes that another key implies, and those on one boolean, are left out.

CREATE TABLE access_stat_category (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        VARCHAR(255) NOT NULL,
    CONSTRAINT uq_access_stat_category_name
        UNIQUE (name)
);

CREATE TABLE access_stat (
    category_id                 INTEGER NOT NULL,
    date                        TEXT NOT NULL,
    name                        VARCHAR(255) NOT NULL,
    percent                     REAL,
    requests                    INTEGER,
    CONSTRAINT pk_access_stat
        PRIMARY KEY (category_id, date, name),
    CONSTRAINT fk_access_stat_category_id_access_stat_category
        FOREIGN KEY (category_id) REFERENCES access_stat_category(id)
);
CREATE INDEX ix_access_stat_date ON access_stat (date);
CREATE INDEX ix_access_stat_requests ON access_stat (requests);

CREATE TABLE alembic_version (
    version_num                 VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc
        PRIMARY KEY (version_num)
);

CREATE TABLE arch (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        TEXT NOT NULL,
    publiclist                  BOOLEAN NOT NULL CHECK (publiclist IN (0, 1)),
    primary_arch                BOOLEAN NOT NULL CHECK (primary_arch IN (0, 1)),
    CONSTRAINT uq_arch_name
        UNIQUE (name)
);

CREATE TABLE directory (
    id                          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name                        TEXT NOT NULL,
    files                       BLOB,
    readable                    BOOLEAN NOT NULL CHECK (readable IN (0, 1)),
    ctime                       BIGINT,
    CONSTRAINT uq_directory_name
        UNIQUE (name)
);

CREATE TABLE product (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        TEXT NOT NULL,
    publiclist                  BOOLEAN NOT NULL CHECK (publiclist IN (0, 1)),
    CONSTRAINT uq_product_name
        UNIQUE (name)
);

CREATE TABLE category (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        TEXT NOT NULL,
    canonicalhost               TEXT,
    publiclist                  BOOLEAN NOT NULL CHECK (publiclist IN (0, 1)),
    geo_dns_domain              TEXT,
    admin_only                  BOOLEAN CHECK (admin_only IN (0, 1)),
    product_id                  INTEGER,
    topdir_id                   INTEGER,
    CONSTRAINT uq_category_name
        UNIQUE (name),
    CONSTRAINT fk_category_product_id_product
        FOREIGN KEY (product_id) REFERENCES product(id),
    CONSTRAINT fk_category_topdir_id_directory
        FOREIGN KEY (topdir_id) REFERENCES directory(id)
);

CREATE TABLE category_directory (
    category_id                 INTEGER NOT NULL,
    directory_id                INTEGER NOT NULL,
    CONSTRAINT pk_category_directory
        PRIMARY KEY (category_id, directory_id),
    CONSTRAINT fk_category_directory_category_id_category
        FOREIGN KEY (category_id) REFERENCES category(id),
    CONSTRAINT fk_category_directory_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id)
);

CREATE TABLE country (
    id                          INTEGER PRIMARY KEY NOT NULL,
    code                        TEXT NOT NULL,
    CONSTRAINT uq_country_code
        UNIQUE (code)
);

CREATE TABLE country_continent_redirect (
    id                          INTEGER PRIMARY KEY NOT NULL,
    country                     TEXT NOT NULL,
    continent                   TEXT NOT NULL,
    CONSTRAINT uq_country_continent_redirect_country
        UNIQUE (country)
);

CREATE TABLE site (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        TEXT NOT NULL,
    password                    TEXT,
    org_url                     TEXT,
    private                     BOOLEAN NOT NULL CHECK (private IN (0, 1)),
    admin_active                BOOLEAN NOT NULL CHECK (admin_active IN (0, 1)),
    user_active                 BOOLEAN NOT NULL CHECK (user_active IN (0, 1)),
    created_at                  TEXT NOT NULL,
    created_by                  TEXT NOT NULL,
    all_sites_can_pull_from_me  BOOLEAN NOT NULL CHECK (all_sites_can_pull_from_me IN (0, 1)),
    downstream_comments         TEXT,
    email_on_drop               BOOLEAN NOT NULL CHECK (email_on_drop IN (0, 1)),
    email_on_add                BOOLEAN NOT NULL CHECK (email_on_add IN (0, 1))
);
CREATE INDEX ix_site_created_at ON site (created_at);
CREATE INDEX ix_site_name ON site (name);

CREATE TABLE host (
    id                          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name                        TEXT NOT NULL,
    site_id                     INTEGER,
    robot_email                 TEXT,
    admin_active                BOOLEAN NOT NULL CHECK (admin_active IN (0, 1)),
    user_active                 BOOLEAN NOT NULL CHECK (user_active IN (0, 1)),
    country                     TEXT NOT NULL,
    bandwidth_int               INTEGER,
    comment                     TEXT,
    config                      BLOB,
    last_checked_in             TEXT,
    last_crawled                TEXT,
    private                     BOOLEAN NOT NULL CHECK (private IN (0, 1)),
    internet2                   BOOLEAN NOT NULL CHECK (internet2 IN (0, 1)),
    internet2_clients           BOOLEAN NOT NULL CHECK (internet2_clients IN (0, 1)),
    asn                         INTEGER,
    asn_clients                 BOOLEAN NOT NULL CHECK (asn_clients IN (0, 1)),
    max_connections             INTEGER NOT NULL,
    last_crawl_duration         BIGINT,
    crawl_failures              INTEGER NOT NULL,
    disable_reason              TEXT,
    push_ssh_private_key        TEXT,
    push_ssh_host               TEXT,
    push_ssh_command            TEXT,
    last_crawls                 BLOB,
    latitude                    REAL,
    longitude                   REAL,
    CONSTRAINT host_idx
        UNIQUE (site_id, name),
    CONSTRAINT fk_host_site_id_site
        FOREIGN KEY (site_id) REFERENCES site(id)
);
CREATE INDEX ix_host_country ON host (country);
CREATE INDEX ix_host_last_crawl_duration ON host (last_crawl_duration);
CREATE INDEX ix_host_name ON host (name);

CREATE TABLE directory_exclusive_host (
    id                          INTEGER PRIMARY KEY NOT NULL,
    directory_id                INTEGER NOT NULL,
    host_id                     INTEGER NOT NULL,
    CONSTRAINT directory_exclusive_host_idx
        UNIQUE (directory_id, host_id),
    CONSTRAINT fk_directory_exclusive_host_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id),
    CONSTRAINT fk_directory_exclusive_host_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE embargoed_country (
    id                          INTEGER PRIMARY KEY NOT NULL,
    country_code                TEXT NOT NULL,
    CONSTRAINT uq_embargoed_country_country_code
        UNIQUE (country_code)
);

CREATE TABLE file_detail (
    id                          INTEGER PRIMARY KEY NOT NULL,
    filename                    TEXT NOT NULL,
    "timestamp"                 BIGINT,
    size                        BIGINT,
    sha1                        TEXT,
    md5                         TEXT,
    sha256                      TEXT,
    sha512                      TEXT,
    directory_id                INTEGER NOT NULL,
    CONSTRAINT fk_file_detail_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id)
);
CREATE INDEX ix_file_detail_timestamp ON file_detail ("timestamp");

CREATE TABLE file_group (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        TEXT NOT NULL,
    CONSTRAINT uq_file_group_name
        UNIQUE (name)
);

CREATE TABLE file_detail_file_group (
    id                          INTEGER PRIMARY KEY NOT NULL,
    file_detail_id              INTEGER NOT NULL,
    file_group_id               INTEGER NOT NULL,
    CONSTRAINT fk_file_detail_file_group_file_detail_id_file_detail
        FOREIGN KEY (file_detail_id) REFERENCES file_detail(id),
    CONSTRAINT fk_file_detail_file_group_file_group_id_file_group
        FOREIGN KEY (file_group_id) REFERENCES file_group(id)
);

CREATE TABLE host_acl_ip (
    id                          INTEGER PRIMARY KEY NOT NULL,
    ip                          TEXT,
    host_id                     INTEGER,
    CONSTRAINT uq_host_acl_ip_ip
        UNIQUE (ip),
    CONSTRAINT fk_host_acl_ip_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_category (
    id                          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    host_id                     INTEGER,
    category_id                 INTEGER,
    always_up2date              BOOLEAN NOT NULL CHECK (always_up2date IN (0, 1)),
    CONSTRAINT host_category_hcindex
        UNIQUE (host_id, category_id),
    CONSTRAINT fk_host_category_category_id_category
        FOREIGN KEY (category_id) REFERENCES category(id) ON DELETE CASCADE,
    CONSTRAINT fk_host_category_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);
CREATE INDEX t_hostcategory_category_id_idx ON host_category (category_id);

CREATE TABLE host_category_dir (
    id                          INTEGER PRIMARY KEY NOT NULL,
    host_category_id            INTEGER NOT NULL,
    path                        TEXT,
    up2date                     BOOLEAN NOT NULL CHECK (up2date IN (0, 1)),
    directory_id                INTEGER,
    CONSTRAINT host_category_dir_hcdindex
        UNIQUE (host_category_id, path),
    CONSTRAINT fk_host_category_dir_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id) ON DELETE CASCADE,
    CONSTRAINT fk_host_category_dir_host_category_id_host_category
        FOREIGN KEY (host_category_id) REFERENCES host_category(id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE host_category_url (
    id                          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    host_category_id            INTEGER NOT NULL,
    url                         TEXT NOT NULL,
    private                     BOOLEAN NOT NULL CHECK (private IN (0, 1)),
    CONSTRAINT uq_host_category_url_url
        UNIQUE (url),
    CONSTRAINT fk_host_category_url_host_category_id_host_category
        FOREIGN KEY (host_category_id) REFERENCES host_category(id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE host_country (
    id                          INTEGER PRIMARY KEY NOT NULL,
    country_id                  INTEGER NOT NULL,
    host_id                     INTEGER NOT NULL,
    CONSTRAINT host_country_hlidx
        UNIQUE (host_id, country_id),
    CONSTRAINT fk_host_country_country_id_country
        FOREIGN KEY (country_id) REFERENCES country(id),
    CONSTRAINT fk_host_country_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_country_allowed (
    id                          INTEGER PRIMARY KEY NOT NULL,
    country                     TEXT NOT NULL,
    host_id                     INTEGER,
    CONSTRAINT uq_host_country_allowed_country
        UNIQUE (country),
    CONSTRAINT fk_host_country_allowed_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE location (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        TEXT NOT NULL,
    CONSTRAINT uq_location_name
        UNIQUE (name)
);

CREATE TABLE host_location (
    id                          INTEGER PRIMARY KEY NOT NULL,
    location_id                 INTEGER NOT NULL,
    host_id                     INTEGER NOT NULL,
    CONSTRAINT host_location_hlidx
        UNIQUE (location_id, host_id),
    CONSTRAINT fk_host_location_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id),
    CONSTRAINT fk_host_location_location_id_location
        FOREIGN KEY (location_id) REFERENCES location(id)
);

CREATE TABLE host_netblock (
    id                          INTEGER PRIMARY KEY NOT NULL,
    netblock                    TEXT,
    name                        TEXT,
    host_id                     INTEGER,
    CONSTRAINT fk_host_netblock_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_peer_asn (
    id                          INTEGER PRIMARY KEY NOT NULL,
    asn                         INTEGER NOT NULL,
    name                        TEXT,
    host_id                     INTEGER,
    CONSTRAINT host_peer_asn_idx
        UNIQUE (host_id, asn),
    CONSTRAINT fk_host_peer_asn_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_stats (
    id                          INTEGER PRIMARY KEY NOT NULL,
    "timestamp"                 TEXT NOT NULL,
    type                        TEXT,
    data                        BLOB,
    host_id                     INTEGER,
    CONSTRAINT fk_host_stats_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE mm_group (
    id                          INTEGER PRIMARY KEY NOT NULL,
    group_name                  VARCHAR(16) NOT NULL,
    display_name                VARCHAR(255),
    created                     TEXT NOT NULL,
    CONSTRAINT uq_mm_group_group_name
        UNIQUE (group_name)
);

CREATE TABLE mm_user (
    id                          INTEGER PRIMARY KEY NOT NULL,
    user_name                   VARCHAR(16) NOT NULL,
    email_address               VARCHAR(255) NOT NULL,
    display_name                VARCHAR(255),
    password                    TEXT,
    token                       VARCHAR(50),
    created                     TEXT NOT NULL,
    updated_on                  TEXT NOT NULL,
    CONSTRAINT uq_mm_user_email_address
        UNIQUE (email_address),
    CONSTRAINT uq_mm_user_user_name
        UNIQUE (user_name)
);

CREATE TABLE mm_user_group (
    user_id                     INTEGER NOT NULL,
    group_id                    INTEGER NOT NULL,
    CONSTRAINT pk_mm_user_group
        PRIMARY KEY (user_id, group_id),
    CONSTRAINT fk_mm_user_group_group_id_mm_group
        FOREIGN KEY (group_id) REFERENCES mm_group(id),
    CONSTRAINT fk_mm_user_group_user_id_mm_user
        FOREIGN KEY (user_id) REFERENCES mm_user(id)
);

CREATE TABLE mm_user_visit (
    id                          INTEGER PRIMARY KEY NOT NULL,
    user_id                     INTEGER NOT NULL,
    visit_key                   VARCHAR(40) NOT NULL,
    user_ip                     VARCHAR(50) NOT NULL,
    created                     TEXT NOT NULL,
    expiry                      TEXT,
    CONSTRAINT fk_mm_user_visit_user_id_mm_user
        FOREIGN KEY (user_id) REFERENCES mm_user(id)
);
CREATE UNIQUE INDEX ix_mm_user_visit_visit_key ON mm_user_visit (visit_key);

CREATE TABLE netblock_country (
    id                          INTEGER PRIMARY KEY NOT NULL,
    netblock                    TEXT NOT NULL,
    country                     TEXT NOT NULL,
    CONSTRAINT uq_netblock_country_netblock
        UNIQUE (netblock)
);

CREATE TABLE version (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        TEXT,
    codename                    TEXT,
    is_test                     BOOLEAN NOT NULL CHECK (is_test IN (0, 1)),
    display                     BOOLEAN NOT NULL CHECK (display IN (0, 1)),
    display_name                TEXT,
    ordered_mirrorlist          BOOLEAN NOT NULL CHECK (ordered_mirrorlist IN (0, 1)),
    sortorder                   INTEGER NOT NULL,
    product_id                  INTEGER,
    CONSTRAINT version_idx
        UNIQUE (name, product_id),
    CONSTRAINT fk_version_product_id_product
        FOREIGN KEY (product_id) REFERENCES product(id)
);

CREATE TABLE repository (
    id                          INTEGER PRIMARY KEY NOT NULL,
    name                        TEXT NOT NULL,
    prefix                      TEXT,
    category_id                 INTEGER,
    version_id                  INTEGER,
    arch_id                     INTEGER,
    directory_id                INTEGER,
    disabled                    BOOLEAN NOT NULL CHECK (disabled IN (0, 1)),
    CONSTRAINT repository_idx
        UNIQUE (prefix, arch_id),
    CONSTRAINT uq_repository_name
        UNIQUE (name),
    CONSTRAINT fk_repository_arch_id_arch
        FOREIGN KEY (arch_id) REFERENCES arch(id),
    CONSTRAINT fk_repository_category_id_category
        FOREIGN KEY (category_id) REFERENCES category(id),
    CONSTRAINT fk_repository_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id),
    CONSTRAINT fk_repository_version_id_version
        FOREIGN KEY (version_id) REFERENCES version(id)
);
CREATE INDEX ix_repository_prefix ON repository (prefix);
CREATE INDEX t_repository_arch_id_idx ON repository (arch_id);
CREATE INDEX t_repository_category_id_idx ON repository (category_id);
CREATE INDEX t_repository_directory_id_idx ON repository (directory_id);
CREATE INDEX t_repository_version_id_idx ON repository (version_id);

CREATE TABLE propagation_stat (
    repository_id               INTEGER NOT NULL,
    datetime                    TEXT NOT NULL,
    same_day                    INTEGER NOT NULL,
    one_day                     INTEGER NOT NULL,
    two_day                     INTEGER NOT NULL,
    older                       INTEGER NOT NULL,
    no_info                     INTEGER NOT NULL,
    CONSTRAINT pk_propagation_stat
        PRIMARY KEY (repository_id, datetime),
    CONSTRAINT fk_propagation_stat_repository_id_repository
        FOREIGN KEY (repository_id) REFERENCES repository(id)
);
CREATE INDEX ix_propagation_stat_datetime ON propagation_stat (datetime);

CREATE TABLE repository_redirect (
    id                          INTEGER PRIMARY KEY NOT NULL,
    to_repo                     TEXT,
    from_repo                   TEXT NOT NULL,
    CONSTRAINT uq_repository_redirect_from_repo
        UNIQUE (from_repo)
);

CREATE TABLE site_admin (
    id                          INTEGER PRIMARY KEY NOT NULL,
    username                    TEXT,
    site_id                     INTEGER NOT NULL,
    CONSTRAINT fk_site_admin_site_id_site
        FOREIGN KEY (site_id) REFERENCES site(id)
);

CREATE TABLE site_to_site (
    id                          INTEGER PRIMARY KEY NOT NULL,
    username                    TEXT,
    password                    TEXT,
    upstream_site_id            INTEGER NOT NULL,
    downstream_site_id          INTEGER NOT NULL,
    CONSTRAINT site_to_site_idx
        UNIQUE (upstream_site_id, downstream_site_id),
    CONSTRAINT site_to_site_username_idx
        UNIQUE (upstream_site_id, username),
    CONSTRAINT fk_site_to_site_downstream_site_id_site
        FOREIGN KEY (downstream_site_id) REFERENCES site(id),
    CONSTRAINT fk_site_to_site_upstream_site_id_site
        FOREIGN KEY (upstream_site_id) REFERENCES site(id)
);

INSERT INTO alembic_version (version_num) VALUES ('3264c6353b51');
