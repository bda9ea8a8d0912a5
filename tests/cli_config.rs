//! The command line around the work: configuration, help, wrong usage.

mod hermetic;

use std::fs;
use std::process::Stdio;

use hermetic::Hermetic;

/// Several runs in one snapshot.
fn session(hermetic: &Hermetic, lines: &[&[&str]]) -> String {
    let mut out = String::new();
    for line in lines {
        out.push_str(&format!("$ clean-backup {}\n", line.join(" ")));
        for line in hermetic.run(*line).all().lines() {
            let before = line.split_once("Took ").map_or(line, |(before, _)| before);
            out.push_str(before);
            out.push_str(if before == line { "\n" } else { "Took [TIME] on cpu.\n" });
        }
        out.push('\n');
    }
    out
}

#[test]
fn what_is_set_is_used_by_the_next_run() {
    let hermetic = Hermetic::new();
    insta::assert_snapshot!(session(
        &hermetic,
        &[
            &["config", "path"],
            &["config", "get", "sensitivity"],
            &["config", "get", "fine-threshold"],
            &["config", "set", "sensitivity", "aggressive"],
            &["config", "get", "sensitivity"],
            &["config", "get", "threshold"],
            &["config", "set", "threshold", "3", "-v"],
            &["config", "get", "sensitivity"],
            &["config", "set", "exclude", "*.tmp,*.{a,b}", "**/cache/**"],
            &["config", "get", "exclude"],
            &["config", "unset", "exclude"],
            &["config", "unset", "exclude"],
            &["config", "get", "exclude"],
        ],
    ));
    assert_eq!(fs::read_to_string(hermetic.config_file()).unwrap(), "threshold = 3\n");
}

#[test]
fn show_says_where_each_setting_came_from() {
    let hermetic = Hermetic::new();
    hermetic.configure(
        "# mine\nsensitivity = \"aggressive\"\nhidden = true\nmemory = \"512MiB\"\n\
         cache = \"~/hashes.db\"\nkeep = [\"oldest\", \"prefer=**/best/**\"]\n",
    );
    let ran = hermetic.run_with(
        &[("CLEAN_BACKUP_THREADS", "3"), ("CLEAN_BACKUP_HIDDEN", "false")],
        &["config", "show", "--cpu"],
    );
    insta::assert_snapshot!(ran.all());
    insta::assert_snapshot!("show_defaults", Hermetic::new().run(["config", "show"]).all());
}

#[test]
fn wrong_configuration_is_told_by_line() {
    let hermetic = Hermetic::new();
    let mut out = String::new();
    for text in [
        "hidden = true\n\nsensitivty = \"exact\"\n",
        "threshold = 17\n",
        "color = \n",
        "threshold = 1\nsensitivity = \"exact\"\n",
    ] {
        hermetic.configure(text);
        out.push_str(&hermetic.run(["dedupe", "."]).all());
        out.push_str(&hermetic.run(["config", "show"]).all());
    }
    insta::assert_snapshot!(out);
    hermetic.configure("threshold = 17\n");
    assert_eq!(hermetic.run(["config", "set", "hidden", "true"]).code, 2);
    assert_eq!(fs::read_to_string(hermetic.config_file()).unwrap(), "threshold = 17\n");
    assert_eq!(hermetic.run(["config", "set", "threshold", "1"]).code, 0, "mends it");
}

#[test]
fn wrong_usage() {
    let hermetic = Hermetic::new();
    insta::assert_snapshot!(session(
        &hermetic,
        &[
            &["config", "set", "sensitivity", "high"],
            &["config", "set", "sensitivity", "exact", "standard"],
            &["config", "set", "cache", "relative.db"],
            &["config", "set", "colour", "always"],
            &["config", "get", "frobnicate"],
            &["config", "show", "--config", "missing.toml"],
            &["dedupe"],
            &["dedupe", ".", "--threshold", "17"],
            &["dedupe", ".", "--sensitivity", "high"],
            &["dedupe", ".", "--sensitivity", "exact", "--threshold", "3"],
            &["dedupe", ".", "--exclude", "a["],
            &["dedupe", ".", "--keep", "smallest"],
            &["dedupe", ".", "--cpu", "--gpu", "on"],
            &["dedupe", ".", "--action", "delete"],
            &["dedupe", ".", "--hiden"],
            &["frobnicate"],
        ],
    ));
    let variable = |name, value| hermetic.run_with(&[(name, value)], &["dedupe", "."]).all();
    insta::assert_snapshot!(
        "wrong_variables",
        variable("CLEAN_BACKUP_THRESHOLD", "many") + &variable("CLEAN_BACKUP_THRESHHOLD", "1")
    );
}

#[test]
fn help_goes_to_standard_output() {
    let hermetic = Hermetic::new();
    let bare = hermetic.run::<&str>([]);
    insta::assert_snapshot!(bare.all());
    assert_eq!(bare.stdout, hermetic.run(["-h"]).stdout);
    insta::assert_snapshot!("help_dedupe", hermetic.run(["dedupe", "-h"]).all());
    for line in [&["completions", "bash"][..], &["man"], &["--version"]] {
        let ran = hermetic.run(line);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line:?}");
        assert!(ran.stdout.contains("clean-backup"), "{line:?}");
    }
}

#[test]
fn the_manual_has_every_option() {
    let page = Hermetic::new().command().arg("man").output().unwrap().stdout;
    let page = String::from_utf8(page).unwrap();
    for words in ["any\\-orientation", "fail\\-on\\-duplicates", "no\\-progress", "verify"] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn messages_go_to_standard_error_in_the_form_that_was_asked_for() {
    let hermetic = Hermetic::new();
    let set = ["config", "set", "hidden", "true", "-v"];
    let text = hermetic.run(set);
    assert_eq!(text.stdout, "");
    assert_eq!(text.stderr, " INFO hidden is set in [ROOT]/config/clean-backup/config.toml\n");
    let json = hermetic.run(set.iter().chain(&["--log-format", "json"]));
    let message: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!(message["level"], "INFO");
    assert_eq!(hermetic.run(["config", "unset", "color", "-q"]).stderr, "");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let hermetic = Hermetic::new();
    for line in [&["completions", "bash"][..], &["man"], &["config", "show"]] {
        let mut command = hermetic.command();
        command.args(line).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A shell's reader that is gone before the first byte.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stdout(writer);
        let ran = hermetic.finish(command.output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line:?}");
    }
}

#[test]
fn no_home_is_no_reason_to_stop() {
    let hermetic = Hermetic::new();
    let bare = |arguments: &[&str]| {
        let mut command = hermetic.command();
        command.env_remove("HOME").env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME");
        hermetic.finish(command.args(arguments).output().unwrap())
    };
    assert_eq!(bare(&["config", "get", "cache"]).stdout, "none\n");
    let set = bare(&["config", "set", "hidden", "true"]);
    assert_eq!(set.code, 2);
    assert!(set.stderr.contains("there is no home folder"), "{}", set.stderr);
    assert_eq!(bare(&["config", "set", "hidden", "true", "--config", "own.toml"]).code, 0);
    let text = fs::read_to_string(hermetic.work().join("own.toml")).unwrap();
    assert_eq!(text, "hidden = true\n");
}
