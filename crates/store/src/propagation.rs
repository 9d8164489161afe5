//! How far new content has spread: what is asked for, and what is kept of the answers (`spec/crawler.md` 8).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use model::ids::CategoryId;
use model::propagation::Release;
use sea_orm::{ConnectionTrait, Value};
use serde_json::json;

use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::sql::{self, Sql};

/// A repository that may stand for a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub repository: i32,
    /// Its prefix.
    pub prefix: String,
    /// The category that it lies in.
    pub category: Option<CategoryId>,
    /// The full name of the category's top directory.
    pub topdir: Option<String>,
    /// Id and full name of its `repodata`.
    pub repodata: Option<(i32, String)>,
}

/// A known version of a `repomd.xml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its time, seconds since 1970.
    pub timestamp: i64,
    /// Its SHA-256 in hexadecimal, lower case.
    pub sha256: String,
}

/// How many mirrors hold a repository how old.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// The repository.
    pub repository: i32,
    /// At most a day behind, two, three, further, nothing known.
    pub mirrors: [i32; 5],
}

/// How far one version has come, or how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The repository.
    pub repository: i32,
    /// SHA-256 of its newest `repomd.xml`.
    pub sha256: String,
    /// The time of that version, seconds since 1970.
    pub pushed_at: i64,
    /// Seconds until it was on 50, 90 and 99 % of the mirrors; `None`: not yet.
    pub hosts: [Option<i64>; 3],
    /// Likewise of their bandwidth.
    pub bandwidth: [Option<i64>; 3],
}

const CANDIDATES: Sql = Sql::same(
    "SELECT r.id, r.prefix, r.category_id, t.name AS topdir, m.id AS repodata_id, m.name AS repodata, \
     CASE WHEN a.name = 'x86_64' THEN 0 ELSE 1 END AS other \
     FROM repository r JOIN version v ON v.id = r.version_id JOIN product p ON p.id = v.product_id \
     LEFT JOIN arch a ON a.id = r.arch_id LEFT JOIN category c ON c.id = r.category_id \
     LEFT JOIN directory t ON t.id = c.topdir_id LEFT JOIN directory d ON d.id = r.directory_id \
     LEFT JOIN directory m ON m.name = d.name || '/repodata' \
     WHERE p.name = $1 AND v.name = $2 AND r.prefix = $3 ORDER BY other, r.arch_id, r.id",
);
const KNOWN: Sql = Sql {
    postgres: "SELECT directory_id, COALESCE(\"timestamp\", 0) AS at, sha256 FROM file_detail \
               WHERE filename = 'repomd.xml' AND sha256 IS NOT NULL AND directory_id = ANY($1) \
               ORDER BY at DESC, id DESC",
    sqlite: "SELECT directory_id, COALESCE(\"timestamp\", 0) AS at, sha256 FROM file_detail \
             WHERE filename = 'repomd.xml' AND sha256 IS NOT NULL \
             AND directory_id IN (SELECT value FROM json_each(?1)) ORDER BY at DESC, id DESC",
};
const COUNT: Sql = Sql {
    postgres: "INSERT INTO propagation_stat (repository_id, datetime, same_day, one_day, two_day, older, no_info) \
               SELECT r.id, $7, n.a, n.b, n.c, n.d, n.e FROM UNNEST($1::integer[], $2::integer[], $3::integer[], \
               $4::integer[], $5::integer[], $6::integer[]) AS n(id, a, b, c, d, e) JOIN repository r ON r.id = n.id \
               ON CONFLICT DO NOTHING",
    sqlite: "INSERT INTO propagation_stat (repository_id, datetime, same_day, one_day, two_day, older, no_info) \
             SELECT r.id, ?2, n.value ->> 1, n.value ->> 2, n.value ->> 3, n.value ->> 4, n.value ->> 5 \
             FROM json_each(?1) n JOIN repository r ON r.id = n.value ->> 0 WHERE true ON CONFLICT DO NOTHING",
};
const PUSH: Sql = Sql::same(
    "INSERT INTO mm3_push (repository_id, sha256, pushed_at, hosts_50, hosts_90, hosts_99, bandwidth_50, \
     bandwidth_90, bandwidth_99) SELECT r.id, $2, $3, CAST($4 AS bigint), CAST($5 AS bigint), CAST($6 AS bigint), \
     CAST($7 AS bigint), CAST($8 AS bigint), CAST($9 AS bigint) FROM repository r WHERE r.id = $1 \
     ON CONFLICT (repository_id, sha256) DO UPDATE SET hosts_50 = COALESCE(mm3_push.hosts_50, excluded.hosts_50), \
     hosts_90 = COALESCE(mm3_push.hosts_90, excluded.hosts_90), \
     hosts_99 = COALESCE(mm3_push.hosts_99, excluded.hosts_99), \
     bandwidth_50 = COALESCE(mm3_push.bandwidth_50, excluded.bandwidth_50), \
     bandwidth_90 = COALESCE(mm3_push.bandwidth_90, excluded.bandwidth_90), \
     bandwidth_99 = COALESCE(mm3_push.bandwidth_99, excluded.bandwidth_99) \
     RETURNING hosts_50, hosts_90, hosts_99, bandwidth_50, bandwidth_90, bandwidth_99",
);

