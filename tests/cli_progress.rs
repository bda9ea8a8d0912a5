//! Progress on a real pseudo-terminal: it fits, and a line of each stage stays.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod hermetic;
mod terminal;

use std::fs;
use std::path::Path;
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
fn figures_leave_room_for_the_bar() {
    let hermetic = Hermetic::new();
    let card = hermetic.work().join("card");
    fs::create_dir(&card).unwrap();
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/jpeg/8x8-tiny.jpg");
    let mut bytes = fs::read(tiny).unwrap();
    // So many that a stage takes a while, and tells how long.
    for number in 0..1000_u32 {
        bytes.extend(number.to_le_bytes());
        fs::write(card.join(format!("{number}.jpg")), &bytes).unwrap();
    }
    let mut command = hermetic.command();
    command.args(["organize", "card", "dated", "--yes", "--preflight", "exact"]);
    let mut terminal = Terminal::with_columns(&mut command, 48);
    terminal.wait("Undo with");
    assert_eq!(terminal.end(), 0, "{}", terminal.transcript());
    let rows = terminal.rows(48);
    let is_bar = |row: &&String| row.contains('/') && row.contains(" left");
    for row in rows.iter().filter(is_bar) {
        let cells = row.chars().filter(|cell| ['█', '░'].contains(cell)).count();
        assert!(cells >= 8, "{row:?}");
    }
    println!("{} bars were drawn", rows.iter().filter(is_bar).count());
}

#[test]
fn nothing_is_drawn_where_nobody_looks() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let hermetic = Hermetic::with_library(time);
    let ran = hermetic.run(["scan", "library"]);
    assert_eq!(ran.stderr, "");
}
