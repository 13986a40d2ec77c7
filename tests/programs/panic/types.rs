// What a report shows of Rust's values.
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

#[derive(Clone, Copy)]
#[allow(dead_code)]
enum Light {
    Red,
    Green,
}

#[allow(dead_code)]
enum Shape {
    Point,
    Circle(f64),
    Box { width: u32, height: u32 },
}

struct Unit;
struct Metres(i64);

trait Named {
    fn name(&self) -> String;
}
impl Named for Metres {
    fn name(&self) -> String {
        self.0.to_string()
    }
}

struct Node {
    name: String,
    shape: Shape,
    next: Option<Box<Node>>,
}

fn double(n: i32) -> i32 {
    n * 2
}

fn apply<F: Fn(i32) -> i32>(pointer: fn(i32) -> i32, item: F, zero: &Cell<i32>) -> i32 {
    let limit = pointer(3);
    item(limit) / zero.get()
}

fn inspect(text: &str, words: &[&str], node: &Node, count: Option<u32>) -> i32 {
    let light = Light::Green;
    let shapes = [Shape::Point, Shape::Circle(0.5), Shape::Box { width: 3, height: 4 }];
    let owned = String::from("héllo \"w\"");
    let empty = String::new();
    let numbers: Vec<u64> = (1..20).collect();
    let none: Vec<u8> = Vec::new();
    let bytes = b"raw".as_slice();
    let pair = (1u8, 'x', true);
    let unit = ();
    let nothing = Unit;
    let metres = Metres(-5);
    let shared = Rc::new(RefCell::new(vec![Some("a"), None]));
    let borrow = shared.borrow();
    let arc = Arc::new(Mutex::new(7));
    let cell = Cell::new(0);
    let result: Result<u16, String> = Err("no".into());
    let fine: Result<u16, String> = Ok(3);
    let nested = Some(Some(true));
    let boxed: Box<dyn Named> = Box::new(Metres(9));
    let queue = VecDeque::from([1, 2, 3]);
    let map = BTreeMap::from([(1, "one"), (2, "two")]);
    let hash: HashMap<u32, u32> = HashMap::new();
    let set: HashSet<u32> = HashSet::new();
    let large = u128::MAX;
    let closure = |n: i32| n + metres.0 as i32;
    let option_box: Option<Box<u32>> = None;
    let text_box: Box<str> = "boxed".into();
    let result_of = apply(double, closure, &cell);
    drop((text, words, node.next.is_some(), count, light, shapes.len(), owned, empty, numbers, none, bytes, pair, unit, nothing));
    drop((borrow.len(), arc, result, fine, nested, boxed.name(), queue, map, hash, set, large, option_box, text_box, node.name.len()));
    result_of + matches!(node.shape, Shape::Point) as i32
}

fn main() {
    let last = Node { name: "last".into(), shape: Shape::Circle(1.5), next: None };
    let node = Node { name: "first".into(), shape: Shape::Point, next: Some(Box::new(last)) };
    println!("{}", inspect("a text", &["one", "two"], &node, Some(4)));
}
// report: -O0 -g
