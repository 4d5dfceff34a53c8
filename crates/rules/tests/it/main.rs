//! Rules as a whole: outside test data, what ships inside the product, handing alerts over.

mod conformance;
mod handing_over;
mod shipped;
