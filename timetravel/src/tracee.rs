//! A traced process: registers, memory, single steps, forks (ptrace(2), x86-64).

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{mem, ptr};

/// The general registers, as the kernel has them.
pub type General = libc::user_regs_struct;

/// The state that XSAVE saves, in its standard form: at least the legacy region and the header.
pub const LARGEST_XSTATE: usize = 4096;

/// The size of a `syscall` instruction's encoding.
const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// The way in which a process stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// By a signal, or an event of ptrace, which is in the upper bits.
    Stopped(i32),
    /// It exited with a code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
}

/// A process that is traced by this thread, and is killed when the value is dropped.
pub struct Tracee {
    pid: i32,
    memory: File,
    /// The address of a `syscall` instruction.
    gate: u64,
    is_alive: bool,
}

fn check(result: libc::c_long, step: &'static str) -> Result<libc::c_long> {
    match result {
        -1 => Err(Error::Ptrace {
            step,
            source: io::Error::last_os_error(),
        }),
        result => Ok(result),
    }
}

impl Tracee {
    /// Starts a program, which stops when it has been loaded.
    pub fn spawn(command: &mut Command) -> Result<Tracee> {
        // SAFETY: ptrace(PTRACE_TRACEME) is async-signal-safe.
        unsafe {
            command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            });
        }
        let pid = command.spawn().map_err(Error::Start)?.id() as i32;
        if let end @ (Wait::Exited(_) | Wait::Killed(_)) = wait(pid)? {
            return Err(Error::NotReady(format!("ended ({end:?})")));
        }
        let tracee = Tracee::of(pid, 0)?;
        tracee.set_options(libc::PTRACE_O_EXITKILL)?;
        Ok(tracee)
    }

    fn set_options(&self, options: i32) -> Result<()> {
        // SAFETY: the request reads no memory of ours.
        let set = unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, self.pid, 0, options) };
        check(set, "set the options of tracing").map(|_| ())
    }

    fn of(pid: i32, gate: u64) -> Result<Tracee> {
        let path = format!("/proc/{pid}/mem");
        // After the program has been loaded: the file is of the memory that there is when it is opened.
        let memory = OpenOptions::new().read(true).write(true).open(path);
        let memory = memory.map_err(|source| Error::Ptrace {
            step: "open the memory of the process",
            source,
        })?;
        Ok(Tracee {
            pid,
            memory,
            gate,
            is_alive: true,
        })
    }

    /// The process's number.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Reads memory.
    pub fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        let read = self.memory.read_exact_at(bytes, address);
        read.map_err(|source| Error::Memory { address, source })
    }

    /// Reads as much memory as there is.
    pub fn read_some(&self, address: u64, bytes: &mut [u8]) -> usize {
        self.memory.read_at(bytes, address).unwrap_or(0)
    }

    /// Writes memory, whatever its protection.
    pub fn write(&self, address: u64, bytes: &[u8]) -> Result<()> {
        let written = self.memory.write_all_at(bytes, address);
        written.map_err(|source| Error::Memory { address, source })
    }

    /// Reads a word of 64 bits.
    pub fn word(&self, address: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// The general registers.
    pub fn registers(&self) -> Result<General> {
        // SAFETY: all of the structure's fields are integers.
        let mut registers: General = unsafe { mem::zeroed() };
        let to = ptr::from_mut(&mut registers);
        // SAFETY: `to` is a structure of the kind that the request fills.
        let got = unsafe { libc::ptrace(libc::PTRACE_GETREGS, self.pid, 0, to) };
        check(got, "read registers").map(|_| registers)
    }

    /// Sets the general registers.
    pub fn set_registers(&self, registers: &General) -> Result<()> {
        let from = ptr::from_ref(registers);
        // SAFETY: `from` is a structure of the kind that the request reads.
        let set = unsafe { libc::ptrace(libc::PTRACE_SETREGS, self.pid, 0, from) };
        check(set, "write registers").map(|_| ())
    }

    /// The floating-point and vector registers.
    pub fn xstate(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; LARGEST_XSTATE];
        let length = self.xstate_request(libc::PTRACE_GETREGSET, &mut bytes)?;
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Sets the floating-point and vector registers.
    pub fn set_xstate(&self, bytes: &mut [u8]) -> Result<()> {
        self.xstate_request(libc::PTRACE_SETREGSET, bytes)
            .map(|_| ())
    }

    fn xstate_request(&self, request: libc::c_uint, bytes: &mut [u8]) -> Result<usize> {
        const NT_X86_XSTATE: usize = 0x202;
        let mut vector = libc::iovec {
            iov_base: bytes.as_mut_ptr().cast(),
            iov_len: bytes.len(),
        };
        let vector_at = ptr::from_mut(&mut vector);
        // SAFETY: `vector` is of `bytes`, which outlives the request.
        let done = unsafe { libc::ptrace(request, self.pid, NT_X86_XSTATE, vector_at) };
        check(done, "access vector registers").map(|_| vector.iov_len)
    }

    /// The signal's information, where a signal stopped the process.
    pub fn signal_information(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0_u8; size_of::<libc::siginfo_t>()];
        // SAFETY: `bytes` are as many as the request fills.
        let got = unsafe { libc::ptrace(libc::PTRACE_GETSIGINFO, self.pid, 0, bytes.as_mut_ptr()) };
        check(got, "read a signal's information").map(|_| bytes)
    }

    /// A debug register.
    pub fn debug_register(&self, number: usize) -> Result<u64> {
        // SAFETY: errno is this thread's.
        unsafe { *libc::__errno_location() = 0 };
        let at = debug_register_offset(number);
        // SAFETY: the request reads no memory of ours.
        let value = unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, self.pid, at, 0) };
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(0) | None => Ok(value as u64),
            Some(_) => check(-1, "read a debug register").map(|_| 0),
        }
    }

    /// Sets a debug register.
    pub fn set_debug_register(&self, number: usize, value: u64) -> Result<()> {
        let at = debug_register_offset(number);
        // SAFETY: the request reads no memory of ours.
        let set = unsafe { libc::ptrace(libc::PTRACE_POKEUSER, self.pid, at, value) };
        check(set, "set a debug register").map(|_| ())
    }

    /// Lets the process run, with a signal unless it is 0; does not wait.
    pub fn resume(&self, signal: i32) -> Result<()> {
        // SAFETY: the request reads no memory of ours.
        let done = unsafe { libc::ptrace(libc::PTRACE_CONT, self.pid, 0, signal) };
        check(done, "resume the process").map(|_| ())
    }

    /// Waits until the process stops or ends.
    pub fn wait(&mut self) -> Result<Wait> {
        let how = wait(self.pid)?;
        self.is_alive = matches!(how, Wait::Stopped(_));
        Ok(how)
    }

    /// Executes one instruction.
    pub fn step(&mut self) -> Result<Wait> {
        // SAFETY: the request reads no memory of ours.
        let done = unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, self.pid, 0, 0) };
        check(done, "execute an instruction")?;
        self.wait()
    }

    /// Finds what forks need in what the process has mapped by now.
    pub fn prepare_forks(&mut self) -> Result<()> {
        for (start, end) in self.code()? {
            let mut bytes = vec![0; (end - start) as usize];
            let length = self.read_some(start, &mut bytes);
            let mut windows = bytes[..length].windows(2);
            if let Some(at) = windows.position(|it| it == SYSCALL) {
                self.gate = start + at as u64;
                return Ok(());
            }
        }
        Err(Error::Ended("it has no instruction for system calls"))
    }

    /// Ranges of code of files, the dynamic loader's first.
    fn code(&self) -> Result<Vec<(u64, u64)>> {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.pid));
        let maps = maps.map_err(|source| Error::Ptrace {
            step: "read the mappings of the process",
            source,
        })?;
        let rows = maps.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let (start, end) = words.next()?.split_once('-')?;
            let is_code = words.next()?.contains("xp");
            let file = words.nth(3).filter(|it| it.starts_with('/'))?;
            let range = (
                u64::from_str_radix(start, 16).ok()?,
                u64::from_str_radix(end, 16).ok()?,
            );
            is_code.then_some((!file.contains("/ld-"), range))
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable();
        Ok(rows.into_iter().map(|(_, range)| range).collect())
    }

    /// Forks the process, which is stopped; both are as it is.
    ///
    /// The new process is a child of ours (CLONE_PARENT): as a child of the traced one it would stay a zombie until that one ends. It
    /// sends no SIGCHLD to that one either, which would interrupt a system call of its. Only while it is made are new processes traced:
    /// a thread that the host starts, for a trap's report, runs freely.
    pub fn fork(&mut self) -> Result<Tracee> {
        self.set_options(libc::PTRACE_O_EXITKILL | libc::PTRACE_O_TRACECLONE)?;
        let child = self.clone_process();
        self.set_options(libc::PTRACE_O_EXITKILL)?;
        let child = child?;
        child.set_options(libc::PTRACE_O_EXITKILL)?;
        Ok(child)
    }

    fn clone_process(&mut self) -> Result<Tracee> {
        let saved = self.registers()?;
        let mut call = saved;
        (call.rax, call.orig_rax) = (libc::SYS_clone as u64, u64::MAX);
        call.rdi = libc::CLONE_PARENT as u64;
        (call.rsi, call.rdx, call.r10, call.r8, call.r9) = (0, 0, 0, 0, 0);
        call.rip = self.gate;
        self.set_registers(&call)?;
        let mut child = None;
        while child.is_none() {
            match self.step()? {
                Wait::Stopped(status) if status >> 8 == libc::PTRACE_EVENT_CLONE => {
                    let mut pid: libc::c_ulong = 0;
                    let to = ptr::from_mut(&mut pid);
                    // SAFETY: `to` is a word, as the request writes.
                    let got = unsafe { libc::ptrace(libc::PTRACE_GETEVENTMSG, self.pid, 0, to) };
                    check(got, "learn of a fork")?;
                    child = Some(pid as i32);
                }
                Wait::Stopped(_) if self.registers()?.rip == self.gate => {}
                Wait::Stopped(_) => break,
                Wait::Exited(_) | Wait::Killed(_) => return Err(Error::Ended("at a fork")),
            }
        }
        if child.is_some() {
            self.step()?;
        }
        self.set_registers(&saved)?;
        let Some(child) = child else {
            return Err(Error::Ptrace {
                step: "fork the process",
                source: io::Error::from_raw_os_error(libc::EAGAIN),
            });
        };
        wait(child)?;
        let child = Tracee::of(child, self.gate)?;
        child.set_registers(&saved)?;
        Ok(child)
    }

    /// Maps pages that can be written and executed; where they are.
    pub fn map(&mut self, length: u64) -> Result<u64> {
        let saved = self.registers()?;
        let mut call = saved;
        (call.rax, call.orig_rax) = (libc::SYS_mmap as u64, u64::MAX);
        (call.rdi, call.rsi, call.rip) = (0, length, self.gate);
        call.rdx = (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC) as u64;
        call.r10 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
        (call.r8, call.r9) = (u64::MAX, 0);
        self.set_registers(&call)?;
        self.step()?;
        let mapped = self.registers()?.rax;
        self.set_registers(&saved)?;
        match mapped as i64 {
            error @ -4095..0 => Err(Error::Ptrace {
                step: "map memory for the debugger",
                source: io::Error::from_raw_os_error(-error as i32),
            }),
            _ => Ok(mapped),
        }
    }

    /// The CPU time that the process has taken, in nanoseconds.
    pub fn cpu_time(&self) -> u64 {
        let mut clock = 0;
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: both are written as their types say.
        let failed = unsafe {
            libc::clock_getcpuclockid(self.pid, &mut clock) != 0
                || libc::clock_gettime(clock, &mut time) != 0
        };
        match failed {
            true => 0,
            false => time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64,
        }
    }

    /// Bytes of memory that only this process has.
    pub fn own_memory(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid));
        let text = text.unwrap_or_default();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Private_Dirty:"));
        let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) << 10
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        if self.is_alive {
            // SAFETY: no memory is involved; the process is ours and has not been reaped.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
            while let Ok(Wait::Stopped(_)) = wait(self.pid) {}
        }
    }
}

/// The place of a debug register in `struct user` (sys/user.h, u_debugreg).
fn debug_register_offset(number: usize) -> usize {
    848 + 8 * number
}

fn wait(pid: i32) -> Result<Wait> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is written.
        match unsafe { libc::waitpid(pid, &mut status, libc::__WALL) } {
            -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            -1 => return check(-1, "wait for the process").map(|_| Wait::Exited(0)),
            _ => break,
        }
    }
    Ok(if libc::WIFEXITED(status) {
        Wait::Exited(libc::WEXITSTATUS(status))
    } else if libc::WIFSIGNALED(status) {
        Wait::Killed(libc::WTERMSIG(status))
    } else {
        Wait::Stopped(status >> 8)
    })
}
