//! Deciding about many groups at once on the review page, and undoing it: by requests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod hermetic;
mod served;

use std::fs;
use std::path::Path;

use hermetic::slashed;
use serde_json::{Value, json};
use served::{Review, find, library};

fn decide(review: &Review, cookie: &str, path: &str, body: &Value) -> Value {
    let answer = review.post(cookie, path, &body.to_string());
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

/// State, keeper and roles of every group.
fn all(review: &Review, cookie: &str) -> Vec<String> {
    let ids = review.json(cookie, "/api/ids");
    let ids: Vec<String> = ids["ids"].as_array().unwrap().iter().map(Value::to_string).collect();
    let found = review.json(cookie, &format!("/api/groups?ids={}", ids.join(",")));
    let words = |group: &Value| {
        let members = group["members"].as_array().unwrap().iter();
        let members = members.map(|m| format!("{}={}", m["name"], m["role"]));
        format!("{} {}", group["state"], members.collect::<Vec<_>>().join(" "))
    };
    found["groups"].as_array().unwrap().iter().map(words).collect()
}

/// Where the keeper of the group with that picture lies.
fn keeps(review: &Review, cookie: &str, name: &str) -> String {
    let (group, _) = find(review, cookie, name);
    let group = review.json(cookie, &format!("/api/group/{group}"));
    let keeper = group["keeper"].as_u64().unwrap() as usize;
    let member = &group["members"][keeper];
    let folder = member["folder"].as_str().unwrap();
    slashed(&Path::new(folder).join(member["name"].as_str().unwrap()))
}

fn folder(review: &Review, cookie: &str, path: &str) -> usize {
    let folders = review.json(cookie, "/api/folders");
    let folders = folders["folders"].as_array().unwrap().clone();
    folders
        .iter()
        .position(|folder| slashed(Path::new(folder.as_str().unwrap())) == path)
        .unwrap_or_else(|| panic!("{folders:?}"))
}

#[test]
fn every_decision_can_be_undone() {
    let hermetic = library();
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let (harvest, second) = find(&review, &cookie, "harvest.heic");
    let (lake, small) = find(&review, &cookie, "lake-small.jpg");
    let steps = [
        (format!("/api/group/{lake}"), json!({"keeper": small})),
        (format!("/api/group/{lake}"), json!({"spare": {"member": 0, "value": true}})),
        (format!("/api/group/{harvest}"), json!({"apart": {"member": second, "value": true}})),
        (format!("/api/group/{lake}"), json!({"accepted": true})),
        (format!("/api/group/{harvest}"), json!({"apart": {"member": second, "value": false}})),
        ("/api/accept".to_owned(), json!({})),
        (format!("/api/group/{lake}"), json!({"reset": {}})),
    ];
    let mut states = vec![all(&review, &cookie)];
    for (path, body) in &steps {
        decide(&review, &cookie, path, body);
        let now = all(&review, &cookie);
        assert_ne!(states.last(), Some(&now), "{body} changed nothing");
        states.push(now);
    }
    let reset = states.pop().unwrap();
    let untouched = |states: &[String]| states.iter().find(|s| s.contains("lake.png")).cloned();
    assert_eq!(untouched(&reset), untouched(&states[0]), "a group is as it was found");
    while let Some(before) = states.pop() {
        let undo = review.json(&cookie, "/api/overview")["undo"].clone();
        assert_eq!(decide(&review, &cookie, "/api/undo", &json!({}))["undone"], undo);
        assert_eq!(all(&review, &cookie), before, "after undoing {undo}");
    }
    assert_eq!(decide(&review, &cookie, "/api/undo", &json!({}))["undone"], Value::Null);
    decide(&review, &cookie, &steps[2].0, &steps[2].1);
    decide(&review, &cookie, "/api/undo", &json!({}));
    let found = all(&review, &cookie);
    drop(review);
    // Nothing of it is found again in the next run: neither choices nor marks.
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    assert_eq!(all(&review, &cookie), found);
}

#[test]
fn a_rule_chooses_keepers_but_no_damaged_ones_and_no_parts() {
    let hermetic = library();
    // A crop in the preferred folder, and a damaged copy.
    let lake = fs::read(hermetic.work().join("library/2023/IMG_0412.jpg")).unwrap();
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let found = all(&review, &cookie);
    assert_eq!(keeps(&review, &cookie, "lake.png"), "library/2023/IMG_0412.jpg");
    let export = folder(&review, &cookie, "library/export");
    let rule = |wish: &str, dry: bool| json!({"folder": export, "wish": wish, "dry": dry, "filter": {"state": "open"}});
    let counted = decide(&review, &cookie, "/api/rule", &rule("prefer", true))["groups"].clone();
    assert_eq!(all(&review, &cookie), found, "counting decides nothing");
    let done = decide(&review, &cookie, "/api/rule", &rule("prefer", false))["groups"].clone();
    assert_eq!(done, counted);
    assert!(done.as_u64().unwrap() >= 3, "{done}");
    assert!(keeps(&review, &cookie, "lake.png").starts_with("library/export/lake"));
    assert_eq!(keeps(&review, &cookie, "harbour.jpg"), "library/export/harbour-brighter.webp",);
    // Those that lie nowhere in it keep theirs, and all stay open.
    assert!(keeps(&review, &cookie, "harvest.heic").starts_with("library/phone/harvest"));
    assert!(all(&review, &cookie).iter().all(|group| group.starts_with("\"open\"")));
    // The opposite, and both undone.
    decide(&review, &cookie, "/api/rule", &rule("avoid", false));
    assert!(!keeps(&review, &cookie, "harbour.jpg").contains("export"));
    decide(&review, &cookie, "/api/undo", &json!({}));
    decide(&review, &cookie, "/api/undo", &json!({}));
    assert_eq!(all(&review, &cookie), found);
    let unknown = review.post(&cookie, "/api/rule", r#"{"folder":999,"wish":"prefer"}"#);
    assert_eq!(unknown.status, 409, "{}", unknown.text());
    let path = review.post(&cookie, "/api/rule", r#"{"folder":"/etc","wish":"prefer"}"#);
    assert_eq!(path.status, 400, "{}", path.text());
    drop(review);

    // A damaged file is no keeper, whatever is preferred.
    let damaged = hermetic.work().join("library/export/lake torn.jpg");
    fs::write(&damaged, &lake[..lake.len() * 9 / 10]).unwrap();
    for name in ["lake copy.jpg", "lake.png"] {
        fs::remove_file(hermetic.work().join("library/export").join(name)).unwrap();
    }
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let kept = keeps(&review, &cookie, "lake torn.jpg");
    let export = folder(&review, &cookie, "library/export");
    decide(&review, &cookie, "/api/rule", &json!({"folder": export, "wish": "prefer"}));
    assert_eq!(keeps(&review, &cookie, "lake torn.jpg"), kept);
}

#[test]
fn groups_alike_are_decided_as_one() {
    let hermetic = library();
    let at = |path: &str| hermetic.work().join("library").join(path);
    // Three pictures that lie both in 2024 and in backup, and one that lies elsewhere.
    fs::create_dir(at("backup")).unwrap();
    for name in ["garden.jpg", "street.webp", "dunes.gif"] {
        fs::copy(at("2024").join(name), at("backup").join(name)).unwrap();
    }
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let (garden, _) = find(&review, &cookie, "garden.jpg");
    let group = review.json(&cookie, &format!("/api/group/{garden}"));
    assert_eq!(group["alike"], 2, "{group}");
    // Another keeper, chosen by hand, is chosen in the others too.
    decide(&review, &cookie, &format!("/api/group/{garden}"), &json!({"keeper": 1}));
    let keeps_of = keeps(&review, &cookie, "garden.jpg");
    let done = decide(&review, &cookie, &format!("/api/alike/{garden}"), &json!({}));
    assert_eq!(done["groups"], 3);
    let chosen = keeps_of.strip_suffix("garden.jpg").unwrap();
    for name in ["garden.jpg", "street.webp", "dunes.gif"] {
        assert_eq!(keeps(&review, &cookie, name), format!("{chosen}{name}"));
    }
    let overview = review.json(&cookie, "/api/overview");
    assert_eq!(overview["accepted"], 3, "{overview}");
    decide(&review, &cookie, "/api/undo", &json!({}));
    assert_eq!(review.json(&cookie, "/api/overview")["accepted"], 0);
    // What was said of two pictures is not said of others.
    let (harvest, second) = find(&review, &cookie, "harvest.heic");
    let apart = json!({"apart": {"member": second, "value": true}});
    decide(&review, &cookie, &format!("/api/group/{harvest}"), &apart);
    let refused = review.post(&cookie, &format!("/api/alike/{harvest}"), "{}");
    assert_eq!(refused.status, 409, "{}", refused.text());
}

#[test]
fn folders_that_hold_the_same_pictures_are_told() {
    let hermetic = library();
    let at = |path: &str| hermetic.work().join("library").join(path);
    fs::create_dir(at("backup")).unwrap();
    for name in ["garden.jpg", "street.webp"] {
        fs::copy(at("2024").join(name), at("backup").join(name)).unwrap();
    }
    let review = Review::start(&hermetic, &[]);
    let cookie = review.cookie();
    let told = review.json(&cookie, "/api/folders");
    let number = |path: &str| folder(&review, &cookie, path) as u64;
    let (backup, year) = (number("library/backup"), number("library/2024"));
    let pairs = told["pairs"].as_array().unwrap();
    let pair = pairs
        .iter()
        .find(|pair| (pair["inner"].as_u64(), pair["outer"].as_u64()) == (Some(backup), Some(year)))
        .unwrap_or_else(|| panic!("{told}"));
    assert_eq!((&pair["inner_pictures"], &pair["in_outer"]), (&json!(2), &json!(2)), "{pair}");
    assert_eq!((&pair["outer_pictures"], &pair["in_inner"]), (&json!(5), &json!(2)), "{pair}");
    assert_eq!(pair["groups"], 2);
    // The list can be had of such a pair alone, of a format alone, and in another order.
    let ids = |query: &str| {
        let ids = review.json(&cookie, &format!("/api/ids?{query}"))["ids"].clone();
        ids.as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect::<Vec<_>>()
    };
    let of_pair = ids(&format!("folders={backup},{year}"));
    let mut expected =
        vec![find(&review, &cookie, "garden.jpg").0, find(&review, &cookie, "street.webp").0];
    expected.sort_unstable();
    assert_eq!(of_pair, expected);
    assert_eq!(ids("format=heic"), [find(&review, &cookie, "harvest.heic").0]);
    let bytes = |id: &u64| review.json(&cookie, &format!("/api/group/{id}"))["bytes"].as_u64();
    let by_bytes: Vec<_> = ids("order=bytes").iter().map(bytes).collect();
    assert!(by_bytes.is_sorted_by(|a, b| a >= b), "{by_bytes:?}");
    let surest = ids("order=certainty");
    let place = |id: u64| surest.iter().position(|other| *other == id);
    let edited = place(find(&review, &cookie, "harbour-brighter.webp").0);
    assert!(expected.iter().all(|same| place(*same) < edited), "the same bytes are surest");
    assert_ne!(surest, ids("order=bytes"));
}
