//! The two tables of functions: name, parameters in wasm's terms, and code.

use super::builder::WasiCtx;
use super::call::{Args, Call, Done};
use super::errno::Errno;
use super::memory::GuestMemory;
use super::snapshot::Snapshot;
use super::{args, clock, dir, fd, fd_io, file_times, open, path, poll, process, sock};

/// The type of a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Param {
    /// `i32`: a handle, a pointer, a length, flags.
    I32,
    /// `i64`: a file size or offset, a timestamp, rights, a cookie.
    I64,
}

/// The outcome of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The function returns this to the guest as its `i32` result.
    Errno(Errno),
    /// `proc_exit`: the program ends with this code, and the function does not return.
    Exit(i32),
}

/// A function that a guest can import.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The name it is imported by.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// True if it returns an `i32`; only `proc_exit` does not.
    pub has_result: bool,
    /// The code. The values are the parameters in order, an `i32` in the low half of its value.
    pub call: fn(&mut WasiCtx, &mut GuestMemory<'_>, &[u64]) -> Outcome,
}

fn finish(done: Done) -> Outcome {
    Outcome::Errno(done.err().unwrap_or(Errno::Success))
}

fn exit(_: &mut WasiCtx, _: &mut GuestMemory<'_>, args: &[u64]) -> Outcome {
    Outcome::Exit(Args::new(args).u32() as i32)
}

macro_rules! param {
    (i) => {
        Param::I32
    };
    (I) => {
        Param::I64
    };
}

// A row is `module::name(parameters)`, with `i` for an i32 and `I` for an i64.
macro_rules! table {
    ($snapshot:ident: $($module:ident::$name:ident($($param:ident)*))*) => {
        &[
            Function { name: "proc_exit", params: &[Param::I32], has_result: false, call: exit },
            $(Function {
                name: stringify!($name),
                params: &[$(param!($param)),*],
                has_result: true,
                call: |ctx, memory, args| {
                    let mut call = Call { ctx, memory, snapshot: Snapshot::$snapshot };
                    finish($module::$name(&mut call, &mut Args::new(args)))
                },
            },)*
        ]
    };
}

macro_rules! both_tables {
    ($($row:tt)*) => {
        /// `wasi_snapshot_preview1`: 46 functions.
        pub static FUNCTIONS: &[Function] = table!(Preview1: $($row)* sock::sock_accept(i i i));
        /// `wasi_unstable`: the same but for `sock_accept`, which is younger.
        pub static UNSTABLE_FUNCTIONS: &[Function] = table!(Unstable: $($row)*);
    };
}

both_tables! {
    args::args_get(i i)
    args::args_sizes_get(i i)
    args::environ_get(i i)
    args::environ_sizes_get(i i)
    clock::clock_res_get(i i)
    clock::clock_time_get(i I i)
    fd::fd_advise(i I I i)
    fd::fd_allocate(i I I)
    fd::fd_close(i)
    fd::fd_datasync(i)
    fd::fd_fdstat_get(i i)
    fd::fd_fdstat_set_flags(i i)
    fd::fd_fdstat_set_rights(i I I)
    fd::fd_filestat_get(i i)
    fd::fd_filestat_set_size(i I)
    file_times::fd_filestat_set_times(i I I i)
    fd_io::fd_pread(i i i I i)
    fd::fd_prestat_get(i i)
    fd::fd_prestat_dir_name(i i i)
    fd_io::fd_pwrite(i i i I i)
    fd_io::fd_read(i i i i)
    dir::fd_readdir(i i i I i)
    fd::fd_renumber(i i)
    fd_io::fd_seek(i I i i)
    fd::fd_sync(i)
    fd_io::fd_tell(i i)
    fd_io::fd_write(i i i i)
    path::path_create_directory(i i i)
    path::path_filestat_get(i i i i i)
    file_times::path_filestat_set_times(i i i i I I i)
    path::path_link(i i i i i i i)
    open::path_open(i i i i i I I i i)
    path::path_readlink(i i i i i i)
    path::path_remove_directory(i i i)
    path::path_rename(i i i i i i)
    path::path_symlink(i i i i i)
    path::path_unlink_file(i i i)
    poll::poll_oneoff(i i i i)
    process::proc_raise(i)
    process::sched_yield()
    process::random_get(i i)
    sock::sock_recv(i i i i i i)
    sock::sock_send(i i i i i)
    sock::sock_shutdown(i i)
}
