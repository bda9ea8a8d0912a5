//! Progress on a real pseudo-terminal: it fits, and a line of each stage stays.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod hermetic;
mod terminal;

use std::time::{Duration, SystemTime};

use hermetic::Hermetic;
use terminal::Terminal;

#[test]
fn a_line_of_each_stage_stays_and_none_is_wider_than_the_screen() {
    for columns in [30, 60, 200] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let hermetic = Hermetic::with_library(time);
        let mut command = hermetic.command();
        command.args(["organize", "library", "dated", "--yes"]);
        let mut terminal = Terminal::with_columns(&mut command, columns);
        terminal.wait("Undo with");
        assert_eq!(terminal.end(), 0, "{}", terminal.transcript());
        let rows = terminal.rows(usize::from(columns));
        let stages = ["Finding files", "Reading dates", "Checking bytes", "Acting"];
        let begins_a_stage = |row: &str| stages.iter().any(|stage| row.starts_with(stage));
        for stage in stages {
            // The last that is drawn of a stage is the line that stays.
            let row = rows.iter().rfind(|row| row.starts_with(stage)).unwrap();
            let whole = row.contains(" files") && row.ends_with(" s");
            assert!(whole || columns == 30, "{row:?} in {rows:?}");
        }
        if columns == 200 {
            let acted = rows.iter().rfind(|row| row.starts_with("Acting")).unwrap();
            assert!(acted.contains("15 files, 357.9 kB in "), "{acted}");
        }
        // No bar goes on in a second row, and leaves a scrap there.
        for row in rows.iter().filter(|row| row.contains(['█', '░']) || row.contains("/s")) {
            assert!(begins_a_stage(row), "{columns}: {row:?} in {rows:?}");
        }
    }
}

#[test]
fn nothing_is_drawn_where_nobody_looks() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let hermetic = Hermetic::with_library(time);
    let ran = hermetic.run(["scan", "library"]);
    assert_eq!(ran.stderr, "");
}
