// Types of Rust's library as lldb shows them. `//v` lines say what is asked at the `// stop` line before them, and what the
// answer is.
#![allow(unused)]
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};

struct Named {
    id: u32,
    name: String,
}

enum Shape {
    Point,
    Circle(f64),
    Rect { w: u32, h: u32 },
    Labelled(Named),
}

#[derive(Clone, Copy)]
enum Color {
    Red,
    Green,
}

trait Speak {
    fn speak(&self) -> u32;
}

impl Speak for Named {
    fn speak(&self) -> u32 {
        self.id
    }
}

fn named(id: u32, name: &str) -> Named {
    Named { id, name: name.into() }
}

fn texts() {
    let text: &str = "a slice";
    let nothing = "";
    let mut owned = String::from("owned \"text\"");
    let empty = String::new();
    let boxed: Box<str> = "boxed".into();
    let path = std::path::PathBuf::from("/a/path");
    let reference = &owned;
    println!("{text} {reference} {boxed}"); // stop
    //v text -> "a slice"
    //v nothing -> ""
    //v owned -> "owned \"text\""
    //v empty -> ""
    //v boxed -> "boxed"
    //v path -> "/a/path"
    //v reference -> "owned \"text\""
    owned.push_str(" and more");
    println!("{owned}"); // stop
    //v owned -> "owned \"text\" and more"
}

fn sequences() {
    let none: Vec<i32> = Vec::new();
    let mut numbers = vec![1, 2, 3];
    let names = vec![named(1, "one"), named(2, "two")];
    let texts = vec!["x", "y"];
    let nested = vec![vec![1u16], vec![2, 3]];
    let units = vec![(), ()];
    let array = [1i16, 2];
    let slice: &[i32] = &numbers[1..];
    let boxed: Box<[i64]> = vec![7, 8].into_boxed_slice();
    let mut deque: VecDeque<i32> = VecDeque::from(vec![1, 2]);
    deque.push_front(0);
    println!("{}", slice.len()); // stop
    //v none -> size=0 {}
    //v numbers -> size=3 { [0] = 1 [1] = 2 [2] = 3 }
    //v names -> size=2 { [0] = { id = 1 name = "one" } [1] = { id = 2 name = "two" } }
    //v names[1].name -> "two"
    //v texts -> size=2 { [0] = "x" [1] = "y" }
    //v nested[1][0] -> 2
    //v units -> size=2
    //v slice -> size=2 { [0] = 2 [1] = 3 }
    //v boxed -> size=2 { [0] = 7 [1] = 8 }
    //v deque -> size=3 { [0] = 0 [1] = 1 [2] = 2 }
    //p numbers -> size=3 { [0] = 1 [1] = 2 [2] = 3 }
    numbers.push(4);
    println!("{}", numbers.len()); // stop
    //v numbers -> size=4 { [0] = 1 [1] = 2 [2] = 3 [3] = 4 }
}

fn lookups() {
    let empty: HashMap<u8, u8> = HashMap::new();
    let mut map = HashMap::new();
    map.insert("key".to_string(), 1);
    let many: HashSet<u64> = (0..100).collect();
    let set: HashSet<i32> = [4].into_iter().collect();
    let tree: BTreeMap<i32, u64> = (0..1000).map(|i| (i, 2 * i as u64)).collect();
    let no_tree: BTreeMap<i32, i32> = BTreeMap::new();
    let words: BTreeSet<&str> = ["b", "a"].into_iter().collect();
    println!("{}", map.len()); // stop
    //v empty -> size=0 {}
    //v map -> size=1 { ["key"] = 1 }
    //v set -> size=1 { [0] = 4 }
    //v tree[0] -> 0
    //v tree[999] -> 1998
    //v no_tree -> size=0 {}
    //v words -> size=2 { [0] = "a" [1] = "b" }
}

