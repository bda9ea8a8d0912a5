//! The kernels find what one machine finds, refuse what they cannot trust, and what is planned from
//! their groups removes nothing whose keeper was not read on its own machine.

#![allow(clippy::unwrap_used, clippy::panic)]

mod hermetic;
mod streams;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use arrow_schema::DataType;
use clean_backup::model::phash::HASH_VERSION;
use hermetic::{Hermetic, contents};
use serde_json::{Value as Json, json};
use streams::{Row, Table, Value, number, text};

fn library() -> Hermetic {
    Hermetic::with_library(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

/// The volumes: folders of the library.
const VOLUMES: [&str; 4] = ["2023", "2024", "export", "phone"];

fn kernel(hermetic: &Hermetic, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = hermetic.command();
    command.arg("kernel").args(arguments).args(["--threads", "1"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // What refuses its input may not read all of it.
    let fed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    fed.join().unwrap();
    output
}

fn table(hermetic: &Hermetic, arguments: &[&str], input: &[u8]) -> Table {
    let output = kernel(hermetic, arguments, input);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    Table::read(&output.stdout)
}

/// How a kernel refuses something: the exit code and the message.
fn refusal(hermetic: &Hermetic, arguments: &[&str], input: &[u8]) -> (i32, String) {
    let output = kernel(hermetic, arguments, input);
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn root(hermetic: &Hermetic, volume: &str) -> PathBuf {
    hermetic.work().join("library").join(volume)
}

/// What all volumes hold, read volume by volume.
fn hashed(hermetic: &Hermetic) -> Table {
    let of = |volume: &&str| {
        let root = root(hermetic, volume);
        let list = table(hermetic, &["list", "--volume", volume, root.to_str().unwrap()], &[]);
        table(hermetic, &["hash"], &list.write())
    };
    VOLUMES.iter().map(of).reduce(Table::and).unwrap()
}

fn is_picture(row: &Row) -> bool {
    text(row, "state") == "picture"
}

/// The groups, by blocks of the ids; and what is to be planned.
fn groups(hermetic: &Hermetic, hashed: &Table, policy: &[&str], blocks: i64) -> Table {
    let pictures = hashed.only(is_picture).with("reference", DataType::Boolean, |row| {
        Value::Bool(text(row, "volume_name") == "2024" && policy.contains(&"--any-orientation"))
    });
    let with = |kernel: &'static str| -> Vec<&str> {
        std::iter::once(kernel).chain(policy.iter().copied()).collect()
    };
    let mut edges = Vec::new();
    for i in 0..blocks {
        for j in i..blocks {
            let block = |row: &Row| number(row, "id") % blocks;
            let both = pictures.only(|row| block(row) == i || block(row) == j);
            let sided =
                both.with("side", DataType::Int32, |row| Value::Int32(i32::from(block(row) != i)));
            edges.push(table(hermetic, &with("join"), &sided.write()));
        }
    }
    let edges = edges.into_iter().reduce(Table::and).unwrap();
    let components = table(hermetic, &["components"], &edges.write());
    let components: BTreeMap<i64, i64> =
        components.rows.iter().map(|row| (number(row, "id"), number(row, "component"))).collect();
    let units: BTreeMap<i64, Row> = VOLUMES
        .iter()
        .flat_map(|volume| {
            let of_volume = hashed.only(|row| text(row, "volume_name") == *volume);
            table(hermetic, &["units"], &of_volume.write()).rows
        })
        .map(|row| (number(&row, "id"), row))
        .collect();
    let unit = |row: &Row, name: &str| units[&number(row, "id")][name].clone();
    let rows = pictures
        .only(|row| components.contains_key(&number(row, "id")))
        .with("component", DataType::Int64, |row| Value::Int64(components[&number(row, "id")]))
        .with("role", DataType::Int32, |row| unit(row, "role"))
        .with("edited", DataType::Boolean, |row| unit(row, "edited"));
    let mut arguments = with("group");
    arguments.push("--read-files");
    table(hermetic, &arguments, &rows.write())
}

/// Groups as they can be compared: without numbers and volumes.
fn comparable(mut groups: Vec<Json>) -> Vec<String> {
    for group in &mut groups {
        group.as_object_mut().unwrap().remove("id");
        let strip = |picture: &mut Json| picture.as_object_mut().unwrap().remove("volume");
        strip(&mut group["keeper"]);
        for list in ["duplicates", "linked"] {
            group[list].as_array_mut().unwrap().iter_mut().for_each(|picture| drop(strip(picture)));
        }
    }
    let mut texts: Vec<String> = groups.iter().map(Json::to_string).collect();
    texts.sort();
    texts
}

/// As reports are compared: without the folder of the test.
fn by_kernels(hermetic: &Hermetic, groups: &Table) -> Vec<Json> {
    let root = hermetic.root().to_str().unwrap();
    let group = |row: &Row| text(row, "group").replace(root, "[ROOT]");
    groups.rows.iter().map(|row| serde_json::from_str(&group(row)).unwrap()).collect()
}

fn by_one_machine(hermetic: &Hermetic, policy: &[&str]) -> Vec<Json> {
    let mut line = vec!["dedupe".to_owned(), "--format".into(), "json".into()];
    line.extend(policy.iter().map(|&word| word.to_owned()));
    for volume in VOLUMES {
        if volume == "2024" && policy.contains(&"--any-orientation") {
            line.push("--reference".into());
        }
        line.push(root(hermetic, volume).to_str().unwrap().to_owned());
    }
    let report: Json = serde_json::from_str(&hermetic.run(line).stdout).unwrap();
    report["groups"].as_array().unwrap().clone()
}

#[test]
fn groups_are_those_of_one_machine() {
    let hermetic = library();
    let hashed = hashed(&hermetic);
    for (policy, blocks) in [
        (&["--sensitivity", "exact"][..], 2),
        (&["--sensitivity", "standard"], 1),
        (&["--sensitivity", "standard"], 3),
        // With one volume as a reference.
        (&["--sensitivity", "aggressive", "--any-orientation"], 2),
        (&["--hash", "fine"], 2),
    ] {
        let found = groups(&hermetic, &hashed, policy, blocks);
        let expected = by_one_machine(&hermetic, policy);
        assert!(expected.len() >= 3, "{policy:?}");
        assert_eq!(
            comparable(by_kernels(&hermetic, &found)),
            comparable(expected),
            "{policy:?} {blocks}"
        );
        assert!(found.rows.iter().all(|row| number(row, "acted_on") >= 0));
    }
}

#[test]
fn what_cannot_be_read_is_a_row() {
    let hermetic = library();
    let folder = root(&hermetic, "2023");
    let whole = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).min().unwrap();
    fs::write(folder.join("torn.jpg"), &fs::read(whole).unwrap()[..300]).unwrap();
    fs::write(folder.join("gone.jpg"), b"x").unwrap();
    fs::write(folder.join("notes.txt"), b"no picture").unwrap();
    let list = table(&hermetic, &["list", "--volume", "v", folder.to_str().unwrap()], &[]);
    fs::remove_file(folder.join("gone.jpg")).unwrap();
    let hashed = table(&hermetic, &["hash"], &list.write());
    assert_eq!(hashed.rows.len(), list.rows.len());
    let row = |name: &str| {
        let found = hashed.rows.iter().find(|row| text(row, "path").ends_with(name));
        found.unwrap_or_else(|| panic!("{name}"))
    };
    for (name, stage) in [("torn.jpg", "decode"), ("gone.jpg", "read")] {
        let row = row(name);
        assert_eq!((text(row, "state"), text(row, "stage")), ("unreadable", stage), "{row:?}");
        assert_eq!((&row["content"], &row["tile"]), (&Value::Null, &Value::Null));
    }
    let sound = hashed.only(is_picture);
    assert!(sound.rows.len() >= 3);
    for row in &sound.rows {
        assert!(matches!(&row["tile"], Value::Binary(cells) if cells.len() == 64 * 64));
        assert_eq!(text(row, "content").len(), 64);
    }
}

#[test]
fn streams_that_are_cut_or_of_another_version_are_refused() {
    let hermetic = library();
    let hashed = hashed(&hermetic).only(is_picture);
    let rows = hashed.with("reference", DataType::Boolean, |_| Value::Bool(false)).with(
        "side",
        DataType::Int32,
        |_| Value::Int32(0),
    );
    let stream = rows.write();
    assert!(kernel(&hermetic, &["join"], &stream).status.success());
    // Between two messages, where a reader notices nothing; in the middle of one; nothing at all.
    let end = stream.len() - 8;
    for cut in [end, end / 2, 10, 0] {
        let (code, message) = refusal(&hermetic, &["join"], &stream[..cut]);
        assert_eq!(code, 4, "{cut}: {message}");
        assert!(message.contains("the input cannot be read"), "{message}");
    }
    let (code, _) = refusal(&hermetic, &["join"], b"not an Arrow stream, but more than 8 bytes");
    assert_eq!(code, 4);

    let mut other = rows.clone();
    other.metadata.insert("clean_backup.hash_version".into(), (HASH_VERSION + 1).to_string());
    let (code, message) = refusal(&hermetic, &["join"], &other.write());
    assert!(code == 3 && message.contains("clean_backup.hash_version"), "{message}");
    let edges = table(&hermetic, &["join"], &stream);
    assert!(edges.metadata.contains_key("clean_backup.policy"));
    let mut foreign = rows.clone();
    foreign.metadata = edges.metadata;
    assert!(kernel(&hermetic, &["join"], &foreign.write()).status.success());
    let (code, message) = refusal(&hermetic, &["join", "--threshold", "3"], &foreign.write());
    assert!(code == 3 && message.contains("clean_backup.policy"), "{message}");

    let (code, message) = refusal(&hermetic, &["join"], &rows.clone().without("views").write());
    assert!(code == 3 && message.contains("no column views"), "{message}");
    let wrong = rows.clone().with("size", DataType::Int32, |_| Value::Int32(1));
    let (code, message) = refusal(&hermetic, &["join"], &wrong.write());
    assert!(code == 3 && message.contains("column size is Int32"), "{message}");
    let torn = rows.with("tile", DataType::Binary, |_| Value::Binary(vec![7; 4095]));
    let (code, message) = refusal(&hermetic, &["join"], &torn.write());
    assert!(code == 3 && message.contains("tile makes no sense"), "{message}");
    let (code, _) = refusal(&hermetic, &["join", "--threshold", "99"], &[]);
    assert_eq!(code, 2);
}

#[test]
fn rows_that_were_edited_are_refused_by_group() {
    let hermetic = library();
    let pictures = hashed(&hermetic).only(is_picture);
    let rows = pictures
        .with("reference", DataType::Boolean, |_| Value::Bool(false))
        .with("component", DataType::Int64, |_| Value::Int64(1))
        .with("role", DataType::Int32, |_| Value::Int32(0))
        .with("edited", DataType::Boolean, |_| Value::Bool(false));
    let found = table(&hermetic, &["group", "--read-files"], &rows.write());
    assert_eq!(
        comparable(by_kernels(&hermetic, &found)),
        comparable(by_one_machine(&hermetic, &[]))
    );
    let hashes = rows.clone().with("phash", DataType::Int64, |_| Value::Int64(5));
    let (code, message) = refusal(&hermetic, &["group"], &hashes.write());
    assert!(code == 3 && message.contains("contradict"), "{message}");
    // Two volumes that lie at the same path on their machines.
    let mut twice = rows.clone();
    twice.rows.extend(rows.rows.iter().map(|row| {
        let mut row = row.clone();
        let other = format!("{} again", text(&row, "volume_name"));
        row.insert("volume_name".into(), Value::Text(other));
        row.insert("machine".into(), Value::Text("another".into()));
        row
    }));
    let (code, message) = refusal(&hermetic, &["group"], &twice.write());
    assert!(code == 3 && message.contains("--name-volumes"), "{message}");
    let asked = table(&hermetic, &["group", "--name-volumes"], &twice.write());
    let asks = |row: &&Row| text(row, "kind") == "detail";
    let ids: BTreeSet<i64> = asked.rows.iter().filter(asks).map(|r| number(r, "id")).collect();
    assert!(!ids.is_empty());
    // Of a component of which one pair is open, nothing is said.
    assert_eq!(asked.rows.len(), asked.rows.iter().filter(asks).count());
    let wanted = twice.only(|row| ids.contains(&number(row, "id")));
    let details = table(&hermetic, &["hash", "--detail"], &wanted.write());
    let details: BTreeMap<i64, Value> =
        details.rows.iter().map(|row| (number(row, "id"), row["detail"].clone())).collect();
    assert!(
        details.values().all(|cells| matches!(cells, Value::Binary(c) if c.len() == 256 * 256))
    );
    let twice = twice.with("detail", DataType::Binary, |row| {
        details.get(&number(row, "id")).cloned().unwrap_or(Value::Null)
    });
    let found = table(&hermetic, &["group", "--name-volumes"], &twice.write());
    assert!(found.rows.iter().all(|row| text(row, "kind") == "group"));
    let keeper = |group: &Json| group["keeper"]["path"].as_str().unwrap().to_owned();
    let keepers: Vec<String> = by_kernels(&hermetic, &found).iter().map(keeper).collect();
    assert!(keepers.iter().all(|path| path.contains(":[ROOT]")), "{keepers:?}");
    // Each picture is there twice now, and the same device and inode of two machines are two files.
    let members: usize = by_kernels(&hermetic, &found)
        .iter()
        .map(|group| group["duplicates"].as_array().unwrap().len() + 1)
        .sum();
    assert!(members >= 2 * found.rows.len() && found.rows.len() >= pictures_apart(&rows));
}

/// How many pictures of different bytes there are.
fn pictures_apart(rows: &Table) -> usize {
    let contents: BTreeSet<&str> = rows.rows.iter().map(|row| text(row, "content")).collect();
    contents.len() / 2
}

#[test]
fn components_are_named_by_their_smallest_id() {
    let hermetic = Hermetic::new();
    let edge = |(a, b): (i64, i64)| -> Row {
        [("a".to_owned(), Value::Int64(a)), ("b".to_owned(), Value::Int64(b))].into()
    };
    let edges = [(7, 9), (3, 7), (20, 21), (5, 5), (21, 20), (-4, 20)];
    let mut table_of = Table { rows: edges.map(edge).to_vec(), ..Table::default() };
    table_of.types = [("a".to_owned(), DataType::Int64), ("b".to_owned(), DataType::Int64)].into();
    let found = table(&hermetic, &["components"], &table_of.write());
    let found: Vec<(i64, i64)> =
        found.rows.iter().map(|row| (number(row, "id"), number(row, "component"))).collect();
    assert_eq!(found, [(-4, -4), (20, -4), (21, -4), (3, 3), (7, 3), (9, 3), (5, 5)]);
}

/// Findings of a volume as a caller writes them, and the keepers on others; how many duplicates rely
/// on those.
fn hand_over(hermetic: &Hermetic, groups: &Table, volume: &str) -> usize {
    let plans: Vec<Json> = groups
        .rows
        .iter()
        .filter_map(|row| match &row["plan"] {
            Value::Text(text) => Some(serde_json::from_str(text).unwrap()),
            _ => None,
        })
        .filter(|plan: &Json| {
            plan["duplicates"].as_array().unwrap().iter().any(|d| d["volume"] == volume)
        })
        .collect();
    let elsewhere: Vec<&Json> =
        plans.iter().map(|plan| &plan["keeper"]).filter(|k| k["volume"] != volume).collect();
    let mut by_volume: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for keeper in &elsewhere {
        let file =
            json!({"path": keeper["path"], "bytes": keeper["bytes"], "blake3": keeper["blake3"]});
        by_volume.entry(keeper["volume"].as_str().unwrap().into()).or_default().push(file);
    }
    for (name, keepers) in &by_volume {
        let list = json!({"version": 1, "run": "r1", "volume": name, "keepers": keepers});
        let file = hermetic.work().join(format!("{name}.keepers.json"));
        fs::write(file, list.to_string()).unwrap();
    }
    let findings = json!({
        "version": 1, "run": "r1", "volume": volume,
        "root": {"path": root(hermetic, volume).to_str().unwrap()}, "groups": plans,
    });
    let file = hermetic.work().join(format!("{volume}.findings.json"));
    fs::write(file, findings.to_string()).unwrap();
    let theirs = |keeper: &Json| keeper["volume"] != volume;
    let here = |duplicate: &&Json| duplicate["volume"] == volume;
    let relying = plans
        .iter()
        .filter(|plan| theirs(&plan["keeper"]))
        .map(|plan| plan["duplicates"].as_array().unwrap().iter().filter(here).count());
    relying.sum()
}

#[test]
fn a_duplicate_goes_only_when_its_keeper_was_read_on_its_own_machine() {
    let hermetic = library();
    let found = groups(&hermetic, &hashed(&hermetic), &["--sensitivity", "standard"], 1);
    let elsewhere = hand_over(&hermetic, &found, "export");
    assert!(elsewhere >= 2, "{elsewhere}");
    let in_library = || contents(&hermetic.work().join("library"));
    let before = in_library();
    assert!(before.len() > 10);
    let plan = |receipts: &[&str], more: &[&str], file: &str| {
        let mut line = vec!["kernel", "plan", "export.findings.json", "-o", file];
        for receipt in receipts {
            line.extend(["--receipt", *receipt]);
        }
        line.extend(more);
        let ran = hermetic.run(line);
        let text = fs::read_to_string(hermetic.work().join(file)).unwrap_or_default();
        let plan: Json = serde_json::from_str(&text).unwrap_or(Json::Null);
        let relying = |action: &&Json| action["files"][0]["attested"].is_object();
        let actions = plan["actions"].as_array().cloned().unwrap_or_default();
        (ran, actions.len(), actions.iter().filter(relying).count())
    };
    let (ran, all, relying) = plan(&[], &[], "none.json");
    assert_eq!(relying, 0, "{}", ran.all());
    assert!(ran.stderr.contains("no receipt says that it was read there"), "{}", ran.all());
    let own = all;

    let attest = |volume: &str, file: &str| {
        hermetic.run(["kernel", "attest", &format!("{volume}.keepers.json"), "-o", file])
    };
    let volumes: Vec<&str> = VOLUMES
        .into_iter()
        .filter(|v| hermetic.work().join(format!("{v}.keepers.json")).exists())
        .collect();
    let receipts: Vec<String> = volumes.iter().map(|v| format!("{v}.receipt.json")).collect();
    for (volume, receipt) in volumes.iter().zip(&receipts) {
        let ran = attest(volume, receipt);
        assert_eq!(ran.code, 0, "{}", ran.all());
    }
    let names: Vec<&str> = receipts.iter().map(String::as_str).collect();
    let (ran, all, relying) = plan(&names, &[], "plan.json");
    assert_eq!((ran.code, all, relying), (0, own + elsewhere, elsewhere), "{}", ran.all());
    // What could not be undone is not done.
    let (_, _, relying) = plan(&names, &["--action", "delete"], "delete.json");
    assert_eq!(relying, 0);
    let edited = fs::read_to_string(hermetic.work().join("plan.json")).unwrap();
    let edited = edited.replace("\"quarantine\"", "\"trash\"");
    fs::write(hermetic.work().join("edited.json"), edited).unwrap();
    let ran = hermetic.run(["apply", "edited.json", "--edited-plan", "--yes"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(in_library(), before);

    let ran = hermetic.run(["apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let gone = before.keys().filter(|path| !in_library().contains_key(*path)).count();
    assert_eq!(gone, own + elsewhere, "{}", ran.all());
    assert_eq!(hermetic.run(["undo", "--yes"]).code, 0);
    assert_eq!(in_library(), before);
}

#[test]
fn receipts_tell_the_truth_or_nothing() {
    let hermetic = library();
    let found = groups(&hermetic, &hashed(&hermetic), &["--sensitivity", "standard"], 1);
    hand_over(&hermetic, &found, "export");
    let list = hermetic.work().join("2023.keepers.json");
    let keepers: Json = serde_json::from_str(&fs::read_to_string(&list).unwrap()).unwrap();
    let first = Path::new(keepers["keepers"][0]["path"].as_str().unwrap()).to_owned();
    let attest = |file: &str| hermetic.run(["kernel", "attest", "2023.keepers.json", "-o", file]);
    let plan = |receipt: &str, file: &str| {
        hermetic.run(["kernel", "plan", "export.findings.json", "--receipt", receipt, "-o", file])
    };
    assert_eq!(attest("good.json").code, 0);
    let receipt = fs::read_to_string(hermetic.work().join("good.json")).unwrap();
    // One that was edited; one of another search; one that is old.
    let edited = receipt.replace("\"2023\"", "\"2024\"");
    assert_ne!(edited, receipt);
    fs::write(hermetic.work().join("edited.json"), edited).unwrap();
    let ran = plan("edited.json", "a.json");
    assert!(ran.code == 3 && ran.stderr.contains("changed since it was made"), "{}", ran.all());
    let other = fs::read_to_string(&list).unwrap().replace("\"r1\"", "\"r2\"");
    let same = fs::read_to_string(&list).unwrap();
    fs::write(&list, other).unwrap();
    assert_eq!(attest("other.json").code, 0);
    let ran = plan("other.json", "b.json");
    assert!(ran.stderr.contains("no receipt says"), "{}", ran.all());
    fs::write(&list, same).unwrap();
    // A keeper of other bytes, of the same length and time, stands for nothing.
    let bytes = fs::read(&first).unwrap();
    let modified = fs::metadata(&first).unwrap().modified().unwrap();
    let mut rotten = bytes.clone();
    *rotten.last_mut().unwrap() ^= 1;
    fs::write(&first, rotten).unwrap();
    let file = fs::File::options().write(true).open(&first).unwrap();
    file.set_modified(modified).unwrap();
    drop(file);
    let ran = attest("rotten.json");
    assert!(ran.code == 1 && ran.stderr.contains("other bytes"), "{}", ran.all());
    let ran = plan("rotten.json", "c.json");
    assert!(ran.stderr.contains("no receipt says"), "{}", ran.all());
}
