//! The plain list (spec C.7).

use crate::decide::Decision;
use crate::escape;
use crate::question::Question;
use crate::render::push_number;
use crate::urls::Ending;

/// The words of `protocol=` at the end of the first line.
pub(crate) fn push_protocol(question: &Question<'_>, header: &mut String) {
    if let Some(protocol) = &question.protocol {
        header.push_str("protocol = ");
        escape::push_line(protocol, header);
    }
}

/// The list: what was looked for, then one URL per line.
pub(crate) fn render(decision: &Decision<'_>) -> String {
    let Decision { data, policy, question, .. } = *decision;
    let offers = decision.target.directory.offers();
    let ending = Ending::of(&decision.target, policy).closed("\n");
    let choice = decision.choice();
    let mut body =
        String::with_capacity(decision.header.len() + 64 + decision.picks.len() * (ending.len() + 48));
    body.push_str(&decision.header);
    push_protocol(question, &mut body);
    if question.time.is_some() {
        body.push_str("\n# database creation time: ");
        push_number(data.snapshot.created(), &mut body);
    }
    body.push('\n');
    for pick in &decision.picks {
        let Some(offer) = offers.of(pick.host) else { continue };
        choice.each(offer, |url| {
            let Some(base) = ending.base(url) else { return };
            if url.is_plain() || !policy.is_native() {
                body.push_str(base);
            } else {
                escape::push_line(base, &mut body);
            }
            body.push_str(ending.after(base));
        });
    }
    body
}
