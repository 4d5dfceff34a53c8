//! Whatever the text, parsing answers; and what it accepts it prints so that it reads the same.

use promql::parser::{ParseOptions, parse};
use proptest::prelude::*;

/// Pieces of which some sequences are expressions.
const PIECES: [&str; 48] = [
    "foo",
    "a:b",
    "sum",
    "topk",
    "rate",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "bool",
    "offset",
    "@",
    "start()",
    "end()",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "[5m]",
    "[5m:1m]",
    "+",
    "-",
    "*",
    "/",
    "^",
    "==",
    "!=",
    "</",
    "and",
    "or",
    "unless",
    "atan2",
    "1",
    "5m",
    "0x1F",
    "1e3",
    "\"x\"",
    "'\\xc3'",
    "{a=\"b\"}",
    "{\"u.8\"}",
    "(foo)",
    "NaN",
    "# \n",
];

fn answers(text: &str) -> Result<(), TestCaseError> {
    let options = ParseOptions::default();
    let Ok(expr) = parse(text, &options) else {
        return Ok(());
    };
    let printed = expr.to_string();
    let again = parse(&printed, &options);
    prop_assert!(again.is_ok(), "{text:?} prints as {printed:?}: {again:?}");
    prop_assert_eq!(again.map(|expr| expr.to_string()), Ok(printed));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        answers(&text)?;
    }

    #[test]
    fn any_sequence_of_pieces_is_answered(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12),
    ) {
        answers(&pieces.join(" "))?;
    }
}
