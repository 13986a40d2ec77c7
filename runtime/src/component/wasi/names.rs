//! Names of WASI 0.2 for numbers of preview 1.

use crate::component::val::Val;
use crate::host::wasi::Errno;

/// An `error-code` of `wasi:filesystem/types`.
pub(super) fn error_code(errno: Errno) -> &'static str {
    match errno {
        Errno::Acces => "access",
        Errno::Again => "would-block",
        Errno::Already => "already",
        Errno::Badf => "bad-descriptor",
        Errno::Busy => "busy",
        Errno::Deadlk => "deadlock",
        Errno::Dquot => "quota",
        Errno::Exist => "exist",
        Errno::Fbig => "file-too-large",
        Errno::Ilseq => "illegal-byte-sequence",
        Errno::Inprogress => "in-progress",
        Errno::Intr => "interrupted",
        Errno::Inval => "invalid",
        Errno::Isdir => "is-directory",
        Errno::Loop => "loop",
        Errno::Mlink => "too-many-links",
        Errno::Msgsize => "message-size",
        Errno::Nametoolong => "name-too-long",
        Errno::Nodev => "no-device",
        Errno::Noent => "no-entry",
        Errno::Nolck => "no-lock",
        Errno::Nomem => "insufficient-memory",
        Errno::Nospc => "insufficient-space",
        Errno::Notdir => "not-directory",
        Errno::Notempty => "not-empty",
        Errno::Notrecoverable => "not-recoverable",
        Errno::Notsup | Errno::Nosys => "unsupported",
        Errno::Notty => "no-tty",
        Errno::Nxio => "no-such-device",
        Errno::Overflow => "overflow",
        Errno::Perm | Errno::Notcapable => "not-permitted",
        Errno::Pipe => "pipe",
        Errno::Rofs => "read-only",
        Errno::Spipe => "invalid-seek",
        Errno::Txtbsy => "text-file-busy",
        Errno::Xdev => "cross-device",
        _ => "io",
    }
}

/// A `descriptor-type`, of a `filetype` of preview 1.
pub(super) fn descriptor_type(filetype: u8) -> Val {
    let name = match filetype {
        1 => "block-device",
        2 => "character-device",
        3 => "directory",
        4 => "regular-file",
        5 | 6 => "socket",
        7 => "symbolic-link",
        _ => "unknown",
    };
    Val::Enum(name.to_owned())
}

/// The bits of flags, by a table of names.
pub(super) fn bits(flags: &[String], table: &[(&str, u64)]) -> u64 {
    let bit = |flag: &String| {
        table
            .iter()
            .find(|(name, _)| name == flag)
            .map_or(0, |(_, bit)| *bit)
    };
    flags.iter().map(bit).fold(0, |all, bit| all | bit)
}
