//! Taking directories out, children first, without relying on the database's ON DELETE.

use std::collections::HashSet;

use model::ids::{CategoryId, DirectoryId};

use super::id;
use super::write::MasterTx;
use crate::error::Result;
use crate::sql::{self, Sql};

/// Ids per statement.
const CHUNK: usize = 10_000;

/// What becomes of the repositories of a deleted directory (decision 31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphans {
    /// The row stays without a directory.
    Keep,
    /// The row goes, with its propagation figures.
    Delete,
}

/// Statements with one list of directory ids, in the order that foreign keys need.
const CHILDREN: [Sql; 5] = [
    Sql {
        postgres: "DELETE FROM host_category_dir WHERE directory_id = ANY($1)",
        sqlite: "DELETE FROM host_category_dir WHERE directory_id IN (SELECT value FROM json_each(?1))",
    },
    Sql {
        postgres: "DELETE FROM directory_exclusive_host WHERE directory_id = ANY($1)",
        sqlite: "DELETE FROM directory_exclusive_host WHERE directory_id IN (SELECT value FROM json_each(?1))",
    },
    Sql {
        postgres: "DELETE FROM file_detail_file_group WHERE file_detail_id IN \
                   (SELECT id FROM file_detail WHERE directory_id = ANY($1))",
        sqlite: "DELETE FROM file_detail_file_group WHERE file_detail_id IN \
                 (SELECT id FROM file_detail WHERE directory_id IN (SELECT value FROM json_each(?1)))",
    },
    Sql {
        postgres: "DELETE FROM file_detail WHERE directory_id = ANY($1)",
        sqlite: "DELETE FROM file_detail WHERE directory_id IN (SELECT value FROM json_each(?1))",
    },
    Sql {
        postgres: "DELETE FROM category_directory WHERE directory_id = ANY($1)",
        sqlite: "DELETE FROM category_directory WHERE directory_id IN (SELECT value FROM json_each(?1))",
    },
];

const DETACH: [Sql; 1] = [Sql {
    postgres: "UPDATE repository SET directory_id = NULL WHERE directory_id = ANY($1)",
    sqlite: "UPDATE repository SET directory_id = NULL WHERE directory_id IN (SELECT value FROM json_each(?1))",
}];

const DELETE_REPOSITORIES: [Sql; 2] = [
    Sql {
        postgres: "DELETE FROM propagation_stat WHERE repository_id IN \
                   (SELECT id FROM repository WHERE directory_id = ANY($1))",
        sqlite: "DELETE FROM propagation_stat WHERE repository_id IN \
                 (SELECT id FROM repository WHERE directory_id IN (SELECT value FROM json_each(?1)))",
    },
    Sql {
        postgres: "DELETE FROM repository WHERE directory_id = ANY($1)",
        sqlite: "DELETE FROM repository WHERE directory_id IN (SELECT value FROM json_each(?1))",
    },
];

/// Which of a list of directories another category has as well, or has as its topdir.
pub(super) const SHARED: Sql = Sql {
    postgres: "SELECT directory_id FROM category_directory WHERE directory_id = ANY($1) AND category_id <> $2 \
               UNION SELECT topdir_id FROM category WHERE topdir_id = ANY($1)",
    sqlite: "SELECT directory_id FROM category_directory \
             WHERE directory_id IN (SELECT value FROM json_each(?1)) AND category_id <> ?2 \
             UNION SELECT topdir_id FROM category WHERE topdir_id IN (SELECT value FROM json_each(?1))",
};

const DIRECTORY: Sql = Sql {
    postgres: "DELETE FROM directory WHERE id = ANY($1)",
    sqlite: "DELETE FROM directory WHERE id IN (SELECT value FROM json_each(?1))",
};

impl MasterTx {
    /// Deletes directories of a category with everything that hangs on them. One that meanwhile belongs to
    /// another category as well, or has become a topdir, is only taken out of this one.
    pub async fn delete_directories(
        &self,
        category: CategoryId,
        ids: &[DirectoryId],
        orphans: Orphans,
    ) -> Result<()> {
        let repositories: &[Sql] = match orphans {
            Orphans::Keep => &DETACH,
            Orphans::Delete => &DELETE_REPOSITORIES,
        };
        for ids in ids.chunks(CHUNK) {
            let list = sql::id_list(self.engine(), ids.iter().copied());
            let shared = self.query(SHARED, [list.clone(), category.0.into()]).await?;
            let shared: HashSet<DirectoryId> =
                shared.iter().map(|row| id(row, "directory_id")).collect::<Result<_>>()?;
            let (shared, ids): (Vec<_>, Vec<_>) = ids.iter().copied().partition(|id| shared.contains(id));
            self.unlink(category, &shared).await?;
            let list = sql::id_list(self.engine(), ids);
            for sql in CHILDREN.iter().chain(repositories).chain([&DIRECTORY]) {
                self.execute(*sql, [list.clone()]).await?;
            }
        }
        Ok(())
    }

    /// Takes directories out of a category that another one keeps.
    pub async fn unlink(&self, category: CategoryId, ids: &[DirectoryId]) -> Result<()> {
        const UNLINK: Sql = Sql {
            postgres: "DELETE FROM category_directory WHERE category_id = $1 AND directory_id = ANY($2)",
            sqlite: "DELETE FROM category_directory WHERE category_id = ?1 \
                     AND directory_id IN (SELECT value FROM json_each(?2))",
        };
        for ids in ids.chunks(CHUNK) {
            self.execute(UNLINK, [category.0.into(), sql::id_list(self.engine(), ids.iter().copied())])
                .await?;
        }
        Ok(())
    }
}
