//! The script's message about a breakpoint that nothing matches: the nearest place.

use crate::args::Nearest;
use anyhow::{Context, Result};
use std::fs;

/// Prints the nearest place, as debuggers take it; nothing where none is near.
pub fn print(options: &Nearest) -> Result<()> {
    let image = fs::read(&options.image).with_context(|| options.image.display().to_string())?;
    if let Some(place) = dwalin_runtime::nearest(&image, &options.place) {
        println!("{place}");
    }
    Ok(())
}
