//! The collectors that there are.

/// The collector of a store's structures and arrays.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Collector {
    /// The best that there is: [`Collector::MarkSweep`].
    #[default]
    Auto,
    /// None: objects live as long as their store.
    Null,
    /// Objects that cannot be reached any longer are freed; none moves.
    MarkSweep,
}
