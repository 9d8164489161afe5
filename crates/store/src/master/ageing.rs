//! Which file details are too old to be served as alternates (`spec/umdl.md` 13).
//!
//! One statement finds them on both engines; the rule itself, on plain values, is `model`'s, and a test holds
//! the two against each other.

use model::ids::{CategoryId, DirectoryId, FileDetailId};

use super::write::MasterTx;
use super::{Master, id};
use crate::error::Result;
use crate::sql::{self, Sql};

/// A file detail that ageing removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgedDetail {
    /// Its id.
    pub id: FileDetailId,
    /// Its directory.
    pub directory: DirectoryId,
    /// The lowest category of that directory.
    pub category: Option<CategoryId>,
}

/// Parameters: the times before which a detail is stale, and before which the newest counts as propagated.
/// A row without a time is the oldest and always stale. The third is a category to stay within, or 0.
const AGED: Sql = Sql::same(
    "SELECT r.id, r.directory_id, (SELECT MIN(cd.category_id) FROM category_directory cd \
            WHERE cd.directory_id = r.directory_id) AS category_id \
     FROM (SELECT id, directory_id, \"timestamp\", \
             row_number() OVER w AS place, \
             MAX(\"timestamp\") OVER (PARTITION BY directory_id, filename) AS newest \
           FROM file_detail WHERE $3 = 0 OR directory_id IN \
             (SELECT directory_id FROM category_directory WHERE category_id = $3) \
           WINDOW w AS (PARTITION BY directory_id, filename ORDER BY \"timestamp\" DESC NULLS LAST, id DESC)) r \
     WHERE r.place > CASE WHEN r.newest IS NULL OR r.newest < $2 THEN 1 ELSE 2 END \
       AND (r.\"timestamp\" IS NULL OR r.\"timestamp\" < $1) ORDER BY r.id",
);

impl Master {
    /// The details of a category's directories, or of the whole database, that are to be removed at these times
    /// (seconds since 1970).
    pub async fn aged(
        &self,
        stale: i64,
        propagation: i64,
        within: Option<CategoryId>,
    ) -> Result<Vec<AgedDetail>> {
        let within = within.map_or(0, |category| category.0);
        let rows = self.rows(AGED, [stale.into(), propagation.into(), within.into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(AgedDetail {
                    id: id(row, "id")?,
                    directory: id(row, "directory_id")?,
                    category: row.try_get::<Option<i32>>("", "category_id")?.map(CategoryId),
                })
            })
            .collect()
    }
}

impl Master {
    /// Directory, file name and time of these details, in that order.
    pub async fn aged_names(&self, details: &[AgedDetail]) -> Result<Vec<(String, String, Option<i64>)>> {
        const NAMES: Sql = Sql {
            postgres: "SELECT d.name, f.filename, f.\"timestamp\" FROM file_detail f \
                       JOIN directory d ON d.id = f.directory_id WHERE f.id = ANY($1)",
            sqlite: "SELECT d.name, f.filename, f.\"timestamp\" FROM file_detail f \
                     JOIN directory d ON d.id = f.directory_id WHERE f.id IN (SELECT value FROM json_each(?1))",
        };
        let mut out = Vec::with_capacity(details.len());
        for details in details.chunks(super::CHUNK) {
            let list = sql::id_list(self.store.engine(), details.iter().map(|d| d.id));
            for row in self.rows(NAMES, [list]).await? {
                let time = row.try_get("", "timestamp")?;
                out.push((row.try_get("", "name")?, row.try_get("", "filename")?, time));
            }
        }
        out.sort();
        Ok(out)
    }
}

impl MasterTx {
    /// Deletes file details with their group memberships.
    pub async fn delete_details(&self, details: &[AgedDetail]) -> Result<()> {
        const GROUPS: Sql = Sql {
            postgres: "DELETE FROM file_detail_file_group WHERE file_detail_id = ANY($1)",
            sqlite: "DELETE FROM file_detail_file_group WHERE file_detail_id IN (SELECT value FROM json_each(?1))",
        };
        const DETAILS: Sql = Sql {
            postgres: "DELETE FROM file_detail WHERE id = ANY($1)",
            sqlite: "DELETE FROM file_detail WHERE id IN (SELECT value FROM json_each(?1))",
        };
        for details in details.chunks(super::CHUNK) {
            let list = sql::id_list(self.engine(), details.iter().map(|d| d.id));
            self.execute(GROUPS, [list.clone()]).await?;
            self.execute(DETAILS, [list]).await?;
        }
        Ok(())
    }
}
