//! Things that expose metrics on purpose.
