//! Finds out in which context each value of a page stands, and adds the escapers that it needs.

mod branch;
mod pipeline;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{Context, Delimiter, Place, State};
use crate::ast::{Action, Invocation, List, Node, Tree};
use crate::eval::Trees;
use crate::format;

/// Adds escapers to the template `name` and to all that it calls.
///
/// # Errors
/// The page is not built so that it can be told where its values stand.
pub(crate) fn escape(trees: &mut Trees, name: &str, done: &mut Escaped) -> Result<(), String> {
    let mut escaper = Escaper {
        trees,
        output: std::mem::take(&mut done.output),
        derived: BTreeMap::new(),
        called: BTreeSet::new(),
        edits: Edits::default(),
        ranges: Vec::new(),
        tree: name.into(),
        place: None,
        depth: 0,
        steps: MOST_STEPS,
    };
    let (context, _) = escaper.template(Context::default(), name);
    let fault = match &context.fault {
        Some(fault) => Some(fault.message(name)),
        None if context.state != State::Text => Some(format!(
            "html/template:{name}: ends in a non-text context: {context}"
        )),
        None => None,
    };
    let Escaper {
        derived,
        edits,
        output,
        ..
    } = escaper;
    if let Some(fault) = fault {
        return Err(fault);
    }
    done.output = output;
    trees.extend(derived);
    edits.apply(trees);
    Ok(())
}

/// What is known from templates that were escaped before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Escaped {
    output: BTreeMap<String, Context>,
}

impl Escaped {
    /// True if the template was escaped for being called in text.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.output.contains_key(name)
    }
}

/// A node: the name of its template, and its position in the text.
type NodeKey = (Arc<str>, usize);

/// What is to be changed once all is known to be sound.
#[derive(Clone, Default)]
struct Edits {
    actions: BTreeMap<NodeKey, Vec<&'static str>>,
    invocations: BTreeMap<NodeKey, String>,
    texts: BTreeMap<NodeKey, Vec<u8>>,
}

struct Escaper<'t> {
    trees: &'t Trees,
    /// The contexts behind templates, by their names in the contexts before them.
    output: BTreeMap<String, Context>,
    /// Copies of templates for other contexts than text.
    derived: BTreeMap<Arc<str>, Arc<Tree>>,
    called: BTreeSet<String>,
    edits: Edits,
    /// Loops that are open.
    ranges: Vec<Leaves>,
    /// The template that is being looked at.
    tree: Arc<str>,
    place: Option<Arc<Tree>>,
    depth: usize,
    /// Nodes that may still be looked at.
    steps: u64,
}

/// Contexts in which a loop was left early.
#[derive(Clone, Default)]
struct Leaves {
    breaks: Vec<Context>,
    continues: Vec<Context>,
}

