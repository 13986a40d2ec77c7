//! A program that does what its first argument says.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    println!("{args:?} {:?}", std::env::var("GREETING"));
    match args.first().map_or("", String::as_str) {
        "stdin" => {
            for (i, line) in io::stdin().lock().lines().enumerate() {
                println!("{}: {}", i + 1, line.unwrap());
            }
        }
        "files" => files().unwrap(),
        "clocks" => clocks(),
        "exit" => std::process::exit(7),
        "panic" => give_up(3),
        _ => println!("{}", area(6, 7)),
    }
}

#[inline(never)]
fn area(width: u32, height: u32) -> u32 {
    let sides = HashMap::from([("width", width), ("height", height)]);
    let product = sides["width"] * sides["height"];
    product
}

#[inline(never)]
fn give_up(count: u32) {
    panic!("it gave up: {count}");
}

fn files() -> io::Result<()> {
    fs::create_dir("d")?;
    fs::create_dir("d/sub")?;
    fs::write("d/a.txt", "hello\n")?;
    OpenOptions::new().append(true).open("d/a.txt")?.write_all(b"more\n")?;
    fs::rename("d/a.txt", "d/b.txt")?;
    print!("{}", fs::read_to_string("d/b.txt")?);
    let found = fs::metadata("d/b.txt")?;
    println!("{} bytes, file {}", found.len(), found.is_file());
    let names = fs::read_dir("d")?.map(|entry| entry.map(|it| it.file_name()));
    let mut names = names.collect::<io::Result<Vec<_>>>()?;
    names.sort();
    println!("{names:?}");
    let mut file = File::open("d/b.txt")?;
    file.seek(SeekFrom::Start(2))?;
    let mut middle = [0; 3];
    file.read_exact(&mut middle)?;
    println!("middle: {}", String::from_utf8_lossy(&middle));
    println!("{:?}", fs::read("d/none").map_err(|error| error.kind()));
    println!("{:?}", fs::create_dir("d").map_err(|error| error.kind()));
    println!("outside: {} {}", fs::read("/etc/hosts").is_err(), fs::read("../ends").is_err());
    Ok(())
}

fn clocks() {
    let (start, date) = (Instant::now(), SystemTime::now());
    std::thread::sleep(Duration::from_millis(20));
    let slept = if start.elapsed() >= Duration::from_millis(20) { "slept" } else { "did not sleep" };
    let later = if SystemTime::now() > date { "later" } else { "not later" };
    let differ = RandomState::new().hash_one(1) != RandomState::new().hash_one(2);
    println!("{slept}, {later}, {}", if differ { "different" } else { "the same" });
}
