//! The menu, on a real pseudo-terminal.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;
mod terminal;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use hermetic::Hermetic;
use terminal::{CTRL_C, DOWN, ENTER, ESCAPE, TAB, Terminal};

/// The library, in a folder whose name a shell would take apart.
fn library() -> Hermetic {
    let hermetic =
        Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    fs::rename(hermetic.work().join("library"), hermetic.work().join("it's mine")).unwrap();
    hermetic
}

fn menu(hermetic: &Hermetic, flags: &[&str]) -> Terminal {
    let mut terminal = Terminal::start(hermetic.command().args(flags));
    terminal.wait("What would you like to do?");
    terminal
}

/// Up to the question what shall be done with duplicates. The first entry of the menu is chosen,
/// the folder typed as far as it is needed, completed, and no other one named.
fn ask_for_duplicates(terminal: &mut Terminal) {
    terminal.press(ENTER);
    terminal.answer("Folder with pictures:", "it");
    terminal.wait("it's mine/");
    terminal.press(TAB);
    terminal.answer("it's mine/", ENTER);
    terminal.answer("Another folder", ENTER);
    terminal.answer("Reference folder", ENTER);
    terminal.answer("How different may copies be?", ENTER);
    terminal.wait("What should be done with them?");
}

#[test]
fn duplicates_are_moved_aside_and_come_back() {
    let hermetic = library();
    let before = hermetic.contents();
    let mut terminal = menu(&hermetic, &["--cpu", "--no-progress"]);
    ask_for_duplicates(&mut terminal);
    terminal.press(DOWN);
    terminal.press(DOWN);
    terminal.press(ENTER);
    // What will happen is shown before it happens.
    let shown = terminal.wait("? [y/N]");
    let question =
        "Move 6 files (160.4 kB) aside into it's mine/.clean-backup/quarantine (new folder)? [y/N]";
    assert!(shown.contains("duplicates in") && shown.ends_with(question), "{shown}");
    assert_eq!(hermetic.contents(), before);
    terminal.press("y\r");
    let shown = terminal.wait("What would you like to do?");
    let (_, line) = shown.split_once("The same without the menu: ").unwrap();
    let line = line.lines().next().unwrap().trim();
    assert_eq!(
        line,
        "clean-backup --cpu --no-progress dedupe 'it'\\''s mine/' --action quarantine"
    );
    assert_ne!(hermetic.contents(), before);

    // History and undo.
    terminal.press(&[DOWN, DOWN, DOWN, DOWN, ENTER].concat());
    terminal.answer("Which run?", ENTER);
    terminal.answer("What should be done with it?", &[DOWN, ENTER].concat());
    terminal.answer("back into it's mine? [y/N]", "y\r");
    terminal.wait("What would you like to do?");
    assert_eq!(hermetic.contents(), before);
    terminal.press(ESCAPE);
    assert_eq!(terminal.end(), 0);
    println!("{}", terminal.transcript());

    // The line that was shown does the same in a shell.
    let program = Path::new(env!("CARGO_BIN_EXE_clean-backup")).parent().unwrap();
    let ran = hermetic.command();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("PATH={}:$PATH; {line} --yes", program.display())]);
    shell.current_dir(hermetic.work()).env_clear().env("PATH", "/usr/bin:/bin");
    for (name, value) in ran.get_envs() {
        shell.env(name, value.unwrap());
    }
    let ran = hermetic.finish(shell.output().unwrap());
    assert!(ran.stdout.contains("moved"), "{}", ran.all());
    assert_ne!(hermetic.contents(), before);
}

#[test]
fn ctrl_c_leaves_everything_as_it_was() {
    let hermetic = library();
    let before = hermetic.contents();
    // At the first question, at a path, at the last question.
    let mut terminal = menu(&hermetic, &[]);
    terminal.press(CTRL_C);
    assert_eq!(terminal.end(), 130);
    let mut terminal = menu(&hermetic, &[]);
    terminal.press(ENTER);
    terminal.answer("Folder with pictures:", CTRL_C);
    assert_eq!(terminal.end(), 130);
    let mut terminal = menu(&hermetic, &["--cpu"]);
    ask_for_duplicates(&mut terminal);
    terminal.press(&[DOWN, DOWN, ENTER].concat());
    terminal.answer("? [y/N]", CTRL_C);
    assert_eq!(terminal.end(), 130);
    assert_eq!(hermetic.contents(), before);
    assert!(!hermetic.root().join("state/clean-backup/runs").exists());
}

