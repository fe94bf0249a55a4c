//! The index over a shop in memory that runs the real domain.

mod history;
mod pages;
mod relevance;
pub(crate) mod shelf;
