//! What hosts hold, read again for some host categories or directories.

use std::collections::{BTreeSet, HashSet};

use sea_orm::{ConnectionTrait, Value};
use serde_json::json;

use super::Export;
use super::fresh::{CHUNK, part};
use super::record::Holding;
use crate::connect::Engine;
use crate::error::Result;
use crate::sql::{self, Sql};
use crate::tx::ReadTx;

/// All rows of some host categories.
pub(super) async fn of_host_categories(tx: &ReadTx, ids: &BTreeSet<i32>) -> Result<Vec<Holding>> {
    let mut found = Vec::new();
    let ids: Vec<i32> = ids.iter().copied().collect();
    for ids in ids.chunks(CHUNK) {
        let condition = match tx.engine() {
            Engine::Postgres => "host_category_id = ANY($1)",
            Engine::Sqlite => "host_category_id IN (SELECT value FROM json_each(?1))",
        };
        let list = sql::id_list(tx.engine(), ids.iter().copied());
        part(tx, condition, [list], |row: Holding| found.push(row)).await?;
    }
    Ok(found)
}

/// The rows of these host categories and directories, perhaps with others.
///
/// After a crawl of many hosts the same directories are asked for again and again: then it is less work to read
/// all rows of each directory than to look for each pair.
pub(super) async fn of_parts(tx: &ReadTx, pairs: &[(i32, i32)], export: &Export) -> Result<Vec<Holding>> {
    let directories: HashSet<i32> = pairs.iter().map(|(_, directory)| *directory).collect();
    let hosts = export.up_to_date.pairs() / export.directories.len().max(1) as u64;
    // A look-up takes about four times as long as a row beside others.
    if pairs.len() as u64 * 4 > directories.len() as u64 * hosts {
        of_directories(tx, directories.into_iter().collect()).await
    } else {
        of_pairs(tx, pairs).await
    }
}

async fn of_pairs(tx: &ReadTx, pairs: &[(i32, i32)]) -> Result<Vec<Holding>> {
    let mut found = Vec::new();
    for pairs in pairs.chunks(CHUNK) {
        let (condition, values): (_, Vec<Value>) = match tx.engine() {
            Engine::Postgres => (
                "(host_category_id, directory_id) IN (SELECT * FROM UNNEST($1::integer[], $2::integer[]))",
                vec![sql::ints(pairs.iter().map(|pair| pair.0)), sql::ints(pairs.iter().map(|pair| pair.1))],
            ),
            Engine::Sqlite => (
                "(host_category_id, directory_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))",
                vec![sql::rows(pairs.iter().map(|pair| json!([pair.0, pair.1])))],
            ),
        };
        part(tx, condition, values, |row: Holding| found.push(row)).await?;
    }
    Ok(found)
}

/// One row per directory: a row per pair would take most of the time on its way.
const OF_DIRECTORIES: Sql = Sql {
    postgres: "SELECT directory_id, array_agg(host_category_id) AS host_categories FROM host_category_dir \
               WHERE up2date = true AND directory_id = ANY($1) GROUP BY directory_id",
    sqlite: "SELECT directory_id, json_group_array(host_category_id) AS host_categories FROM host_category_dir \
             WHERE up2date = true AND directory_id IN (SELECT value FROM json_each(?1)) GROUP BY directory_id",
};

async fn of_directories(tx: &ReadTx, directories: Vec<i32>) -> Result<Vec<Holding>> {
    let mut found = Vec::new();
    for ids in directories.chunks(CHUNK) {
        let list = sql::id_list(tx.engine(), ids.iter().copied());
        for row in tx.db().query_all_raw(OF_DIRECTORIES.with(tx.engine(), [list])).await? {
            let directory: i32 = row.try_get("", "directory_id")?;
            let host_categories: Vec<i32> = match tx.engine() {
                Engine::Postgres => row.try_get("", "host_categories")?,
                Engine::Sqlite => {
                    let list: String = row.try_get("", "host_categories")?;
                    // The engine itself has just made it.
                    serde_json::from_str(&list).unwrap_or_default()
                }
            };
            found.extend(host_categories.into_iter().map(|host_category| Holding {
                host_category_id: host_category,
                directory_id: Some(directory),
            }));
        }
    }
    Ok(found)
}
