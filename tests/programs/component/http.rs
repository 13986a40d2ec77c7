//! Answers requests by their path, by imports as the canonical ABI flattens them (http.wit).

use std::mem::MaybeUninit;

macro_rules! imports {
    ($($module:literal { $($link:literal $name:ident($($arg:ident: $ty:ty),*) $(-> $result:ty)?;)* })*) => {
        $(
            #[link(wasm_import_module = $module)]
            unsafe extern "C" {
                $(#[link_name = $link] fn $name($($arg: $ty),*) $(-> $result)?;)*
            }
        )*
    };
}

imports! {
    "wasi:http/types@0.2.0" {
        "[constructor]fields" new_fields() -> u32;
        "[method]fields.append" append(fields: u32, name: *const u8, name_len: usize, value: *const u8, value_len: usize, ret: *mut u8);
        "[method]fields.get" get_field(fields: u32, name: *const u8, name_len: usize, ret: *mut u32);
        "[resource-drop]fields" drop_fields(fields: u32);
        "[method]incoming-request.path-with-query" path(request: u32, ret: *mut u32);
        "[method]incoming-request.headers" headers(request: u32) -> u32;
        "[method]incoming-request.consume" consume(request: u32, ret: *mut u32);
        "[method]incoming-body.stream" input(body: u32, ret: *mut u32);
        "[static]incoming-body.finish" finish_input(body: u32) -> u32;
        "[method]future-trailers.subscribe" subscribe(trailers: u32) -> u32;
        "[method]future-trailers.get" get_trailers(trailers: u32, ret: *mut u64);
        "[constructor]outgoing-request" new_request(headers: u32) -> u32;
        "[constructor]outgoing-response" new_response(headers: u32) -> u32;
        "[method]outgoing-response.set-status-code" set_status(response: u32, status: u32) -> u32;
        "[method]outgoing-response.body" take_body(response: u32, ret: *mut u32);
        "[method]outgoing-body.write" output(body: u32, ret: *mut u32);
        "[static]outgoing-body.finish" finish_output(body: u32, is_some: u32, trailers: u32, ret: *mut u64);
        "[static]response-outparam.set" set(out: u32, is_err: u32, value: u32, a: u32, b: MaybeUninit<u64>, c: *const u8, d: usize, e: u32, f: u32);
        "[resource-drop]response-outparam" drop_outparam(out: u32);
    }
    "wasi:http/outgoing-handler@0.2.0" {
        "handle" ask(request: u32, is_some: u32, options: u32, ret: *mut u64);
    }
    "wasi:io/poll@0.2.0" {
        "[method]pollable.block" block(pollable: u32);
        "[resource-drop]pollable" drop_pollable(pollable: u32);
    }
    "wasi:io/streams@0.2.0" {
        "[method]input-stream.blocking-read" read(stream: u32, len: u64, ret: *mut u32);
        "[resource-drop]input-stream" drop_input(stream: u32);
        "[method]output-stream.blocking-write-and-flush" write(stream: u32, bytes: *const u8, len: usize, ret: *mut u32);
        "[resource-drop]output-stream" drop_output(stream: u32);
    }
}

/// The payload of a `result` that is ok.
fn ok(call: impl FnOnce(*mut u32)) -> Result<u32, u32> {
    let mut words = [0u32; 4];
    call(words.as_mut_ptr());
    if words[0] & 0xff == 0 { Ok(words[1]) } else { Err(words[1]) }
}

fn bytes(at: u32, len: u32) -> Vec<u8> {
    if len == 0 { Vec::new() } else { unsafe { Vec::from_raw_parts(at as *mut u8, len as usize, len as usize) } }
}

fn path_of(request: u32) -> String {
    let mut words = [0u32; 3];
    unsafe { path(request, words.as_mut_ptr()) };
    String::from_utf8(bytes(words[1], words[2])).unwrap()
}

fn field(fields: u32, name: &str) -> Option<String> {
    let mut words = [0u32; 2];
    unsafe { get_field(fields, name.as_ptr(), name.len(), words.as_mut_ptr()) };
    let values = unsafe { std::slice::from_raw_parts(words[0] as *const [u32; 2], words[1] as usize) };
    let first = values.first()?;
    Some(String::from_utf8(bytes(first[0], first[1])).unwrap())
}

fn set_field(fields: u32, name: &str, value: &str) -> Result<(), u8> {
    let mut ret = [0u8; 2];
    unsafe { append(fields, name.as_ptr(), name.len(), value.as_ptr(), value.len(), ret.as_mut_ptr()) };
    if ret[0] == 0 { Ok(()) } else { Err(ret[1]) }
}

fn give(out: u32, response: u32) {
    unsafe { set(out, 0, response, 0, MaybeUninit::new(0), std::ptr::null(), 0, 0, 0) }
}

/// A response that is given away; its body, and the stream of it.
fn respond(out: u32, status: u32, fields: u32) -> (u32, u32) {
    let response = unsafe { new_response(fields) };
    unsafe { set_status(response, status) };
    let body = ok(|ret| unsafe { take_body(response, ret) }).unwrap();
    give(out, response);
    (body, ok(|ret| unsafe { output(body, ret) }).unwrap())
}

fn put(stream: u32, text: &[u8]) -> bool {
    text.chunks(4096).all(|part| ok(|ret| unsafe { write(stream, part.as_ptr(), part.len(), ret) }).is_ok())
}

fn finish(body: u32, stream: u32, trailers: Option<u32>) -> bool {
    let mut ret = [0u64; 8];
    unsafe { drop_output(stream) };
    unsafe { finish_output(body, trailers.is_some().into(), trailers.unwrap_or(0), ret.as_mut_ptr()) };
    ret[0] & 0xff == 0
}

fn answer(out: u32, text: &str) {
    let fields = unsafe { new_fields() };
    let (body, stream) = respond(out, 200, fields);
    put(stream, text.as_bytes());
    finish(body, stream, None);
}

fn greeting(path: &str) -> String {
    let length = path.len();
    let text = format!("hello {path}, {length} bytes\n");
    println!("answered {path}");
    text
}

fn echo(request: u32, out: u32) {
    let body = ok(|ret| unsafe { consume(request, ret) }).unwrap();
    let from = ok(|ret| unsafe { input(body, ret) }).unwrap();
    let (to_body, to) = respond(out, 201, unsafe { new_fields() });
    let mut count = 0;
    loop {
        let mut words = [0u32; 4];
        unsafe { read(from, 1 << 16, words.as_mut_ptr()) };
        if words[0] & 0xff != 0 {
            break;
        }
        let bytes = bytes(words[1], words[2]);
        count += bytes.len();
        put(to, &bytes);
    }
    unsafe { drop_input(from) };
    let trailers = unsafe { finish_input(body) };
    let event = unsafe { subscribe(trailers) };
    unsafe { block(event) };
    unsafe { drop_pollable(event) };
    let mut words = [0u64; 12];
    unsafe { get_trailers(trailers, words.as_mut_ptr()) };
    // option, result, result, option, then the handle.
    let (known, fields) = (words[0] & 0xff, words[3]);
    let more = match fields & 0xff {
        1 => field((fields >> 32) as u32, "x-sum").unwrap_or_default(),
        _ => "none".to_owned(),
    };
    let fields = unsafe { new_fields() };
    set_field(fields, "x-count", &count.to_string()).unwrap();
    set_field(fields, "x-known", &format!("{known} {more}")).unwrap();
    finish(to_body, to, Some(fields));
}

fn refused_fields() -> String {
    let fields = unsafe { new_fields() };
    let all = [("x-a", "1"), ("Connection", "close"), ("a b", "1"), ("x-b", "1\r\n2")];
    let all = all.map(|(name, value)| set_field(fields, name, value));
    unsafe { drop_fields(fields) };
    format!("{all:?}\n")
}

fn broken(path: &str, out: u32) {
    let fields = unsafe { new_fields() };
    match path {
        "/none" => unsafe { drop_outparam(out) },
        "/twice" => {
            let (body, stream) = respond(out, 200, fields);
            put(stream, b"once");
            finish(body, stream, None);
            give(out, unsafe { new_response(new_fields()) });
        }
        "/forever" => {
            let (_, stream) = respond(out, 200, fields);
            while put(stream, &[b'x'; 4096]) {}
            println!("nobody reads any more");
        }
        "/early" => {
            let response = unsafe { new_response(fields) };
            let body = ok(|ret| unsafe { take_body(response, ret) }).unwrap();
            let stream = ok(|ret| unsafe { output(body, ret) }).unwrap();
            put(stream, &vec![b'x'; 4 << 20]);
            give(out, response);
        }
        "/short" => {
            set_field(fields, "content-length", "10").unwrap();
            let (body, stream) = respond(out, 200, fields);
            put(stream, b"four");
            println!("finished: {}", finish(body, stream, None));
        }
        "/long" => {
            set_field(fields, "content-length", "2").unwrap();
            let (_, stream) = respond(out, 200, fields);
            println!("written: {}", put(stream, b"four"));
        }
        "/child" => {
            let (body, stream) = respond(out, 200, fields);
            put(stream, b"half");
            let mut ret = [0u64; 8];
            unsafe { finish_output(body, 0, 0, ret.as_mut_ptr()) };
        }
        "/error" => {
            let why = "no luck";
            unsafe { set(out, 1, 38, 1, MaybeUninit::new(why.as_ptr() as u64), why.len() as *const u8, 0, 0, 0) };
        }
        "/exit" => std::process::exit(3),
        "/large" => {
            let value = "x".repeat(60 << 10);
            (0..3).for_each(|_| set_field(fields, "x-large", &value).unwrap());
        }
        "/loop" => loop {
            std::hint::black_box(());
        },
        _ => give_up(path.len()),
    }
}

fn give_up(count: usize) {
    panic!("it gave up: {count}");
}

#[unsafe(export_name = "wasi:http/incoming-handler@0.2.0#handle")]
extern "C" fn handle(request: u32, out: u32) {
    let path = path_of(request);
    match path.as_str() {
        "/echo" => echo(request, out),
        "/fields" => {
            let fields = unsafe { headers(request) };
            let text = format!("{:?} {:?}\n", field(fields, "X-One"), field(fields, "host"));
            answer(out, &(text + &refused_fields()));
        }
        "/env" => answer(out, &format!("{:?}\n", std::env::var("GREETING"))),
        "/ask" => {
            let mut ret = [0u64; 8];
            unsafe { ask(new_request(new_fields()), 0, 0, ret.as_mut_ptr()) };
            answer(out, &format!("{} {}\n", ret[0] & 0xff, ret[1] & 0xff));
        }
        path if path.starts_with("/hello") => answer(out, &greeting(path)),
        path => broken(path, out),
    }
}
