//! An expression, and the frames of a stopped guest → a place in its memory.
//!
//! ```text
//! text ─expression→ tree ─variable→ the first type and place ─member, element, target→ Found ─text→ the value of some bytes
//! ```

mod member;
mod place;
mod text;
mod value;
mod variable;

pub(crate) use place::find;
pub(crate) use text::text;
pub use value::FrameAt;
