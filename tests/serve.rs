//! `dwalin serve`: what a component of `wasi:http/proxy` is asked and answers, guests that break rules, and the debuggers. What is expected of
//! responses is RFC 9112's and wasi:http's. wasmtime 48 gives the same for the same component, but for the words of failures, the number of
//! the refusal of an outgoing request, and a body that is longer than its `content-length`, of which it sends the first bytes.
#![cfg(feature = "component-model")]

mod components;

use components::{DWALIN, folder, text, tools};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/component");

/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

fn program() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        if !tools::have_rust_for("wasm32-wasip2") {
            return None;
        }
        let wasm = folder("program-http").join("http.wasm");
        let rustc = Command::new("rustc")
            .args(["--edition=2024", "--target=wasm32-wasip2", "-g"])
            .args(["--crate-type=cdylib", "-o"])
            .arg(&wasm)
            .arg(format!("-Clink-arg=--component-type={SOURCES}/http.wit"))
            .arg(format!("{SOURCES}/http.rs"))
            .output()
            .unwrap();
        assert!(rustc.status.success(), "{}", text(&rustc.stderr));
        Some(wasm)
    });
    made.as_deref()
}

/// A server, with what it said.
struct Server {
    child: Child,
    address: String,
    lines: Receiver<String>,
}

impl Server {
    fn start(options: &[&str]) -> Option<Server> {
        let mut command = Command::new(DWALIN);
        command
            .args(["serve", "--addr", "127.0.0.1:0"])
            .args(options);
        Some(Server::of(command.arg(program()?)))
    }

    /// One that a command starts, which says so.
    fn of(command: &mut Command) -> Server {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let streams: [Box<dyn Read + Send>; 2] = [Box::new(out), Box::new(err)];
        for stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        let mut server = Server {
            child,
            address: String::new(),
            lines,
        };
        let said = server.until("Serving HTTP on http://");
        let (_, address) = said.rsplit_once("http://").unwrap();
        server.address = address.trim_end().trim_end_matches('/').to_owned();
        server
    }

