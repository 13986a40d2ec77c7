//! `dwalin run`'s own options in the environment: the arguments of the process that a debugger starts are the program's alone then,
//! which `run ARGS`, `set args` and `process launch -- ARGS` replace.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The variable that debuggers set for what they start.
pub const VARIABLE: &str = "DWALIN_RUN";

/// Words as one value of a variable: between spaces, and what is not plain as in URLs (RFC 3986, section 2.1), since debuggers' commands
/// have quotes of their own.
pub fn encoded(words: &[OsString]) -> String {
    let words = words.iter().map(|word| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-=:,+@".contains(&byte);
        let bytes = word.as_bytes().iter();
        bytes
            .map(|byte| match plain(*byte) {
                true => char::from(*byte).to_string(),
                false => format!("%{byte:02x}"),
            })
            .collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

fn decoded(value: &OsStr) -> Option<Vec<OsString>> {
    let words = value.as_bytes().split(|byte| *byte == b' ');
    words.map(word).collect()
}

fn word(text: &[u8]) -> Option<OsString> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        (rest, _) = match byte {
            b'%' => {
                let digits = behind.split_at_checked(2)?;
                let digit = |at: usize| char::from(digits.0[at]).to_digit(16);
                (digits.1, bytes.push((digit(0)? * 16 + digit(1)?) as u8))
            }
            byte => (behind, bytes.push(*byte)),
        };
    }
    Some(OsString::from_vec(bytes))
}

/// The arguments of this process, with the options that a debugger gave it in between.
pub fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<_> = env::args_os().collect();
    let Some(options) = env::var_os(VARIABLE).and_then(|value| decoded(&value)) else {
        return arguments;
    };
    // SAFETY: this is the only thread yet. What this process starts has options of its own.
    unsafe { env::remove_var(VARIABLE) };
    let behind = 1.min(arguments.len());
    // An lldb that no launcher starts has been given them, too.
    if !arguments[behind..].starts_with(&options) {
        arguments.splice(behind..behind, options);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_any_bytes_come_back() {
        let words = ["run", "", "--dir=a b::/", "%20 \"'\\\n", "--map-path=/ä=/b"];
        let mut words: Vec<_> = words.iter().map(OsString::from).collect();
        words.push(OsString::from_vec(vec![0xff, 1, b'%']));
        let value = encoded(&words);
        assert!(
            value
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
        );
        assert_eq!(decoded(OsStr::new(&value)), Some(words));
    }

    #[test]
    fn what_is_not_encoded_is_not_taken() {
        for value in ["%", "a %2", "%zz"] {
            assert_eq!(decoded(OsStr::new(value)), None, "{value}");
        }
    }
}
