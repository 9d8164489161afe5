//! Every fuzz target in a quick form: its seeds, and what a simple fuzzer makes of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fuzzing::{TARGETS, Target};
use testkit::rng::Rng;

/// Inputs made from the seeds of each target.
const MADE: usize = 6000;

/// Changes a seed in one to four places: a bit, a byte, a part cut out, doubled, or from another seed.
fn mutated(seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = rng.pick(seeds).unwrap().clone();
    for _ in 0..=rng.below(4) {
        let from = rng.below(bytes.len() as u64 + 1) as usize;
        let to = (from + rng.below(16) as usize).min(bytes.len());
        match rng.below(7) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let part = bytes[from..to].to_vec();
                bytes.splice(from..from, part);
            }
            3 => {
                let other = rng.pick(seeds).unwrap();
                let begin = rng.below(other.len() as u64 + 1) as usize;
                let end = (begin + rng.below(40) as usize).min(other.len());
                bytes.splice(from..to, other[begin..end].iter().copied());
            }
            4 => bytes.insert(from, *rng.pick(b"\0\x01\x7f\x80\xff\n\r,;:/=&%<>\"'-+ ").unwrap()),
            5 if from < bytes.len() => bytes[from] = rng.below(256) as u8,
            _ if from < bytes.len() => bytes[from] ^= 1 << rng.below(8),
            _ => {}
        }
    }
    bytes
}

fn run(target: &Target, input: &[u8]) {
    let result = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    assert!(result.is_ok(), "{} breaks a promise with {}", target.name, input.escape_ascii());
}

#[test]
fn no_target_breaks_a_promise() {
    std::thread::scope(|scope| {
        for target in TARGETS {
            scope.spawn(move || {
                let seeds = (target.seeds)();
                assert!(seeds.iter().all(|seed| !seed.is_empty()));
                seeds.iter().for_each(|seed| run(&target, seed));
                run(&target, &[]);
                let mut rng = Rng::new(1, target.name);
                for _ in 0..MADE {
                    run(&target, &mutated(&seeds, &mut rng));
                }
            });
        }
    });
}

/// A target that the fuzzer does not know is not fuzzed.
#[test]
fn every_target_is_a_program_of_the_fuzzer() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let mut programs: Vec<String> = fs::read_dir(fuzz.join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    programs.sort();
    assert_eq!(programs, TARGETS.map(|target| target.name));
    for name in programs {
        let program = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("fuzzing::run({name:?}, input)")), "{program}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
