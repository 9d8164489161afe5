//! Everything the cache builder reads, in one state of the database.
//!
//! The shaping decision: plain statements that name exactly the columns of `database.md` 3.5 (and each
//! table's `id`, which gives every list its order), so that a read-only role and a reduced schema with
//! just these columns suffice, and so that equal content always comes back in equal order. What is small is
//! kept as rows ([`Head`]); the four big tables are kept as what is distinct in them.

mod copy_rows;
mod directories;
mod files;
mod follow;
mod fresh;
mod head;
mod held;
mod positions;
mod reader;
mod record;
mod resident;
mod rows;
mod up_to_date;

pub use copy_rows::{CopyError, CopyRows, Fields};
pub use directories::Directories;
pub use files::{Detail, Digest, DigestKind, FileDetails};
pub use head::Head;
pub use record::{CategoryDirectory, Directory, FileDetail, Holding};
pub use resident::{Refreshed, Resident, Why};
pub use rows::{
    Arch, Category, ContinentRedirect, CountryAllowed, ExclusiveNetblock, Host, HostCategory,
    HostCategoryUrl, HostNetblock, NetblockCountry, Place, Repository, RepositoryRedirect, UrlFamily,
};
pub use up_to_date::{DirectorySet, UpToDate, UpToDateBuilder};

use futures_util::try_join;

use crate::connect::Store;
use crate::error::Result;
use reader::Reader;

/// What [`read`] found.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// The small tables.
    pub head: Head,
    /// All directories, readable or not, and their categories.
    pub directories: Directories,
    /// Sizes and digests.
    pub files: FileDetails,
    /// What each host category holds.
    pub up_to_date: UpToDate,
}

/// Reads it all in one repeatable-read, read-only transaction.
///
/// # Errors
/// The database's own message when a table or column is missing or can not be read.
pub async fn read(store: &Store) -> Result<Export> {
    whole(&Reader::open(store).await?).await
}

/// Reads the big tables side by side, and the small ones meanwhile.
async fn whole(reader: &Reader) -> Result<Export> {
    let (mut first, mut second) = (reader.lane().await?, reader.lane().await?);
    let (mut rows, mut categories) = (Vec::new(), Vec::new());
    first.each(|row: Directory| rows.push(row)).await?;
    second.each(|row: CategoryDirectory| categories.push(row)).await?;
    let directories = Directories::new(&mut rows, categories);
    drop(rows);
    let held = async {
        let mut builder = UpToDateBuilder::new(directories.ids());
        first.each(|row: Holding| builder.add(row.host_category_id, row.directory_id)).await?;
        Ok(builder)
    };
    let files = async {
        let mut files = FileDetails::default();
        second.each(|row: FileDetail| files.push(&row)).await?;
        files.sort();
        Ok(files)
    };
    let (builder, files, head) = try_join!(held, files, Head::read(reader.tx()))?;
    let up_to_date = builder.build(|id| head.host_category(id).is_some());
    Ok(Export { head, directories, files, up_to_date })
}