/// The repositories that may stand for a release, the one of x86_64 first. None for a product without a rule.
pub async fn candidates(store: &Store, release: &Release) -> Result<Vec<Candidate>> {
    let Some(prefix) = release.prefix() else { return Ok(Vec::new()) };
    let values = [release.product.as_str().into(), release.version.as_str().into(), prefix.into()];
    let rows = store.read().query_all_raw(CANDIDATES.with(store.engine(), values)).await?;
    rows.iter()
        .map(|row| {
            let id: Option<i32> = row.try_get("", "repodata_id")?;
            let name: Option<String> = row.try_get("", "repodata")?;
            Ok(Candidate {
                repository: row.try_get("", "id")?,
                prefix: row.try_get::<Option<String>>("", "prefix")?.unwrap_or_default(),
                category: row.try_get::<Option<i32>>("", "category_id")?.map(CategoryId),
                topdir: row.try_get("", "topdir")?,
                repodata: id.zip(name),
            })
        })
        .collect()
}

/// The known versions of the `repomd.xml` in these directories, the newest first (decision 44).
pub async fn known(store: &Store, directories: &[i32]) -> Result<HashMap<i32, Vec<Known>>> {
    let list = sql::id_list(store.engine(), directories.iter().copied());
    let mut known: HashMap<i32, Vec<Known>> = HashMap::new();
    for row in store.read().query_all_raw(KNOWN.with(store.engine(), [list])).await? {
        let sha256: String = row.try_get("", "sha256")?;
        let version = Known { timestamp: row.try_get("", "at")?, sha256: sha256.to_ascii_lowercase() };
        known.entry(row.try_get("", "directory_id")?).or_default().push(version);
    }
    Ok(known)
}

/// Keeps what a run counted, all rows of the same moment, and how far the newest versions have come. Gives back the
/// pushes with what earlier runs saw of them.
pub async fn write(
    store: &Store,
    at: DateTime<Utc>,
    counted: &[Counted],
    pushes: Vec<Push>,
) -> Result<Vec<Push>> {
    let tx = store.begin_write().await?;
    let column =
        |n: usize| sql::ints(counted.iter().map(|row| row.mirrors.get(n).copied().unwrap_or_default()));
    let mut values: Vec<Value> = match store.engine() {
        Engine::Postgres => {
            let ids = sql::ints(counted.iter().map(|row| row.repository));
            std::iter::once(ids).chain((0..5).map(column)).collect()
        }
        Engine::Sqlite => {
            let row = |row: &Counted| {
                let n = |n: usize| row.mirrors.get(n).copied().unwrap_or_default();
                json!([row.repository, n(0), n(1), n(2), n(3), n(4)])
            };
            vec![sql::rows(counted.iter().map(row))]
        }
    };
    values.push(at.naive_utc().into());
    if !counted.is_empty() {
        tx.execute(COUNT, values).await?;
    }
    let mut kept = Vec::with_capacity(pushes.len());
    for mut push in pushes {
        if store.has_pushes() {
            let [a, b, c] = push.hosts;
            let [d, e, f] = push.bandwidth;
            let id = push.repository.into();
            let values = [
                id,
                push.sha256.as_str().into(),
                push.pushed_at.into(),
                a.into(),
                b.into(),
                c.into(),
                d.into(),
                e.into(),
                f.into(),
            ];
            if let Some(row) = tx.query(PUSH, values).await?.first() {
                let get = |name: &str| row.try_get::<Option<i64>>("", name);
                push.hosts = [get("hosts_50")?, get("hosts_90")?, get("hosts_99")?];
                push.bandwidth = [get("bandwidth_50")?, get("bandwidth_90")?, get("bandwidth_99")?];
            }
        }
        kept.push(push);
    }
    tx.commit().await?;
    Ok(kept)
}