impl Escaper<'_> {
    fn list(&mut self, mut context: Context, list: &List) -> Context {
        for node in &list.nodes {
            context = self.node(context, node);
            if context.state == State::Dead {
                break;
            }
        }
        context
    }

    fn node(&mut self, context: Context, node: &Node) -> Context {
        let Some(left) = self.steps.checked_sub(1) else {
            return Context::fault(None, format!("more than {MOST_STEPS} steps of escaping"));
        };
        self.steps = left;
        match node {
            Node::Text(text) => self.text(context, text),
            Node::Action(action) => self.action(context, action),
            Node::Branch(branch) => self.branch(context, branch, node),
            Node::Template(invocation) => self.invocation(context, invocation),
            Node::Break(_) | Node::Continue(_) => {
                let mut context = context;
                context.node = Some(self.place_of(node.pos()));
                if let Some(leaves) = self.ranges.last_mut() {
                    match node {
                        Node::Break(_) => leaves.breaks.push(context),
                        _ => leaves.continues.push(context),
                    }
                }
                Context::of(State::Dead)
            }
        }
    }

    fn action(&mut self, context: Context, action: &Action) -> Context {
        if !action.pipe.declarations.is_empty() {
            return context;
        }
        let mut context = context.nudged();
        let is_unquoted =
            context.state == State::Attribute && context.delimiter == Delimiter::SpaceOrTagEnd;
        if let Some(escaper) = pipeline::misplaced_escaper(&action.pipe, is_unquoted) {
            let place = self.place_of(action.pos);
            let shown = format::quoted(escaper.as_bytes());
            let fault = format!("predefined escaper {shown} disallowed in template");
            return Context::fault(Some(&place), fault);
        }
        if context.state == State::Error {
            return context;
        }
        match pipeline::escapers(&mut context) {
            Some(escapers) => {
                let key = (Arc::clone(&self.tree), action.pos);
                self.edits.actions.insert(key, escapers);
                context
            }
            None => {
                let place = self.place_of(action.pos);
                let pipe = &action.pipe;
                let fault = format!("{{{{{pipe}}}}} appears in an ambiguous context within a URL");
                Context::fault(Some(&place), fault)
            }
        }
    }

    fn invocation(&mut self, context: Context, invocation: &Invocation) -> Context {
        let place = self.place_of(invocation.pos);
        let own = Arc::clone(&self.tree);
        let (mut after, name) = self.template(context, &invocation.name);
        if let Some(fault) = after.fault.as_mut().filter(|fault| fault.place.is_none()) {
            let is_missing =
                fault.text.starts_with("no such template") || fault.text.ends_with("too deeply");
            if is_missing {
                fault.place = Some(place);
            }
        }
        if name != invocation.name {
            self.edits.invocations.insert((own, invocation.pos), name);
        }
        after
    }

    /// The context behind a template that is called in a context, and its name there.
    fn template(&mut self, context: Context, name: &str) -> (Context, String) {
        let own_name = context.name_of(name);
        self.called.insert(own_name.clone());
        if let Some(known) = self.output.get(&own_name) {
            return (known.clone(), own_name);
        }
        let Some(tree) = self.find(name) else {
            let shown = format::quoted(name.as_bytes());
            return (
                Context::fault(None, format!("no such template {shown}")),
                own_name,
            );
        };
        if self.depth >= MOST_DEPTH {
            let fault = Context::fault(None, "templates call each other too deeply");
            return (fault, own_name);
        }
        let tree = match own_name == name {
            true => tree,
            false => match self.find(&own_name) {
                Some(tree) => tree,
                None => {
                    let mut copy = (*tree).clone();
                    copy.name = own_name.as_str().into();
                    let copy = Arc::new(copy);
                    self.derived
                        .insert(own_name.as_str().into(), Arc::clone(&copy));
                    copy
                }
            },
        };
        self.depth += 1;
        let after = self.body_in(context, &tree);
        self.depth -= 1;
        (after, own_name)
    }

    fn find(&self, name: &str) -> Option<Arc<Tree>> {
        let found = self.trees.get(name).or_else(|| self.derived.get(name));
        found.cloned()
    }

    /// The context behind a template: assumed first, then checked, for it may call itself.
    fn body_in(&mut self, context: Context, tree: &Arc<Tree>) -> Context {
        let (after, is_right) = self.body(context, tree);
        if is_right {
            return after;
        }
        let (second, is_right) = self.body(after.clone(), tree);
        if is_right {
            return second;
        }
        if after.state == State::Error {
            return after;
        }
        let name = &tree.name;
        let place = place_in(tree, tree.root.pos);
        let fault = format!("cannot compute output context for template {name}");
        Context::fault(Some(&place), fault)
    }

    /// The context behind a template, which is taken to be `assumed` where it calls itself, and
    /// whether that was right.
    fn body(&mut self, assumed: Context, tree: &Arc<Tree>) -> (Context, bool) {
        self.output.insert(tree.name.to_string(), assumed.clone());
        let outer = std::mem::replace(&mut self.tree, Arc::clone(&tree.name));
        let outer_place = self.place.replace(Arc::clone(tree));
        let name = Arc::clone(&tree.name);
        let result = self.list_if(assumed.clone(), &tree.root, |called, after| {
            after.state != State::Error && (!called.contains(&*name) || assumed.equals(after))
        });
        self.tree = outer;
        self.place = outer_place;
        result
    }

    /// Goes through a list, and keeps what was found out only if `keeps` says so.
    fn list_if(
        &mut self,
        context: Context,
        list: &List,
        keeps: impl Fn(&BTreeSet<String>, &Context) -> bool,
    ) -> (Context, bool) {
        let mut inner = Escaper {
            trees: self.trees,
            output: self.output.clone(),
            derived: BTreeMap::new(),
            called: BTreeSet::new(),
            edits: Edits::default(),
            ranges: std::mem::take(&mut self.ranges),
            tree: Arc::clone(&self.tree),
            place: self.place.clone(),
            depth: self.depth,
            steps: self.steps,
        };
        // Copies that are being made are known inside, too.
        inner.derived.clone_from(&self.derived);
        let after = inner.list(context, list);
        self.ranges = std::mem::take(&mut inner.ranges);
        self.steps = inner.steps;
        let is_kept = keeps(&inner.called, &after);
        if is_kept {
            self.output.extend(inner.output);
            self.derived.extend(inner.derived);
            self.called.extend(inner.called);
            self.edits.actions.extend(inner.edits.actions);
            self.edits.invocations.extend(inner.edits.invocations);
            self.edits.texts.extend(inner.edits.texts);
        }
        (after, is_kept)
    }

    /// Where a node stands, for messages.
    fn place_of(&self, pos: usize) -> Place {
        match &self.place {
            Some(tree) => place_in(tree, pos),
            None => Place(self.tree.to_string()),
        }
    }
}

fn place_in(tree: &Tree, pos: usize) -> Place {
    let (line, column) = tree.line_and_column(pos);
    Place(format!("{}:{line}:{column}", tree.parse_name))
}

impl Edits {
    fn apply(self, trees: &mut Trees) {
        let names = self.actions.keys().chain(self.invocations.keys());
        let names: BTreeSet<Arc<str>> = names
            .chain(self.texts.keys())
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in names {
            if let Some(tree) = trees.get_mut(&name) {
                self.apply_to(&name, &mut Arc::make_mut(tree).root);
            }
        }
    }

    fn apply_to(&self, name: &Arc<str>, list: &mut List) {
        for node in &mut list.nodes {
            match node {
                Node::Text(text) => {
                    if let Some(edited) = self.texts.get(&(Arc::clone(name), text.pos)) {
                        text.text.clone_from(edited);
                    }
                }
                Node::Action(action) => {
                    if let Some(escapers) = self.actions.get(&(Arc::clone(name), action.pos)) {
                        pipeline::extend(&mut action.pipe, escapers.clone());
                    }
                }
                Node::Template(invocation) => {
                    let key = (Arc::clone(name), invocation.pos);
                    if let Some(edited) = self.invocations.get(&key) {
                        invocation.name.clone_from(edited);
                    }
                }
                Node::Branch(branch) => {
                    self.apply_to(name, &mut branch.list);
                    if let Some(otherwise) = &mut branch.otherwise {
                        self.apply_to(name, otherwise);
                    }
                }
                Node::Break(_) | Node::Continue(_) => {}
            }
        }
    }
}

/// Templates that call each other.
const MOST_DEPTH: usize = 50;
/// Nodes looked at; loops inside each other are looked at twice each.
const MOST_STEPS: u64 = 200_000;
