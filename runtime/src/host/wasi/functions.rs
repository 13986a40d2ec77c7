//! All functions, one row each: name, parameters in wasm's terms (`i`: i32, `I`: i64), and the code.

use super::memory::{GuestMemory, Slice};
use super::{Done, Snapshot, WasiCtx, args, clock, dir, fd, io, path, poll, process, socket};

/// The arguments of a call, taken in order.
pub struct Args<'a>(std::slice::Iter<'a, u64>);

impl<'a> Args<'a> {
    /// Of as many values as the function has parameters.
    pub fn new(values: &'a [u64]) -> Args<'a> {
        Args(values.iter())
    }

    /// The next.
    pub fn u64(&mut self) -> u64 {
        *self
            .0
            .next()
            .expect("as many arguments as the row has parameters")
    }

    /// The next, an i32.
    pub fn u32(&mut self) -> u32 {
        self.u64() as u32
    }

    /// The next, a flag set of 16 bits.
    pub fn u16(&mut self) -> u16 {
        self.u64() as u16
    }

    /// The next two, pointer and length.
    pub fn slice(&mut self) -> Slice {
        Slice {
            start: self.u32(),
            len: self.u32(),
        }
    }
}

/// What a function works on.
pub struct Call<'a, 'm> {
    /// The program.
    pub ctx: &'a mut WasiCtx,
    /// Its memory.
    pub memory: &'a mut GuestMemory<'m>,
    /// The version of the interface.
    pub snapshot: Snapshot,
}

/// A row.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static str,
    /// What it does.
    pub call: fn(&mut Call<'_, '_>, &mut Args<'_>) -> Done,
}

macro_rules! functions {
    ($($name:ident $params:literal $module:ident;)*) => {
        /// All functions.
        pub static FUNCTIONS: &[Function] = &[$(Function { name: stringify!($name), params: $params, call: $module::$name },)*];
    };
}

functions! {
    args_get "ii" args;
    args_sizes_get "ii" args;
    environ_get "ii" args;
    environ_sizes_get "ii" args;
    clock_res_get "ii" clock;
    clock_time_get "iIi" clock;
    fd_advise "iIIi" fd;
    fd_allocate "iII" fd;
    fd_close "i" fd;
    fd_datasync "i" fd;
    fd_fdstat_get "ii" fd;
    fd_fdstat_set_flags "ii" fd;
    fd_fdstat_set_rights "iII" fd;
    fd_filestat_get "ii" fd;
    fd_filestat_set_size "iI" fd;
    fd_filestat_set_times "iIIi" fd;
    fd_pread "iiiIi" io;
    fd_prestat_get "ii" fd;
    fd_prestat_dir_name "iii" fd;
    fd_pwrite "iiiIi" io;
    fd_read "iiii" io;
    fd_readdir "iiiIi" dir;
    fd_renumber "ii" fd;
    fd_seek "iIii" io;
    fd_sync "i" fd;
    fd_tell "ii" io;
    fd_write "iiii" io;
    path_create_directory "iii" path;
    path_filestat_get "iiiii" path;
    path_filestat_set_times "iiiiIIi" path;
    path_link "iiiiiii" path;
    path_open "iiiiiIIii" path;
    path_readlink "iiiiii" path;
    path_remove_directory "iii" path;
    path_rename "iiiiii" path;
    path_symlink "iiiii" path;
    path_unlink_file "iii" path;
    poll_oneoff "iiii" poll;
    proc_exit "i" process;
    proc_raise "i" process;
    sched_yield "" process;
    random_get "ii" process;
    sock_accept "iii" socket;
    sock_recv "iiiiii" socket;
    sock_send "iiiii" socket;
    sock_shutdown "ii" socket;
}
