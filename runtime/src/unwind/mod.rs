//! Entering guest code and leaving it by way of its frames: the entry ([`enter`]), what it keeps for the way out ([`activation`]),
//! signals that instructions raise ([`signal`]), the way of exceptions to their handlers ([`exception`]), and the walk along frame
//! pointers ([`walk`]) to its [`frames`], which samples ([`sampler`]) and the frames of other threads ([`snapshot`]) are made of as well.
//! Nothing here knows a store: whoever enters gives a pointer to its own, and gets that back.

pub mod activation;
pub mod enter;
pub mod exception;
pub mod frames;
pub mod interrupted;
pub mod sampler;
pub mod signal;
pub mod snapshot;
pub mod walk;
