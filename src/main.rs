//! The command line of Clean-Backup.

fn main() {}
