// A range that is longer than the slice.
use std::collections::HashMap;
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    End,
}
struct Parser {
    tokens: Vec<Token>,
    at: usize,
    seen: HashMap<String, usize>,
}
impl Parser {
    fn header(&self, from: usize, to: usize) -> &[Token] {
        &self.tokens[from..to]
    }
    fn advance(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        self.at += 1;
        token
    }
}
fn main() {
    let mut parser = Parser {
        tokens: vec![Token::Number(1.5), Token::Word("two".into()), Token::End],
        at: 0,
        seen: HashMap::new(),
    };
    while parser.advance() != Token::End {
        parser.seen.insert(format!("t{}", parser.at), parser.at);
    }
    let head = parser.header(1, parser.at + 2);
    println!("{head:?}");
}
// report: -O0 -g
