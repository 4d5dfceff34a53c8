//! Everything a person or a tool asks over HTTP.
