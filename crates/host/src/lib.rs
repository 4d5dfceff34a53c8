//! The world: files, clocks, sockets, threads; with a simulated twin.
