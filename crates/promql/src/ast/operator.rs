//! The operators, and how binary ones match series.

use std::fmt;

use super::ValueType;

/// Sign operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
    /// `atan2`
    Atan2,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
    /// `</`: cuts a native histogram's observations above the right operand off. Floats yield
    /// nothing but an info.
    TrimUpper,
    /// `>/`: cuts a native histogram's observations below the right operand off. Floats yield
    /// nothing but an info.
    TrimLower,
    /// `and`
    And,
    /// `or`
    Or,
    /// `unless`
    Unless,
}

impl BinaryOp {
    /// The operator as an expression writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::GreaterOrEqual => ">=",
            Self::LessOrEqual => "<=",
            Self::TrimUpper => "</",
            Self::TrimLower => ">/",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }

    /// True for `== != > < >= <=`.
    pub const fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Greater
                | Self::Less
                | Self::GreaterOrEqual
                | Self::LessOrEqual
        )
    }

    /// True for operators whose results are of no metric any more: those that compute.
    pub const fn changes_meaning(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::Subtract
                | Self::Multiply
                | Self::Divide
                | Self::Modulo
                | Self::Power
                | Self::Atan2
        )
    }

    /// True for `and or unless`.
    pub const fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

impl fmt::Display for BinaryOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many series of one side may meet how many of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cardinality {
    /// Each meets at most one.
    #[default]
    OneToOne,
    /// `group_left`: several on the left meet one on the right.
    ManyToOne,
    /// `group_right`: one on the left meets several on the right.
    OneToMany,
    /// Set operators.
    ManyToMany,
}

impl Cardinality {
    /// The words that error texts use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneToOne => "one-to-one",
            Self::ManyToOne => "many-to-one",
            Self::OneToMany => "one-to-many",
            Self::ManyToMany => "many-to-many",
        }
    }
}

/// How series of two instant vectors find each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VectorMatching {
    /// How many may meet how many.
    pub cardinality: Cardinality,
    /// Labels that are compared (`on`) or left out of the comparison (`ignoring`).
    pub labels: Vec<String>,
    /// True for `on`, false for `ignoring` and for none of both.
    pub on: bool,
    /// Labels that `group_left` or `group_right` copies from the "one" side.
    pub include: Vec<String>,
    /// `fill`, `fill_left`, `fill_right`.
    pub fill: FillValues,
}

/// The values of sides that have no series to match, where `fill` and the like give one.
#[derive(Clone, Copy, Debug, Default)]
pub struct FillValues {
    /// Of the left side.
    pub left: Option<f64>,
    /// Of the right side.
    pub right: Option<f64>,
}

/// Equal bit for bit, so that `NaN` equals itself.
impl PartialEq for FillValues {
    fn eq(&self, other: &Self) -> bool {
        self.left.map(f64::to_bits) == other.left.map(f64::to_bits)
            && self.right.map(f64::to_bits) == other.right.map(f64::to_bits)
    }
}

impl Eq for FillValues {}

/// Aggregation operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateOp {
    /// `sum`
    Sum,
    /// `avg`
    Average,
    /// `count`
    Count,
    /// `min`
    Minimum,
    /// `max`
    Maximum,
    /// `group`
    Group,
    /// `stddev`
    StandardDeviation,
    /// `stdvar`
    StandardVariance,
    /// `topk`
    TopK,
    /// `bottomk`
    BottomK,
    /// `count_values`
    CountValues,
    /// `quantile`
    Quantile,
    /// `limitk`
    LimitK,
    /// `limit_ratio`
    LimitRatio,
}

impl AggregateOp {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Sum,
        Self::Average,
        Self::Count,
        Self::Minimum,
        Self::Maximum,
        Self::Group,
        Self::StandardDeviation,
        Self::StandardVariance,
        Self::TopK,
        Self::BottomK,
        Self::CountValues,
        Self::Quantile,
        Self::LimitK,
        Self::LimitRatio,
    ];

    /// The operator as an expression writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Count => "count",
            Self::Minimum => "min",
            Self::Maximum => "max",
            Self::Group => "group",
            Self::StandardDeviation => "stddev",
            Self::StandardVariance => "stdvar",
            Self::TopK => "topk",
            Self::BottomK => "bottomk",
            Self::CountValues => "count_values",
            Self::Quantile => "quantile",
            Self::LimitK => "limitk",
            Self::LimitRatio => "limit_ratio",
        }
    }

    /// True for operators that yield some of the series as they are.
    pub const fn picks_series(self) -> bool {
        matches!(
            self,
            Self::TopK | Self::BottomK | Self::LimitK | Self::LimitRatio
        )
    }

    /// Type of the parameter in front of the vector, for those that take one.
    pub const fn parameter_type(self) -> Option<ValueType> {
        match self {
            Self::TopK | Self::BottomK | Self::Quantile | Self::LimitK | Self::LimitRatio => {
                Some(ValueType::Scalar)
            }
            Self::CountValues => Some(ValueType::Text),
            _ => None,
        }
    }

    /// True for operators behind `--enable-feature=promql-experimental-functions`.
    pub const fn is_experimental(self) -> bool {
        matches!(self, Self::LimitK | Self::LimitRatio)
    }
}

impl fmt::Display for AggregateOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
