// An assertion of two equal values.
fn main() {
    let words: Vec<&str> = "to be or not".split(' ').collect();
    assert_eq!(words.len(), 5, "the words of {words:?}");
}
// report: -O0 -g
