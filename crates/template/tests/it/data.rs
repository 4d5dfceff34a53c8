//! The data of the oracle's cases: what `main.go` has, in values.

use std::sync::{Arc, LazyLock};

use template::value::{
    IntegerKind, Map, Method, NamedType, Signature, Slice, Struct, StructType, Type,
};
use template::{Function, Time, Value};

pub(crate) fn data() -> Value {
    let fields = fields();
    let values: Vec<Value> = fields.into_iter().map(|(_, _, value)| value).collect();
    Value::Struct(Struct::new(Arc::clone(&DATA), values))
}

fn int() -> Type {
    Type::Integer(IntegerKind::Int)
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_str().into_owned(),
        _ => String::new(),
    }
}

fn number(value: &Value) -> i64 {
    match value {
        Value::Signed(_, number) => *number,
        Value::Named(_, inner) => number(inner),
        _ => 0,
    }
}

fn method(
    name: &'static str,
    signature: Signature,
    body: fn(&Value, &[Value]) -> Result<Value, String>,
) -> Method {
    Method {
        name,
        signature,
        body,
    }
}

static INNER: LazyLock<Arc<StructType>> = LazyLock::new(|| {
    Arc::new(StructType {
        name: Some("main.Inner"),
        fields: vec![
            ("Name", Type::Text),
            ("Count", int()),
            ("inner", Type::Bool),
        ],
        methods: vec![
            method("Twice", Signature::new([], int()), |value, _| match value {
                Value::Struct(inner) => Ok(Value::int(2 * number(&inner.field("Count").unwrap()))),
                _ => Err("no struct".to_owned()),
            }),
            method(
                "Greet",
                Signature::new([Type::Text], Type::Text),
                |value, values| match value {
                    Value::Struct(inner) => {
                        let name = text(&inner.field("Name").unwrap());
                        Ok(Value::from(format!("{name} greets {}", text(&values[0]))))
                    }
                    _ => Err("no struct".to_owned()),
                },
            ),
        ],
        text: None,
    })
});

fn inner(name: &str, count: i64, flag: bool) -> Value {
    let fields = [Value::from(name), Value::int(count), Value::Bool(flag)];
    Value::Struct(Struct::new(Arc::clone(&INNER), fields))
}

static KV: LazyLock<Arc<NamedType>> = LazyLock::new(|| {
    let names = |value: &Value, _: &[Value]| match value {
        Value::Named(_, map) => match &**map {
            Value::Map(map) => Ok(Value::texts(map.entries().iter().map(|(key, _)| text(key)))),
            _ => Err("no map".to_owned()),
        },
        _ => Err("no map".to_owned()),
    };
    Arc::new(NamedType {
        name: "main.KV",
        underlying: Type::map_of(Type::Text),
        methods: vec![method(
            "Names",
            Signature::new([], Type::slice_of(Type::Text)),
            names,
        )],
        text: None,
    })
});

static LEVEL: LazyLock<Arc<NamedType>> = LazyLock::new(|| {
    Arc::new(NamedType {
        name: "main.Level",
        underlying: int(),
        methods: vec![method(
            "String",
            Signature::new([], Type::Text),
            |value, _| Ok(Value::from(format!("level-{}", number(value)))),
        )],
        text: Some(|value| format!("level-{}", number(value))),
    })
});

fn named(name: &'static str, underlying: Type, value: Value) -> (Type, Value) {
    let kind = Arc::new(NamedType {
        name,
        underlying,
        methods: Vec::new(),
        text: None,
    });
    (
        Type::Named(Arc::clone(&kind)),
        Value::Named(kind, Arc::new(value)),
    )
}

/// Gives the duration that a function of templates gives.
fn duration() -> Value {
    let template = template::Template::parse(
        "d",
        "{{ toDuration 5401.5 | .Keep }}",
        template::FunctionSet::Prometheus,
    );
    let keep = Arc::new(StructType {
        name: Some("Keep"),
        fields: Vec::new(),
        methods: vec![method(
            "Keep",
            Signature::new([Type::Reflected], Type::Text),
            |_, values| {
                KEPT.with(|kept| kept.replace(values[0].clone()));
                Ok(Value::from(""))
            },
        )],
        text: None,
    });
    let keeper = Value::Struct(Struct::new(keep, []));
    template
        .unwrap()
        .expand(&keeper, &template::Environment::default())
        .unwrap();
    match KEPT.with(std::cell::RefCell::take) {
        Value::Pointer(pointer) => pointer.value().unwrap().clone(),
        other => other,
    }
}

thread_local! {
    static KEPT: std::cell::RefCell<Value> = const { std::cell::RefCell::new(Value::Invalid) };
}

fn fields() -> Vec<(&'static str, Type, Value)> {
    let mut all = plain_fields();
    all.extend(container_fields());
    all.extend(function_fields());
    all.extend(safe_fields());
    all.push(("hidden", int(), Value::int(0)));
    all
}

