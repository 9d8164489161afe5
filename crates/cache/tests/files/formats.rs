//! Conversion, signatures, and going back.

use std::path::{Path, PathBuf};

use cache::{Format, RollbackError, VerifyError};
use snapshot::proto::{self, MirrorList};
use snapshot::{SigningKey, Snapshot};

use crate::sample::{at, sample};

fn written(folder: &Path) -> [PathBuf; 2] {
    let paths = [folder.join("cache.proto"), folder.join("cache.snapshot")];
    proto::write(&paths[0], &sample()).unwrap();
    cache::convert(&paths[0], &paths[1], None).unwrap();
    paths
}

#[test]
fn a_cache_comes_back_from_the_native_format() {
    let folder = tempfile::tempdir().unwrap();
    let [_, native] = written(folder.path());
    let back = folder.path().join("back");
    let converted = cache::convert(&native, &back, None).unwrap();
    assert_eq!((converted.format, converted.lossy), (Format::Proto, true));
    assert_eq!(converted.bytes, std::fs::metadata(&back).unwrap().len());
    let content = std::fs::read(&back).unwrap();
    let cache = proto::decode(&content).unwrap();
    assert_eq!(proto::encode(&cache), content, "the fields are in the order of their numbers");
    // URLs have new ids; the rest is as it was.
    let ids = |cache: &MirrorList| cache.hc_url_cache.iter().map(|url| url.value.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&cache), ids(&sample()));
    let mut expected = sample();
    for entry in &mut expected.mirror_list_cache {
        entry.by_host_id.iter_mut().for_each(|host| host.value[0] -= 1);
    }
    expected.hc_url_cache.iter_mut().for_each(|url| url.key -= 1);
    assert_eq!(cache, expected);
}

#[test]
fn a_signature_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let [plain, native] = written(folder.path());
    let [key, other] = [(); 2].map(|()| SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap());
    let keys = [key.public().clone()];
    for unsigned in [&plain, &native] {
        assert_eq!(cache::verify(unsigned, &[]).unwrap().signer, None);
        assert!(matches!(cache::verify(unsigned, &keys), Err(VerifyError::Unsigned(_))));
    }
    cache::convert(&plain, &native, Some(&key)).unwrap();
    assert_eq!(cache::verify(&native, &keys).unwrap().signer, Some(key.public().to_string()));
    let error = cache::verify(&native, &[other.public().clone()]).unwrap_err();
    assert!(error.to_string().contains(&key.public().to_string()), "{error}");
    let mut bytes = std::fs::read(&native).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&native, bytes).unwrap();
    assert!(matches!(cache::verify(&native, &[]), Err(VerifyError::Read(_))));
}

#[test]
fn the_old_content_becomes_the_newest_file() {
    let folder = tempfile::tempdir().unwrap();
    let [plain, native] = written(folder.path());
    let keep = cache::Keep { files: 2, ..cache::Keep::default() };
    let newer = MirrorList { time: 1_700_000_500, mirror_list_cache: Vec::new(), ..sample() };
    for path in [&plain, &native] {
        keep.before_replacing(path).unwrap();
    }
    proto::write(&plain, &newer).unwrap();
    let view = Snapshot::from_proto(&newer).unwrap();
    view.write(&native, 1_700_000_500_000, None).unwrap();
    for (path, format) in [(&plain, Format::Proto), (&native, Format::Snapshot)] {
        let before = Snapshot::read(path).unwrap();
        assert_eq!(before.directories(), 0);
        let done = cache::rollback(path, 1, None, 2, at(400)).unwrap();
        assert_eq!((done.format, done.built), (format, Some(at(0))));
        let now = Snapshot::read(path).unwrap();
        assert_eq!((now.directories(), now.serial()), (5, done.serial));
        assert!(format == Format::Proto || now.serial() > before.serial(), "the clock was put back");
        // What it was is kept, and so is what we went back to.
        let again = cache::rollback(path, 1, None, 2, at(600)).unwrap();
        assert_eq!(Snapshot::read(path).unwrap().directories(), 0);
        assert!(again.serial > done.serial);
        let error = cache::rollback(path, 7, None, 2, at(700)).unwrap_err().to_string();
        assert!(error.contains(".7"), "{error}");
    }
    let cache = proto::read(&plain).unwrap();
    assert_eq!(cache, MirrorList { time: 1_700_000_600, ..newer }, "nothing but the time is new");
}

#[test]
fn a_file_whose_time_is_not_in_front_is_gone_back_to_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let bytes = proto::encode(&sample());
    let time = bytes.iter().skip(1).position(|byte| byte & 0x80 == 0).unwrap() + 2;
    let (time, rest) = bytes.split_at(time);
    std::fs::write(folder.path().join("cache.1"), [rest, time].concat()).unwrap();
    cache::rollback(&path, 1, None, 1, at(60)).unwrap();
    assert_eq!(proto::read(&path).unwrap(), MirrorList { time: 1_700_000_060, ..sample() });
}

#[test]
fn what_was_signed_stays_signed() {
    let folder = tempfile::tempdir().unwrap();
    let [_, native] = written(folder.path());
    let key = SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap();
    let view = Snapshot::read(&native).unwrap();
    view.write(&native, 5, Some(&key)).unwrap();
    cache::Keep { files: 1, ..cache::Keep::default() }.before_replacing(&native).unwrap();
    let before = std::fs::read(&native).unwrap();
    let refused = cache::rollback(&native, 1, None, 1, at(0)).unwrap_err();
    assert!(matches!(refused, RollbackError::Unsigned(_)), "{refused}");
    assert_eq!(std::fs::read(&native).unwrap(), before);
    cache::rollback(&native, 1, Some(&key), 1, at(0)).unwrap();
    assert_eq!(Snapshot::read(&native).unwrap().signer(), Some(key.public()));
}
