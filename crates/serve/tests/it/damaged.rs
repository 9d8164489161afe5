//! Cache files that are cut off, flipped, too large or too old: refused with the reason while the old one serves
//! on; or, where the format can not tell, a view that answers whatever it is asked.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use answer::{Data, Policy, Request};
use geo::{Asns, Continents, Countries};
use model::clock::Clock as _;
use serve::{DataError, Running};
use snapshot::Snapshot;
use snapshot::proto::{self, MirrorList};
use testkit::random::{self, Question, Repeats};
use testkit::rng::Rng;

use crate::support::{Deployment, LIST, TIME, cache, clock, get};

/// A kind of cache file.
struct Format {
    name: &'static str,
    encode: fn(&MirrorList) -> Vec<u8>,
    load: fn(&[u8]) -> Result<Snapshot, String>,
    /// Whether every damage is seen. Without checksums most flips only make other numbers and texts, and a
    /// file that is cut between two elements is a shorter file.
    checked: bool,
}

const FORMATS: [Format; 2] = [
    Format { name: "protobuf", encode: proto::encode, load, checked: false },
    Format { name: "native", encode: native, load, checked: true },
];

fn load(bytes: &[u8]) -> Result<Snapshot, String> {
    Snapshot::from_bytes(bytes.to_vec()).map_err(|error| error.to_string())
}

fn native(cache: &MirrorList) -> Vec<u8> {
    let snapshot = Snapshot::from_proto(cache).unwrap();
    let mut bytes = Vec::new();
    snapshot.write_to(snapshot.serial(), None, &mut bytes).unwrap();
    bytes
}

/// What loading one damaged file and asking it 50 questions may take. It takes milliseconds.
const LONGEST: Duration = Duration::from_secs(20);

/// What this process may have taken at its peak, in KiB.
const MOST_MEMORY: u64 = 1 << 20;

