//! A store made up in memory, as plain rows.

use store::export::{
    CategoryDirectory, Directories, Directory, Export, FileDetail, FileDetails, Head, UpToDateBuilder,
};

/// The rows of all tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    pub(crate) head: Head,
    pub(crate) directories: Vec<Directory>,
    pub(crate) category_directories: Vec<CategoryDirectory>,
    pub(crate) file_details: Vec<FileDetail>,
    /// Host category and directory of the rows that are up to date.
    pub(crate) held: Vec<(i32, i32)>,
}

impl Tables {
    /// Nothing but small tables.
    pub(crate) fn of(head: Head) -> Self {
        Self { head, ..Self::default() }
    }

    /// The rows as they are kept when they are read.
    pub(crate) fn export(&self) -> Export {
        let directories = Directories::new(&mut self.directories.clone(), self.category_directories.clone());
        let mut files = FileDetails::default();
        self.file_details.iter().for_each(|row| files.push(row));
        files.sort();
        let mut builder = UpToDateBuilder::new(directories.ids());
        for (host_category, directory) in &self.held {
            builder.add(*host_category, Some(*directory));
        }
        let up_to_date = builder.build(|id| self.head.host_category(id).is_some());
        Export { head: self.head.clone(), directories, files, up_to_date }
    }
}
