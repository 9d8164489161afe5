//! Row ids as types, so that a host id can not be passed where a directory id is meant.

/// Declares a newtype over the 32-bit serial id of one table.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i32);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i32> for $name {
            fn from(id: i32) -> Self {
                Self(id)
            }
        }

        impl From<$name> for i32 {
            fn from(id: $name) -> i32 {
                id.0
            }
        }
    };
}

id!(
    /// Row of `site`.
    SiteId
);
id!(
    /// Row of `host`.
    HostId
);
id!(
    /// Row of `product`.
    ProductId
);
id!(
    /// Row of `category`.
    CategoryId
);
id!(
    /// Row of `directory`.
    DirectoryId
);
id!(
    /// Row of `host_category`: one host carries one category.
    HostCategoryId
);
id!(
    /// Row of `host_category_url`: one base URL of a host's copy of a category.
    HostCategoryUrlId
);
id!(
    /// Row of `repository`.
    RepositoryId
);
id!(
    /// Row of `version`.
    VersionId
);
id!(
    /// Row of `arch`.
    ArchId
);
id!(
    /// Row of `file_detail`.
    FileDetailId
);