/// Takes a file into use; the reason if it is refused, in which case the first host is listed as before.
async fn offer(deployment: &Deployment, server: &Running, bytes: &[u8]) -> Result<(), DataError> {
    fs::write(deployment.cache_file(), bytes).unwrap();
    let taken = server.reload_now().await;
    let reply = get(server.address(), LIST).await;
    if let Err(refusal) = &taken {
        let text = refusal.to_string();
        assert!(text.contains(&deployment.cache_file().display().to_string()), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(reply.body.contains("//first.example/"), "{text}: {reply:?}");
    }
    taken
}

/// Where fields of the outermost message of a protobuf end.
fn between_elements(cache: &MirrorList) -> Vec<usize> {
    let mut part = MirrorList { time: cache.time, ..MirrorList::default() };
    let mut ends = vec![proto::encode(&part).len()];
    macro_rules! add {
        ($($list:ident),*) => { $(for element in &cache.$list {
            part.$list.push(element.clone());
            ends.push(proto::encode(&part).len());
        })* };
    }
    // By number of the field, the order in which they are written.
    add!(hc_url_cache, file_details_cache, repo_arch_to_directory_name, host_country_cache);
    add!(host_bandwidth_cache, mirror_list_cache);
    ends
}

#[tokio::test]
async fn a_file_cut_off_anywhere_is_refused() {
    for format in FORMATS {
        let content = cache(TIME, &["first.example", "second.example"]);
        let whole = (format.encode)(&content);
        let mut deployment = Deployment::new();
        // A shorter file is taken for what it is, so that it is the reading that is tested.
        deployment.options.serve.max_fall_percent = 100;
        fs::write(deployment.cache_file(), &whole).unwrap();
        let server = deployment.start().await;
        // The format ends anywhere between two elements; without a directory it is refused even there.
        let directories = content.mirror_list_cache.len();
        let ends = between_elements(&content);
        let shorter: Vec<usize> = ends.iter().rev().skip(1).take(directories - 1).copied().collect();
        for length in 0..whole.len() {
            let taken = offer(&deployment, &server, &whole[..length]).await;
            let tolerated = !format.checked && shorter.contains(&length);
            assert_eq!(taken.is_ok(), tolerated, "{}: {length} of {}: {taken:?}", format.name, whole.len());
            if tolerated {
                offer(&deployment, &server, &whole).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn an_older_or_oversized_file_is_refused() {
    for format in FORMATS {
        let deployment = Deployment::new();
        let good = (format.encode)(&cache(TIME, &["first.example"]));
        fs::write(deployment.cache_file(), &good).unwrap();
        let server = deployment.start().await;
        let older = (format.encode)(&cache(TIME - 1, &["older.example"]));
        let refusal = offer(&deployment, &server, &older).await.unwrap_err();
        assert!(matches!(refusal, DataError::Older { .. }), "{}: {refusal}", format.name);
        // Not a byte of it is read: the file is empty but for its beginning, and longer than memory may be.
        let oversized = File::options().write(true).open(deployment.cache_file()).unwrap();
        oversized.set_len(proto::MAX_FILE_BYTES * 1000).unwrap();
        let began = Instant::now();
        let refusal = server.reload_now().await.unwrap_err().to_string();
        assert!(refusal.contains("more than the limit of"), "{}: {refusal}", format.name);
        assert!(began.elapsed() < LONGEST);
        assert!(get(server.address(), LIST).await.body.contains("//first.example/"));
        assert!(offer(&deployment, &server, &good).await.is_ok());
    }
}

/// The questions, and who asks, as the HTTP layer has them.
fn ask(snapshot: Snapshot, questions: &[Question]) {
    let data = Data::new(
        Arc::new(snapshot),
        Arc::new(Countries::none()),
        Arc::new(Asns::none()),
        Arc::new(Continents::built_in()),
    );
    for (question, policy) in questions.iter().zip([Policy::default(), Policy::upstream()].iter().cycle()) {
        let request = Request {
            path: &question.path,
            query: &question.query,
            forwarded_for: &[],
            peer: question.peer,
            accept: "",
            now: clock().now(),
        };
        let answer = answer::answer(&data, policy, &request, &mut rand::rng());
        assert!([200, 302, 400, 404, 500].contains(&answer.status));
        let _ = answer.body.to_vec();
    }
}

#[test]
fn a_flipped_bit_is_refused_or_answered_from() {
    let mut rng = Rng::new(1, "flips");
    let deployment = random::Deployment::random(&mut rng, Repeats::Some);
    let questions: Vec<Question> = (0..50).map(|_| Question::random(&deployment, &mut rng)).collect();
    for format in FORMATS {
        let whole = (format.encode)(&deployment.cache);
        ask((format.load)(&whole).unwrap(), &questions);
        let first = 0..64 * 8;
        let bits = whole.len() as u64 * 8;
        let anywhere = (0..10_000).map(|_| rng.below(bits) as usize);
        let flips: Vec<usize> = first.chain(anywhere).collect();
        let refused: usize = std::thread::scope(|scope| {
            let workers = std::thread::available_parallelism().map_or(1, usize::from);
            let parts = flips.chunks(flips.len().div_ceil(workers));
            let parts: Vec<_> =
                parts.map(|part| scope.spawn(|| flip(&format, &whole, part, &questions))).collect();
            parts.into_iter().map(|part| part.join().unwrap()).sum()
        });
        match format.checked {
            true => assert_eq!(refused, flips.len(), "{}", format.name),
            false => assert!((1000..flips.len()).contains(&refused), "{}: {refused}", format.name),
        }
    }
    assert!(peak_memory() < MOST_MEMORY, "{} KiB", peak_memory());
}

/// Flips each of these bits in turn; how many of the files were refused.
fn flip(format: &Format, whole: &[u8], bits: &[usize], questions: &[Question]) -> usize {
    let mut bytes = whole.to_vec();
    let mut refused = 0;
    for bit in bits {
        toggle(&mut bytes, *bit);
        let began = Instant::now();
        match (format.load)(&bytes) {
            Ok(snapshot) => ask(snapshot, questions),
            Err(reason) => {
                assert!(!reason.is_empty());
                refused += 1;
            }
        }
        assert!(began.elapsed() < LONGEST, "{}: bit {bit} took {:?}", format.name, began.elapsed());
        toggle(&mut bytes, *bit);
    }
    refused
}

fn toggle(bytes: &mut [u8], bit: usize) {
    *bytes.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
}

/// The most memory this process has had so far, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string(Path::new("/proc/self/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
