// A `RefCell` that is borrowed twice.
use std::cell::RefCell;
use std::rc::Rc;

struct Node {
    name: String,
    children: Vec<Rc<RefCell<Node>>>,
}

fn visit(node: &Rc<RefCell<Node>>) {
    let mut borrowed = node.borrow_mut();
    borrowed.name.push('!');
    for child in &borrowed.children {
        visit(child);
    }
}

fn main() {
    let root = Rc::new(RefCell::new(Node { name: "root".into(), children: Vec::new() }));
    let itself = root.clone();
    root.borrow_mut().children.push(itself);
    visit(&root);
}
// report: -O0 -g
// report: -O2 -g -O
