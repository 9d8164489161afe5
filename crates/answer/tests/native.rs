//! The recorded questions with our defaults. Every answer that differs from the recorded one is derived from it, or
//! from that of another case, by a rule of [`testkit::mirrorlist_vectors::ours`].

#![allow(clippy::unwrap_used, reason = "a test")]

mod replay;

use answer::Policy;
use testkit::mirrorlist_vectors::check;
use testkit::mirrorlist_vectors::ours::{Ours, counted};

#[test]
fn our_defaults_differ_from_the_recorded_answers_by_named_rules_only() {
    let data = replay::data();
    let cases = replay::cases();
    let ours = Ours::of(&cases);
    let (mut compared, mut dropped, mut wrong) = (0, Vec::new(), Vec::new());
    for case in &cases {
        let policy = Policy { minimum: case.minimum, ..Policy::default() };
        let expect = ours.wanted(case);
        for seed in 0..8 {
            let mut observed = replay::ask(&data, &policy, case, seed);
            observed.log.iter_mut().for_each(|line| *line = counted(line));
            let result = match &expect {
                Some(expect) => check(expect, &observed),
                // What it is, the rules written down once more say (`differential`).
                None if observed.status == Some(200) => Ok(()),
                None => Err(format!("{observed:?}")),
            };
            if let Err(why) = result {
                wrong.push(format!("{} {:.120}: {why}", case.id, case.target));
                break;
            }
        }
        match expect {
            Some(_) => compared += 1,
            None => dropped.push(case.id.as_str()),
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    // A host without a weight made the old server drop the connection.
    assert_eq!((compared, dropped), (287, vec!["A282", "A283", "A285"]));
}
