//! Results for programs, examples in every help, and what the log says and when it is silent.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;

use std::time::{Duration, SystemTime};

use hermetic::Hermetic;
use serde_json::Value;

fn library() -> Hermetic {
    Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

/// The result of a command, with its name and version.
fn result(hermetic: &Hermetic, arguments: &str) -> Value {
    let words = arguments.split(' ').chain(["--format", "json"]);
    let ran = hermetic.run(words);
    let json: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{arguments}: {error}: {}", ran.all()));
    assert_eq!(json["version"], 1, "{arguments}");
    let command = json["command"].as_str().unwrap();
    assert!(arguments.contains(command), "{arguments}: {command}");
    json
}

#[test]
fn every_result_can_be_read_by_programs() {
    let hermetic = library();
    let scan = result(&hermetic, "scan library");
    assert_eq!(scan["summary"]["images"], 15);
    assert_eq!(scan["skipped"][0]["path"], "library/2024/broken.jpg");
    assert!(scan["skipped"][0]["reason"].as_str().unwrap().len() > 5);

    let stats = result(&hermetic, "cache stats");
    assert_eq!((&stats["pictures"], &stats["failures"]), (&15.into(), &1.into()));
    assert!(stats["formats"]["jpeg"].as_u64().unwrap() > 3);
    assert_eq!(result(&hermetic, "cache verify")["stale"], 0);
    assert_eq!(result(&hermetic, "cache verify --bytes")["sound"], 15);
    let covered = result(&hermetic, "covered library/phone --by library/2023");
    assert_eq!((&covered["covered"], &covered["summary"]["files"]), (&true.into(), &2.into()));
    assert_eq!(result(&hermetic, "cache prune")["removed"], 0);

    let ran = hermetic.run([
        "dedupe",
        "library",
        "--no-carry",
        "--action",
        "quarantine",
        "--to",
        "aside",
        "--save-plan",
        "plan.json",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let applied = result(&hermetic, "apply plan.json --yes");
    let files = applied["files"].as_u64().unwrap();
    assert!(files > 3, "{applied}");
    assert_eq!(applied["not_done"].as_array().unwrap().len(), 0);
    // The same again: all of it is refused, by name.
    let again = result(&hermetic, "apply plan.json --yes");
    assert_eq!(again["files"], 0);
    let refused = again["not_done"].as_array().unwrap();
    assert_eq!(refused.len() as u64, files);
    assert_eq!(refused[0]["verdict"], "refused");
    assert!(refused[0]["path"].as_str().unwrap().contains("library"));

    let run = applied["run"].as_str().unwrap();
    let undone = result(&hermetic, &format!("undo {run} --yes"));
    assert_eq!(undone["files"], files);
    assert_eq!(result(&hermetic, "resume")["files"], 0);

    let shown = result(&hermetic, "config show --threads 3");
    assert_eq!(shown["settings"]["threads"]["value"], 3);
    assert_eq!(shown["settings"]["sensitivity"]["value"], "standard");
    assert_eq!(shown["settings"]["sensitivity"]["origin"], "default");
    assert_eq!(result(&hermetic, "config get threshold")["setting"]["value"], 6);
    assert_eq!(result(&hermetic, "doctor --cpu")["good"], true);

    let runs = result(&hermetic, "history");
    // Applied, refused, undone.
    assert_eq!(runs["runs"].as_array().unwrap().len(), 3);
    let one = result(&hermetic, &format!("history {run}"));
    assert_eq!((&one["run"], one["files"].as_array().unwrap().len() as u64), (&run.into(), files));
    let logs = result(&hermetic, "logs -n 2");
    assert_eq!(logs["lines"].as_array().unwrap().len(), 2);
    assert!(logs["file"]["path"].as_str().unwrap().ends_with("audit.log"));
    assert!(result(&hermetic, "logs --path")["lines"].is_null());
    let set = result(&hermetic, "config set threshold 9");
    assert_eq!((&set["key"], &set["setting"]["value"]), (&"threshold".into(), &9.into()));
    assert_eq!(set["unset"], Value::Null);
    assert_eq!(result(&hermetic, "config set sensitivity exact")["unset"], "threshold");
    let path = result(&hermetic, "config path");
    assert!(path["file"]["path"].as_str().unwrap().ends_with("config.toml"));
    assert_eq!(result(&hermetic, "config unset sensitivity")["was_set"], true);
    assert_eq!(result(&hermetic, "config unset sensitivity")["was_set"], false);
    assert_eq!(result(&hermetic, "cache clear")["removed"], 16);
}

#[test]
fn every_help_has_an_example() {
    let hermetic = Hermetic::new();
    for command in [
        "scan",
        "dedupe",
        "review",
        "similar",
        "covered",
        "organize",
        "watch",
        "apply",
        "resume",
        "app",
        "undo",
        "history",
        "logs",
        "doctor",
        "completions",
        "man",
        "quarantine list",
        "quarantine empty",
        "quarantine restore",
        "config show",
        "config get",
        "config set",
        "config unset",
        "config path",
        "cache stats",
        "cache prune",
        "cache verify",
        "cache clear",
        "cache export",
        "cache import",
    ] {
        let ran = hermetic.run(command.split(' ').chain(["--help"]));
        assert_eq!(ran.code, 0, "{command}");
        let (_, examples) = ran.stdout.split_once("Example").unwrap_or_else(|| panic!("{command}"));
        assert!(examples.contains(&format!("clean-backup {command}")), "{command}: {examples}");
    }
    // None was forgotten.
    let all = hermetic.run(["--help"]).stdout;
    let listed = all.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    assert_eq!(
        listed.lines().filter(|line| line.starts_with("  ") && line.trim().len() > 2).count(),
        19,
        "{listed}"
    );
}

#[test]
fn stages_are_timed_on_demand() {
    let hermetic = library();
    let plain = hermetic.run(["scan", "library"]);
    assert!(!plain.stderr.contains("took"), "{}", plain.all());
    let told = hermetic.run(["dedupe", "library", "-v", "--no-progress"]);
    for stage in ["walk", "lookup", "compare"] {
        assert!(told.stderr.contains(&format!("{stage} took ")), "{stage}: {}", told.stderr);
    }
    let json = hermetic.run(["dedupe", "library", "-v", "--log-format", "json"]);
    let lines: Vec<Value> =
        json.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let compare = lines.iter().find(|line| line["fields"]["stage"] == "compare");
    assert!(compare.unwrap()["fields"]["seconds"].as_f64().unwrap() >= 0.0);
}

#[test]
fn quiet_means_quiet() {
    let hermetic = library();
    for arguments in [
        "scan library",
        "dedupe library",
        "dedupe library --format json --action quarantine --yes",
        "history",
        "undo --yes",
        "organize library dated --yes",
        "cache stats",
    ] {
        let ran = hermetic.run(arguments.split(' ').chain(["-q"]));
        assert_eq!(ran.stderr, "", "{arguments}");
        assert!(!ran.stdout.is_empty(), "{arguments}: the result is told");
    }
}
