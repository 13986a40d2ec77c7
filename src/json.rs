//! JSON, written: the few forms that the command prints.

use dwalin_runtime::is_control;
use std::fmt::Write;

/// A value, as text.
#[derive(Clone, Debug)]
pub struct Json(String);

impl Json {
    /// A string.
    pub fn string(text: &str) -> Json {
        let mut out = String::from('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                // Those that a terminal acts on are all in the Basic Multilingual Plane.
                c if is_control(c) => {
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                c => out.push(c),
            }
        }
        out.push('"');
        Json(out)
    }

    /// A number.
    pub fn number(value: u64) -> Json {
        Json(value.to_string())
    }

    /// The number below 0.
    pub fn negative(value: u64) -> Json {
        Json(format!("-{value}"))
    }

    /// A number of thousandths, as a decimal fraction.
    pub fn thousandths(value: u64) -> Json {
        Json(format!("{}.{:03}", value / 1000, value % 1000))
    }

    /// A string, or null.
    pub fn string_or_null(text: Option<&str>) -> Json {
        text.map_or_else(Json::null, Json::string)
    }

    /// A number, or null.
    pub fn number_or_null(value: Option<impl Into<u64>>) -> Json {
        value.map_or_else(Json::null, |value| Json::number(value.into()))
    }

    /// True or false.
    pub fn bool(value: bool) -> Json {
        Json(value.to_string())
    }

    /// Nothing.
    pub fn null() -> Json {
        Json("null".to_owned())
    }

    /// An array.
    pub fn array(values: impl IntoIterator<Item = Json>) -> Json {
        let values: Vec<_> = values.into_iter().map(|value| value.0).collect();
        Json(format!("[{}]", values.join(",")))
    }

    /// An array of numbers.
    pub fn numbers(values: impl IntoIterator<Item = u64>) -> Json {
        Json::array(values.into_iter().map(Json::number))
    }

    /// An object, its members in this order.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
        let members: Vec<_> = members
            .into_iter()
            .map(|(name, value)| format!("{}:{}", Json::string(name).0, value.0))
            .collect();
        Json(format!("{{{}}}", members.join(",")))
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
