// A panic with a message of its own, after a few calls.
struct Order<'a> {
    item: &'a str,
    count: Option<u32>,
}

fn price(order: &Order) -> u32 {
    match order.count {
        Some(0) => panic!("nobody orders no {}", order.item),
        Some(count) => count * 3,
        None => 0,
    }
}

fn total(orders: &[Order]) -> u32 {
    let mut sum = 0;
    for order in orders {
        sum += price(order);
    }
    sum
}

fn main() {
    let orders = [
        Order { item: "pears", count: Some(2) },
        Order { item: "plums", count: None },
        Order { item: "figs", count: Some(0) },
    ];
    println!("{}", total(&orders));
}
// report: -O0 -g
// report: -O0 -g --backtrace=full
// report: -O0 --backtrace=short
// report: -O2 -g -O
