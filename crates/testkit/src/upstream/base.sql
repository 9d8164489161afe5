-- A database as MirrorManager 2 made it before its first Alembic revision (2014), on PostgreSQL: no
-- alembic_version, constraints named by PostgreSQL itself, no ON DELETE on two of the foreign keys.
-- Test data of ours, after the facts of spec database.md 1.4.

CREATE TABLE arch (
    id serial NOT NULL,
    name text NOT NULL,
    publiclist boolean NOT NULL,
    primary_arch boolean NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE directory (
    id serial NOT NULL,
    name text NOT NULL,
    files bytea,
    readable boolean NOT NULL,
    ctime bigint,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE product (
    id serial NOT NULL,
    name text NOT NULL,
    publiclist boolean NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE category (
    id serial NOT NULL,
    name text NOT NULL,
    canonicalhost text,
    publiclist boolean NOT NULL,
    geo_dns_domain text,
    product_id integer,
    topdir_id integer,
    PRIMARY KEY (id),
    UNIQUE (name),
    FOREIGN KEY (product_id) REFERENCES product(id),
    FOREIGN KEY (topdir_id) REFERENCES directory(id)
);

CREATE TABLE category_directory (
    category_id integer NOT NULL,
    directory_id integer NOT NULL,
    PRIMARY KEY (category_id, directory_id),
    FOREIGN KEY (category_id) REFERENCES category(id),
    FOREIGN KEY (directory_id) REFERENCES directory(id)
);

CREATE TABLE country (
    id serial NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (code)
);

CREATE TABLE country_continent_redirect (
    id serial NOT NULL,
    country text NOT NULL,
    continent text NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (country)
);

CREATE TABLE site (
    id serial NOT NULL,
    name text NOT NULL,
    password text,
    org_url text,
    private boolean NOT NULL,
    admin_active boolean NOT NULL,
    user_active boolean NOT NULL,
    created_at timestamp without time zone NOT NULL,
    created_by text NOT NULL,
    all_sites_can_pull_from_me boolean NOT NULL,
    downstream_comments text,
    email_on_drop boolean NOT NULL,
    email_on_add boolean NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE host (
    id serial NOT NULL,
    name text NOT NULL,
    site_id integer,
    robot_email text,
    admin_active boolean NOT NULL,
    user_active boolean NOT NULL,
    country text NOT NULL,
    bandwidth_int integer,
    comment text,
    config bytea,
    last_checked_in timestamp without time zone,
    last_crawled timestamp without time zone,
    private boolean NOT NULL,
    internet2 boolean NOT NULL,
    internet2_clients boolean NOT NULL,
    asn integer,
    asn_clients boolean NOT NULL,
    max_connections integer NOT NULL,
    last_crawl_duration bigint,
    PRIMARY KEY (id),
    CONSTRAINT host_idx UNIQUE (site_id, name),
    FOREIGN KEY (site_id) REFERENCES site(id)
);

CREATE TABLE directory_exclusive_host (
    id serial NOT NULL,
    directory_id integer NOT NULL,
    host_id integer NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT directory_exclusive_host_idx UNIQUE (directory_id, host_id),
    FOREIGN KEY (directory_id) REFERENCES directory(id),
    FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE embargoed_country (
    id serial NOT NULL,
    country_code text NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (country_code)
);

CREATE TABLE file_detail (
    id serial NOT NULL,
    filename text NOT NULL,
    "timestamp" bigint,
    size bigint,
    sha1 text,
    md5 text,
    sha256 text,
    sha512 text,
    directory_id integer NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (directory_id) REFERENCES directory(id)
);

CREATE TABLE file_group (
    id serial NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE file_detail_file_group (
    id serial NOT NULL,
    file_detail_id integer NOT NULL,
    file_group_id integer NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (file_detail_id) REFERENCES file_detail(id),
    FOREIGN KEY (file_group_id) REFERENCES file_group(id)
);

CREATE TABLE host_acl_ip (
    id serial NOT NULL,
    ip text,
    host_id integer,
    PRIMARY KEY (id),
    CONSTRAINT host_acl_ip_hipindex UNIQUE (host_id, ip),
    UNIQUE (ip),
    FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_category (
    id serial NOT NULL,
    host_id integer,
    category_id integer,
    always_up2date boolean NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT host_category_hcindex UNIQUE (host_id, category_id),
    FOREIGN KEY (category_id) REFERENCES category(id),
    FOREIGN KEY (host_id) REFERENCES host(id)
);
CREATE INDEX t_hostcategory_category_id_idx ON host_category (category_id);
CREATE INDEX t_hostcategory_host_id_idx ON host_category (host_id);

CREATE TABLE host_category_dir (
    id serial NOT NULL,
    host_category_id integer NOT NULL,
    path text,
    up2date boolean NOT NULL,
    directory_id integer,
    PRIMARY KEY (id),
    CONSTRAINT host_category_dir_hcdindex UNIQUE (host_category_id, path),
    FOREIGN KEY (directory_id) REFERENCES directory(id),
    FOREIGN KEY (host_category_id) REFERENCES host_category(id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE host_category_url (
    id serial NOT NULL,
    host_category_id integer NOT NULL,
    url text NOT NULL,
    private boolean NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT host_category_url_hcdindex UNIQUE (host_category_id, url),
    UNIQUE (url),
    FOREIGN KEY (host_category_id) REFERENCES host_category(id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE host_country (
    id serial NOT NULL,
    country_id integer NOT NULL,
    host_id integer NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT host_country_hlidx UNIQUE (host_id, country_id),
    FOREIGN KEY (country_id) REFERENCES country(id),
    FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_country_allowed (
    id serial NOT NULL,
    country text NOT NULL,
    host_id integer,
    PRIMARY KEY (id),
    UNIQUE (country),
    FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE location (
    id serial NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE host_location (
    id serial NOT NULL,
    location_id integer NOT NULL,
    host_id integer NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT host_location_hlidx UNIQUE (location_id, host_id),
    FOREIGN KEY (host_id) REFERENCES host(id),
    FOREIGN KEY (location_id) REFERENCES location(id)
);

CREATE TABLE host_netblock (
    id serial NOT NULL,
    netblock text,
    name text,
    host_id integer,
    PRIMARY KEY (id),
    FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_peer_asn (
    id serial NOT NULL,
    asn integer NOT NULL,
    name text,
    host_id integer,
    PRIMARY KEY (id),
    CONSTRAINT host_peer_asn_idx UNIQUE (host_id, asn),
    FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_stats (
    id serial NOT NULL,
    "timestamp" timestamp without time zone NOT NULL,
    type text,
    data bytea,
    host_id integer,
    PRIMARY KEY (id),
    FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE mm_group (
    id serial NOT NULL,
    group_name varchar(16) NOT NULL,
    display_name varchar(255),
    created timestamp without time zone NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (group_name)
);

CREATE TABLE mm_user (
    id serial NOT NULL,
    user_name varchar(16) NOT NULL,
    email_address varchar(255) NOT NULL,
    display_name varchar(255),
    password text,
    token varchar(50),
    created timestamp without time zone NOT NULL,
    updated_on timestamp without time zone NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (email_address),
    UNIQUE (user_name)
);

CREATE TABLE mm_user_group (
    user_id integer NOT NULL,
    group_id integer NOT NULL,
    PRIMARY KEY (user_id, group_id),
    FOREIGN KEY (group_id) REFERENCES mm_group(id),
    FOREIGN KEY (user_id) REFERENCES mm_user(id)
);

CREATE TABLE mm_user_visit (
    id serial NOT NULL,
    user_id integer NOT NULL,
    visit_key varchar(40) NOT NULL,
    user_ip varchar(50) NOT NULL,
    created timestamp without time zone NOT NULL,
    expiry timestamp without time zone,
    PRIMARY KEY (id),
    FOREIGN KEY (user_id) REFERENCES mm_user(id)
);
CREATE UNIQUE INDEX ix_mm_user_visit_visit_key ON mm_user_visit (visit_key);

CREATE TABLE netblock_country (
    id serial NOT NULL,
    netblock text NOT NULL,
    country text NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (netblock)
);

CREATE TABLE version (
    id serial NOT NULL,
    name text,
    codename text,
    is_test boolean NOT NULL,
    display boolean NOT NULL,
    display_name text,
    ordered_mirrorlist boolean NOT NULL,
    sortorder integer NOT NULL,
    product_id integer,
    PRIMARY KEY (id),
    CONSTRAINT version_idx UNIQUE (name, product_id),
    FOREIGN KEY (product_id) REFERENCES product(id)
);

CREATE TABLE repository (
    id serial NOT NULL,
    name text NOT NULL,
    prefix text,
    category_id integer,
    version_id integer,
    arch_id integer,
    directory_id integer,
    disabled boolean NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT repository_idx UNIQUE (prefix, arch_id),
    UNIQUE (name),
    FOREIGN KEY (arch_id) REFERENCES arch(id),
    FOREIGN KEY (category_id) REFERENCES category(id),
    FOREIGN KEY (directory_id) REFERENCES directory(id),
    FOREIGN KEY (version_id) REFERENCES version(id)
);
CREATE INDEX t_repository_arch_id_idx ON repository (arch_id);
CREATE INDEX t_repository_category_id_idx ON repository (category_id);
CREATE INDEX t_repository_directory_id_idx ON repository (directory_id);
CREATE INDEX t_repository_version_id_idx ON repository (version_id);

CREATE TABLE repository_redirect (
    id serial NOT NULL,
    to_repo text,
    from_repo text NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT repository_redirect_idx UNIQUE (from_repo, to_repo),
    UNIQUE (from_repo)
);

CREATE TABLE site_admin (
    id serial NOT NULL,
    username text,
    site_id integer NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (site_id) REFERENCES site(id)
);

CREATE TABLE site_to_site (
    id serial NOT NULL,
    username text,
    password text,
    upstream_site_id integer NOT NULL,
    downstream_site_id integer NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT site_to_site_idx UNIQUE (upstream_site_id, downstream_site_id),
    CONSTRAINT site_to_site_username_idx UNIQUE (upstream_site_id, username),
    FOREIGN KEY (downstream_site_id) REFERENCES site(id),
    FOREIGN KEY (upstream_site_id) REFERENCES site(id)
);
