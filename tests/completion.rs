//! Completion in real shells, with Tab where there is a terminal for it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;
mod terminal;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use hermetic::Hermetic;
use terminal::{ENTER, TAB, Terminal};

const CTRL_U: &str = "\x15";

/// A library with one run in its history; gives the name of that run.
fn with_a_run() -> (Hermetic, String) {
    let hermetic =
        Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let line = ["dedupe", "library", "--no-carry", "--action", "quarantine", "--yes"];
    let done = hermetic.run(line);
    let (_, run) = done.stdout.trim_end().rsplit_once(' ').unwrap();
    assert!(done.stdout.contains("moved aside"), "{}", done.all());
    (hermetic, run.to_owned())
}

/// The shell, in the environment of the program; `None`, and loudly, where there is none.
fn shell(hermetic: &Hermetic, name: &str) -> Option<Command> {
    let folders = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
    let found = folders.iter().map(|folder| Path::new(folder).join(name)).find(|p| p.is_file());
    let Some(found) = found else {
        assert!(std::env::var_os("REQUIRE_SHELL_TESTS").is_none(), "there is no {name}");
        eprintln!("\n*** SKIPPED, NOT TESTED: there is no {name}.\n");
        return None;
    };
    let program = hermetic.command();
    let folder = Path::new(program.get_program()).parent().unwrap();
    let mut command = Command::new(found);
    command.env_clear().current_dir(hermetic.work());
    command.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()));
    Some(command)
}

/// Types beginnings of lines with Tab behind them, and waits for what they become.
fn completes_with_tab(terminal: &mut Terminal, run: &str) {
    let begun = &run[..run.len() - 1];
    for (typed, completed) in [
        ("clean-backup ded".to_owned(), "clean-backup dedupe"),
        ("clean-backup dedupe --sens".to_owned(), "--sensitivity"),
        ("clean-backup dedupe --sensitivity agg".to_owned(), "aggressive"),
        ("clean-backup config set sensi".to_owned(), "set sensitivity"),
        ("clean-backup config set sensitivity sta".to_owned(), "standard"),
        (format!("clean-backup undo {begun}"), run),
        ("clean-backup scan libr".to_owned(), "library/"),
    ] {
        terminal.press(CTRL_U);
        terminal.press(&typed);
        terminal.wait(&typed);
        terminal.press(TAB);
        terminal.wait(&tail_of(&typed, completed));
    }
}

/// What a completion adds to what was typed.
fn tail_of(typed: &str, completed: &str) -> String {
    let whole = (0..=completed.len())
        .filter(|&at| completed.is_char_boundary(at))
        .rev()
        .find(|&at| typed.ends_with(&completed[..at]))
        .unwrap();
    completed[whole..].to_owned()
}

#[test]
fn bash() {
    let (hermetic, run) = with_a_run();
    let Some(mut bash) = shell(&hermetic, "bash") else { return };
    bash.args(["--norc", "--noprofile", "-i"]).env("PS1", "ready> ");
    let mut terminal = Terminal::start(&mut bash);
    terminal.wait("ready> ");
    terminal.press(&format!("bind 'set enable-bracketed-paste off'{ENTER}"));
    terminal.wait("ready> ");
    terminal.press(&format!("source <(clean-backup completions bash){ENTER}"));
    terminal.wait("ready> ");
    completes_with_tab(&mut terminal, &run);
}

#[test]
fn zsh() {
    let (hermetic, run) = with_a_run();
    let Some(mut zsh) = shell(&hermetic, "zsh") else { return };
    zsh.args(["-f", "-i"]).env("PS1", "ready> ");
    let mut terminal = Terminal::start(&mut zsh);
    terminal.wait("ready> ");
    terminal.press(&format!(
        "unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D{ENTER}"
    ));
    terminal.wait("ready> ");
    terminal.press(&format!("source <(clean-backup completions zsh){ENTER}"));
    terminal.wait("ready> ");
    completes_with_tab(&mut terminal, &run);
}

#[test]
fn fish() {
    let (hermetic, run) = with_a_run();
    let Some(mut fish) = shell(&hermetic, "fish") else { return };
    // `complete -C` is what Tab asks.
    let begun = &run[..run.len() - 1];
    let lines = [
        "clean-backup ded".to_owned(),
        "clean-backup dedupe --sens".to_owned(),
        "clean-backup dedupe --sensitivity agg".to_owned(),
        "clean-backup config set sensi".to_owned(),
        "clean-backup config set sensitivity sta".to_owned(),
        format!("clean-backup undo {begun}"),
        "clean-backup scan libr".to_owned(),
    ];
    let asked: String = lines.iter().map(|line| format!("complete -C '{line}'\n")).collect();
    fish.args(["--no-config", "-c", &format!("clean-backup completions fish | source\n{asked}")]);
    let ran = hermetic.finish(fish.output().unwrap());
    let first = |line: &str| line.split('\t').next().unwrap().to_owned();
    let found: Vec<String> = ran.stdout.lines().map(first).collect();
    let expected =
        ["dedupe", "--sensitivity", "aggressive", "sensitivity", "standard", &run, "library/"];
    assert_eq!(found, expected, "{}", ran.all());
}

/// Without the shell at least the script, and what it asks.
#[test]
fn powershell() {
    let hermetic = Hermetic::new();
    let script = hermetic.run(["completions", "powershell"]).stdout;
    assert!(script.contains("Register-ArgumentCompleter"), "{script}");
    assert!(script.contains("clean-backup"), "{script}");
    let mut asked = hermetic.command();
    asked.env("_CLEAN_BACKUP_COMPLETE", "powershell").env("_CLAP_COMPLETE_INDEX", "3");
    asked.args(["--", "clean-backup", "config", "set", "sensi"]);
    let ran = hermetic.finish(asked.output().unwrap());
    assert!(ran.stdout.starts_with("sensitivity"), "{}", ran.all());
}
