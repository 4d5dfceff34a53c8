//! Branches and loops: whatever is taken, the page must be in the same context behind it.

use super::super::context::{Context, Place, Slash, State, UrlPart};
use super::{Escaper, Leaves};
use crate::ast::{Branch, BranchKind, Node};

impl Escaper<'_> {
    pub(super) fn branch(&mut self, context: Context, branch: &Branch, node: &Node) -> Context {
        let place = self.place_of(node.pos());
        let word = branch.kind.word();
        let taken = match branch.kind {
            BranchKind::Range => {
                let taken = self.range(context.clone(), branch, &place);
                if taken.state == State::Error {
                    return taken;
                }
                taken
            }
            _ => self.list(context.clone(), &branch.list),
        };
        let otherwise = match &branch.otherwise {
            Some(list) => self.list(context, list),
            None => context,
        };
        joined(taken, otherwise, &place, word)
    }

    /// A loop's body is gone through twice: it must be in its own first context at its end.
    fn range(&mut self, context: Context, branch: &Branch, place: &Place) -> Context {
        self.ranges.push(Leaves::default());
        let mut after = self.list(context, &branch.list);
        let leaves = self.ranges.pop().unwrap_or_default();
        if after.state != State::Error {
            after = with_leaves(after, leaves);
        }
        if after.state == State::Error {
            return after;
        }
        self.ranges.push(Leaves::default());
        let (again, _) = self.list_if(after.clone(), &branch.list, |_, _| false);
        let leaves = self.ranges.pop().unwrap_or_default();
        let mut joined = joined(after, again, place, "range");
        if joined.state == State::Error {
            if let Some(fault) = &mut joined.fault {
                fault.text = format!("on range loop re-entry: {}", fault.text);
            }
            return joined;
        }
        with_leaves(joined, leaves)
    }
}

fn with_leaves(mut context: Context, leaves: Leaves) -> Context {
    let breaks = leaves.breaks.into_iter().map(|left| ("break", left));
    let continues = leaves.continues.into_iter().map(|left| ("continue", left));
    for (word, left) in breaks.chain(continues) {
        let place = left.node.clone().unwrap_or(Place(String::new()));
        context = joined(context, left, &place, "range");
        if context.state == State::Error {
            if let Some(fault) = &mut context.fault {
                fault.text = format!("at range loop {word}: {}", fault.text);
            }
            return context;
        }
    }
    context
}

/// The context behind two ways.
fn joined(a: Context, b: Context, place: &Place, word: &str) -> Context {
    if a.state == State::Error || b.state == State::Dead {
        return a;
    }
    if b.state == State::Error || a.state == State::Dead {
        return b;
    }
    if a.equals(&b) {
        return a;
    }
    let mut same_part = a.clone();
    same_part.url_part = b.url_part;
    if same_part.equals(&b) {
        same_part.url_part = UrlPart::Unknown;
        return same_part;
    }
    let mut same_slash = a.clone();
    same_slash.slash = b.slash;
    if same_slash.equals(&b) {
        same_slash.slash = Slash::Unknown;
        return same_slash;
    }
    let (nudged_a, nudged_b) = (a.clone().nudged(), b.clone().nudged());
    if !(nudged_a.equals(&a) && nudged_b.equals(&b)) {
        let nudged = joined(nudged_a, nudged_b, place, word);
        if nudged.state != State::Error {
            return nudged;
        }
    }
    let fault = format!("{{{{{word}}}}} branches end in different contexts: {a}, {b}");
    Context::fault(Some(place), fault)
}
