-- The tables that MirrorManager 2 has at Alembic revision 3264c6353b51: a public interface, on which
-- its Python programs may work beside ours. Never changed; what is ours is in 0001_ours.sql.

CREATE TABLE access_stat_category (
    id                          serial NOT NULL,
    name                        varchar(255) NOT NULL,
    CONSTRAINT pk_access_stat_category
        PRIMARY KEY (id),
    CONSTRAINT uq_access_stat_category_name
        UNIQUE (name)
);

CREATE TABLE access_stat (
    category_id                 integer NOT NULL,
    date                        date NOT NULL,
    name                        varchar(255) NOT NULL,
    percent                     double precision,
    requests                    integer,
    CONSTRAINT pk_access_stat
        PRIMARY KEY (category_id, date, name),
    CONSTRAINT fk_access_stat_category_id_access_stat_category
        FOREIGN KEY (category_id) REFERENCES access_stat_category(id)
);
CREATE INDEX ix_access_stat_category_id ON access_stat (category_id);
CREATE INDEX ix_access_stat_date ON access_stat (date);
CREATE INDEX ix_access_stat_requests ON access_stat (requests);

CREATE TABLE alembic_version (
    version_num                 varchar(32) NOT NULL,
    CONSTRAINT alembic_version_pkc
        PRIMARY KEY (version_num)
);

CREATE TABLE arch (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    publiclist                  boolean NOT NULL,
    primary_arch                boolean NOT NULL,
    CONSTRAINT pk_arch
        PRIMARY KEY (id),
    CONSTRAINT uq_arch_name
        UNIQUE (name)
);

CREATE TABLE directory (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    files                       bytea,
    readable                    boolean NOT NULL,
    ctime                       bigint,
    CONSTRAINT pk_directory
        PRIMARY KEY (id),
    CONSTRAINT uq_directory_name
        UNIQUE (name)
);
CREATE INDEX ix_directory_readable ON directory (readable);

CREATE TABLE product (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    publiclist                  boolean NOT NULL,
    CONSTRAINT pk_product
        PRIMARY KEY (id),
    CONSTRAINT uq_product_name
        UNIQUE (name)
);

CREATE TABLE category (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    canonicalhost               text,
    publiclist                  boolean NOT NULL,
    geo_dns_domain              text,
    admin_only                  boolean,
    product_id                  integer,
    topdir_id                   integer,
    CONSTRAINT pk_category
        PRIMARY KEY (id),
    CONSTRAINT uq_category_name
        UNIQUE (name),
    CONSTRAINT fk_category_product_id_product
        FOREIGN KEY (product_id) REFERENCES product(id),
    CONSTRAINT fk_category_topdir_id_directory
        FOREIGN KEY (topdir_id) REFERENCES directory(id)
);

CREATE TABLE category_directory (
    category_id                 integer NOT NULL,
    directory_id                integer NOT NULL,
    CONSTRAINT pk_category_directory
        PRIMARY KEY (category_id, directory_id),
    CONSTRAINT fk_category_directory_category_id_category
        FOREIGN KEY (category_id) REFERENCES category(id),
    CONSTRAINT fk_category_directory_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id)
);

CREATE TABLE country (
    id                          serial NOT NULL,
    code                        text NOT NULL,
    CONSTRAINT pk_country
        PRIMARY KEY (id),
    CONSTRAINT uq_country_code
        UNIQUE (code)
);

CREATE TABLE country_continent_redirect (
    id                          serial NOT NULL,
    country                     text NOT NULL,
    continent                   text NOT NULL,
    CONSTRAINT pk_country_continent_redirect
        PRIMARY KEY (id),
    CONSTRAINT uq_country_continent_redirect_country
        UNIQUE (country)
);

CREATE TABLE site (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    password                    text,
    org_url                     text,
    private                     boolean NOT NULL,
    admin_active                boolean NOT NULL,
    user_active                 boolean NOT NULL,
    created_at                  timestamp without time zone NOT NULL,
    created_by                  text NOT NULL,
    all_sites_can_pull_from_me  boolean NOT NULL,
    downstream_comments         text,
    email_on_drop               boolean NOT NULL,
    email_on_add                boolean NOT NULL,
    CONSTRAINT pk_site
        PRIMARY KEY (id)
);
CREATE INDEX ix_site_admin_active ON site (admin_active);
CREATE INDEX ix_site_created_at ON site (created_at);
CREATE INDEX ix_site_name ON site (name);
CREATE INDEX ix_site_private ON site (private);
CREATE INDEX ix_site_user_active ON site (user_active);

