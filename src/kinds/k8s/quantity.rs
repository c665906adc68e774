//! Quantities as Kubernetes writes them: `100m` of a core, `512Mi`, `1e3`, `12345678n`.

use crate::model::Value;

/// Decimal and binary suffixes.
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// The number that a quantity means.
pub fn number(quantity: &str) -> Option<f64> {
    let quantity = quantity.trim();
    let plain = || quantity.parse::<f64>().ok();
    let suffixed = SUFFIXES.iter().find_map(|(suffix, times)| Some((quantity.strip_suffix(suffix)?, times)));
    let number = match suffixed {
        Some((digits, times)) => digits.parse::<f64>().ok().map(|number| number * times),
        None => plain(),
    };
    number.filter(|number| number.is_finite())
}

/// A quantity of cores in thousandths.
pub fn millicores(quantity: &str) -> Option<u64> {
    number(quantity).filter(|cores| *cores >= 0.0).map(|cores| up(cores * 1e3))
}

/// A quantity of bytes.
pub fn bytes(quantity: &str) -> Option<u64> {
    number(quantity).filter(|bytes| *bytes >= 0.0).map(up)
}

/// The next whole number. What is beyond one only because decimals have no exact form counts as that one.
fn up(number: f64) -> u64 {
    (number - 1e-6).ceil() as u64
}

/// Cores as text: `120m`, `2`, `2.5`.
pub fn cores(millicores: u64) -> String {
    match millicores {
        0..1_000 => format!("{millicores}m"),
        _ if millicores.is_multiple_of(1_000) => (millicores / 1_000).to_string(),
        _ => format!("{:.1}", millicores as f64 / 1e3),
    }
}

/// Thousandths of cores in a cell.
pub fn cores_cell(millicores: Option<u64>) -> Value {
    millicores.map_or(Value::None, |millicores| Value::text(cores(millicores)))
}

/// Bytes in a cell.
pub fn bytes_cell(bytes: Option<u64>) -> Value {
    bytes.map_or(Value::None, Value::Bytes)
}

/// How much of a whole; nothing where there is no whole.
pub fn percent(part: Option<u64>, whole: Option<u64>) -> Value {
    match (part, whole) {
        (Some(part), Some(whole)) if whole > 0 => Value::Percent(part as f64 * 100.0 / whole as f64),
        _ => Value::None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("100m", Some(100))]
    #[case("29m", Some(29))]
    #[case("0", Some(0))]
    #[case("0.5", Some(500))]
    #[case("2", Some(2_000))]
    #[case("12345678n", Some(13))]
    #[case("250000u", Some(250))]
    #[case("1e1", Some(10_000))]
    #[case("-1", None)]
    #[case("many", None)]
    #[case("", None)]
    fn quantities_of_cores(#[case] quantity: &str, #[case] expected: Option<u64>) {
        assert_eq!(millicores(quantity), expected);
    }

    #[rstest]
    #[case("512Mi", Some(536_870_912))]
    #[case("1G", Some(1_000_000_000))]
    #[case("128974848", Some(128_974_848))]
    #[case("129e6", Some(129_000_000))]
    #[case("128974848000m", Some(128_974_848))]
    #[case("1Gi ", Some(1_073_741_824))]
    fn quantities_of_bytes(#[case] quantity: &str, #[case] expected: Option<u64>) {
        assert_eq!(bytes(quantity), expected);
    }

    #[test]
    fn cores_are_short() {
        assert_eq!([5, 999, 1_000, 2_000, 2_550].map(cores), ["5m", "999m", "1", "2", "2.5"]);
        assert_eq!(percent(Some(60), Some(120)), Value::Percent(50.0));
        assert_eq!(percent(Some(60), Some(0)), Value::None);
    }
}
