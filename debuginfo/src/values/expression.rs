//! Expressions that name a place in a guest's memory, as people type them: names, members, elements, what pointers point to, addresses.
//!
//! ```text
//! place  = '*' place | '&' place | '(' type ')' place | sum
//! path   = name { '::' name } | address [ ':' bytes ] | '(' place { ('+' | '-') place } ')'
//!          followed by any of  '.' member   '->' member   '[' place ']'
//! type   = words { '*' } [ '[' number ']' ]
//! ```

use std::fmt;

/// The depth to which expressions nest.
const DEPTH: usize = 64;

/// An expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expression {
    pub(super) root: Node,
}

/// A part of an expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Node {
    /// A variable: its name behind those of a function, namespaces or a file.
    Name(Vec<String>),
    /// A number, or an address.
    Number(u64),
    /// So many bytes at an address.
    Bytes(u64, u64),
    Member(Box<Node>, String),
    Element(Box<Node>, Box<Node>),
    Target(Box<Node>),
    Address(Box<Node>),
    Cast(TypeName, Box<Node>),
    /// A sum, or a difference.
    Sum(Box<Node>, Box<Node>, bool),
}

/// A type as it is typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TypeName {
    /// Its words without qualifiers and keywords.
    pub words: String,
    /// The number of `*`.
    pub pointers: usize,
    /// The number of elements, if it is an array.
    pub elements: Option<u64>,
}

/// Why a text is no expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// The column, from 1.
    pub column: usize,
    /// Its reason.
    reason: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at column {}: {}", self.column, self.reason)
    }
}

impl std::error::Error for SyntaxError {}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Name(String),
    Number(u64),
    Sign(&'static str),
}

/// The signs, the longer ones first.
const SIGNS: [&str; 13] = [
    "->", "::", "*", "&", "(", ")", "[", "]", ".", "+", "-", ":", ",",
];

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// A text that is none, with the column where it ceases to be one.
    pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
        let mut parser = Parser {
            tokens: tokens(text)?,
            next: 0,
            end: text.chars().count() + 1,
            depth: 0,
        };
        let root = parser.sum()?;
        match parser.peek() {
            None => Ok(Expression { root }),
            Some(_) => Err(parser.error("this is not part of a variable's path")),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, SyntaxError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let column = at + 1;
        let error = |reason: &str| SyntaxError {
            column,
            reason: reason.to_owned(),
        };
        let rest = &chars[at..];
        if rest[0].is_whitespace() {
            at += 1;
        } else if is_of_name(rest[0]) && !rest[0].is_ascii_digit() {
            let len = name_len(rest);
            tokens.push((column, Token::Name(rest[..len].iter().collect())));
            at += len;
        } else if rest[0] == '\'' {
            let len = rest[1..].iter().position(|c| *c == '\'');
            let len = len.ok_or_else(|| error("a quote is not closed"))?;
            tokens.push((column, Token::Name(rest[1..=len].iter().collect())));
            at += len + 2;
        } else if rest[0].is_ascii_digit() {
            let len = rest.iter().take_while(|c| is_of_name(**c)).count();
            let digits: String = rest[..len].iter().collect();
            let number = number(&digits).ok_or_else(|| error("this is no number"))?;
            tokens.push((column, Token::Number(number)));
            at += len;
        } else {
            let is_next = |sign: &&&str| sign.chars().eq(rest.iter().copied().take(sign.len()));
            let sign = SIGNS.iter().find(is_next);
            let sign = sign.ok_or_else(|| error("this character has no meaning here"))?;
            tokens.push((column, Token::Sign(sign)));
            at += sign.len();
        }
    }
    Ok(tokens)
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The characters of a name, with the arguments of a template in angle brackets.
fn name_len(chars: &[char]) -> usize {
    let len = chars.iter().take_while(|c| is_of_name(**c)).count();
    let mut open = 0;
    for (at, c) in chars[len..].iter().enumerate() {
        match c {
            '<' => open += 1,
            '>' if open > 0 => open -= 1,
            _ if open == 0 => return len + at,
            _ => {}
        }
    }
    match open {
        0 => chars.len(),
        _ => len,
    }
}

