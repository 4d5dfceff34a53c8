//! Random expressions that are well typed, as trees of text that can lose their parts again.

use std::fmt;

use super::random::Random;

/// What an expression yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Vector,
    Range,
}

/// An expression: texts, and expressions between them.
#[derive(Clone)]
pub(super) struct Tree {
    pub(super) kind: Kind,
    /// One more than there are parts.
    texts: Vec<String>,
    parts: Vec<Tree>,
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut texts = self.texts.iter();
        texts.next().map_or(Ok(()), |text| f.write_str(text))?;
        for (part, text) in self.parts.iter().zip(texts) {
            write!(f, "{part}{text}")?;
        }
        Ok(())
    }
}

impl Tree {
    fn leaf(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            texts: vec![text.into()],
            parts: Vec::new(),
        }
    }

    /// `template` with a part at each `_`.
    fn of(kind: Kind, template: &str, parts: Vec<Self>) -> Self {
        let texts: Vec<String> = template
            .split('_')
            .map(|text| text.replace('~', "_"))
            .collect();
        assert_eq!(texts.len(), parts.len() + 1, "{template}");
        Self { kind, texts, parts }
    }

    /// All expressions that are a little less: a node gives way to one below it that yields the
    /// same kind.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut out = Vec::new();
        for part in &self.parts {
            part.of_kind(self.kind, &mut out);
        }
        for (index, part) in self.parts.iter().enumerate() {
            for smaller in part.smaller() {
                let mut changed = self.clone();
                changed.parts[index] = smaller;
                out.push(changed);
            }
        }
        out
    }

    fn of_kind(&self, kind: Kind, out: &mut Vec<Self>) {
        if self.kind == kind {
            out.push(self.clone());
        } else {
            self.parts.iter().for_each(|part| part.of_kind(kind, out));
        }
    }
}

/// Draws an expression of a kind that a query can ask for.
pub(super) fn draw(random: &mut Random) -> Tree {
    let depth = 1 + random.below(4);
    match random.below(20) {
        0 => scalar(random, depth),
        1 => range(random, depth),
        // Which of equal values leads is not defined: nothing may depend on it.
        2 => {
            let (op, k) = (random.pick(&["topk", "bottomk"]), scalar(random, 1));
            let by = random.pick(&["", " by (job)", " without (pod)"]);
            Tree::of(
                Kind::Vector,
                &format!("{op}{by}(_, _)"),
                vec![k, vector(random, depth)],
            )
        }
        3 => {
            let sort = random.pick(&["sort", "sort~desc"]);
            Tree::of(
                Kind::Vector,
                &format!("{sort}(_)"),
                vec![vector(random, depth)],
            )
        }
        _ => vector(random, depth),
    }
}

fn vector(random: &mut Random, depth: usize) -> Tree {
    if depth == 0 {
        return selector(random);
    }
    let inner = depth - 1;
    match random.below(24) {
        0 => selector(random),
        1..6 => range_call(random, inner),
        6..10 => aggregation(random, inner),
        10..15 => operation(random, inner),
        15 | 16 => {
            let op = random.pick(&["and", "or", "or", "unless"]);
            let matching = matching(random);
            let parts = vec![vector(random, inner), vector(random, inner)];
            Tree::of(Kind::Vector, &format!("(_) {op}{matching} (_)"), parts)
        }
        17 | 18 => {
            let parts = vec![vector(random, inner), scalar(random, inner)];
            let op = random.pick(&OPERATORS);
            match random.chance(50) {
                true => Tree::of(Kind::Vector, &format!("(_) {op} (_)"), parts),
                false => {
                    let parts = parts.into_iter().rev().collect();
                    Tree::of(Kind::Vector, &format!("(_) {op} (_)"), parts)
                }
            }
        }
        19 => labelled(random, inner),
        20 => {
            let template = random.pick(&["vector(_)", "hour(vector(_))", "day~of~week(vector(_))"]);
            Tree::of(Kind::Vector, template, vec![scalar(random, inner)])
        }
        21 => {
            let template = random.pick(&[
                "histogram~quantile(_, _)",
                "round(_, _)",
                "clamp~min(_, _)",
                "clamp~max(_, _)",
            ]);
            let mut parts = vec![vector(random, inner), scalar(random, inner)];
            if template.starts_with('h') {
                parts.reverse();
            }
            Tree::of(Kind::Vector, template, parts)
        }
        22 => Tree::of(
            Kind::Vector,
            random.pick(&[
                "histogram~fraction(0, 2, _)",
                "clamp(_, 1, 5)",
                "absent(_)",
                "-(_)",
                "+(_)",
            ]),
            vec![vector(random, inner)],
        ),
        _ => {
            let function = random.pick(&CHANGES);
            Tree::of(
                Kind::Vector,
                &format!("{function}(_)"),
                vec![vector(random, inner)],
            )
        }
    }
}

