//! What comes from the operator and from the database: configuration files, binary copies.

use store::export::CopyRows;

use crate::texts;

/// Any bytes as a settings file.
pub(crate) fn settings(input: &[u8]) {
    settings::load::fuzz_file(input);
}

pub(crate) fn settings_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "[serve]\nlisten = \"127.0.0.1:3000\"\nwatch_seconds = 5\n[answer]\ncompatibility = \"upstream\"\nminimum = 5\n",
        "[database]\nurl = \"postgres://mm:secret@db/mm\"\n[scan]\ncontent_root = \"/srv\"\n",
        "[serv]\nlisten = 1\n",
        "a = [1, {b = 'c'}, 1979-05-27T07:32:00Z]\n\"q u\".x = '''\n'''\n",
    ])
}

/// Any bytes as an old program's configuration file, of which only plain values are read.
pub(crate) fn old_config(input: &[u8]) {
    mirrormanager::compat::old_config::fuzz(input);
}

pub(crate) fn old_config_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "DB_URL = 'postgresql://mm:secret@db/mm'\nMASTER_DIRECTORY = \"/srv\"\nUMDL_PREFIX = u'/srv/'\n",
        "umdl_master_directories = [\n  {'type': 'directory', 'path': '../testdata/', 'excludes': ['.*/.snapshot']},\n]\n",
        "MAX = 3 * 4\nX = -1.5e3\nY = ('a', 'b' 'c')\nZ = {1: None, True: False}\n# comment\n",
    ])
}

/// Any bytes as the configuration of scan-primary-mirror.
pub(crate) fn spm_config(input: &[u8]) {
    mirrormanager::compat::spm_config::fuzz(input);
}

pub(crate) fn spm_config_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "common_rsync_options = \"-4  --no-motd\"\nmax_stale_days = 3\nexcludes = ['\\.snapshot', '/\\.~tmp~']\n\
         [database]\nurl = \"postgresql://mm:secret@db/mm\"\n\
         [[category]]\nname = \"Fedora EPEL\"\ntype = \"directory\"\nurl = \"/srv/pub/epel/\"\nexcludes = ['(']\n",
        "[database]\nurl = ''\n[[category]]\nname = 'CentOS'\ntype = 'rsync'\nurl = 'rsync://h/m'\noptions = '-4 \"a b\"'\n\
         checksum_base = 'http://h/'\n[[repository_mapping]]\nregex = '^(?P<a>\\w+)/'\nprefix = '${a}-$1'\nversion_prefix = 'f'\n\
         [[repository_aliases]]\nfrom = 'a-'\nto = 'b'\n",
        "repository_mapping = [{ regex = '((a{9}){9}){9}', prefix = '' }]\ndatabase = { url = 'x' }\n",
    ])
}

/// The binary copy of PostgreSQL, cut into chunks as long as the first byte says: the same rows, or the same
/// refusal, as in one piece.
pub(crate) fn copy_rows(input: &[u8]) {
    let Some((size, bytes)) = input.split_first() else { return };
    let read = |size: usize| {
        let mut parser = CopyRows::<2>::default();
        let mut rows = Vec::new();
        let pieces = bytes.chunks(size);
        let read = pieces.into_iter().try_for_each(|chunk| {
            parser.push(chunk, |fields| {
                rows.push(fields.map(|field| field.map(<[u8]>::to_vec)));
                Ok(())
            })
        });
        read.and_then(|()| parser.finish()).map(|()| rows)
    };
    let whole = read(bytes.len().max(1));
    assert_eq!(whole.ok(), read(usize::from(*size).max(1)).ok());
}

pub(crate) fn copy_seeds() -> Vec<Vec<u8>> {
    let mut rows = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for row in [1u8, 2, 3] {
        rows.extend([0, 2, 0, 0, 0, 4, 0, 0, 0, row]);
        match row {
            2 => rows.extend([0xff; 4]),
            _ => rows.extend([0, 0, 0, 4, 0, 0, 1, row]),
        }
    }
    rows.extend([0xff, 0xff]);
    [1u8, 7, 200].iter().map(|size| [&[*size], rows.as_slice()].concat()).collect()
}
