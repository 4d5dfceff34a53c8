//! Questions that the database and the model are asked.

use std::collections::BTreeSet;

use ::model::{Labels, MatchOp, Matcher, TimeRange};
use storage::{LabelQuery, Querier, SampleBuffer, Select, SeriesSet};

use super::model::{Contents, Model, Sample};
use super::random::Random;

/// Which series and times.
#[derive(Clone, Debug)]
pub(super) struct Question {
    tests: Vec<Test>,
    pub(super) range: TimeRange,
    is_sorted: bool,
}

/// A condition on a label.
#[derive(Clone, Debug)]
struct Test {
    name: &'static str,
    is_negated: bool,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Is(String),
    BeginsWith(String),
    OneOf(Vec<String>),
    Anything,
    Something,
}

impl Question {
    pub(super) fn everything() -> Self {
        Self {
            tests: Vec::new(),
            range: TimeRange::ALL,
            is_sorted: true,
        }
    }

    /// One about some of the samples, whose ends often fall onto samples.
    pub(super) fn any(random: &mut Random, model: &Model) -> Self {
        let tests = (0..random.below(3)).map(|_| Test::any(random)).collect();
        let all = model.contents().values().flat_map(|samples| samples.keys());
        let times: Vec<i64> = all.copied().collect();
        let mut end = |default| match times.is_empty() || random.once_in(6) {
            true => default,
            false => times[random.index(times.len())] + random.between(-1, 1),
        };
        let (from, to) = (end(i64::MIN), end(i64::MAX));
        Self {
            tests,
            range: TimeRange::new(from.min(to), from.max(to)),
            is_sorted: random.once_in(2),
        }
    }

    pub(super) fn matchers(&self) -> Vec<Matcher> {
        self.tests.iter().map(Test::matcher).collect()
    }

    pub(super) fn is_about(&self, labels: &Labels) -> bool {
        self.tests.iter().all(|test| test.holds(labels))
    }

    /// What the model answers.
    pub(super) fn expected(&self, universe: &[Labels], model: &Model) -> Contents {
        let series = model.contents().iter();
        let meant = series.filter(|(number, _)| self.is_about(&universe[**number]));
        let cut = meant.map(|(&number, samples)| {
            let inside = samples.range(self.range.min_time..=self.range.max_time);
            (
                number,
                inside
                    .map(|(&time, sample)| (time, sample.clone()))
                    .collect(),
            )
        });
        let mut answer: Contents = cut.collect();
        answer.retain(|_, samples| !samples.is_empty());
        answer
    }

    pub(super) fn select<'a>(
        &self,
        querier: &'a (dyn Querier + '_),
    ) -> Result<Box<dyn SeriesSet + 'a>, String> {
        let mut select = Select::new(self.matchers(), self.range);
        select.sorted = self.is_sorted;
        querier.select(&select).map_err(|error| error.to_string())
    }

    /// What the database answers.
    pub(super) fn read(
        &self,
        universe: &[Labels],
        set: &dyn SeriesSet,
    ) -> Result<Contents, String> {
        let mut answer = Contents::new();
        let mut buffer = SampleBuffer::default();
        let mut before: Option<Labels> = None;
        for index in 0..set.len() {
            let labels = set.labels(index);
            if self.is_sorted && before.as_ref().is_some_and(|before| *before >= labels) {
                return Err(format!("{labels} stands behind {before:?}"));
            }
            let number = universe.iter().position(|known| *known == labels);
            let number = number.ok_or_else(|| format!("nobody appended {labels}"))?;
            set.read(index, &mut buffer)
                .map_err(|error| error.to_string())?;
            let samples = samples(&buffer)?;
            let inside = samples.iter().all(|(time, _)| self.range.contains(*time));
            if !inside {
                return Err(format!("{labels} has samples outside the range"));
            }
            if !samples.is_empty()
                && answer
                    .insert(number, samples.into_iter().collect())
                    .is_some()
            {
                return Err(format!("{labels} is there twice"));
            }
            before = Some(labels);
        }
        Ok(answer)
    }

    /// Values of labels: those of series with samples must be there, those of others that there once
    /// were may be.
    pub(super) fn check_labels(
        &self,
        universe: &[Labels],
        model: &Model,
        querier: &dyn Querier,
    ) -> Result<(), String> {
        let query = LabelQuery {
            matchers: self.matchers(),
            limit: 0,
        };
        let there: BTreeSet<usize> = self.expected(universe, model).into_keys().collect();
        let named = model.named().iter().copied();
        let once: BTreeSet<usize> = named
            .filter(|&number| self.is_about(&universe[number]))
            .collect();
        let all = |numbers: &BTreeSet<usize>, name: &str| -> BTreeSet<String> {
            let values = numbers
                .iter()
                .filter_map(|&number| universe[number].get(name));
            values.map(str::to_owned).collect()
        };
        for name in NAMES {
            let found = querier.label_values(name, &query);
            let (found, _) = found.map_err(|error| error.to_string())?;
            is_between(&all(&there, name), &found, &all(&once, name))?;
        }
        let names = |numbers: &BTreeSet<usize>| -> BTreeSet<String> {
            let labels = numbers.iter().flat_map(|&number| universe[number].iter());
            labels.map(|(name, _)| name.to_owned()).collect()
        };
        let found = querier.label_names(&query);
        let (found, _) = found.map_err(|error| error.to_string())?;
        is_between(&names(&there), &found, &names(&once))
    }
}

