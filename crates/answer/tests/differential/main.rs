//! The same questions to different makings of the same deployment: one answer.
//!
//! Random deployments are asked random questions. The answer must be the one that the rules of the
//! specification give ([`reference`]), and the same whichever way the view was made.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod compare;
mod reference;
#[path = "../replay/mod.rs"]
mod replay;
mod shuffled;

use std::sync::Arc;

use answer::{Compatibility, CountryAllowed, Data, Distance, Explain, Policy};
use geo::{Asns, Continents, Countries, EmptyIpv4};
use snapshot::{Snapshot, proto};
use testkit::random::{Deployment, Question, Repeats};
use testkit::rng::Rng;

/// Deployments and, for each, questions: 7,200 questions under each policy.
const DEPLOYMENTS: u64 = 60;
const QUESTIONS: usize = 120;

fn countries() -> Arc<Countries> {
    Arc::new(Countries::read(&replay::folder().join("inputs/country.mmdb")).unwrap())
}

fn data(deployment: &Deployment, countries: &Arc<Countries>, snapshot: Snapshot) -> Data {
    Data::new(
        Arc::new(snapshot),
        Arc::clone(countries),
        Arc::new(Asns::from_bytes(deployment.netblocks.as_bytes(), EmptyIpv4::Refuse).unwrap()),
        Arc::new(Continents::from_bytes(deployment.continents.as_bytes()).unwrap()),
    )
}

/// Both modes, and the settings that change which hosts are chosen.
fn policies() -> [Policy; 4] {
    let ours = Policy { compatibility: Compatibility::Native, ..Policy::default() };
    [
        Policy::upstream(),
        Policy { country_allowed: CountryAllowed::Strict, minimum: 9, ..Policy::upstream() },
        ours.clone(),
        Policy { country_allowed: CountryAllowed::Asked, minimum: 0, ..ours },
    ]
}

/// Every way to make a view of a cache, with its name. All of them must give the same answers.
fn views(cache: &proto::MirrorList) -> Vec<(&'static str, Snapshot)> {
    let decoded = Snapshot::from_proto(cache).unwrap();
    let mut native = Vec::new();
    decoded.write_to(1, None, &mut native).unwrap();
    vec![
        ("decoded", decoded),
        ("from bytes", Snapshot::from_bytes(proto::encode(cache)).unwrap()),
        ("native", Snapshot::from_bytes(native).unwrap()),
    ]
}

fn each_deployment(label: &str, repeats: Repeats, mut check: impl FnMut(&Deployment, &[Question], u64)) {
    for seed in 0..DEPLOYMENTS {
        let mut rng = Rng::new(seed, label);
        let deployment = Deployment::random(&mut rng, repeats);
        let questions: Vec<Question> =
            (0..QUESTIONS).map(|_| Question::random(&deployment, &mut rng)).collect();
        check(&deployment, &questions, seed);
    }
}

#[test]
fn the_answers_are_those_of_the_rules() {
    let countries = countries();
    let mut seen = compare::Seen::default();
    each_deployment("rules", Repeats::Some, |deployment, questions, seed| {
        let data = data(deployment, &countries, Snapshot::from_proto(&deployment.cache).unwrap());
        for policy in policies() {
            let world = reference::World {
                cache: &deployment.cache,
                netblocks: &deployment.netblocks,
                continents: &deployment.continents,
                countries: &countries,
                policy: &policy,
            };
            for question in questions {
                if let Err(why) = compare::with_rules(&data, &world, question, seed, &mut seen) {
                    panic!("deployment {seed}, {policy:?}, {question:?}: {why}");
                }
            }
        }
    });
    seen.everything_was_asked_for();
}

/// The recorded answers are those of the old server itself, so this checks the rules as much as the engine.
#[test]
fn the_recorded_questions_are_answered_by_the_rules() {
    let inputs = replay::folder().join("inputs");
    let text = |name: &str| std::fs::read_to_string(inputs.join(name)).unwrap();
    let deployment = Deployment {
        cache: proto::read(&inputs.join("cache.proto")).unwrap(),
        netblocks: text("global_netblocks.txt"),
        continents: text("country_continent.csv"),
    };
    let (countries, data) = (countries(), replay::data());
    let mut no_questions = Vec::new();
    for case in replay::cases() {
        let header = |(name, value): &(String, Vec<u8>)| {
            let is_it = name.eq_ignore_ascii_case("x-forwarded-for");
            is_it.then(|| String::from_utf8(value.clone()))
        };
        let forwarded_for: Result<Vec<String>, _> = case.headers.iter().filter_map(header).collect();
        let (Ok(target), Ok(forwarded_for)) = (case.target.parse::<hyper::Uri>(), forwarded_for) else {
            no_questions.push(case.id);
            continue;
        };
        let question = Question {
            path: target.path().to_owned(),
            query: target.query().unwrap_or_default().to_owned(),
            forwarded_for,
            peer: case.source,
        };
        for policy in [Policy::upstream(), Policy::default()] {
            let policy = Policy { minimum: case.minimum, ..policy };
            let world = reference::World {
                cache: &deployment.cache,
                netblocks: &deployment.netblocks,
                continents: &deployment.continents,
                countries: &countries,
                policy: &policy,
            };
            for seed in 0..4 {
                let result =
                    compare::with_rules(&data, &world, &question, seed, &mut compare::Seen::default());
                result.unwrap_or_else(|why| panic!("{} {policy:?}, {question:?}: {why}", case.id));
            }
        }
    }
    // A byte that is no text, and what HTTP refuses.
    assert_eq!(no_questions, ["A123", "A286", "A287"]);
}

