//! The database on a simulated disk, from outside.

mod blocks;
mod bounds;
mod crash;
mod fixture;
mod full_disk;
mod ownership;
mod queries;
mod upstream;
