//! Tasks of one thread, which wait for descriptors by poll(2).

use super::deadlines::Deadlines;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::OwnedFd;
use rustix::io::{Errno, read, write};
use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Tasks, and what they wait for.
pub struct Reactor {
    /// Written to where a task is woken by another thread.
    event: Arc<OwnedFd>,
    interests: RefCell<Vec<Interest>>,
    spawned: RefCell<Vec<Task>>,
    /// The times that tasks wait for.
    pub deadlines: Arc<Deadlines>,
}

/// A task that waits for a descriptor.
struct Interest {
    fd: Rc<OwnedFd>,
    flags: PollFlags,
    waker: Waker,
}

/// A task that may go on.
struct Ready {
    is: AtomicBool,
    event: Arc<OwnedFd>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        if !self.is.swap(true, Ordering::Release) {
            // It is full if nobody has looked since: then it is read.
            let _ = write(&self.event, &1u64.to_ne_bytes());
        }
    }
}

impl Reactor {
    /// A reactor without tasks.
    pub fn new() -> io::Result<Reactor> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Reactor {
            event: Arc::new(event),
            interests: RefCell::default(),
            spawned: RefCell::default(),
            deadlines: Arc::default(),
        })
    }

    /// Adds a task.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.spawned.borrow_mut().push(Box::pin(task));
    }

    /// Runs tasks until all have ended.
    pub fn run(&self) -> io::Result<()> {
        let mut tasks: Vec<(Task, Arc<Ready>)> = Vec::new();
        loop {
            for task in self.spawned.take() {
                let ready = Ready {
                    is: AtomicBool::new(true),
                    event: self.event.clone(),
                };
                tasks.push((task, Arc::new(ready)));
            }
            tasks.retain_mut(|(task, ready)| {
                if !ready.is.swap(false, Ordering::Acquire) {
                    return true;
                }
                let waker = Waker::from(ready.clone());
                task.as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            });
            if !self.spawned.borrow().is_empty() {
                continue;
            }
            if tasks.is_empty() {
                return Ok(());
            }
            self.wait()?;
        }
    }

    /// Waits until a descriptor or a task is ready, or a time has come.
    fn wait(&self) -> io::Result<()> {
        let interests = self.interests.take();
        let mut fds = vec![PollFd::new(&*self.event, PollFlags::IN)];
        let all = interests.iter();
        fds.extend(all.map(|interest| PollFd::new(&*interest.fd, interest.flags)));
        let timeout = self.deadlines.next().map(|left| Timespec {
            tv_sec: left.as_secs() as i64,
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let happened: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        self.deadlines.wake(Instant::now());
        // Empty if nothing was written.
        let _ = read(&*self.event, &mut [0; 8]);
        for (interest, happened) in interests.into_iter().zip(&happened[1..]) {
            match happened {
                true => interest.waker.wake(),
                false => self.interests.borrow_mut().push(interest),
            }
        }
        Ok(())
    }
}

/// A descriptor that does not wait.
pub struct Io {
    fd: Rc<OwnedFd>,
    reactor: Rc<Reactor>,
}

impl Drop for Io {
    fn drop(&mut self) {
        let mut interests = self.reactor.interests.borrow_mut();
        interests.retain(|interest| !Rc::ptr_eq(&interest.fd, &self.fd));
    }
}

impl Io {
    /// A descriptor with `O_NONBLOCK`.
    pub fn new(fd: OwnedFd, reactor: &Rc<Reactor>) -> Io {
        Io {
            fd: Rc::new(fd),
            reactor: reactor.clone(),
        }
    }

    /// Does something, or waits until it can be done.
    pub fn poll_with<R>(
        &self,
        cx: &Context<'_>,
        flags: PollFlags,
        mut action: impl FnMut(&OwnedFd) -> rustix::io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            match action(&self.fd) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.register(cx, flags);
                    return Poll::Pending;
                }
                result => return Poll::Ready(result.map_err(io::Error::from)),
            }
        }
    }

    /// Reads some bytes.
    pub fn poll_read(&self, cx: &Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_with(cx, PollFlags::IN, |fd| read(fd, &mut *bytes))
    }

    /// Writes some bytes.
    pub fn poll_write(&self, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_with(cx, PollFlags::OUT, |fd| write(fd, bytes))
    }

    /// The descriptor.
    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    fn register(&self, cx: &Context<'_>, flags: PollFlags) {
        let mut interests = self.reactor.interests.borrow_mut();
        // The last task that asked is the one to wake.
        interests.retain(|it| !(Rc::ptr_eq(&it.fd, &self.fd) && it.flags == flags));
        interests.push(Interest {
            fd: self.fd.clone(),
            flags,
            waker: cx.waker().clone(),
        });
    }
}
