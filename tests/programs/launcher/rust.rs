//! A value of each type that `dwalin gdb` shows as what it holds; the tests' expectations are these values.
#![allow(dead_code, unused_variables)]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::Debug;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Person {
    name: String,
    age: u32,
}

#[derive(Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Named { name: String, sides: u8 },
}

#[derive(Debug, Clone, Copy)]
enum Plain {
    Red,
    Green,
}

#[derive(Debug)]
struct Meters(f64);

trait Speak {
    fn speak(&self) -> u32;
}

impl Speak for Person {
    fn speak(&self) -> u32 {
        self.age
    }
}

fn person(name: &str, age: u32) -> Person {
    let name = name.to_string();
    Person { name, age }
}

fn main() {
    let text = "one \"two\"";
    let no_text = "";
    let string = String::from("héllo\nworld");
    let mut growing = String::new();
    let boxed_text: Box<str> = "boxed text".into();
    let path = PathBuf::from("/tmp/x");
    let numbers = vec![1, 2, 3];
    let people = vec![person("Ann", 30), person("Bob", 40)];
    let no_numbers: Vec<u64> = Vec::new();
    let units = vec![(), ()];
    let nested = vec![vec![1u8], vec![2, 3]];
    let array = [7u16, 8, 9];
    let slice = &numbers[1..];
    let slice_of_strings: &[Person] = &people;
    let boxed_slice: Box<[i64]> = vec![-1, -2].into_boxed_slice();
    let reference = &people[0];
    let reference_to_string = &people[1].name;
    let boxed = Box::new(42);
    let boxed_person = Box::new(person("Cid", 50));
    let rc = Rc::new(43);
    let rc_again = rc.clone();
    let weak = Rc::downgrade(&rc);
    let no_weak: Weak<i32> = Weak::new();
    let rc_text: Rc<str> = "counted".into();
    let rc_slice: Rc<[u16]> = vec![4, 5].into();
    let arc = Arc::new(person("Dan", 60));
    let cell = Cell::new(44);
    let ref_cell = RefCell::new(vec![1, 2]);
    let borrowed = RefCell::new(45);
    let borrow = borrowed.borrow();
    let shared = Rc::new(RefCell::new(String::from("shared")));
    let mutex = Mutex::new(46);
    let nonzero = NonZeroU32::new(47).unwrap();
    let some = Some(48);
    let none: Option<i32> = None;
    let some_string = Some(String::from("some"));
    let no_string: Option<String> = None;
    let some_box = Some(Box::new(49));
    let no_box: Option<Box<i32>> = None;
    let ok: Result<u8, String> = Ok(1);
    let err: Result<u8, String> = Err("went wrong".to_string());
    let empty_shape = Shape::Empty;
    let circle = Shape::Circle(1.5);
    let named = Shape::Named { name: "hexagon".to_string(), sides: 6 };
    let shapes = vec![Shape::Empty, Shape::Circle(2.5)];
    let plain = Plain::Green;
    let tuple = (1, 2.5, "three");
    let meters = Meters(3.5);
    let unit = ();
    let map = HashMap::from([("key".to_string(), 50)]);
    let set = HashSet::from([51u8]);
    let no_map: HashMap<u8, u8> = HashMap::new();
    let tree: BTreeMap<i32, String> = [(2, "b"), (1, "a")].map(|(k, v)| (k, v.to_string())).into();
    let large: BTreeMap<u16, u16> = (0..100).map(|i| (i, i * 2)).collect();
    let tree_set = BTreeSet::from(["x", "y"]);
    let no_tree: BTreeMap<i32, i32> = BTreeMap::new();
    let mut deque = VecDeque::from([2, 3]);
    deque.push_front(1);
    let list = LinkedList::from([6, 7]);
    let no_list: LinkedList<i32> = LinkedList::new();
    let heap = BinaryHeap::from([5, 8]);
    let byte = &53u8;
    let letter = &'z';
    let object: &dyn Speak = &people[1];
    let boxed_object: Box<dyn Speak> = Box::new(person("Eve", 70));
    let objects: Vec<Rc<dyn Speak>> = vec![Rc::new(person("Fay", 80))];
    let debug: &dyn Debug = &52i32;
    let damaged: Vec<u32> = unsafe { std::mem::transmute([0xffff_fff0u32; 3]) };
    let damaged_rc: Rc<u32> = unsafe { std::mem::transmute(0xffff_fff0u32) };
    let damaged_map: HashMap<u8, u8> = unsafe { std::mem::transmute([0xffff_fff0u32; 8]) };
    let damaged_tree: BTreeMap<u8, u8> = unsafe { std::mem::transmute([0xffff_fff0u32; 3]) };
    let lost_tree: BTreeMap<u8, u8> = unsafe { std::mem::transmute([0xffff_ff00u32, 1, 5]) };
    let damaged_deque: VecDeque<u32> = unsafe { std::mem::transmute([0xffff_fff0u32; 4]) };
    let damaged_text: &str = unsafe { std::mem::transmute([0xffff_fff0u32, 64]) };
    let uninitialised = MaybeUninit::<Vec<i32>>::uninit();
    growing.push('!'); // stop here
    black_box((&text, &no_text, &string, &growing, &boxed_text, &path, &numbers, &units, &nested, &array));
    black_box((slice, slice_of_strings, &boxed_slice, reference, reference_to_string, &boxed, &rc_again));
    black_box((object.speak(), boxed_object.speak(), objects[0].speak(), debug));
    std::mem::forget((damaged, damaged_rc, damaged_map, damaged_tree, lost_tree, damaged_deque, uninitialised));
    let late = vec![person("Gus", 90)];
    black_box(late);
}