fn plain_fields() -> Vec<(&'static str, Type, Value)> {
    let texts = [
        ("Name", "world"),
        ("Empty", ""),
        ("Html", r#"<a href="x">'&'</a>"#),
        ("Uni", "Grüße, 世界 ñ"),
        ("Lines", "one\ntwo\r\n\tthree"),
        ("Url", "http://x.org/a b?c=d&e='f'"),
    ];
    let mut all: Vec<_> = texts
        .into_iter()
        .map(|(name, value)| (name, Type::Text, Value::from(value)))
        .collect();
    all.push(("Raw", Type::Text, Value::from(b"a\xffb\x00".to_vec())));
    let byte = IntegerKind::Uint8;
    let duration = duration();
    all.extend([
        ("N", int(), Value::int(42)),
        ("Neg", int(), Value::int(-7)),
        ("Zero", int(), Value::int(0)),
        ("Byte", Type::Integer(byte), Value::Unsigned(byte, 200)),
        (
            "Wide",
            Type::Integer(IntegerKind::Int64),
            Value::Signed(IntegerKind::Int64, 1 << 40),
        ),
        (
            "U",
            Type::Integer(IntegerKind::Uint64),
            Value::Unsigned(IntegerKind::Uint64, 1 << 63),
        ),
        ("F", Type::Float, Value::Float(3.25)),
        ("Big", Type::Float, Value::Float(1_234_567_890.5)),
        ("Small", Type::Float, Value::Float(0.000_012_345)),
        ("NaN", Type::Float, Value::Float(f64::NAN)),
        ("Inf", Type::Float, Value::Float(f64::INFINITY)),
        ("B", Type::Bool, Value::Bool(true)),
        (
            "T",
            Type::Time,
            Value::Time(Time::new(1_709_211_845, 678_900_000)),
        ),
        ("D", duration.kind().unwrap(), duration),
    ]);
    all
}

fn container_fields() -> Vec<(&'static str, Type, Value)> {
    let list = |element: Type, items: Vec<Value>| Value::Slice(Slice::new(element, items));
    let ints = |items: &[i64]| list(int(), items.iter().map(|n| Value::int(*n)).collect());
    let texts = |pairs: [(&str, &str); 2]| Value::Map(Map::of_texts(pairs));
    let counts = |pairs: &[(&str, i64)]| {
        let entries = pairs.iter().map(|(k, n)| (Value::from(*k), Value::int(*n)));
        Value::Map(Map::new(Type::Text, int(), entries.collect()))
    };
    let deep_inner = Value::Map(Map::of_anything([("k", Value::from("v"))]));
    let values: Vec<(&'static str, Value)> = vec![
        ("List", Value::texts(["a", "b", "c"])),
        ("Ints", ints(&[3, 1, 2])),
        (
            "Floats",
            list(Type::Float, [1.0, 2.5, 1e21].map(Value::Float).to_vec()),
        ),
        ("None", ints(&[])),
        (
            "Nested",
            list(Type::slice_of(int()), vec![ints(&[1, 2]), ints(&[3])]),
        ),
        (
            "Any",
            list(
                Type::Interface,
                vec![
                    Value::int(1),
                    Value::from("two"),
                    Value::Float(3.5),
                    Value::Invalid,
                    Value::Bool(true),
                ],
            ),
        ),
        (
            "Bytes",
            list(
                Type::Integer(IntegerKind::Uint8),
                b"bytes"
                    .map(|b| Value::Unsigned(IntegerKind::Uint8, u64::from(b)))
                    .to_vec(),
            ),
        ),
        ("Map", texts([("b", "2"), ("a", "1")])),
        ("Counts", counts(&[("x", 1), ("y", 0)])),
        (
            "MapAny",
            Value::Map(Map::of_anything([
                ("s", Value::from("text")),
                ("n", Value::int(5)),
                ("nil", Value::Invalid),
                ("m", deep_inner),
            ])),
        ),
        (
            "Numbers",
            Value::Map(Map::new(
                int(),
                Type::Text,
                vec![
                    (Value::int(2), Value::from("two")),
                    (Value::int(1), Value::from("one")),
                ],
            )),
        ),
        ("NilMap", Value::zero(&Type::map_of(Type::Text))),
        (
            "Deep",
            Value::Map(Map::new(
                Type::Text,
                Type::map_of(int()),
                vec![(Value::from("a"), counts(&[("b", 7)]))],
            )),
        ),
    ];
    let mut all: Vec<_> = values
        .into_iter()
        .map(|(name, value)| (name, value.kind().unwrap(), value))
        .collect();
    let inner_type = Type::Struct(Arc::clone(&INNER));
    let pointer = Type::pointer_to(inner_type.clone());
    let kv = Value::Map(Map::of_texts([("alertname", "A"), ("job", "j")]));
    let (word_type, word) = named("main.Word", Type::Text, Value::from("word"));
    all.extend([
        ("Nil", Type::Interface, Value::Invalid),
        ("Thing", Type::Interface, inner("in", 3, true)),
        ("Inner", inner_type.clone(), inner("in", 3, true)),
        ("P", pointer.clone(), inner("in", 3, true).pointer()),
        ("NilP", pointer.clone(), Value::zero(&pointer)),
        (
            "Inners",
            Type::slice_of(inner_type.clone()),
            list(inner_type, vec![inner("i", 1, false), inner("j", 2, false)]),
        ),
        (
            "KV",
            Type::Named(Arc::clone(&KV)),
            Value::Named(Arc::clone(&KV), Arc::new(kv)),
        ),
        (
            "Level",
            Type::Named(Arc::clone(&LEVEL)),
            Value::Named(Arc::clone(&LEVEL), Arc::new(Value::int(3))),
        ),
        ("Word", word_type, word),
    ]);
    all
}

fn function_fields() -> Vec<(&'static str, Type, Value)> {
    let add = Function::new(Signature::new([int(), int()], int()), |_, values| {
        Ok(Value::int(number(&values[0]) + number(&values[1])))
    });
    let join = Function::new(
        Signature::new([Type::Text, Type::Text], Type::Text).variadic(),
        |_, values| {
            let parts: Vec<String> = values[1..].iter().map(text).collect();
            Ok(Value::from(parts.join(&text(&values[0]))))
        },
    );
    let fail = Function::new(Signature::fallible([], Type::Text), |_, _| {
        Err("it failed".to_owned())
    });
    [("Add", add), ("Join", join), ("Fail", fail)]
        .into_iter()
        .map(|(name, function)| {
            let value = Value::Function(Arc::new(function));
            (name, value.kind().unwrap(), value)
        })
        .collect()
}

fn safe_fields() -> Vec<(&'static str, Type, Value)> {
    [
        ("Safe", "template.HTML", "<b>bold</b>"),
        ("SafeURL", "template.URL", "javascript:go()"),
        ("SafeJS", "template.JS", "go()"),
        ("SafeCSS", "template.CSS", "color: red"),
        ("SafeAttr", "template.HTMLAttr", r#"title="x""#),
        ("SafeJSStr", "template.JSStr", r"a\x20b"),
    ]
    .into_iter()
    .map(|(name, kind, value)| {
        let (kind, value) = named(kind, Type::Text, Value::from(value));
        (name, kind, value)
    })
    .collect()
}

static DATA: LazyLock<Arc<StructType>> = LazyLock::new(|| {
    let this = || Type::Interface;
    let duration = duration().kind().unwrap();
    Arc::new(StructType {
        name: Some("main.Data"),
        fields: fields()
            .into_iter()
            .map(|(name, kind, _)| (name, kind))
            .collect(),
        methods: vec![
            method(
                "Hello",
                Signature::new([Type::Text], Type::Text),
                |_, values| Ok(Value::from(format!("Hello, {}!", text(&values[0])))),
            ),
            method(
                "Sum",
                Signature::new([int()], int()).variadic(),
                |_, values| Ok(Value::int(values.iter().map(number).sum())),
            ),
            method("Broken", Signature::fallible([], Type::Text), |_, _| {
                Err("it is broken".to_owned())
            }),
            method(
                "Half",
                Signature::new([Type::Float], Type::Float),
                |_, values| match values[0] {
                    Value::Float(number) => Ok(Value::Float(number / 2.0)),
                    _ => Err("no float".to_owned()),
                },
            ),
            method("Self", Signature::new([], this()), |value, _| {
                Ok(value.clone())
            }),
            method(
                "Wait",
                Signature::new([duration], Type::Text),
                |_, values| {
                    let template = template::Template::parse(
                        "wait",
                        "{{ . }}",
                        template::FunctionSet::Language,
                    );
                    let environment = template::Environment::default();
                    Ok(Value::from(
                        template.unwrap().expand(&values[0], &environment).unwrap(),
                    ))
                },
            ),
            method(
                "Opposite",
                Signature::new([Type::Bool], Type::Bool),
                |_, values| match values[0] {
                    Value::Bool(truth) => Ok(Value::Bool(!truth)),
                    _ => Err("no truth".to_owned()),
                },
            ),
            method(
                "Count",
                Signature::new([Type::map_of(Type::Text)], int()),
                |_, values| {
                    let mut value = &values[0];
                    if let Value::Named(_, inner) = value {
                        value = inner;
                    }
                    match value {
                        Value::Map(map) => Ok(Value::int(map.entries().len() as i64)),
                        _ => Err("no map".to_owned()),
                    }
                },
            ),
            method(
                "Unsigned",
                Signature::new([Type::Integer(IntegerKind::Uint8)], Type::Text),
                |_, values| match values[0] {
                    Value::Unsigned(_, number) => Ok(Value::from(number.to_string())),
                    _ => Err("no number".to_owned()),
                },
            ),
        ],
        text: None,
    })
});
