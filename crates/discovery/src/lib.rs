//! Finds things to scrape and publishes target groups.