fn is_between(
    least: &BTreeSet<String>,
    found: &[String],
    most: &BTreeSet<String>,
) -> Result<(), String> {
    let is_rising = found.windows(2).all(|pair| pair[0] < pair[1]);
    let found: BTreeSet<String> = found.iter().cloned().collect();
    match is_rising && found.is_superset(least) && found.is_subset(most) {
        true => Ok(()),
        false => Err(format!(
            "labels {found:?} are not between {least:?} and {most:?}"
        )),
    }
}

/// Floats and histograms in the order of their times.
fn samples(buffer: &SampleBuffer) -> Result<Vec<(i64, Sample)>, String> {
    let histograms = buffer.histograms();
    if !buffer.timestamps().is_sorted() || !histograms.timestamps().is_sorted() {
        return Err("samples are not in order".to_owned());
    }
    let floats = buffer.timestamps().iter().zip(buffer.values());
    let floats = floats.map(|(&time, &value)| (time, Sample::float(value)));
    let histograms = histograms.timestamps().iter().zip(histograms.values());
    let histograms = histograms.map(|(&time, histogram)| (time, Sample::histogram(histogram)));
    let mut all: Vec<_> = floats.chain(histograms).collect();
    all.sort_by_key(|(time, _)| *time);
    match all.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(format!("two samples at {}", pair[0].0)),
        None => Ok(all),
    }
}

impl Test {
    fn any(random: &mut Random) -> Self {
        let name = NAMES[random.index(NAMES.len())];
        let mut some = || match name {
            "pod" => format!("pod-{}", random.below(20)),
            "zone" => format!("zone-{}", random.below(4)),
            "job" => "native".to_owned(),
            "__name__" => ["m", "counter", "mixed", "gauge"][random.index(4)].to_owned(),
            _ => "none".to_owned(),
        };
        let (one, other) = (some(), some());
        let value = match random.below(6) {
            0 => Value::BeginsWith(one.chars().take(5).collect()),
            1 => Value::OneOf(vec![one, other]),
            2 => Value::Anything,
            3 => Value::Something,
            4 if random.once_in(3) => Value::Is(String::new()),
            _ => Value::Is(one),
        };
        Self {
            name,
            is_negated: random.once_in(3),
            value,
        }
    }

    fn matcher(&self) -> Matcher {
        let (is_pattern, text) = match &self.value {
            Value::Is(value) => (false, value.clone()),
            Value::BeginsWith(begin) => (true, format!("{begin}.*")),
            Value::OneOf(values) => (true, values.join("|")),
            Value::Anything => (true, ".*".to_owned()),
            Value::Something => (true, ".+".to_owned()),
        };
        let operator = match (is_pattern, self.is_negated) {
            (false, false) => MatchOp::Equal,
            (false, true) => MatchOp::NotEqual,
            (true, false) => MatchOp::Regex,
            (true, true) => MatchOp::NotRegex,
        };
        Matcher::new(self.name, operator, text).unwrap()
    }

    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(self.name).unwrap_or_default();
        let is_so = match &self.value {
            Value::Is(text) => value == text,
            Value::BeginsWith(begin) => value.starts_with(begin),
            Value::OneOf(values) => values.iter().any(|one| one == value),
            Value::Anything => true,
            Value::Something => !value.is_empty(),
        };
        is_so != self.is_negated
    }
}

const NAMES: [&str; 5] = ["__name__", "pod", "zone", "job", "absent"];
