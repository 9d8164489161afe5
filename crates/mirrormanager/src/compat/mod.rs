//! The old programs: called by one of their names, this one speaks their command line.
//!
//! Old flags, defaults, texts and exit statuses end here: each file turns them into the settings and the
//! call that the new command makes too.

mod crawl_results;
pub mod dotenv;
pub mod flags;
mod frame;
pub mod generate_mirrorlist_cache;
pub mod libpq;
pub mod mirrorlist_server;
pub mod mm2_crawler;
pub mod mm2_update_master_directory_list;
pub mod mm2_update_single_file_detail;
pub mod old_config;
pub mod python_literal;
pub mod scan_primary_mirror;
pub mod spm_config;
mod spm_steps;
pub mod usage;

use std::ffi::OsString;

use crate::exit::Exit;

/// An old program that exists here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldName {
    /// The answering server.
    MirrorlistServer,
    /// The cache builder.
    GenerateMirrorlistCache,
    /// The crawler.
    Crawler,
    /// The scanner of the master tree.
    UpdateMasterDirectoryList,
    /// The update of one file detail.
    UpdateSingleFileDetail,
    /// The other scanner of the master tree.
    ScanPrimaryMirror,
}

impl OldName {
    /// The program of this name.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "mirrorlist-server" => Some(Self::MirrorlistServer),
            "generate-mirrorlist-cache" => Some(Self::GenerateMirrorlistCache),
            "mm2_crawler" => Some(Self::Crawler),
            "mm2_update-master-directory-list" => Some(Self::UpdateMasterDirectoryList),
            "mm2_update-single-file-detail" => Some(Self::UpdateSingleFileDetail),
            "scan-primary-mirror" => Some(Self::ScanPrimaryMirror),
            _ => None,
        }
    }
}

/// Runs an old program with the arguments behind its name.
pub fn run<'a>(name: OldName, arguments: impl Iterator<Item = &'a OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.cloned().collect();
    match name {
        OldName::MirrorlistServer => mirrorlist_server::run(&arguments),
        OldName::GenerateMirrorlistCache => generate_mirrorlist_cache::run(&arguments),
        OldName::Crawler => mm2_crawler::run(&arguments),
        OldName::UpdateMasterDirectoryList => mm2_update_master_directory_list::run(&arguments),
        OldName::UpdateSingleFileDetail => mm2_update_single_file_detail::run(&arguments),
        OldName::ScanPrimaryMirror => scan_primary_mirror::run(&arguments),
    }
}
