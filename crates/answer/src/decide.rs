//! The decision: which hosts, in which order, and why. Everything that is answered is a rendering of it.

use rand::Rng;
use snapshot::HostNo;

use crate::data::Data;
use crate::order;
use crate::place::Place;
use crate::policy::Policy;
use crate::question::Question;
use crate::reply::Tier;
use crate::select::{self, Groups, Selection};
use crate::target::Target;

/// A host in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The host.
    pub host: HostNo,
    /// The nearest tier it is in.
    pub tier: Tier,
}

/// Which hosts, in which order, and why.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    /// What the question is about.
    pub target: Target<'a>,
    /// Who the answer is for, and where that is.
    pub place: Place<'a>,
    /// What a plain answer says in its first line, without the newline.
    pub header: String,
    /// The hosts in order. A host none of whose URLs is wanted is among them.
    pub picks: Vec<Pick>,
    /// The distinct values of `protocol=`, sorted.
    pub protocols: Option<Vec<&'a str>>,
    pub(crate) groups: Groups,
}

impl Decision<'_> {
    /// Hosts found before all hosts were considered; exact only up to the minimum.
    pub fn found(&self) -> usize {
        self.groups.found
    }
}

/// Decides.
pub(crate) fn decide<'a>(
    data: &'a Data,
    policy: &Policy,
    question: &'a Question<'a>,
    target: Target<'a>,
    place: Place<'a>,
    mut header: String,
    rng: &mut impl Rng,
) -> Decision<'a> {
    let protocols = question.protocol.as_deref().map(select::distinct);
    let selection = Selection {
        data,
        policy,
        question,
        directory: target.directory,
        place: &place,
        protocols: protocols.as_deref(),
    };
    let mut groups = selection.run(&mut header);
    let picks = order::order(&data.snapshot, target.directory.carried(), &mut groups, rng);
    Decision { target, place, header, picks, protocols, groups }
}
