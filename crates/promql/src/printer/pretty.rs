//! Prints a tree with a line for each part that does not fit on one.

use std::fmt::{self, Write};

use super::{Grouped, Operation, Windows};
use crate::ast::{Aggregate, Binary, Expr, UnaryOp};

impl Expr {
    /// The expression as `/api/v1/format_query` answers: on one line if that has at most 100
    /// bytes, else with the parts of each long part on lines of their own.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        push(&mut out, self, 0);
        out
    }
}

/// Appends `expr` behind the indentation of `level`.
fn push(out: &mut String, expr: &Expr, level: usize) {
    match expr {
        Expr::Binary(node) => return push_chain(out, node, level),
        Expr::Subquery(node) if !fits(expr) => {
            push(out, &node.expr, level);
            return put(out, Windows(node));
        }
        // Upstream does not indent one that fits.
        Expr::Subquery(_) => return put(out, expr),
        Expr::Unary(node) => {
            indent(out, level);
            out.push(if node.op == UnaryOp::Minus { '-' } else { '+' });
            let mut operand = String::new();
            push(&mut operand, &node.expr, level);
            out.push_str(operand.trim());
            return;
        }
        _ => indent(out, level),
    }
    match expr {
        Expr::Aggregate(node) if !fits(expr) => push_aggregate(out, node, level),
        Expr::Call(node) if !fits(expr) => {
            put(out, node.function);
            out.push_str("(\n");
            for (index, arg) in node.args.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ",\n" });
                push(out, arg, level + 1);
            }
            close(out, level);
        }
        Expr::Paren(node) if !fits(expr) => {
            out.push_str("(\n");
            push(out, &node.expr, level + 1);
            close(out, level);
        }
        _ => put(out, expr),
    }
}

fn push_aggregate(out: &mut String, node: &Aggregate, level: usize) {
    put(out, Grouped(node));
    out.push_str("(\n");
    if let Some(param) = &node.param {
        push(out, param, level + 1);
        out.push_str(",\n");
    }
    push(out, &node.expr, level + 1);
    close(out, level);
}

/// Each operator of a chain is one level deeper than the one after it. The beginning of the chain
/// that fits on a line is on one.
fn push_chain(out: &mut String, last: &Binary, level: usize) {
    let chain = last.chain();
    let first = chain.last().map_or(&*last.lhs, |first| &*first.lhs);
    let mut length = length_of(first);
    let mut fitting = 0;
    for node in chain.iter().rev() {
        length += length_of(Operation(node)) + length_of(&*node.rhs) + " ".len() * 2;
        if length > MAX_LINE {
            break;
        }
        fitting += 1;
    }
    let (split, whole) = chain.split_at(chain.len() - fitting);
    match whole.first() {
        Some(beginning) => {
            indent(out, level + split.len());
            put(out, beginning);
        }
        None => push(out, first, level + split.len()),
    }
    for (depth, node) in split.iter().enumerate().rev() {
        out.push('\n');
        indent(out, level + depth);
        put(out, Operation(node));
        out.push('\n');
        push(out, &node.rhs, level + depth + 1);
    }
}

fn close(out: &mut String, level: usize) {
    out.push('\n');
    indent(out, level);
    out.push(')');
}

fn indent(out: &mut String, level: usize) {
    out.extend(std::iter::repeat_n("  ", level.min(MAX_INDENT)));
}

fn put(out: &mut String, part: impl fmt::Display) {
    write!(out, "{part}").expect("writing to a string does not fail");
}

fn fits(expr: &Expr) -> bool {
    length_of(expr) <= MAX_LINE
}

/// Bytes that `part` prints as; more than [`MAX_LINE`] are not counted exactly.
fn length_of(part: impl fmt::Display) -> usize {
    let mut counter = Counter(0);
    // An error only says that there are more bytes than matter.
    let _ = write!(counter, "{part}");
    counter.0
}

struct Counter(usize);

impl Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        if self.0 > MAX_LINE {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// Longest line that is not broken, in bytes.
const MAX_LINE: usize = 100;
/// Levels that are indented, so that long chains do not print as nothing but blanks.
const MAX_INDENT: usize = 250;
