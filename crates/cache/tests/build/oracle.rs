//! The rules of spec mirrorlist B.3 for directories once more, in the plainest way: row by row, pair by pair.

use snapshot::proto::{
    FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntRepeatedIntMap,
    MirrorListCacheType, StringRepeatedIntMap,
};
use store::export::{Directory, Host};

use crate::tables::Tables;

/// `MirrorListCache`.
pub(crate) fn mirror_list(tables: &Tables) -> Vec<MirrorListCacheType> {
    tables.directories.iter().filter_map(|directory| entry(tables, directory)).collect()
}

/// Steps 2 to 6.
fn entry(tables: &Tables, directory: &Directory) -> Option<MirrorListCacheType> {
    let mut places: Vec<(i32, &str, &str)> = Vec::new();
    for row in tables.category_directories.iter().filter(|row| row.directory_id == directory.id) {
        let category = tables.head.categories.iter().find(|category| category.id == row.category_id);
        let top = category.and_then(|category| category.topdir_id);
        let Some(top) = tables.directories.iter().find(|other| Some(other.id) == top) else { continue };
        let subpath = match directory.name.strip_prefix(&top.name) {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix('/'),
            None => None,
        };
        places.extend(subpath.map(|subpath| (row.category_id, top.name.as_str(), subpath)));
    }
    places.sort_by_key(|(category, top, _)| (usize::MAX - top.len(), *category));
    let (category, _, subpath) = places.first()?;
    let mut entry = MirrorListCacheType {
        directory: directory.name.clone(),
        subpath: Some((*subpath).to_owned()),
        ..MirrorListCacheType::default()
    };
    let mut seen = Vec::new();
    for row in tables.head.host_categories.iter().filter(|row| row.category_id == Some(*category)) {
        // No database has a second one.
        if seen.contains(&row.host_id) {
            continue;
        }
        seen.push(row.host_id);
        let Some(host) = tables.head.hosts.iter().find(|host| Some(host.id) == row.host_id) else { continue };
        if !(row.always_up2date || tables.held.contains(&(row.id, directory.id))) || !is_active(host) {
            continue;
        }
        let id = i64::from(host.id);
        let urls = tables.head.urls.iter().filter(|url| url.host_category_id == row.id);
        let urls: Vec<i64> = urls.map(|url| url.id.into()).collect();
        if !urls.is_empty() {
            entry.by_host_id.push(IntRepeatedIntMap { key: id, value: urls });
        }
        let private = host.private || host.site_private;
        if private && !host.internet2_clients {
            continue;
        }
        let country = host.country.as_ref().map(|country| country.to_uppercase());
        if host.internet2 {
            country.iter().for_each(|country| add(&mut entry.by_country_internet2, country, id));
        }
        if !private {
            entry.global.push(id);
            country.iter().for_each(|country| add(&mut entry.by_country, country, id));
        }
    }
    Some(entry)
}

fn is_active(host: &Host) -> bool {
    host.user_active && host.admin_active && host.site_user_active && host.site_admin_active
}

fn add(map: &mut Vec<StringRepeatedIntMap>, key: &str, value: i64) {
    match map.iter_mut().find(|pair| pair.key == key) {
        Some(pair) => pair.value.push(value),
        None => map.push(StringRepeatedIntMap { key: key.to_owned(), value: vec![value] }),
    }
}

/// `FileDetailsCache`, step 1.
pub(crate) fn file_details(tables: &Tables) -> Vec<FileDetailsCacheDirectoryType> {
    let mut out = Vec::new();
    for directory in &tables.directories {
        let mut rows: Vec<_> =
            tables.file_details.iter().filter(|row| row.directory_id == directory.id).collect();
        rows.sort_by_key(|row| (row.timestamp, row.id));
        rows.reverse();
        let mut files: Vec<FileDetailsCacheFilesType> = Vec::new();
        for row in rows {
            let (Ok(time_stamp), Ok(size)) =
                (row.timestamp.unwrap_or(0).try_into(), row.size.unwrap_or(0).try_into())
            else {
                continue;
            };
            let detail = FileDetailsType {
                time_stamp,
                size,
                sha1: row.sha1.clone(),
                md5: row.md5.clone(),
                sha256: row.sha256.clone(),
                sha512: row.sha512.clone(),
            };
            match files.iter_mut().find(|file| file.filename == row.filename) {
                Some(file) => file.file_details.push(detail),
                None => files.push(FileDetailsCacheFilesType {
                    filename: row.filename.clone(),
                    file_details: vec![detail],
                }),
            }
        }
        if !files.is_empty() {
            out.push(FileDetailsCacheDirectoryType {
                directory: directory.name.clone(),
                file_details_cache_files: files,
            });
        }
    }
    out
}
