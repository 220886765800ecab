//! Names and quantities, as people write them.

use serde_json::Value;

/// The params in the order in which a table has them.
const PARAMS: [(&str, &str); 12] = [
    ("program", "program"),
    ("method", "method"),
    ("how", "the array is"),
    ("what", "what"),
    ("op", "operation"),
    ("next", "the next one is"),
    ("parent_mib", "parent"),
    ("bytes", "argument"),
    ("children", "children"),
    ("processes", "processes"),
    ("values", "Values"),
    ("items", "numbers"),
];

/// Where a param stands in a table, and what is written above it.
pub(crate) fn heading(param: &str) -> (usize, &str) {
    let place = PARAMS.iter().position(|(name, _)| *name == param);
    place.map_or((PARAMS.len(), param), |place| (place, PARAMS[place].1))
}

/// The value of a param.
pub(crate) fn value(param: &str, value: &Value) -> String {
    match (param, value) {
        ("parent_mib", Value::Number(mib)) => {
            size(mib.as_f64().unwrap_or(f64::NAN) * 1024.0 * 1024.0)
        }
        ("bytes", Value::Number(bytes)) => {
            size(bytes.as_f64().unwrap_or(f64::NAN))
        }
        (_, Value::Number(number)) => {
            thousands(number.as_u64().unwrap_or_default())
        }
        (_, Value::String(text)) => text.replace('_', " "),
        (_, other) => other.to_string(),
    }
}

/// The name of a subject.
pub(crate) fn subject(name: &str) -> &str {
    if name == "cpython" { "CPython" } else { name }
}

/// Memory, given in bytes.
pub(crate) fn size(bytes: f64) -> String {
    let kib = 1024.0;
    [("GiB", kib * kib * kib), ("MiB", kib * kib), ("KiB", kib)]
        .into_iter()
        .find(|(_, unit)| bytes >= *unit)
        .map_or_else(
            || format!("{} B", short(bytes)),
            |(name, unit)| format!("{} {name}", short(bytes / unit)),
        )
}

/// With commas.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What was measured, in the unit that fits, never on two lines.
pub(crate) fn quantity(unit: &str, value: f64) -> String {
    let (unit, value) = in_unit(unit, value);
    format!("{}\u{a0}{unit}", number(value))
}

/// The same without zeros at the end.
pub(crate) fn short_quantity(unit: &str, value: f64) -> String {
    let (unit, value) = in_unit(unit, value);
    format!("{}\u{a0}{unit}", short(value))
}

fn in_unit(unit: &str, value: f64) -> (&str, f64) {
    let units: &[(&str, f64)] = match unit {
        "ns" => &[("s", 1e9), ("ms", 1e6), ("µs", 1e3)],
        "1/s" => &[("M/s", 1e6), ("k/s", 1e3)],
        "KiB" => &[("MiB", 1024.0)],
        _ => &[],
    };
    units
        .iter()
        .find(|(_, size)| value.abs() >= *size)
        .map_or((unit, value), |(unit, size)| (unit, value / size))
}

/// Three digits, or all those before the point.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        size if size >= 0.1 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

/// The same without zeros at the end.
pub(crate) fn short(value: f64) -> String {
    let text = number(value);
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(number(1234.5), "1234");
        assert_eq!(number(12.345), "12.3");
        assert_eq!(number(1.149), "1.15");
        assert_eq!(number(0.012_3), "0.0123");
        assert_eq!(short(100.0), "100");
        assert_eq!(short(2.50), "2.5");
    }

    #[test]
    fn the_unit_fits() {
        assert_eq!(quantity("ns", 212_000.0), "212\u{a0}µs");
        assert_eq!(short_quantity("ns", 1e6), "1\u{a0}ms");
        assert_eq!(quantity("1/s", 2_460_000.0), "2.46\u{a0}M/s");
        assert_eq!(quantity("KiB", 2048.0), "2.00\u{a0}MiB");
        assert_eq!(quantity("files", 9.0), "9.00\u{a0}files");
    }

    #[test]
    fn params_are_written_as_people_do() {
        assert_eq!(value("parent_mib", &Value::from(4096)), "4 GiB");
        assert_eq!(value("bytes", &Value::from(0)), "0 B");
        assert_eq!(value("values", &Value::from(100_000)), "100,000");
        assert_eq!(value("how", &Value::from("in_place")), "in place");
    }

    #[test]
    fn params_have_an_order() {
        assert!(heading("method") < heading("parent_mib"));
        assert_eq!(heading("other"), (PARAMS.len(), "other"));
    }
}
