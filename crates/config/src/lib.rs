//! Every file a user writes, as data: as written, then effective.
