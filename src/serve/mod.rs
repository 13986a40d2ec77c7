//! `dwalin serve`: a component of the `wasi:http/proxy` world answers requests, each in an instance of its own.
//!
//! ```text
//! reactor's thread: connections ─hyper→ requests ─Job→ pool: threads, the first one first ─→ wasi:http/incoming-handler#handle
//!                   responses   ←hyper─ Response ←─────────────── response-outparam.set
//! ```
//!
//! Guests wait in calls of the system, so that a debugger shows where; each has a thread for as long as it answers. All else is done in one
//! thread by poll(2): hyper asks for no more, and a runtime of tasks beside it would be many threads and crates for what is a loop here.

mod connection;
mod deadlines;
mod fields;
mod interrupt;
mod message;
mod pool;
mod reactor;
mod request;

use crate::args::Serve;
use crate::component;
use crate::program::Program;
use crate::run::say_before;
use anyhow::{Context, Result, bail};
use connection::{Limits, Server};
use dwalin_runtime::Engine;
use fields::GivenFields;
use pool::Pool;
use reactor::Reactor;
use request::Handler;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

/// Answers requests until it is interrupted.
pub fn serve(options: Serve) -> Result<ExitCode> {
    let limits = Limits {
        requests: options.max_concurrent_requests.get(),
        connections: options.max_concurrent_connections.get(),
    };
    let fields = GivenFields::parse(&options.headers)?;
    let (addr, options) = (options.addr, Arc::new(options.run));
    check(&options)?;
    let config = options
        .config()
        .context("--profile: cannot make the file")?;
    let engine = Engine::new(&config);
    let mut contents = Vec::new();
    let program = Program::read(&options, &mut contents)?;
    let Some(component) = program.component() else {
        bail!(
            "{}: a core module, and no component that answers HTTP (wasi:http/proxy): `dwalin run` runs it",
            options.file().display()
        );
    };
    // Before the program is compiled, which takes its time.
    let listener = TcpListener::bind(addr);
    let listener =
        listener.with_context(|| format!("--addr {addr}: cannot take requests there"))?;
    let served = component::load_to_serve(&options, &engine, &component)?;
    say_before(&served.program, &options);
    // So that a mistake in options is told now.
    drop(crate::run::context(&options)?);
    let addr = listener.local_addr()?;
    let handler = Handler::new(options, served)?;
    answer_all(listener, addr, handler, limits, fields)?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses options of `dwalin run` that have no meaning for a program which answers more than once.
fn check(options: &crate::args::Run) -> Result<()> {
    let file = options.file().display();
    if options.program.len() > 1 {
        bail!("{file}: a program that answers HTTP has no arguments");
    }
    if let Some(crate::backtrace::Backtrace::JsonTo(_)) = options.backtrace {
        bail!(
            "{file}: --backtrace=json:FILE: there may be a report for each request; --backtrace=json writes them on standard error"
        );
    }
    Ok(())
}

fn answer_all(
    listener: TcpListener,
    addr: SocketAddr,
    handler: Handler,
    limits: Limits,
    fields: GivenFields,
) -> Result<()> {
    let handler = Arc::new(handler);
    let (pool, worker) = Pool::new(limits.requests, handler.stack_size(), move |job| {
        handler.answer(job);
    });
    let pool = Arc::new(pool);
    let interrupted = interrupt::descriptor().context("cannot wait for an interrupt")?;
    let thread = std::thread::Builder::new().name("dwalin-http".to_owned());
    let serving = move || {
        let served = Reactor::new().map(Rc::new).and_then(|reactor| {
            let server = Server::new(reactor, pool.clone(), limits.connections, fields);
            server.run(listener, interrupted)
        });
        pool.end();
        served
    };
    let serving = thread.spawn(serving).context("cannot start a thread")?;
    eprintln!("Serving HTTP on http://{addr}/");
    worker.work();
    match serving.join() {
        Ok(served) => Ok(served?),
        Err(_) => bail!("the thread that speaks HTTP panicked"),
    }
}
