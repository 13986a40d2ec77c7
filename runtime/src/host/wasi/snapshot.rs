//! The two versions of the interface.

/// The version of the interface that a call came through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Snapshot {
    /// `wasi_unstable`, snapshot 0.
    Unstable,
    /// `wasi_snapshot_preview1`.
    Preview1,
}
