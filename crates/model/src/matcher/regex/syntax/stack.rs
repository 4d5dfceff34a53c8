//! The groups that are open while an expression is read, and what they hold so far.

use regex_syntax::hir::{Capture, Hir, Repetition};

use super::{Flags, Groups, Names};

/// How often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeat {
    pub(super) min: u32,
    /// None: without end.
    pub(super) max: Option<u32>,
}

impl Repeat {
    pub(super) const fn at_least(min: u32) -> Self {
        Self { min, max: None }
    }

    pub(super) const fn between(min: u32, max: u32) -> Self {
        Self {
            min,
            max: Some(max),
        }
    }

    /// True if it makes the compiled expression larger.
    pub(super) fn multiplies(self) -> bool {
        self.min >= 2 || self.max.is_some_and(|max| max >= 2)
    }

    /// How many copies a compiled expression has, given those of what is repeated.
    fn weight(self, repeated: u32) -> u32 {
        match self.max.unwrap_or(self.min) {
            0 if self.max.is_some() => 1,
            count => repeated.saturating_mul(count.max(1)),
        }
    }
}

/// A part of an expression.
struct Item {
    hir: Hir,
    /// The largest product of counts inside.
    weight: u32,
    height: usize,
}

/// An open group, or the whole expression.
#[derive(Default)]
struct Frame {
    /// Flags to go back to when it ends.
    flags: Flags,
    /// The number of the group, if it is asked for.
    capture: Option<u32>,
    alternatives: Vec<Hir>,
    items: Vec<Item>,
    /// Of the alternatives that are complete.
    weight: u32,
    height: usize,
}

impl Frame {
    fn end_alternative(&mut self) {
        let (mut weight, mut height) = (1, 0);
        for item in &self.items {
            weight = weight.max(item.weight);
            height = height.max(item.height);
        }
        height += usize::from(self.items.len() > 1);
        self.weight = self.weight.max(weight);
        self.height = self.height.max(height);
        let items = self.items.drain(..).map(|item| item.hir);
        self.alternatives.push(Hir::concat(items.collect()));
    }

    fn finish(mut self) -> Item {
        self.end_alternative();
        let (weight, mut height) = (self.weight, self.height);
        height += usize::from(self.alternatives.len() > 1);
        let mut hir = Hir::alternation(self.alternatives);
        if let Some(index) = self.capture {
            height += 1;
            let (name, sub) = (None, Box::new(hir));
            hir = Hir::capture(Capture { index, name, sub });
        }
        Item {
            hir,
            weight,
            height,
        }
    }
}

/// The expression so far.
pub(super) struct Stack {
    groups: Groups,
    captures: u32,
    names: Names,
    open: Vec<Frame>,
    innermost: Frame,
    deepest: usize,
}

impl Stack {
    pub(super) fn new(groups: Groups) -> Self {
        Self {
            groups,
            captures: 0,
            names: Names::new(),
            open: Vec::new(),
            innermost: Frame::default(),
            deepest: 0,
        }
    }

    pub(super) fn push(&mut self, hir: Hir) {
        self.push_item(Item {
            hir,
            weight: 1,
            height: 1,
        });
    }

    fn push_item(&mut self, item: Item) {
        self.deepest = self.deepest.max(item.height);
        self.innermost.items.push(item);
    }

    /// Opens a group that only binds.
    pub(super) fn open(&mut self, flags: Flags) {
        let outer = std::mem::take(&mut self.innermost);
        self.open.push(outer);
        self.innermost.flags = flags;
    }

    /// Opens a group whose match can be asked for.
    pub(super) fn open_capture(&mut self, flags: Flags, name: Option<&str>) {
        self.open(flags);
        self.captures += 1;
        if self.groups == Groups::Captured {
            self.innermost.capture = Some(self.captures);
        }
        if let Some(name) = name {
            self.names.push((name.into(), self.captures as usize));
        }
    }

    /// Closes the innermost group. Returns the flags from before it, or None if none is open.
    pub(super) fn close_group(&mut self) -> Option<Flags> {
        let outer = self.open.pop()?;
        let closed = std::mem::replace(&mut self.innermost, outer);
        let flags = closed.flags;
        self.push_item(closed.finish());
        Some(flags)
    }

    pub(super) fn begin_alternative(&mut self) {
        self.innermost.end_alternative();
    }

    /// Repeats the last item. Returns the largest product of counts that it now holds, or None if
    /// there is nothing to repeat.
    pub(super) fn repeat(&mut self, count: Repeat, greedy: bool) -> Option<u32> {
        let item = self.innermost.items.pop()?;
        let weight = count.weight(item.weight);
        let repetition = Repetition {
            min: count.min,
            max: count.max,
            greedy,
            sub: Box::new(item.hir),
        };
        self.push_item(Item {
            hir: Hir::repetition(repetition),
            weight,
            height: item.height + 1,
        });
        Some(weight)
    }

    /// True if the tree has become so high that walking it could need too much memory.
    pub(super) fn is_too_deep(&self) -> bool {
        self.deepest > MAX_HEIGHT || self.open.len() > MAX_HEIGHT
    }

    /// The whole expression and the names of its groups, or None if a group is open.
    pub(super) fn finish(self) -> Option<(Hir, Names)> {
        let hir = self.innermost.finish().hir;
        self.open.is_empty().then_some((hir, self.names))
    }
}

/// A quarter of what Go allows: our compiler and its analyses call themselves on each level.
const MAX_HEIGHT: usize = 250;