#[test]
fn every_view_of_a_cache_gives_the_same_answers() {
    let countries = countries();
    each_deployment("views", Repeats::Some, |deployment, questions, seed| {
        let views: Vec<(&str, Data)> = views(&deployment.cache)
            .into_iter()
            .map(|(name, snapshot)| (name, data(deployment, &countries, snapshot)))
            .collect();
        let (first, others) = views.split_first().unwrap();
        for policy in policies() {
            for question in questions {
                let expected = compare::observe(&first.1, &policy, question, seed);
                for (name, data) in others {
                    let observed = compare::observe(data, &policy, question, seed);
                    assert_eq!(observed, expected, "{name}: deployment {seed}, {policy:?}, {question:?}");
                }
            }
        }
    });
}

/// Everything that a native file can hold, and everything that can be asked for.
#[test]
fn a_native_file_keeps_what_the_other_has_no_field_for() {
    let countries = countries();
    let all = Policy {
        distance: Distance::Continent,
        max_first_share: 0.4,
        explain: Explain::Everybody,
        ..Policy::default()
    };
    each_deployment("extras", Repeats::Some, |deployment, questions, seed| {
        let mut rng = Rng::new(seed, "extras and wishes");
        let built = Snapshot::with_extras(&deployment.cache, &deployment.extras(&mut rng)).unwrap();
        let mut file = Vec::new();
        built.write_to(1, None, &mut file).unwrap();
        let read = data(deployment, &countries, Snapshot::from_bytes(file).unwrap());
        let built = data(deployment, &countries, built);
        for question in questions {
            let question = question.clone().with_wish(&mut rng);
            let expected = compare::observe(&built, &all, &question, seed);
            assert_eq!(
                compare::observe(&read, &all, &question, seed),
                expected,
                "deployment {seed}, {question:?}"
            );
        }
    });
}

/// What answers never use in our own mode is lost on the way: repeated keys, and what comes behind a network that
/// is not understood.
#[test]
fn a_view_converted_to_the_interchange_format_gives_the_same_answers() {
    let countries = countries();
    each_deployment("converted", Repeats::Never, |deployment, questions, seed| {
        let snapshot = Snapshot::from_proto(&deployment.cache).unwrap();
        let converted = proto::MirrorList {
            file_details_cache: snapshot.proto_files().collect(),
            mirror_list_cache: snapshot.proto_directories().collect(),
            ..snapshot.proto_head()
        };
        let converted = data(deployment, &countries, Snapshot::from_proto(&converted).unwrap());
        let original = data(deployment, &countries, snapshot);
        for policy in policies().iter().filter(|policy| policy.compatibility == Compatibility::Native) {
            for question in questions {
                let expected = compare::observe(&original, policy, question, seed);
                let observed = compare::observe(&converted, policy, question, seed);
                assert_eq!(observed, expected, "deployment {seed}, {policy:?}, {question:?}");
            }
        }
    });
}

#[test]
fn the_order_of_elements_decides_nothing_that_it_may_not() {
    let countries = countries();
    each_deployment("order", Repeats::Never, |deployment, questions, seed| {
        let mut cache = deployment.cache.clone();
        shuffled::shuffle(&mut cache, &mut Rng::new(seed, "shuffle"));
        assert_ne!(cache, deployment.cache);
        let data_of = |cache| data(deployment, &countries, Snapshot::from_proto(cache).unwrap());
        let (data, other) = (data_of(&deployment.cache), data_of(&cache));
        for policy in policies() {
            for question in questions {
                let expected = compare::observe(&data, &policy, question, seed).without_order();
                let observed = compare::observe(&other, &policy, question, seed).without_order();
                assert_eq!(observed, expected, "deployment {seed}, {policy:?}, {question:?}");
            }
        }
    });
}