#[test]
fn no_is_no_and_look_alikes_are_not_deleted() {
    let hermetic = library();
    fs::remove_file(hermetic.work().join("it's mine/export/lake copy.jpg")).unwrap();
    let before = hermetic.contents();
    let mut terminal = menu(&hermetic, &["--cpu"]);
    ask_for_duplicates(&mut terminal);
    terminal.press(&[DOWN, DOWN, ENTER].concat());
    terminal.answer("? [y/N]", ENTER);
    // The menu comes back after what did not happen.
    terminal.wait("Nothing was changed.");
    terminal.wait("What would you like to do?");
    ask_for_duplicates(&mut terminal);
    terminal.press(&[DOWN; 6].concat());
    terminal.press(ENTER);
    // What only looks the same is not deleted before it lay in quarantine.
    terminal.wait("only looks the same");
    terminal.wait("Nothing to do.");
    terminal.wait("What would you like to do?");
    assert_eq!(hermetic.contents(), before);
    terminal.press(ESCAPE);
    assert_eq!(terminal.end(), 0);
}

#[test]
fn what_was_shown_can_be_acted_on_and_folders_can_be_dragged_in() {
    let hermetic = library();
    let before = hermetic.contents();
    let mut terminal = menu(&hermetic, &["--cpu", "--no-progress"]);
    terminal.press(ENTER);
    terminal.answer("Folder with pictures:", "'it'\\''s mine' \r");
    terminal.answer("Another folder", ENTER);
    terminal.answer("Reference folder", "\"it's mine/phone\"\r");
    terminal.answer("How different may copies be?", ENTER);
    terminal.answer("What should be done with them?", ENTER);
    terminal.wait("kept for: in a reference folder");
    terminal.answer("And now?", &[DOWN, ENTER].concat());
    terminal.answer("? [y/N]", "y\r");
    let shown = terminal.wait("What would you like to do?");
    let line = "dedupe 'it'\\''s mine' --reference 'it'\\''s mine/phone' --action quarantine";
    assert!(shown.contains(line), "{shown}");
    assert_ne!(hermetic.contents(), before);
    terminal.press(ESCAPE);
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_folder_that_is_not_there_is_asked_again() {
    let hermetic = library();
    let mut terminal = menu(&hermetic, &[]);
    terminal.press(ENTER);
    terminal.answer("Folder with pictures:", "nowhere\r");
    terminal.wait("nowhere is not a folder");
    // Asked again, with what was typed. Back to the first question, and out.
    terminal.wait("Folder with pictures:");
    terminal.answer("nowhere", ESCAPE);
    terminal.answer("What would you like to do?", ESCAPE);
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_line_is_edited_with_the_keys_of_shells() {
    const CTRL_A: &str = "\x01";
    const CTRL_E: &str = "\x05";
    const CTRL_U: &str = "\x15";
    const CTRL_W: &str = "\x17";
    const HOME: &str = "\x1b[H";
    const END: &str = "\x1b[F";
    let hermetic = library();
    let mut terminal = menu(&hermetic, &[]);
    // A name goes with its spaces, then everything.
    terminal.press(ENTER);
    terminal.answer("Folder with pictures:", &["nowhere/my phone", CTRL_W, "else", ENTER].concat());
    terminal.wait("nowhere/else is not a folder");
    terminal.wait("Folder with pictures:");
    terminal.answer("nowhere/else", &[CTRL_W, CTRL_U, "it's mine", ENTER].concat());
    terminal.answer("Another folder", &["s mine/pho", CTRL_A, "it'", CTRL_E, "ne", ENTER].concat());
    terminal.answer("Another folder", &["s mine/202", HOME, "it'", END, "3", ENTER].concat());
    terminal.answer("Another folder", ENTER);
    terminal.answer("Reference folder", ENTER);
    terminal.answer("How different may copies be?", ENTER);
    terminal.answer("What should be done with them?", ENTER);
    let line = "dedupe 'it'\\''s mine' 'it'\\''s mine/phone' 'it'\\''s mine/2023'\n";
    terminal.wait(line);
    terminal.answer("And now?", ENTER);
    terminal.answer("What would you like to do?", ESCAPE);
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_password_is_typed_unseen_and_can_be_mended() {
    let hermetic = library();
    let mut terminal = Terminal::start(hermetic.command().args(["config", "set-password"]));
    terminal.answer("Password:", "wrong\x15heard of sheep\r");
    terminal.answer("Once more:", "herd of sheep\r");
    terminal.wait("Those two differ.");
    terminal.answer("Password:", "wrong\x15herd of sheep\r");
    terminal.answer("Once more:", "herd of sheep\r");
    terminal.wait("The password is set");
    assert_eq!(terminal.end(), 0);
    let seen = terminal.transcript();
    assert!(!["wrong", "heard", "herd", "sheep"].iter().any(|word| seen.contains(word)), "{seen}");

    let mut terminal = Terminal::start(hermetic.command().args(["config", "set-password"]));
    terminal.answer("Password:", CTRL_C);
    assert_eq!(terminal.end(), 130);
    // Where it cannot be hidden it is not asked for.
    let mut command = hermetic.command();
    let mut dumb = Terminal::on(command.args(["config", "set-password"]), "dumb");
    dumb.wait("cannot hide a password");
    assert_eq!(dumb.end(), 1);
}

#[test]
fn sensitivity_is_kept() {
    let hermetic = library();
    let mut terminal = menu(&hermetic, &[]);
    terminal.press(&[DOWN, DOWN, DOWN, ENTER].concat());
    terminal.answer("Which setting?", ENTER);
    terminal.answer("New value?", &[DOWN, DOWN, ENTER].concat());
    terminal.wait("clean-backup config set sensitivity aggressive");
    terminal.answer("What would you like to do?", ESCAPE);
    assert_eq!(terminal.end(), 0);
    assert_eq!(hermetic.run(["config", "get", "sensitivity"]).stdout.trim(), "aggressive");
    // And offered by the next menu.
    let mut terminal = menu(&hermetic, &[]);
    terminal.press(ENTER);
    terminal.answer("Folder with pictures:", "it's mine\r");
    terminal.answer("Another folder", ENTER);
    terminal.answer("Reference folder", ENTER);
    terminal.wait("As configured (aggressive)");
}

#[test]
fn pictures_are_filed_by_date() {
    let hermetic = library();
    let mut terminal = menu(&hermetic, &["--no-progress"]);
    terminal.press(&[DOWN, DOWN, ENTER].concat());
    terminal.answer("Folder with the files to organize:", "it's mine\r");
    terminal.answer("Library to file them into:", "by date\r");
    terminal.answer("Copy or move?", ENTER);
    terminal.answer("Into which folders?", &[DOWN, DOWN, ENTER].concat());
    terminal.answer("into by date (new folder)? [y/N]", "y\r");
    let shown = terminal.wait("What would you like to do?");
    let line = "clean-backup --no-progress organize 'it'\\''s mine' 'by date' --copy --template \
                '{year}/{month}/{day}'";
    assert!(shown.contains(line), "{shown}");
    assert!(hermetic.work().join("by date/2023/06/17/IMG_0412.jpg").exists());
    assert!(hermetic.work().join("it's mine/2023/IMG_0412.jpg").exists());
}

#[test]
fn without_a_terminal_there_is_no_menu() {
    let hermetic = library();
    let output = hermetic.command().stdin(Stdio::null()).output().unwrap();
    let ran = hermetic.finish(output);
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("Usage: clean-backup"), "{}", ran.all());
}

#[test]
fn what_was_typed_before_a_question_is_no_answer_to_it() {
    // A no is no error, whatever could not be read before.
    for (typed_then, code) in [("n\r", 0), ("y\r", 1)] {
        let hermetic = library();
        let before = hermetic.contents();
        let mut command = hermetic.command();
        command.args(["dedupe", "it's mine", "--action", "quarantine", "--no-progress"]);
        let mut terminal = Terminal::start(&mut command);
        // Before anything was hashed, let alone asked.
        terminal.press("y\r");
        terminal.wait("? [y/N]");
        assert_eq!(hermetic.contents(), before);
        terminal.press(typed_then);
        assert_eq!(terminal.end(), code, "{}", terminal.transcript());
        assert_eq!(hermetic.contents() == before, code == 0);
        assert_eq!(terminal.transcript().contains("Nothing was changed."), code == 0);
    }
}
