// A division in a method that is called through a trait object.
trait Shape {
    fn ratio(&self, scale: i32) -> i32;
}

struct Square(i32);
struct Door {
    width: i32,
    height: i32,
}

impl Shape for Square {
    fn ratio(&self, scale: i32) -> i32 {
        self.0 * scale
    }
}

impl Shape for Door {
    fn ratio(&self, scale: i32) -> i32 {
        self.height * scale / self.width
    }
}

fn all(shapes: &[Box<dyn Shape>]) -> i32 {
    shapes.iter().map(|shape| shape.ratio(2)).sum()
}

fn main() {
    let wide = std::env::args().count() as i32;
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(3)), Box::new(Door { width: wide - 1, height: 4 })];
    println!("{}", all(&shapes));
}
// report: -O0 -g
// report: -O2 -g