fn number(digits: &str) -> Option<u64> {
    let digits = digits.replace('_', "");
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

struct Parser {
    /// Tokens, with the columns that they begin at.
    tokens: Vec<(usize, Token)>,
    next: usize,
    /// The column after the text.
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn is_sign(&self, at: usize, sign: &str) -> bool {
        matches!(self.tokens.get(at), Some((_, Token::Sign(it))) if *it == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is = self.is_sign(self.next, sign);
        self.next += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Result<(), SyntaxError> {
        match self.takes(sign) {
            true => Ok(()),
            false => Err(self.error(&format!("`{sign}` is missing"))),
        }
    }

    fn error(&self, reason: &str) -> SyntaxError {
        SyntaxError {
            column: self.tokens.get(self.next).map_or(self.end, |(at, _)| *at),
            reason: reason.to_owned(),
        }
    }

    fn sum(&mut self) -> Result<Node, SyntaxError> {
        let mut left = self.prefixed()?;
        loop {
            let is_plus = self.takes("+");
            if !is_plus && !self.takes("-") {
                return Ok(left);
            }
            let right = self.prefixed()?;
            left = Node::Sum(Box::new(left), Box::new(right), is_plus);
        }
    }

    fn prefixed(&mut self) -> Result<Node, SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("it nests too deeply"));
        }
        let node = if self.takes("*") {
            Node::Target(Box::new(self.prefixed()?))
        } else if self.takes("&") {
            Node::Address(Box::new(self.prefixed()?))
        } else if let Some(ty) = self.cast()? {
            Node::Cast(ty, Box::new(self.prefixed()?))
        } else {
            self.path()?
        };
        self.depth -= 1;
        Ok(node)
    }

    /// A type in parentheses; `None` where they are those of an expression.
    fn cast(&mut self) -> Result<Option<TypeName>, SyntaxError> {
        let start = self.next;
        if !self.takes("(") {
            return Ok(None);
        }
        let mut words = self.words();
        let mut pointers = 0;
        while self.takes("*") {
            pointers += 1;
        }
        let mut elements = None;
        if let (true, Some((_, Token::Number(number)))) =
            (self.is_sign(self.next, "["), self.tokens.get(self.next + 1))
        {
            elements = Some(*number);
            self.next += 2;
            if !self.takes("]") {
                self.next = start;
                return Ok(None);
            }
        }
        let is_type = !words.is_empty() && self.takes(")");
        let is_operand = |token: &Token| {
            matches!(
                token,
                Token::Name(_) | Token::Number(_) | Token::Sign("(" | "*" | "&")
            )
        };
        if !is_type || !self.peek().is_some_and(is_operand) {
            self.next = start;
            return Ok(None);
        }
        let keywords = [
            "struct", "class", "union", "enum", "const", "volatile", "mut",
        ];
        words.retain(|word| !keywords.contains(&word.as_str()));
        Ok(Some(TypeName {
            words: words.join(" "),
            pointers,
            elements,
        }))
    }

    /// The words of a type, with `::` between their parts.
    fn words(&mut self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut glued = false;
        loop {
            match self.peek() {
                Some(Token::Name(name)) => {
                    match (glued, words.last_mut()) {
                        (true, Some(last)) => last.push_str(name),
                        _ => words.push(name.clone()),
                    }
                    glued = false;
                }
                Some(Token::Sign("::")) => {
                    if let Some(last) = words.last_mut() {
                        last.push_str("::");
                    }
                    glued = true;
                }
                _ => break,
            }
            self.next += 1;
        }
        words
    }

    fn path(&mut self) -> Result<Node, SyntaxError> {
        let mut node = self.first()?;
        // Each makes the tree deeper by one.
        for _ in 0..4 * DEPTH {
            if self.takes("[") {
                let index = self.sum()?;
                self.expect("]")?;
                node = Node::Element(Box::new(node), Box::new(index));
            } else if self.takes(".") || self.takes("->") {
                let name = match self.peek() {
                    Some(Token::Name(name)) => name.clone(),
                    // Members of tuples in Rust.
                    Some(Token::Number(number)) => format!("__{number}"),
                    _ => return Err(self.error("a member's name is missing")),
                };
                self.next += 1;
                node = Node::Member(Box::new(node), name);
            } else {
                return Ok(node);
            }
        }
        Err(self.error("it is too long"))
    }

    fn first(&mut self) -> Result<Node, SyntaxError> {
        if self.takes("(") {
            self.depth += 1;
            let inner = self.sum()?;
            self.depth -= 1;
            self.expect(")")?;
            return Ok(inner);
        }
        let is_global = self.takes("::");
        match self.peek().cloned() {
            Some(Token::Number(number)) if !is_global => {
                self.next += 1;
                if !self.takes(":") {
                    return Ok(Node::Number(number));
                }
                let Some(Token::Number(len)) = self.peek().cloned() else {
                    return Err(self.error("the number of bytes is missing"));
                };
                self.next += 1;
                Ok(Node::Bytes(number, len))
            }
            Some(Token::Name(name)) => {
                self.next += 1;
                let mut names = vec![name];
                while self.takes("::") {
                    let Some(Token::Name(name)) = self.peek() else {
                        return Err(self.error("a name is missing"));
                    };
                    names.push(name.clone());
                    self.next += 1;
                }
                Ok(Node::Name(names))
            }
            _ => Err(self.error("a variable or an address is missing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        fn shown(node: &Node) -> String {
            match node {
                Node::Name(names) => names.join("::"),
                Node::Number(number) => format!("{number:#x}"),
                Node::Bytes(at, len) => format!("{len}@{at:#x}"),
                Node::Member(of, name) => format!("({} {name})", shown(of)),
                Node::Element(of, index) => format!("({}[{}])", shown(of), shown(index)),
                Node::Target(of) => format!("*{}", shown(of)),
                Node::Address(of) => format!("&{}", shown(of)),
                Node::Cast(ty, of) => {
                    let stars = "*".repeat(ty.pointers);
                    let elements = ty.elements.map_or(String::new(), |it| format!("[{it}]"));
                    format!("<{}{stars}{elements}>{}", ty.words, shown(of))
                }
                Node::Sum(a, b, plus) => {
                    format!(
                        "({}{}{})",
                        shown(a),
                        if *plus { "+" } else { "-" },
                        shown(b)
                    )
                }
            }
        }
        match Expression::parse(text) {
            Ok(expression) => shown(&expression.root),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn paths_bind_as_in_c() {
        for (text, expected) in [
            ("x", "x"),
            (" p->next -> value", "((p next) value)"),
            ("a[3].x", "((a[0x3]) x)"),
            ("*p.q", "*(p q)"),
            ("(*p).q", "(*p q)"),
            ("(p)->q", "(p q)"),
            ("*(p + 2)", "*(p+0x2)"),
            ("a[i - 1][j]", "((a[(i-0x1)])[j])"),
            ("main::i", "main::i"),
            ("'b.c'::count", "b.c::count"),
            ("::x", "x"),
            ("t.0.1", "((t __0) __1)"),
            ("&x", "&x"),
            ("*(int *)0x119a0", "*<int*>0x119a0"),
            ("*(unsigned char*) 16", "*<unsigned char*>0x10"),
            ("(struct item *)p", "<item*>p"),
            ("((struct item *)p)->next", "(<item*>p next)"),
            ("*(char[8] )0x40", "*<char[8]>0x40"),
            ("(ns::T<int, 3> *)p", "<ns::T<int, 3>*>p"),
            ("(T)x", "<T>x"),
            ("0x119a0:4", "4@0x119a0"),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_have_a_column() {
        for (text, expected) in [
            ("", "at column 1: a variable or an address is missing"),
            ("a[", "at column 3: a variable or an address is missing"),
            ("a[1", "at column 4: `]` is missing"),
            ("a..b", "at column 3: a member's name is missing"),
            ("a b", "at column 3: this is not part of a variable's path"),
            ("a = 3", "at column 3: this character has no meaning here"),
            ("12ab", "at column 1: this is no number"),
            ("0x10:", "at column 6: the number of bytes is missing"),
            ("'x", "at column 1: a quote is not closed"),
            ("f::", "at column 4: a name is missing"),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
        for deep in ["*", "(", "a[", "a.", "&(", "(int*)"] {
            let text = deep.repeat(20_000);
            assert!(Expression::parse(&text).is_err(), "{deep}");
        }
        let long = format!("a{}", "[0]".repeat(10_000));
        assert!(Expression::parse(&long).is_err());
    }
}
