//! Error numbers of WASI, and which one an error of the host is.

use rustix::io::Errno as Os;
use std::io;

macro_rules! errnos {
    ($($name:ident = $number:literal $($os:ident)|*, $meaning:literal;)*) => {
        /// An error number (witx `errno`).
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u16)]
        pub enum Errno {
            $(#[doc = $meaning] $name = $number,)*
        }

        impl From<Os> for Errno {
            fn from(os: Os) -> Errno {
                match os {
                    $($(Os::$os => Errno::$name,)*)*
                    // Not in WASI's list: the call failed, and the guest has no word for why.
                    _ => Errno::Io,
                }
            }
        }
    };
}

errnos! {
    Success = 0, "No error occurred.";
    TooBig = 1 TOOBIG, "Argument list too long.";
    Acces = 2 ACCESS, "Permission denied.";
    Addrinuse = 3 ADDRINUSE, "Address in use.";
    Addrnotavail = 4 ADDRNOTAVAIL, "Address not available.";
    Afnosupport = 5 AFNOSUPPORT, "Address family not supported.";
    Again = 6 AGAIN, "Resource unavailable, or operation would block.";
    Already = 7 ALREADY, "Connection already in progress.";
    Badf = 8 BADF, "Bad file descriptor.";
    Badmsg = 9 BADMSG, "Bad message.";
    Busy = 10 BUSY, "Device or resource busy.";
    Canceled = 11 CANCELED, "Operation canceled.";
    Child = 12 CHILD, "No child processes.";
    Connaborted = 13 CONNABORTED, "Connection aborted.";
    Connrefused = 14 CONNREFUSED, "Connection refused.";
    Connreset = 15 CONNRESET, "Connection reset.";
    Deadlk = 16 DEADLK, "Resource deadlock would occur.";
    Destaddrreq = 17 DESTADDRREQ, "Destination address required.";
    Dom = 18 DOM, "Mathematics argument out of domain of function.";
    Dquot = 19 DQUOT, "Reserved.";
    Exist = 20 EXIST, "File exists.";
    Fault = 21 FAULT, "Bad address.";
    Fbig = 22 FBIG, "File too large.";
    Hostunreach = 23 HOSTUNREACH, "Host is unreachable.";
    Idrm = 24 IDRM, "Identifier removed.";
    Ilseq = 25 ILSEQ, "Illegal byte sequence.";
    Inprogress = 26 INPROGRESS, "Operation in progress.";
    Intr = 27 INTR, "Interrupted function.";
    Inval = 28 INVAL, "Invalid argument.";
    Io = 29 IO, "I/O error.";
    Isconn = 30 ISCONN, "Socket is connected.";
    Isdir = 31 ISDIR, "Is a directory.";
    Loop = 32 LOOP, "Too many levels of symbolic links.";
    Mfile = 33 MFILE, "File descriptor value too large.";
    Mlink = 34 MLINK, "Too many links.";
    Msgsize = 35 MSGSIZE, "Message too large.";
    Multihop = 36 MULTIHOP, "Reserved.";
    Nametoolong = 37 NAMETOOLONG, "Filename too long.";
    Netdown = 38 NETDOWN, "Network is down.";
    Netreset = 39 NETRESET, "Connection aborted by network.";
    Netunreach = 40 NETUNREACH, "Network unreachable.";
    Nfile = 41 NFILE, "Too many files open in system.";
    Nobufs = 42 NOBUFS, "No buffer space available.";
    Nodev = 43 NODEV, "No such device.";
    Noent = 44 NOENT, "No such file or directory.";
    Noexec = 45 NOEXEC, "Executable file format error.";
    Nolck = 46 NOLCK, "No locks available.";
    Nolink = 47 NOLINK, "Reserved.";
    Nomem = 48 NOMEM, "Not enough space.";
    Nomsg = 49 NOMSG, "No message of the desired type.";
    Noprotoopt = 50 NOPROTOOPT, "Protocol not available.";
    Nospc = 51 NOSPC, "No space left on device.";
    Nosys = 52 NOSYS, "Function not supported.";
    Notconn = 53 NOTCONN, "The socket is not connected.";
    Notdir = 54 NOTDIR, "Not a directory or a symbolic link to a directory.";
    Notempty = 55 NOTEMPTY, "Directory not empty.";
    Notrecoverable = 56 NOTRECOVERABLE, "State not recoverable.";
    Notsock = 57 NOTSOCK, "Not a socket.";
    Notsup = 58 OPNOTSUPP, "Not supported, or operation not supported on socket.";
    Notty = 59 NOTTY, "Inappropriate I/O control operation.";
    Nxio = 60 NXIO, "No such device or address.";
    Overflow = 61 OVERFLOW, "Value too large to be stored in data type.";
    Ownerdead = 62 OWNERDEAD, "Previous owner died.";
    Perm = 63 PERM, "Operation not permitted.";
    Pipe = 64 PIPE, "Broken pipe.";
    Proto = 65 PROTO, "Protocol error.";
    Protonosupport = 66 PROTONOSUPPORT, "Protocol not supported.";
    Prototype = 67 PROTOTYPE, "Protocol wrong type for socket.";
    Range = 68 RANGE, "Result too large.";
    Rofs = 69 ROFS, "Read-only file system.";
    Spipe = 70 SPIPE, "Invalid seek.";
    Srch = 71 SRCH, "No such process.";
    Stale = 72 STALE, "Reserved.";
    Timedout = 73 TIMEDOUT, "Connection timed out.";
    Txtbsy = 74 TXTBSY, "Text file busy.";
    Xdev = 75 XDEV, "Cross-device link.";
    Notcapable = 76, "Capabilities insufficient.";
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Errno {
        if let Some(os) = Os::from_io_error(&error) {
            return os.into();
        }
        match error.kind() {
            // cap_std's own words for a path that leads out of its directory; the system's refusal has a number (`Acces`).
            io::ErrorKind::PermissionDenied => Errno::Perm,
            io::ErrorKind::NotFound => Errno::Noent,
            io::ErrorKind::AlreadyExists => Errno::Exist,
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Errno::Inval,
            io::ErrorKind::WouldBlock => Errno::Again,
            io::ErrorKind::BrokenPipe => Errno::Pipe,
            io::ErrorKind::Interrupted => Errno::Intr,
            io::ErrorKind::Unsupported => Errno::Notsup,
            io::ErrorKind::NotADirectory => Errno::Notdir,
            io::ErrorKind::IsADirectory => Errno::Isdir,
            io::ErrorKind::StorageFull => Errno::Nospc,
            _ => Errno::Io,
        }
    }
}
