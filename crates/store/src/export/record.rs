//! Rows of the four big tables, in whichever way they arrive.
//!
//! On PostgreSQL they come as a binary `COPY`, elsewhere, or when only some of them are wanted, as rows of a
//! statement. They are handed on one at a time and never collected as they are.

use sea_orm::FromQueryResult;

use super::copy_rows::{CopyError, Fields, bigint, int, required, text};

/// A row of `N` columns.
pub(super) trait Record<const N: usize>: FromQueryResult {
    /// The columns and the table, for both engines. No order is asked for.
    const SELECT: &'static str;

    /// The row out of a binary `COPY` of [`Record::SELECT`].
    fn copied(fields: Fields<'_, N>) -> Result<Self, CopyError>;
}

/// A directory of the master tree.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Directory {
    /// Row id.
    pub id: i32,
    /// Full path without leading or trailing `/`.
    pub name: String,
}

impl Record<2> for Directory {
    const SELECT: &'static str = "SELECT id, name FROM directory";

    fn copied([id, name]: Fields<'_, 2>) -> Result<Self, CopyError> {
        Ok(Self { id: required(int(id)?)?, name: required(text(name)?)? })
    }
}

/// A directory belongs to a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, FromQueryResult)]
pub struct CategoryDirectory {
    /// The directory.
    pub directory_id: i32,
    /// The category.
    pub category_id: i32,
}

impl Record<2> for CategoryDirectory {
    const SELECT: &'static str = "SELECT directory_id, category_id FROM category_directory";

    fn copied([directory, category]: Fields<'_, 2>) -> Result<Self, CopyError> {
        Ok(Self { directory_id: required(int(directory)?)?, category_id: required(int(category)?)? })
    }
}

/// One content that a file had.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct FileDetail {
    /// Row id.
    pub id: i32,
    /// Where the file is.
    pub directory_id: i32,
    /// Base name.
    pub filename: String,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// Bytes.
    pub size: Option<i64>,
    /// Lower-case hex.
    pub sha1: Option<String>,
    /// Lower-case hex.
    pub md5: Option<String>,
    /// Lower-case hex.
    pub sha256: Option<String>,
    /// Lower-case hex.
    pub sha512: Option<String>,
}

impl Record<9> for FileDetail {
    const SELECT: &'static str =
        "SELECT id, directory_id, filename, \"timestamp\", size, sha1, md5, sha256, sha512 FROM file_detail";

    fn copied(fields: Fields<'_, 9>) -> Result<Self, CopyError> {
        let [id, directory, filename, timestamp, size, sha1, md5, sha256, sha512] = fields;
        Ok(Self {
            id: required(int(id)?)?,
            directory_id: required(int(directory)?)?,
            filename: required(text(filename)?)?,
            timestamp: bigint(timestamp)?,
            size: bigint(size)?,
            sha1: text(sha1)?,
            md5: text(md5)?,
            sha256: text(sha256)?,
            sha512: text(sha512)?,
        })
    }
}

/// A host holds a directory as the master has it (`up2date = true`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Holding {
    /// Whose copy.
    pub host_category_id: i32,
    /// The directory; NULL when it was never known.
    pub directory_id: Option<i32>,
}

impl Record<2> for Holding {
    const SELECT: &'static str =
        "SELECT host_category_id, directory_id FROM host_category_dir WHERE up2date = true";

    fn copied([host_category, directory]: Fields<'_, 2>) -> Result<Self, CopyError> {
        Ok(Self { host_category_id: required(int(host_category)?)?, directory_id: int(directory)? })
    }
}