    /// Returns what it says up to a line with a text.
    fn until(&self, wanted: &str) -> String {
        let (mut said, end) = (String::new(), Instant::now() + PATIENCE);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => said += &(line + "\n"),
                Err(error) => panic!("{wanted} was not said ({error}): {said}"),
            }
            if said
                .lines()
                .next_back()
                .is_some_and(|line| line.contains(wanted))
            {
                return said;
            }
        }
    }

    fn connection(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The response to a request that is the last of its connection.
    fn ask(&self, request: &str) -> String {
        let mut stream = self.connection();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        // A response that is cut off is what has come of it.
        let _ = stream.read_to_end(&mut response);
        text(&response)
    }

    fn get(&self, path: &str) -> String {
        self.ask(&get(path))
    }

    fn interrupt(&self) {
        let process = self.child.id() as i32;
        // SAFETY: the child has not been waited for, so that the number is its own.
        unsafe { libc::kill(process, libc::SIGINT) };
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: example\r\nX-One: 1\r\nConnection: close\r\n\r\n")
}

/// Status, head and body, the body as it was sent.
fn parts(response: &str) -> (&str, &str, &str) {
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((response, ""));
    let (status, head) = head.split_once("\r\n").unwrap_or((head, ""));
    (status, head, body)
}

#[test]
fn connections_that_take_all_descriptors_are_outlived() {
    let Some(program) = program() else {
        return;
    };
    let mut command = Command::new("sh");
    command.args(["-c", r#"ulimit -n 48; exec "$0" "$@""#, DWALIN]);
    command
        .args(["serve", "--addr", "127.0.0.1:0"])
        .arg(program);
    let server = Server::of(&mut command);
    let connections: Vec<_> = (0..60).map(|_| server.connection()).collect();
    server.until("a connection cannot be taken");
    drop(connections);
    let response = server.get("/hello");
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[test]
fn requests_are_answered() {
    let Some(server) = Server::start(&["--env", "GREETING=hi"]) else {
        return;
    };
    let response = server.get("/hello?a=b%20c");
    let (status, head, body) = parts(&response);
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert_eq!(body, "1F\r\nhello /hello?a=b%20c, 14 bytes\n\r\n0\r\n\r\n");
    server.until("answered /hello?a=b%20c");
    // `host` is the connection's, and what is forbidden or malformed is not set.
    let fields = server.get("/fields");
    assert!(fields.contains("Some(\"1\") None\n"), "{fields}");
    assert!(
        fields.contains("[Ok(()), Err(1), Err(0), Err(0)]"),
        "{fields}"
    );
    assert!(server.get("/env").contains("Ok(\"hi\")"));
    // HTTP-request-denied is the sixteenth case.
    assert!(server.get("/ask").contains("1 15\n"));
    // Each request has an instance of its own: a trap is nobody else's.
    assert_eq!(
        parts(&server.get("/trap")).0,
        "HTTP/1.1 500 Internal Server Error"
    );
    assert_eq!(parts(&server.get("/hello")).0, "HTTP/1.1 200 OK");
}

#[test]
fn bodies_go_both_ways_with_trailers() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let large = "0123456789abcdef".repeat(40 << 10);
    let length = large.len();
    let request = format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{large}"
    );
    let response = server.ask(&request);
    let (status, _, body) = parts(&response);
    assert_eq!(status, "HTTP/1.1 201 Created");
    let mut echoed = String::new();
    let mut rest = body;
    while let Some((size, behind)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        echoed += &behind[..size];
        rest = behind[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    assert!(echoed == large, "{} bytes of {length}", echoed.len());
    let chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 7\r\n\r\n";
    let response = server.ask(chunked);
    assert!(
        response.contains("abc") && response.contains("de"),
        "{response}"
    );
    assert!(response.ends_with("0\r\n\r\n"), "{response}");
}

#[test]
fn several_are_answered_at_once() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    // Each waits for the rest of its body.
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nab";
    let mut all: Vec<_> = (0..8).map(|_| server.connection()).collect();
    for one in &mut all {
        one.write_all(head.as_bytes()).unwrap();
    }
    assert!(server.get("/hello").contains("200 OK"));
    for one in all.iter_mut().rev() {
        one.write_all(b"cd").unwrap();
        let mut response = String::new();
        one.read_to_string(&mut response).unwrap();
        assert!(
            response.contains("ab") && response.contains("cd"),
            "{response}"
        );
    }
    // One connection is used again, too.
    let mut stream = server.connection();
    let again = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(again.repeat(2).as_bytes()).unwrap();
    stream.write_all(get("/hello").as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert_eq!(response.matches("200 OK").count(), 3, "{response}");
}

#[test]
fn guests_that_break_rules_are_told_of_once() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    for (path, status, said) in [
        ("/trap", "500", "it gave up: 5"),
        ("/none", "500", "the handler returned without a response"),
        (
            "/exit",
            "500",
            "the handler exited with 1 without a response",
        ),
        (
            "/error",
            "500",
            "answered a request with an error: internal-error(some(\"no luck\"))",
        ),
        ("/twice", "200", "unknown handle index"),
        ("/early", "500", "there is no more room for it"),
        ("/child", "200", "while its stream is still there"),
        (
            "/large",
            "500",
            "fields of HTTP take 184341 bytes, and 131072 are the most",
        ),
    ] {
        let response = server.get(path);
        // Of a handler that fails behind its response's head, the head is lost too where it was not yet sent.
        let is_lost = path == "/child" && response.is_empty();
        assert!(
            is_lost || response.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {response}"
        );
        server.until(said);
    }
    // A body that is not whole ends the connection, and no chunk says that it is.
    for path in ["/child", "/short", "/long"] {
        let response = server.get(path);
        assert!(!response.ends_with("0\r\n\r\n"), "{path}: {response}");
    }
    // An endless body ends with its reader.
    let mut stream = server.connection();
    stream.write_all(get("/forever").as_bytes()).unwrap();
    stream.read_exact(&mut [0; 1 << 20]).unwrap();
    drop(stream);
    server.until("nobody reads any more");
    // What is no HTTP is refused, and so are heads without an end.
    assert!(server.ask("hello\r\n\r\n").starts_with("HTTP/1.1 400"));
    let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert!(server.ask(&head).starts_with("HTTP/1.1 431"));
    let head = format!("GET / HTTP/1.1\r\n{}\r\n", "X: 1\r\n".repeat(200));
    assert!(server.ask(&head).starts_with("HTTP/1.1 431"));
    assert!(server.get("/hello").contains("200 OK"));
}

#[test]
fn reports_name_the_source_and_time_is_each_request_s() {
    let Some(server) = Server::start(&["-g", "-W", "timeout=5s"]) else {
        return;
    };
    for _ in 0..2 {
        assert!(server.get("/trap").contains("500"));
        let said = server.until("request = 1");
        assert!(said.contains("http::give_up"), "{said}");
        assert!(
            said.contains("count: usize = 5") || said.contains("count = 5"),
            "{said}"
        );
        assert!(server.get("/loop").starts_with("HTTP/1.1 500"));
        assert!(server.until("request = 1").contains("interrupt"));
    }
}

#[test]
fn a_handler_that_waits_for_its_body_is_interrupted_when_its_time_is_over() {
    let Some(server) = Server::start(&["-g", "-W", "timeout=5s"]) else {
        return;
    };
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab";
    let response = server.ask(head);
    // The head was given before, and no chunk says that the body is whole.
    assert!(response.starts_with("HTTP/1.1 201"), "{response}");
    assert!(!response.ends_with("0\r\n\r\n"), "{response}");
    let said = server.until("http::echo at ");
    assert!(
        said.contains("interrupted: the time is over")
            && said.contains("[method]input-stream.blocking-read"),
        "{said}"
    );
    assert!(server.get("/hello").contains("200 OK"));
}

#[test]
fn fields_and_limits_are_those_of_the_options() {
    let options = [
        "-H",
        "X-One: given",
        "--max-concurrent-requests=1",
        "--max-concurrent-connections=2",
    ];
    let Some(server) = Server::start(&options) else {
        return;
    };
    let fields = server.get("/fields");
    assert!(fields.contains("Some(\"given\")"), "{fields}");
    // The first waits for the rest of its body in the only thread, the second for that, and the third for a place.
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nab";
    let mut first = server.connection();
    first.write_all(head.as_bytes()).unwrap();
    first.read_exact(&mut [0; 12]).unwrap();
    let mut rest: Vec<_> = (0..2).map(|_| server.connection()).collect();
    for one in &mut rest {
        one.write_all(get("/hello").as_bytes()).unwrap();
        one.set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        assert!(one.read(&mut [0]).is_err(), "it is answered");
        one.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    first.write_all(b"cd").unwrap();
    for one in &mut rest {
        let mut response = String::new();
        one.read_to_string(&mut response).unwrap();
        assert!(response.contains("200 OK"), "{response}");
    }
}

#[test]
fn a_head_that_does_not_come_to_its_end_is_given_up() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let mut idle = server.connection();
    assert_eq!(server.ask("GET /hello HTTP/1.1\r\nHost: a\r\n"), "");
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    assert!(server.get("/hello").contains("200 OK"));
}

#[test]
fn an_interrupt_ends_it_when_all_are_answered() {
    let Some(mut server) = Server::start(&[]) else {
        return;
    };
    let idle = server.connection();
    let mut stream = server.connection();
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab";
    stream.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 201");
    server.interrupt();
    while TcpStream::connect(&server.address).is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
    stream.write_all(b"cd").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.contains("cd"), "{response}");
    drop(idle);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_served_is_refused() {
    let Some(program) = program() else { return };
    let here = folder("refused");
    let module = here.join("a.wat");
    std::fs::write(&module, "(module)").unwrap();
    let command = here.join("command.wat");
    std::fs::write(
        &command,
        r#"(component
          (core module $m (func (export "run") (result i32) i32.const 0))
          (core instance $m (instantiate $m))
          (func $run (result (result)) (canon lift (core func $m "run")))
          (instance $out (export "run" (func $run)))
          (export "wasi:cli/run@0.2.0" (instance $out)))"#,
    )
    .unwrap();
    let refused = |arguments: &[&str]| {
        let output = Command::new(DWALIN).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let [module, command, program] = [&module, &command, program].map(|it| it.to_str().unwrap());
    let serve = |options: &[&str]| refused(&[&["serve", "--addr=127.0.0.1:0"], options].concat());
    assert!(serve(&[module]).contains("a core module"));
    assert!(serve(&[command]).contains("`dwalin run` runs it"));
    assert!(serve(&[program, "argument"]).contains("has no arguments"));
    assert!(serve(&["--env", "NOT_THERE_AT_ALL", program]).contains("no such variable"));
    assert!(serve(&["-H", "x-one", program]).contains("a field is NAME: VALUE"));
    assert!(refused(&["run", program]).contains("`dwalin serve` runs it"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(refused(&["serve", "--addr", &address, program]).contains("cannot take requests"));
}

/// Starts a debugger that serves, by its launcher, asks twice, and has what it said.
fn debugged(debugger: &str, options: &[&str], go_on: &[&str], stops: &str) -> Option<()> {
    let mut command = Command::new(DWALIN);
    command
        .args([debugger, "--serve=127.0.0.1:0"])
        .args(options)
        .arg(program()?)
        .current_dir(folder(debugger));
    asked_twice(&mut command, go_on, stops, "\"/hello\"");
    Some(())
}

/// The same of a debugger that a command starts, and that shows this in the handler. `go_on` is typed where it stopped.
fn asked_twice(command: &mut Command, go_on: &[&str], stops: &str, shows: &str) {
    let mut server = Server::of(command);
    for round in 0..2 {
        let address = server.address.clone();
        let asked = std::thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(get("/hello").as_bytes()).unwrap();
            let mut response = String::new();
            stream.read_to_string(&mut response).unwrap();
            response
        });
        let said = server.until(stops);
        assert!(
            said.contains("greeting") && said.contains(shows),
            "{round}: {said}"
        );
        let mut typed = server.child.stdin.take().unwrap();
        for line in go_on {
            writeln!(typed, "{line}").unwrap();
        }
        typed.flush().unwrap();
        server.child.stdin = Some(typed);
        let response = asked.join().unwrap();
        assert!(response.contains("200 OK"), "{round}: {response}");
    }
}

/// A line of a function of the handler.
const STOP: &str = "http.rs:116";

#[test]
fn gdb_stops_in_a_handler() {
    let gdb = tools::gdb();
    if !tools::have(&[&gdb]) {
        return;
    }
    let stop = format!("break {STOP}");
    let options = [
        "--gdb",
        &gdb,
        "-nx",
        "-ex",
        "set confirm off",
        "-ex",
        "set breakpoint pending on",
        "-ex",
        &stop,
        "-ex",
        "run",
    ];
    // Nothing that is typed says where it stopped.
    debugged("gdb", &options, &["info locals", "continue"], STOP);
}

#[test]
fn gdb_alone_stops_in_a_handler_whose_code_is_in_no_cache() {
    let gdb = tools::gdb();
    let Some(program) = program().filter(|_| tools::have(&[&gdb])) else {
        return;
    };
    let stop = format!("break {STOP}");
    let mut command = Command::new(gdb);
    command.args(["-nx", "-ex", "set confirm off", "-ex"]);
    command.args(["set breakpoint pending on", "-ex", &stop, "-ex", "run"]);
    command.args(["--args", DWALIN, "serve", "-g", "-C", "cache=n"]);
    command.args(["--addr", "127.0.0.1:0"]).arg(program);
    // It knows no texts of Rust.
    asked_twice(&mut command, &["continue"], STOP, "(path=");
}

#[test]
fn lldb_stops_in_a_handler() {
    let lldb = tools::lldb();
    if !tools::have(&[&lldb]) {
        return;
    }
    let options = [
        "--lldb",
        &lldb,
        "--no-lldbinit",
        "-o",
        "b greeting",
        "-o",
        "run",
    ];
    debugged("lldb", &options, &["frame variable path", "continue"], STOP);
}