CREATE TABLE host (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    site_id                     integer,
    robot_email                 text,
    admin_active                boolean NOT NULL,
    user_active                 boolean NOT NULL,
    country                     text NOT NULL,
    bandwidth_int               integer,
    comment                     text,
    config                      bytea,
    last_checked_in             timestamp without time zone,
    last_crawled                timestamp without time zone,
    private                     boolean NOT NULL,
    internet2                   boolean NOT NULL,
    internet2_clients           boolean NOT NULL,
    asn                         integer,
    asn_clients                 boolean NOT NULL,
    max_connections             integer NOT NULL,
    last_crawl_duration         bigint,
    crawl_failures              integer NOT NULL,
    disable_reason              text,
    push_ssh_private_key        text,
    push_ssh_host               text,
    push_ssh_command            text,
    last_crawls                 bytea,
    latitude                    double precision,
    longitude                   double precision,
    CONSTRAINT pk_host
        PRIMARY KEY (id),
    CONSTRAINT host_idx
        UNIQUE (site_id, name),
    CONSTRAINT fk_host_site_id_site
        FOREIGN KEY (site_id) REFERENCES site(id)
);
CREATE INDEX ix_host_admin_active ON host (admin_active);
CREATE INDEX ix_host_country ON host (country);
CREATE INDEX ix_host_last_crawl_duration ON host (last_crawl_duration);
CREATE INDEX ix_host_name ON host (name);
CREATE INDEX ix_host_private ON host (private);
CREATE INDEX ix_host_user_active ON host (user_active);

CREATE TABLE directory_exclusive_host (
    id                          serial NOT NULL,
    directory_id                integer NOT NULL,
    host_id                     integer NOT NULL,
    CONSTRAINT pk_directory_exclusive_host
        PRIMARY KEY (id),
    CONSTRAINT directory_exclusive_host_idx
        UNIQUE (directory_id, host_id),
    CONSTRAINT fk_directory_exclusive_host_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id),
    CONSTRAINT fk_directory_exclusive_host_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE embargoed_country (
    id                          serial NOT NULL,
    country_code                text NOT NULL,
    CONSTRAINT pk_embargoed_country
        PRIMARY KEY (id),
    CONSTRAINT uq_embargoed_country_country_code
        UNIQUE (country_code)
);

CREATE TABLE file_detail (
    id                          serial NOT NULL,
    filename                    text NOT NULL,
    "timestamp"                 bigint,
    size                        bigint,
    sha1                        text,
    md5                         text,
    sha256                      text,
    sha512                      text,
    directory_id                integer NOT NULL,
    CONSTRAINT pk_file_detail
        PRIMARY KEY (id),
    CONSTRAINT fk_file_detail_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id)
);
CREATE INDEX ix_file_detail_timestamp ON file_detail ("timestamp");

CREATE TABLE file_group (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    CONSTRAINT pk_file_group
        PRIMARY KEY (id),
    CONSTRAINT uq_file_group_name
        UNIQUE (name)
);

CREATE TABLE file_detail_file_group (
    id                          serial NOT NULL,
    file_detail_id              integer NOT NULL,
    file_group_id               integer NOT NULL,
    CONSTRAINT pk_file_detail_file_group
        PRIMARY KEY (id),
    CONSTRAINT fk_file_detail_file_group_file_detail_id_file_detail
        FOREIGN KEY (file_detail_id) REFERENCES file_detail(id),
    CONSTRAINT fk_file_detail_file_group_file_group_id_file_group
        FOREIGN KEY (file_group_id) REFERENCES file_group(id)
);

