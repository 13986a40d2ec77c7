//! Connections: hyper reads requests and writes responses, and guests are handed them.

use super::deadlines::Clock;
use super::fields::GivenFields;
use super::message::{self, Answer, Source};
use super::pool::Pool;
use super::reactor::{Io, Reactor};
use super::request::Job;
use dwalin_runtime::Printable;
use futures_channel::oneshot;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use rustix::event::PollFlags;
use rustix::fd::OwnedFd;
use rustix::net::{Shutdown, SocketFlags, accept_with, shutdown, sockopt};
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::TcpListener;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The most bytes of a read.
const AT_ONCE: usize = 16 << 10;

/// The most of what there is at once. A connection has a descriptor, and four more while it is answered.
pub struct Limits {
    pub requests: usize,
    pub connections: usize,
}

/// The time in which the head of a request is to come, from when the connection is there, or its last response given.
const HEAD: Duration = Duration::from_secs(30);

/// The time after which a connection is asked for again, where there is none that could end.
const AGAIN: Duration = Duration::from_millis(100);

/// All connections.
pub struct Server {
    reactor: Rc<Reactor>,
    pool: Arc<Pool>,
    /// The most connections.
    most: usize,
    fields: GivenFields,
    is_ending: Cell<bool>,
    /// Connections that there are, and who takes one more when one of them ends.
    connections: Cell<usize>,
    waiting: Cell<Option<Waker>>,
    /// Connections, which are told of the end.
    told: RefCell<Vec<Waker>>,
}

impl Server {
    /// A server that has guests answer in a pool: requests of so many connections at most, with these fields.
    pub fn new(
        reactor: Rc<Reactor>,
        pool: Arc<Pool>,
        most: usize,
        fields: GivenFields,
    ) -> Rc<Server> {
        Rc::new(Server {
            reactor,
            pool,
            most,
            fields,
            is_ending: Cell::new(false),
            connections: Cell::new(0),
            waiting: Cell::new(None),
            told: RefCell::default(),
        })
    }

    /// Takes connections until the other descriptor can be read, and then waits until what was asked is answered.
    pub fn run(self: &Rc<Server>, listener: TcpListener, interrupted: OwnedFd) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = Io::new(listener.into(), &self.reactor);
        let interrupted = Io::new(interrupted, &self.reactor);
        let server = self.clone();
        self.reactor.spawn(async move {
            poll_fn(|cx| server.poll_accept(cx, &listener, &interrupted)).await;
            drop(listener);
            server.is_ending.set(true);
            server.told.take().into_iter().for_each(Waker::wake);
        });
        self.reactor.run()
    }

    /// Takes all connections that there is room for.
    fn poll_accept(
        self: &Rc<Server>,
        cx: &Context<'_>,
        listener: &Io,
        interrupted: &Io,
    ) -> Poll<()> {
        if interrupted.poll_read(cx, &mut [0; 8]).is_ready() {
            return Poll::Ready(());
        }
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        loop {
            if self.connections.get() == self.most {
                self.waiting.set(Some(cx.waker().clone()));
                return Poll::Pending;
            }
            match listener.poll_with(cx, PollFlags::IN, |fd| accept_with(fd, flags)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(fd)) => {
                    self.connections.update(|count| count + 1);
                    // A response is written at once.
                    let _ = sockopt::set_tcp_nodelay(&fd, true);
                    let io = Io::new(fd, &self.reactor);
                    self.reactor.spawn(self.clone().connection(io));
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Poll::Ready(Err(error)) => {
                    // Of too many descriptors, most likely, which are those of connections: this task gives way to theirs.
                    eprintln!("dwalin: a connection cannot be taken: {error}");
                    if self.connections.get() == 0 {
                        std::thread::sleep(AGAIN);
                        cx.waker().wake_by_ref();
                    }
                    self.waiting.set(Some(cx.waker().clone()));
                    return Poll::Pending;
                }
            }
        }
    }

    async fn connection(self: Rc<Server>, io: Io) {
        let server = self.clone();
        let service = service_fn(move |request| {
            let server = server.clone();
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(Clock(self.reactor.deadlines.clone()))
            .header_read_timeout(HEAD)
            .serve_connection(Connection(io), service);
        let mut connection = pin!(connection);
        let (mut is_told, mut listed) = (false, None);
        // Errors are of who asked: it went away, or speaks something else, which it is told.
        let _ = poll_fn(|cx| {
            match self.is_ending.get() {
                true if !is_told => {
                    is_told = true;
                    connection.as_mut().graceful_shutdown();
                }
                // The task's waker is the same as long as it runs.
                false if listed.is_none() => {
                    self.told.borrow_mut().push(cx.waker().clone());
                    listed = Some(cx.waker().clone());
                }
                _ => {}
            }
            connection.as_mut().poll(cx)
        })
        .await;
        if let Some(waker) = listed {
            self.told.borrow_mut().retain(|it| !it.will_wake(&waker));
        }
        self.connections.update(|count| count - 1);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    async fn answer(self: Rc<Server>, request: Request<Incoming>) -> Response<Answer> {
        let (mut head, body) = request.into_parts();
        self.fields.apply(&mut head.headers);
        let made = message::body()
            .and_then(|(to_guest, source)| Ok((to_guest, Source::new(source, &self.reactor))));
        let (to_guest, source) = match made {
            Ok(made) => made,
            Err(error) => {
                eprintln!("dwalin: a request cannot be handed on: {error}");
                return message::failed();
            }
        };
        self.reactor.spawn(source.copy(body));
        let (sender, receiver) = oneshot::channel();
        let respond = move |response| {
            // Whoever asked may have gone.
            let _ = sender.send(response);
        };
        self.pool.submit(Job {
            request: message::request(head, to_guest),
            respond: Box::new(respond),
        });
        match receiver.await {
            Ok(Ok(response)) => message::response(response, &self.reactor),
            Ok(Err(code)) => {
                let code = Printable(&code);
                eprintln!("error: the program answered a request with an error: {code}");
                message::failed()
            }
            // It has said why.
            Err(oneshot::Canceled) => message::failed(),
        }
    }
}

/// A connection, as hyper reads and writes it.
struct Connection(Io);

impl Read for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; AT_ONCE];
        let room = to.remaining().min(AT_ONCE);
        self.0.poll_read(cx, &mut bytes[..room]).map_ok(|count| {
            to.put_slice(&bytes[..count]);
        })
    }
}

impl Write for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shutdown(self.0.fd(), Shutdown::Write).map_err(io::Error::from))
    }
}