fn scalar(random: &mut Random, depth: usize) -> Tree {
    let depth = depth.min(2);
    match random.below(if depth == 0 { 5 } else { 9 }) {
        0..4 => Tree::leaf(
            Kind::Scalar,
            random.pick(&["0", "1", "2", "0.5", "-3", "0.9", "NaN", "+Inf"]),
        ),
        4 => Tree::leaf(
            Kind::Scalar,
            random.pick(&["time()", "pi()", "start()", "end()", "step()", "range()"]),
        ),
        5 | 6 => Tree::of(Kind::Scalar, "scalar(_)", vec![vector(random, depth - 1)]),
        7 => {
            let template = random.pick(&["-(_)", "max~of(_, 2)", "min~of(1, _)"]);
            Tree::of(Kind::Scalar, template, vec![scalar(random, depth - 1)])
        }
        _ => {
            let op = random.pick(&["+", "-", "*", "/", "%", "^", "atan2", "== bool", "> bool"]);
            let parts = vec![scalar(random, depth - 1), scalar(random, depth - 1)];
            Tree::of(Kind::Scalar, &format!("(_) {op} (_)"), parts)
        }
    }
}

fn range(random: &mut Random, depth: usize) -> Tree {
    if depth > 0 && random.chance(35) {
        let window = random.pick(&["[5m:1m]", "[2m:15s]", "[4m:]", "[90s:40s]", "[30s:50s]"]);
        let modifier = modifier(random);
        let template = format!("(_){window}{modifier}");
        return Tree::of(Kind::Range, &template, vec![vector(random, depth - 1)]);
    }
    let window = random.pick(&[
        "[1m]", "[90s]", "[2m]", "[5m]", "[5m]", "[15m]", "[30s]", "[1ms]",
    ]);
    let text = format!("{}{window}{}", series(random), modifier(random));
    Tree::leaf(Kind::Range, text)
}

fn selector(random: &mut Random) -> Tree {
    let text = format!("{}{}", series(random), modifier(random));
    Tree::leaf(Kind::Vector, text)
}

fn series(random: &mut Random) -> &'static str {
    random.pick(&SERIES)
}

fn modifier(random: &mut Random) -> &'static str {
    match random.chance(75) {
        true => "",
        false => random.pick(&MODIFIERS),
    }
}

fn range_call(random: &mut Random, depth: usize) -> Tree {
    let argument = range(random, depth);
    match random.below(8) {
        0 => {
            let template = random.pick(&["quantile~over~time(_, _)", "predict~linear(_, _)"]);
            let mut parts = vec![argument, scalar(random, 1)];
            if template.starts_with('q') {
                parts.reverse();
            }
            Tree::of(Kind::Vector, template, parts)
        }
        1 => Tree::of(
            Kind::Vector,
            "double~exponential~smoothing(_, 0.5, 0.25)",
            vec![argument],
        ),
        _ => {
            let function = random.pick(&RANGE_FUNCTIONS);
            Tree::of(Kind::Vector, &format!("{function}(_)"), vec![argument])
        }
    }
}

fn aggregation(random: &mut Random, depth: usize) -> Tree {
    let by = random.pick(&GROUPINGS);
    let argument = vector(random, depth);
    match random.below(8) {
        0 => {
            let parts = vec![scalar(random, 1), argument];
            Tree::of(Kind::Vector, &format!("quantile{by}(_, _)"), parts)
        }
        1 => {
            let label = random.pick(&["v", "job", "pod"]);
            let template = format!("count~values{by}(\"{label}\", round(_))");
            Tree::of(Kind::Vector, &template, vec![argument])
        }
        2 => {
            let parts = vec![scalar(random, 1), argument];
            let op = random.pick(&["topk", "bottomk"]);
            Tree::of(Kind::Vector, &format!("sum({op}(_, _))"), parts)
        }
        _ => {
            let op = random.pick(&[
                "sum", "avg", "count", "min", "max", "group", "stddev", "stdvar",
            ]);
            Tree::of(Kind::Vector, &format!("{op}{by}(_)"), vec![argument])
        }
    }
}