CREATE TABLE host_acl_ip (
    id                          serial NOT NULL,
    ip                          text,
    host_id                     integer,
    CONSTRAINT pk_host_acl_ip
        PRIMARY KEY (id),
    CONSTRAINT host_acl_ip_hipindex
        UNIQUE (host_id, ip),
    CONSTRAINT uq_host_acl_ip_ip
        UNIQUE (ip),
    CONSTRAINT fk_host_acl_ip_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_category (
    id                          serial NOT NULL,
    host_id                     integer,
    category_id                 integer,
    always_up2date              boolean NOT NULL,
    CONSTRAINT pk_host_category
        PRIMARY KEY (id),
    CONSTRAINT host_category_hcindex
        UNIQUE (host_id, category_id),
    CONSTRAINT fk_host_category_category_id_category
        FOREIGN KEY (category_id) REFERENCES category(id) ON DELETE CASCADE,
    CONSTRAINT fk_host_category_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);
CREATE INDEX t_hostcategory_category_id_idx ON host_category (category_id);
CREATE INDEX t_hostcategory_host_id_idx ON host_category (host_id);

CREATE TABLE host_category_dir (
    id                          serial NOT NULL,
    host_category_id            integer NOT NULL,
    path                        text,
    up2date                     boolean NOT NULL,
    directory_id                integer,
    CONSTRAINT pk_host_category_dir
        PRIMARY KEY (id),
    CONSTRAINT host_category_dir_hcdindex
        UNIQUE (host_category_id, path),
    CONSTRAINT fk_host_category_dir_directory_id_directory
        FOREIGN KEY (directory_id) REFERENCES directory(id) ON DELETE CASCADE,
    CONSTRAINT fk_host_category_dir_host_category_id_host_category
        FOREIGN KEY (host_category_id) REFERENCES host_category(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ix_host_category_dir_up2date ON host_category_dir (up2date);

CREATE TABLE host_category_url (
    id                          serial NOT NULL,
    host_category_id            integer NOT NULL,
    url                         text NOT NULL,
    private                     boolean NOT NULL,
    CONSTRAINT pk_host_category_url
        PRIMARY KEY (id),
    CONSTRAINT host_category_url_hcdindex
        UNIQUE (host_category_id, url),
    CONSTRAINT uq_host_category_url_url
        UNIQUE (url),
    CONSTRAINT fk_host_category_url_host_category_id_host_category
        FOREIGN KEY (host_category_id) REFERENCES host_category(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ix_host_category_url_private ON host_category_url (private);

CREATE TABLE host_country (
    id                          serial NOT NULL,
    country_id                  integer NOT NULL,
    host_id                     integer NOT NULL,
    CONSTRAINT pk_host_country
        PRIMARY KEY (id),
    CONSTRAINT host_country_hlidx
        UNIQUE (host_id, country_id),
    CONSTRAINT fk_host_country_country_id_country
        FOREIGN KEY (country_id) REFERENCES country(id),
    CONSTRAINT fk_host_country_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_country_allowed (
    id                          serial NOT NULL,
    country                     text NOT NULL,
    host_id                     integer,
    CONSTRAINT pk_host_country_allowed
        PRIMARY KEY (id),
    CONSTRAINT uq_host_country_allowed_country
        UNIQUE (country),
    CONSTRAINT fk_host_country_allowed_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE location (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    CONSTRAINT pk_location
        PRIMARY KEY (id),
    CONSTRAINT uq_location_name
        UNIQUE (name)
);

CREATE TABLE host_location (
    id                          serial NOT NULL,
    location_id                 integer NOT NULL,
    host_id                     integer NOT NULL,
    CONSTRAINT pk_host_location
        PRIMARY KEY (id),
    CONSTRAINT host_location_hlidx
        UNIQUE (location_id, host_id),
    CONSTRAINT fk_host_location_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id),
    CONSTRAINT fk_host_location_location_id_location
        FOREIGN KEY (location_id) REFERENCES location(id)
);

CREATE TABLE host_netblock (
    id                          serial NOT NULL,
    netblock                    text,
    name                        text,
    host_id                     integer,
    CONSTRAINT pk_host_netblock
        PRIMARY KEY (id),
    CONSTRAINT fk_host_netblock_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_peer_asn (
    id                          serial NOT NULL,
    asn                         integer NOT NULL,
    name                        text,
    host_id                     integer,
    CONSTRAINT pk_host_peer_asn
        PRIMARY KEY (id),
    CONSTRAINT host_peer_asn_idx
        UNIQUE (host_id, asn),
    CONSTRAINT fk_host_peer_asn_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE host_stats (
    id                          serial NOT NULL,
    "timestamp"                 timestamp without time zone NOT NULL,
    type                        text,
    data                        bytea,
    host_id                     integer,
    CONSTRAINT pk_host_stats
        PRIMARY KEY (id),
    CONSTRAINT fk_host_stats_host_id_host
        FOREIGN KEY (host_id) REFERENCES host(id)
);

CREATE TABLE mm_group (
    id                          serial NOT NULL,
    group_name                  varchar(16) NOT NULL,
    display_name                varchar(255),
    created                     timestamp without time zone NOT NULL,
    CONSTRAINT pk_mm_group
        PRIMARY KEY (id),
    CONSTRAINT uq_mm_group_group_name
        UNIQUE (group_name)
);

CREATE TABLE mm_user (
    id                          serial NOT NULL,
    user_name                   varchar(16) NOT NULL,
    email_address               varchar(255) NOT NULL,
    display_name                varchar(255),
    password                    text,
    token                       varchar(50),
    created                     timestamp without time zone NOT NULL,
    updated_on                  timestamp without time zone NOT NULL,
    CONSTRAINT pk_mm_user
        PRIMARY KEY (id),
    CONSTRAINT uq_mm_user_email_address
        UNIQUE (email_address),
    CONSTRAINT uq_mm_user_user_name
        UNIQUE (user_name)
);

CREATE TABLE mm_user_group (
    user_id                     integer NOT NULL,
    group_id                    integer NOT NULL,
    CONSTRAINT pk_mm_user_group
        PRIMARY KEY (user_id, group_id),
    CONSTRAINT fk_mm_user_group_group_id_mm_group
        FOREIGN KEY (group_id) REFERENCES mm_group(id),
    CONSTRAINT fk_mm_user_group_user_id_mm_user
        FOREIGN KEY (user_id) REFERENCES mm_user(id)
);

CREATE TABLE mm_user_visit (
    id                          serial NOT NULL,
    user_id                     integer NOT NULL,
    visit_key                   varchar(40) NOT NULL,
    user_ip                     varchar(50) NOT NULL,
    created                     timestamp without time zone NOT NULL,
    expiry                      timestamp without time zone,
    CONSTRAINT pk_mm_user_visit
        PRIMARY KEY (id),
    CONSTRAINT fk_mm_user_visit_user_id_mm_user
        FOREIGN KEY (user_id) REFERENCES mm_user(id)
);
CREATE UNIQUE INDEX ix_mm_user_visit_visit_key ON mm_user_visit (visit_key);

CREATE TABLE netblock_country (
    id                          serial NOT NULL,
    netblock                    text NOT NULL,
    country                     text NOT NULL,
    CONSTRAINT pk_netblock_country
        PRIMARY KEY (id),
    CONSTRAINT uq_netblock_country_netblock
        UNIQUE (netblock)
);

CREATE TABLE version (
    id                          serial NOT NULL,
    name                        text,
    codename                    text,
    is_test                     boolean NOT NULL,
    display                     boolean NOT NULL,
    display_name                text,
    ordered_mirrorlist          boolean NOT NULL,
    sortorder                   integer NOT NULL,
    product_id                  integer,
    CONSTRAINT pk_version
        PRIMARY KEY (id),
    CONSTRAINT version_idx
        UNIQUE (name, product_id),
    CONSTRAINT fk_version_product_id_product
        FOREIGN KEY (product_id) REFERENCES product(id)
);

CREATE TABLE repository (
    id                          serial NOT NULL,
    name                        text NOT NULL,
    prefix                      text,
    category_id                 integer,
    version_id                  integer,
    arch_id                     integer,
    directory_id                integer,
    disabled                    boolean NOT NULL,
    CONSTRAINT pk_repository
        PRIMARY KEY (id),
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
    repository_id               integer NOT NULL,
    datetime                    timestamp without time zone NOT NULL,
    same_day                    integer NOT NULL,
    one_day                     integer NOT NULL,
    two_day                     integer NOT NULL,
    older                       integer NOT NULL,
    no_info                     integer NOT NULL,
    CONSTRAINT pk_propagation_stat
        PRIMARY KEY (repository_id, datetime),
    CONSTRAINT fk_propagation_stat_repository_id_repository
        FOREIGN KEY (repository_id) REFERENCES repository(id)
);
CREATE INDEX ix_propagation_stat_datetime ON propagation_stat (datetime);
CREATE INDEX ix_propagation_stat_repository_id ON propagation_stat (repository_id);

CREATE TABLE repository_redirect (
    id                          serial NOT NULL,
    to_repo                     text,
    from_repo                   text NOT NULL,
    CONSTRAINT pk_repository_redirect
        PRIMARY KEY (id),
    CONSTRAINT repository_redirect_idx
        UNIQUE (from_repo, to_repo),
    CONSTRAINT uq_repository_redirect_from_repo
        UNIQUE (from_repo)
);

CREATE TABLE site_admin (
    id                          serial NOT NULL,
    username                    text,
    site_id                     integer NOT NULL,
    CONSTRAINT pk_site_admin
        PRIMARY KEY (id),
    CONSTRAINT fk_site_admin_site_id_site
        FOREIGN KEY (site_id) REFERENCES site(id)
);

CREATE TABLE site_to_site (
    id                          serial NOT NULL,
    username                    text,
    password                    text,
    upstream_site_id            integer NOT NULL,
    downstream_site_id          integer NOT NULL,
    CONSTRAINT pk_site_to_site
        PRIMARY KEY (id),
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
