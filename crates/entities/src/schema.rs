//! What the entities say about the schema, for `db check` and the tests that compare it with databases.

use sea_orm::sea_query::ColumnType;
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Iterable};

/// Columns that exist but are in no entity: table and column.
pub const LEFT_OUT: [(&str, &str); 4] =
    [("host", "config"), ("host", "last_crawls"), ("host", "push_ssh_private_key"), ("host_stats", "data")];

/// One table as its entity describes it.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, but those of [`LEFT_OUT`].
    pub columns: Vec<Column>,
}

/// One column as its entity describes it.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnType,
    /// Whether the field is an `Option`.
    pub optional: bool,
}

/// All tables, by name.
pub fn tables() -> Vec<Table> {
    let mut tables = vec![
        table(crate::access_stat::Entity),
        table(crate::access_stat_category::Entity),
        table(crate::arch::Entity),
        table(crate::category::Entity),
        table(crate::category_directory::Entity),
        table(crate::country::Entity),
        table(crate::country_continent_redirect::Entity),
        table(crate::directory::Entity),
        table(crate::directory_exclusive_host::Entity),
        table(crate::embargoed_country::Entity),
        table(crate::file_detail::Entity),
        table(crate::file_detail_file_group::Entity),
        table(crate::file_group::Entity),
        table(crate::host::Entity),
        table(crate::host_acl_ip::Entity),
        table(crate::host_category::Entity),
        table(crate::host_category_dir::Entity),
        table(crate::host_category_url::Entity),
        table(crate::host_country::Entity),
        table(crate::host_country_allowed::Entity),
        table(crate::host_location::Entity),
        table(crate::host_netblock::Entity),
        table(crate::host_peer_asn::Entity),
        table(crate::host_stats::Entity),
        table(crate::location::Entity),
        table(crate::mm_group::Entity),
        table(crate::mm_user::Entity),
        table(crate::mm_user_group::Entity),
        table(crate::mm_user_visit::Entity),
        table(crate::netblock_country::Entity),
        table(crate::product::Entity),
        table(crate::propagation_stat::Entity),
        table(crate::repository::Entity),
        table(crate::repository_redirect::Entity),
        table(crate::site::Entity),
        table(crate::site_admin::Entity),
        table(crate::site_to_site::Entity),
        table(crate::version::Entity),
    ];
    for table in tables.iter_mut().filter(|t| t.name == "directory") {
        let files = crate::directory_files::Column::Files;
        table.columns.push(Column {
            name: files.as_str(),
            kind: files.def().get_column_type().clone(),
            optional: true,
        });
    }
    tables
}

fn table<E: EntityTrait>(entity: E) -> Table {
    let columns = E::Column::iter().map(|column| {
        let def = column.def();
        Column { name: column.as_str(), kind: def.get_column_type().clone(), optional: def.is_null() }
    });
    Table { name: entity.table_name(), columns: columns.collect() }
}
