//! Error numbers of WASI, and which one a system's error is.

use rustix::io::Errno as Os;

macro_rules! errnos {
    ($($name:ident $os:ident)*; $($only:ident)*) => {
        /// An error number (witx type `errno`).
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u16)]
        #[expect(missing_docs, reason = "the names are POSIX's")]
        pub enum Errno { Success = 0, $($name,)* $($only,)* }

        impl From<Os> for Errno {
            fn from(error: Os) -> Errno {
                match error {
                    $(Os::$os => Errno::$name,)*
                    // Linux has more numbers than WASI.
                    _ => Errno::Io,
                }
            }
        }
    };
}

errnos! {
    Toobig TOOBIG Acces ACCESS Addrinuse ADDRINUSE Addrnotavail ADDRNOTAVAIL Afnosupport AFNOSUPPORT Again AGAIN
    Already ALREADY Badf BADF Badmsg BADMSG Busy BUSY Canceled CANCELED Child CHILD Connaborted CONNABORTED
    Connrefused CONNREFUSED Connreset CONNRESET Deadlk DEADLK Destaddrreq DESTADDRREQ Dom DOM Dquot DQUOT Exist EXIST
    Fault FAULT Fbig FBIG Hostunreach HOSTUNREACH Idrm IDRM Ilseq ILSEQ Inprogress INPROGRESS Intr INTR Inval INVAL Io IO
    Isconn ISCONN Isdir ISDIR Loop LOOP Mfile MFILE Mlink MLINK Msgsize MSGSIZE Multihop MULTIHOP Nametoolong NAMETOOLONG
    Netdown NETDOWN Netreset NETRESET Netunreach NETUNREACH Nfile NFILE Nobufs NOBUFS Nodev NODEV Noent NOENT
    Noexec NOEXEC Nolck NOLCK Nolink NOLINK Nomem NOMEM Nomsg NOMSG Noprotoopt NOPROTOOPT Nospc NOSPC Nosys NOSYS
    Notconn NOTCONN Notdir NOTDIR Notempty NOTEMPTY Notrecoverable NOTRECOVERABLE Notsock NOTSOCK Notsup NOTSUP
    Notty NOTTY Nxio NXIO Overflow OVERFLOW Ownerdead OWNERDEAD Perm PERM Pipe PIPE Proto PROTO
    Protonosupport PROTONOSUPPORT Prototype PROTOTYPE Range RANGE Rofs ROFS Spipe SPIPE Srch SRCH Stale STALE
    Timedout TIMEDOUT Txtbsy TXTBSY Xdev XDEV;
    Notcapable
}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Errno {
        match Os::from_io_error(&error) {
            Some(os) => os.into(),
            None => match error.kind() {
                std::io::ErrorKind::NotFound => Errno::Noent,
                // cap-primitives' refusal to leave a directory.
                std::io::ErrorKind::PermissionDenied => Errno::Perm,
                std::io::ErrorKind::AlreadyExists => Errno::Exist,
                std::io::ErrorKind::InvalidInput => Errno::Inval,
                std::io::ErrorKind::NotADirectory => Errno::Notdir,
                std::io::ErrorKind::IsADirectory => Errno::Isdir,
                std::io::ErrorKind::Unsupported => Errno::Notsup,
                _ => Errno::Io,
            },
        }
    }
}
