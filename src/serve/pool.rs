//! Threads for guests: one that waits is given what is to be done, else there is a new one. The first is the process's, which debuggers show
//! first, and has what comes where it is free.

use super::request::Job;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Threads that answer.
pub struct Pool(Arc<Shared>);

/// The thread that is there from the beginning.
pub struct Worker(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Notified for the first thread, and for others.
    first: Condvar,
    others: Condvar,
    answer: Box<dyn Fn(Job) + Send + Sync>,
    stack_size: usize,
    /// The most threads: what comes beyond that waits.
    most: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    is_first_idle: bool,
    idle: usize,
    has_ended: bool,
}

impl Pool {
    /// A pool of so many threads at most, which do the same, and its first thread.
    pub fn new(
        most: usize,
        stack_size: usize,
        answer: impl Fn(Job) + Send + Sync + 'static,
    ) -> (Pool, Worker) {
        let state = State {
            threads: 1,
            ..State::default()
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            first: Condvar::new(),
            others: Condvar::new(),
            answer: Box::new(answer),
            stack_size,
            most,
        });
        (Pool(shared.clone()), Worker(shared))
    }

    /// Has something answered.
    pub fn submit(&self, job: Job) {
        let mut state = self.0.state();
        state.jobs.push_back(job);
        let waiting = state.jobs.len();
        if state.is_first_idle {
            self.0.first.notify_one();
        }
        if waiting <= usize::from(state.is_first_idle) {
            return;
        }
        if waiting <= state.idle + usize::from(state.is_first_idle) {
            self.0.others.notify_one();
            return;
        }
        if state.threads >= self.0.most {
            return;
        }
        let (shared, number) = (self.0.clone(), state.threads);
        let thread = std::thread::Builder::new()
            .name(format!("handler-{number}"))
            .stack_size(self.0.stack_size);
        // Where there can be no more threads, those that there are come to it.
        if thread.spawn(move || shared.work(false)).is_ok() {
            state.threads += 1;
        }
    }

    /// Ends the threads when they have done what there is.
    pub fn end(&self) {
        self.0.state().has_ended = true;
        self.0.first.notify_all();
        self.0.others.notify_all();
    }
}

impl Worker {
    /// Does what there is until the pool ends.
    pub fn work(self) {
        self.0.work(true);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Contents are valid after each step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, is_first: bool) {
        while let Some(job) = self.next(is_first) {
            (self.answer)(job);
        }
    }

    fn next(&self, is_first: bool) -> Option<Job> {
        let mut state = self.state();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.has_ended {
                return None;
            }
            let condition = match is_first {
                true => &self.first,
                false => &self.others,
            };
            state.wait(is_first, 1);
            state = condition
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.wait(is_first, -1);
        }
    }
}

impl State {
    /// Counts a thread that waits, or does not any more.
    fn wait(&mut self, is_first: bool, by: isize) {
        match is_first {
            true => self.is_first_idle = by > 0,
            false => self.idle = self.idle.wrapping_add_signed(by),
        }
    }
}
