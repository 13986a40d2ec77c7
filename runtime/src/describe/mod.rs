//! Placed code, shown to debuggers: its [`image`], kept for the next process ([`cached_image`]) at addresses that are likely to be free
//! there too ([`placement`]).

pub mod cached_image;
pub mod image;
mod image_file;
mod offer;
pub mod placement;
pub mod places;
pub mod shown;
