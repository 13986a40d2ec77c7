//! Fields of requests that an option says.

use anyhow::{Context, Result};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// Fields that requests are given in place of their own of these names.
pub struct GivenFields(Vec<(HeaderName, HeaderValue)>);

impl GivenFields {
    /// Those of `NAME: VALUE` each, or of a file's lines behind an `@`.
    pub fn parse(options: &[String]) -> Result<GivenFields> {
        let mut fields = Vec::new();
        for option in options {
            let Some(path) = option.strip_prefix('@') else {
                fields.push(field(option)?);
                continue;
            };
            let lines = std::fs::read_to_string(path);
            let lines =
                lines.with_context(|| format!("--header {option}: cannot read the file"))?;
            let lines = lines.lines().filter(|line| !line.trim().is_empty());
            for line in lines {
                fields.push(field(line)?);
            }
        }
        Ok(GivenFields(fields))
    }

    /// Gives a request its fields.
    pub fn apply(&self, headers: &mut HeaderMap) {
        for (name, _) in &self.0 {
            headers.remove(name);
        }
        for (name, value) in &self.0 {
            headers.append(name, value.clone());
        }
    }
}

fn field(text: &str) -> Result<(HeaderName, HeaderValue)> {
    let parts = text.split_once(':');
    let (name, value) =
        parts.with_context(|| format!("--header `{text}`: a field is NAME: VALUE"))?;
    let name = HeaderName::from_bytes(name.trim().as_bytes());
    let value = HeaderValue::from_str(value.trim());
    Ok((
        name.with_context(|| format!("--header `{text}`: that is no name of a field"))?,
        value.with_context(|| format!("--header `{text}`: that is no value of a field"))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::GivenFields;
    use hyper::header::{HeaderMap, HeaderValue};

    #[test]
    fn fields_take_the_place_of_those_of_the_request() {
        let options = ["X-One: 2", "x-one:3", "Empty:"].map(str::to_owned);
        let fields = GivenFields::parse(&options).unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-one", HeaderValue::from_static("1"));
        headers.append("other", HeaderValue::from_static("kept"));
        fields.apply(&mut headers);
        let all = |name: &str| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!(all("x-one"), ["2", "3"]);
        assert_eq!(all("empty"), [""]);
        assert_eq!(all("other"), ["kept"]);
        for wrong in ["x-one", "a b: 1", ": 1", "a: \u{1}"] {
            let wrong = [wrong.to_owned()];
            assert!(GivenFields::parse(&wrong).is_err(), "{wrong:?}");
        }
    }
}
