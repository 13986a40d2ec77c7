//! A program that talks to itself by TCP and UDP, with one thread.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("tcp") => tcp("127.0.0.1:0"),
        Some("tcp6") => tcp("[::1]:0"),
        Some("udp") => udp(),
        Some("names") => println!("{:?}", ("localhost", 7).to_socket_addrs().map(|it| it.count() > 0)),
        Some("literal") => println!("{:?}", "127.0.0.1:7".to_socket_addrs().map(|mut it| it.next())),
        Some("errors") => errors(),
        _ => denied(),
    }
}

fn tcp(address: &str) {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let (mut server, peer) = listener.accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), address);
    client.write_all(b"ping").unwrap();
    let mut four = [0; 4];
    server.read_exact(&mut four).unwrap();
    println!("the server read {}", String::from_utf8_lossy(&four));
    // More than one call may write.
    let long: Vec<u8> = (0..150_000u32).map(|i| i as u8).collect();
    server.write_all(&long).unwrap();
    let mut read = vec![0; long.len()];
    client.read_exact(&mut read).unwrap();
    println!("the client read the same: {}", read == long);
    client.set_nodelay(true).unwrap_or(());
    client.set_nonblocking(true).unwrap();
    println!("nothing more: {:?}", client.read(&mut four).map_err(|error| error.kind()));
    server.shutdown(std::net::Shutdown::Write).unwrap();
    drop(server);
    client.set_nonblocking(false).unwrap();
    println!("the end: {:?}", client.read(&mut four).map_err(|error| error.kind()));
    // wasi-libc asks for the option of IPv4.
    if address.is_ipv4() {
        client.set_ttl(7).unwrap();
        println!("hops: {:?}", client.ttl());
    }
}

fn udp() {
    let a = UdpSocket::bind("127.0.0.1:0").unwrap();
    let b = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (at_a, at_b) = (a.local_addr().unwrap(), b.local_addr().unwrap());
    a.send_to(b"one", at_b).unwrap();
    let mut bytes = [0; 16];
    let (len, from) = b.recv_from(&mut bytes).unwrap();
    println!("{} {}", String::from_utf8_lossy(&bytes[..len]), from == at_a);
    b.connect(at_a).unwrap();
    b.send(b"two").unwrap();
    let (len, from) = a.recv_from(&mut bytes).unwrap();
    println!("{} {}", String::from_utf8_lossy(&bytes[..len]), from == at_b);
}

fn errors() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    println!("{:?}", TcpListener::bind(address).map_err(|error| error.kind() == ErrorKind::AddrInUse).map(|_| ()));
    drop(taken);
    println!("{:?}", TcpStream::connect(address).map_err(|error| error.kind()).map(|_| ()));
}

fn denied() {
    println!("{:?}", TcpListener::bind("127.0.0.1:0").map_err(|error| error.kind()).map(|_| ()));
    println!("{:?}", TcpStream::connect("127.0.0.1:1").map_err(|error| error.kind()).map(|_| ()));
    println!("{:?}", UdpSocket::bind("127.0.0.1:0").map_err(|error| error.kind()).map(|_| ()));
    println!("{:?}", ("localhost", 7).to_socket_addrs().map_err(|_| "no names").map(|_| ()));
}
