//! Words of the input in a tree of boxes; it ends by a division.
use std::io::Read;

struct Node {
    word: String,
    count: u32,
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
}

fn insert(tree: &mut Option<Box<Node>>, word: &str) -> u32 {
    match tree {
        None => {
            let word = word.to_owned();
            *tree = Some(Box::new(Node { word, count: 1, left: None, right: None }));
            1
        }
        Some(node) if *node.word == *word => {
            node.count += 1;
            node.count
        }
        Some(node) if *word < *node.word => insert(&mut node.left, word),
        Some(node) => insert(&mut node.right, word),
    }
}

fn depth(tree: &Option<Box<Node>>) -> u32 {
    let Some(node) = tree else { return 0 };
    let (left, right) = (depth(&node.left), depth(&node.right));
    1 + left.max(right)
}

fn average(all: u32, of: u32) -> u32 {
    all / of
}

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let mut tree = None;
    let mut most = 0;
    for word in text.split_whitespace() {
        most = most.max(insert(&mut tree, word));
    }
    let deep = depth(&tree);
    println!("{most} {deep}");
    println!("{}", average(most, deep.saturating_sub(deep)));
}
