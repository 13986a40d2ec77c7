//! Boxes in options, matches with guards, generics and trait objects, for optimised builds.

#[derive(Debug)]
enum Expression {
    Number(f32),
    Negated(Box<Expression>),
    Sum(Vec<Expression>),
    Scaled { by: i8, what: Box<Expression> },
}

#[derive(Default)]
struct Node {
    key: i32,
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
}

trait Visitor {
    fn visit(&mut self, key: i32, depth: usize) -> bool;
}

struct Deepest {
    most: usize,
    keys: [i32; 4],
}

impl Visitor for Deepest {
    fn visit(&mut self, key: i32, depth: usize) -> bool {
        if depth > self.most {
            self.most = depth;
        }
        self.keys[depth % 4] += key;
        key % 5 != 0
    }
}

#[inline(never)]
fn insert(node: Option<Box<Node>>, key: i32) -> Option<Box<Node>> {
    let Some(mut node) = node else {
        return Some(Box::new(Node {
            key,
            ..Node::default()
        }));
    };
    match key {
        key if key < node.key => node.left = insert(node.left.take(), key),
        key if key > node.key => node.right = insert(node.right.take(), key),
        _ => node.key -= 1,
    }
    Some(node)
}

#[inline(never)]
fn walk(node: &Option<Box<Node>>, depth: usize, visitor: &mut dyn Visitor) -> usize {
    let Some(node) = node else {
        return 0;
    };
    let below = walk(&node.left, depth + 1, visitor);
    let goes_on = visitor.visit(node.key, depth);
    let right = if goes_on {
        walk(&node.right, depth + 1, visitor)
    } else {
        0
    };
    below + right + 1
}

#[inline(never)]
fn evaluate(expression: &Expression) -> f32 {
    match expression {
        Expression::Number(number) => *number,
        Expression::Negated(inner) => -evaluate(inner),
        Expression::Sum(parts) => {
            let mut sum = 0.0;
            for part in parts {
                let value = evaluate(part);
                sum += value;
            }
            sum
        }
        Expression::Scaled { by, what } if *by < 0 => evaluate(what) / -f32::from(*by),
        Expression::Scaled { by, what } => evaluate(what) * f32::from(*by),
    }
}

fn main() {
    let mut root = None;
    for key in [50, 20, 70, 10, 30, 65, 80, 20] {
        root = insert(root, key);
    }
    let mut deepest = Deepest {
        most: 0,
        keys: [0; 4],
    };
    let count = walk(&root, 0, &mut deepest);
    let sum = Expression::Sum(vec![
        Expression::Number(1.5),
        Expression::Negated(Box::new(Expression::Number(0.25))),
        Expression::Scaled {
            by: -4,
            what: Box::new(Expression::Number(10.0)),
        },
        Expression::Scaled {
            by: 3,
            what: Box::new(Expression::Number(2.0)),
        },
    ]);
    let value = evaluate(&sum);
    println!("{count} {} {:?} {value}", deepest.most, deepest.keys);
}