fn operation(random: &mut Random, depth: usize) -> Tree {
    let op = random.pick(&OPERATORS);
    let matching = match random.chance(50) {
        true => matching(random),
        false => random.pick(&GROUPED_MATCHINGS),
    };
    let fill = match random.chance(80) {
        true => "",
        false => random.pick(&[" fill (0)", " fill~left (2)", " fill~right (1)"]),
    };
    let matching = format!("{matching}{fill}");
    let parts = vec![vector(random, depth), vector(random, depth)];
    Tree::of(Kind::Vector, &format!("(_) {op}{matching} (_)"), parts)
}

fn matching(random: &mut Random) -> &'static str {
    random.pick(&MATCHINGS)
}

fn labelled(random: &mut Random, depth: usize) -> Tree {
    Tree::of(
        Kind::Vector,
        random.pick(&LABELLED),
        vec![vector(random, depth)],
    )
}

const SERIES: [&str; 14] = [
    "m_total",
    "gauge",
    "other",
    "gauge",
    "m_total{job=\"a\"}",
    "gauge{pod!=\"\"}",
    "other{pod=~\"x|y\"}",
    "{__name__=~\"gauge|other\"}",
    "{__name__=~\"gauge|other\",job=\"a\",pod=\"x\"}",
    "{__name__=~\".+\"}",
    "b_bucket",
    "b_bucket",
    "gauge{job!~\"b.*\"}",
    "nothing{job=\"a\",pod=\"z\"}",
];

const MODIFIERS: [&str; 8] = [
    " offset 1m",
    " offset -90s",
    " offset 10m",
    " @ 4500",
    " @ start()",
    " @ end()",
    " @ 4000.5 offset 30s",
    " offset 2m @ end()",
];

const OPERATORS: [&str; 17] = [
    "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<=", "== bool", "> bool",
    "<= bool", "!= bool",
];

const MATCHINGS: [&str; 9] = [
    "",
    "",
    " on (job, pod)",
    " on (job)",
    " on (pod)",
    " on ()",
    " ignoring (pod)",
    " ignoring (le)",
    " ignoring (job, le)",
];

const GROUPED_MATCHINGS: [&str; 9] = [
    " on (job) group~left ()",
    " on (job) group~right ()",
    " on (job) group~left (pod)",
    " on (pod) group~right (job)",
    " on (job, pod) group~left (le)",
    " ignoring (pod) group~left ()",
    " ignoring (pod, le) group~right ()",
    " ignoring (le) group~right (le)",
    " ignoring (job, le) group~left (job)",
];

const GROUPINGS: [&str; 10] = [
    "",
    "",
    " by (job)",
    " by (pod)",
    " by (job, pod)",
    " by (~~name~~)",
    " by (le, job)",
    " without (pod)",
    " without (job, le)",
    " without ()",
];

const RANGE_FUNCTIONS: [&str; 29] = [
    "rate",
    "rate",
    "increase",
    "delta",
    "irate",
    "idelta",
    "changes",
    "resets",
    "deriv",
    "avg~over~time",
    "sum~over~time",
    "min~over~time",
    "max~over~time",
    "count~over~time",
    "stddev~over~time",
    "stdvar~over~time",
    "last~over~time",
    "last~over~time",
    "first~over~time",
    "first~over~time",
    "present~over~time",
    "absent~over~time",
    "mad~over~time",
    "ts~of~first~over~time",
    "ts~of~last~over~time",
    "ts~of~max~over~time",
    "ts~of~min~over~time",
    "sum~over~time",
    "rate",
];

const CHANGES: [&str; 13] = [
    "abs",
    "ceil",
    "floor",
    "sqrt",
    "ln",
    "log2",
    "exp",
    "sgn",
    "timestamp",
    "timestamp",
    "round",
    "deg",
    "atan",
];

const LABELLED: [&str; 8] = [
    r#"label~replace(_, "pod", "$1-new", "job", "(.*)")"#,
    r#"label~replace(_, "job", "c", "pod", "x|")"#,
    r#"label~replace(_, "pod", "", "job", "a")"#,
    r#"label~replace(_, "~~name~~", "renamed~$1", "~~name~~", "(g|o).*")"#,
    r#"label~replace(_, "~~name~~", "", "job", ".*")"#,
    r#"label~join(_, "both", "-", "job", "pod")"#,
    r#"label~join(_, "pod", "", "none")"#,
    r#"label~join(_, "~~name~~", ":", "~~name~~", "job")"#,
];