fn pointers() {
    let boxed = Box::new(named(5, "boxed"));
    let counted = Rc::new(41);
    let again = counted.clone();
    let weak: Weak<i32> = Rc::downgrade(&counted);
    let dead: Weak<i32> = Rc::downgrade(&Rc::new(1));
    let shared = Arc::new(named(6, "shared"));
    let text: Rc<str> = Rc::from("text");
    let slice: Rc<[i32]> = Rc::from(vec![1, 2]);
    let cell = Cell::new(9);
    let cells = RefCell::new(vec![1i32]);
    let borrowed = RefCell::new(3);
    let guard = borrowed.borrow();
    let mutex = Mutex::new(5);
    let object: &dyn Speak = &*boxed;
    let owned: Box<dyn Speak> = Box::new(named(7, "object"));
    let reference = &boxed.name;
    println!("{} {}", object.speak(), owned.speak()); // stop
    //v boxed->name -> "boxed"
    //v counted -> 41 strong=2 weak=1 { value = 41 }
    //v weak -> 41 strong=2 weak=1 { value = 41 }
    //v dead -> strong=0 weak=1
    //v shared -> Named { id: 6, name: "shared" } strong=1 weak=0 { value = { id = 6 name = "shared" } }
    //v shared.value.name -> "shared"
    //v text -> "text" strong=1 weak=0
    //v slice -> size=2 strong=1 weak=0 { [0] = 1 [1] = 2 }
    //v cell -> 9 { value = 9 }
    //v cells -> size=1 { value = size=1 { [0] = 1 } }
    //v borrowed -> 3 borrow=1 { value = 3 }
    //v guard -> 3 { value = 3 }
    //v mutex -> 5 { value = 5 }
    //v object -> Named { id: 5, name: "boxed" } { value = { id = 5 name = "boxed" } }
    //v owned.value.name -> "object"
    //v reference -> "boxed"
    drop(again);
    println!("{guard} {counted}"); // stop
    //v counted -> 41 strong=1 weak=1 { value = 41 }
}

fn enums() {
    let some = Some(3);
    let none: Option<i32> = None;
    let text = Some(String::from("in"));
    let no_text: Option<String> = None;
    let nested = Some(Some(Color::Red));
    let no_box: Option<Box<i32>> = None;
    let color = Some(Color::Green);
    let ok: Result<i32, String> = Ok(1);
    let error: Result<i32, String> = Err("bad".into());
    let mut shapes = [Shape::Point, Shape::Circle(1.5), Shape::Rect { w: 2, h: 3 }, Shape::Labelled(named(4, "n"))];
    let shape = &shapes[2];
    let tuple = (1, "two", (3.5, false));
    println!("{}", tuple.1); // stop
    //v some -> Some(3) { 0 = 3 }
    //v none -> None
    //v text -> Some("in") { 0 = "in" }
    //v no_text -> None
    //v nested -> Some(Some(Red)) { 0 = Some(Red) { 0 = Red } }
    //v no_box -> None
    //v color -> Some(Green) { 0 = Green }
    //v ok -> Ok(1) { 0 = 1 }
    //v error -> Err("bad") { 0 = "bad" }
    //v shapes[0] -> Point
    //v shapes[1] -> Circle(1.5) { 0 = 1.5 }
    //v shapes[2].w -> 2
    //v shapes[3] -> Labelled(Named { id: 4, name: "n" }) { 0 = { id = 4 name = "n" } }
    //v shape -> Rect { w: 2, h: 3 }
    //v tuple -> (1, "two", (3.5, false)) { 0 = 1 1 = "two" 2 = (3.5, false) { 0 = 3.5 1 = false } }
    //v tuple.__1 -> "two"
    shapes[1] = Shape::Rect { w: 8, h: 9 };
    println!("{}", shapes.len()); // stop
    //v shapes[1] -> Rect { w: 8, h: 9 } { w = 8 h = 9 }
}

fn damaged() {
    let mut vec: std::mem::MaybeUninit<Vec<i32>> = std::mem::MaybeUninit::uninit();
    let mut map: std::mem::MaybeUninit<HashMap<i32, i32>> = std::mem::MaybeUninit::uninit();
    let mut tree: std::mem::MaybeUninit<BTreeMap<i32, i32>> = std::mem::MaybeUninit::uninit();
    let mut counted: std::mem::MaybeUninit<Rc<i32>> = std::mem::MaybeUninit::uninit();
    unsafe {
        vec.as_mut_ptr().write_bytes(0xa5, 1);
        map.as_mut_ptr().write_bytes(0xa5, 1);
        tree.as_mut_ptr().write_bytes(0xa5, 1);
        counted.as_mut_ptr().write_bytes(0xa5, 1);
    }
    let (vec, map) = unsafe { (vec.assume_init_ref(), map.assume_init_ref()) };
    let (tree, counted) = unsafe { (tree.assume_init_ref(), counted.assume_init_ref()) };
    println!("{}", size_of_val(vec)); // stop
    //v vec -> size=? <unreadable>
    //v map -> <unreadable>
    //v tree -> size=? <unreadable>
    //v counted -> <unreadable at 0xa5a5a5a5>
}

fn main() {
    texts();
    sequences();
    lookups();
    pointers();
    enums();
    damaged();
}
