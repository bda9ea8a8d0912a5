use std::fs;
use std::path::Path;

use super::file::parse;
use super::value::parse_bytes;
use super::*;

fn layer(text: &str) -> Layer {
    parse(Path::new("c.toml"), text).unwrap()
}

fn error(text: &str) -> String {
    parse(Path::new("c.toml"), text).unwrap_err().to_string()
}

#[test]
fn every_key_reads_back_what_it_writes() {
    let texts = [
        ("sensitivity", "aggressive"),
        ("threshold", "16"),
        ("fine_threshold", "256"),
        ("any_orientation", "true"),
        ("include_bursts", "false"),
        ("include_alike", "true"),
        ("include_unsure", "true"),
        ("include_films", "true"),
        ("deep", "true"),
        ("keep", "largest,prefer=**/{a,b}/**"),
        ("threads", "8"),
        ("gpu", "off"),
        ("cpu", "true"),
        ("cache", "/var/x.db"),
        ("include", "*.jpg,*.{png,heic}"),
        ("exclude", "**/tmp/**"),
        ("hidden", "true"),
        ("follow_links", "true"),
        ("one_file_system", "true"),
        ("download_placeholders", "true"),
        ("exact_decode", "true"),
        ("read_order", "place"),
        ("max_pixels", "1000000"),
        ("memory", "4GiB"),
        ("password_hash", "$argon2id$v=19$m=16,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q"),
        ("color", "never"),
    ];
    assert_eq!(texts.len(), Key::ALL.len());
    for (name, text) in texts {
        let key: Key = name.parse().unwrap();
        let value = Value::from_text(key, text).unwrap();
        let written = format!("{name} = {}", value.to_toml(key).unwrap());
        assert_eq!(layer(&written)[&key], value, "{written}");
    }
}

#[test]
fn lists_are_split_outside_of_brackets() {
    assert_eq!(
        Value::from_text(Key::Include, "*.{jpg,png},,b[,]c"),
        Ok(Value::List(vec!["*.{jpg,png}".into(), "b[,]c".into()]))
    );
}

#[test]
fn numbers_of_bytes() {
    for (text, bytes) in [
        ("1", Some(1)),
        ("512MiB", Some(512 << 20)),
        ("4 gib", Some(4 << 30)),
        ("8GB", Some(8_000_000_000)),
        ("0", None),
        ("", None),
        ("-1", None),
        ("1.5GB", None),
        ("GB", None),
        ("99999999TiB", None),
        ("4 apples", None),
        // Just past 2⁶⁴.
        ("18446744074GB", None),
    ] {
        assert_eq!(parse_bytes(text), bytes, "{text:?}");
    }
}

#[test]
fn errors_name_the_line_the_key_and_what_is_allowed() {
    let errors: Vec<String> = [
        "# a comment\n\nsensitivty = \"exact\"\n",
        "frobnicate = 1\n",
        "hidden = true\n[walk]\nthreads = 1\n",
        "fine-threshold = 3\n",
        "sensitivity = \"high\"\n",
        "sensitivity = 6\n",
        "\nthreshold = 17\n",
        "threshold = \"6\"\n",
        "threads = 0\n",
        "hidden = \"yes\"\n",
        "memory = \"lots\"\n",
        "memory = -4\n",
        "cache = \"relative.db\"\n",
        "exclude = [\"ok\", \"a[\"]\n",
        "exclude = \"*.tmp\"\n",
        "keep = [\"smallest\"]\n",
        "max_pixels = 0\n",
        "color = [\n",
        "hidden = true\nhidden = false\n",
        "threshold = 4\nsensitivity = \"exact\"\n",
        "[hidden]\n",
    ]
    .into_iter()
    .map(error)
    .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn setting_keeps_comments_and_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/config.toml");
    let word = |key, text| Value::from_text(key, text).unwrap();
    assert_eq!(
        set(&path, Key::Hidden, &Value::Flag(true)).unwrap(),
        None,
        "a missing file is made"
    );
    fs::write(
        &path,
        "# mine\nhidden = true # yes\n\n# number\nthreshold = 4\n# globs\nexclude = [\n  \"a\", # one\n]\n# end\n",
    )
    .unwrap();
    set(&path, Key::Hidden, &Value::Flag(false)).unwrap();
    assert_eq!(
        set(&path, Key::Sensitivity, &word(Key::Sensitivity, "aggressive")).unwrap(),
        Some(Key::Threshold)
    );
    assert!(unset(&path, Key::Exclude).unwrap());
    assert!(!unset(&path, Key::Exclude).unwrap());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "# mine\nhidden = false # yes\nsensitivity = \"aggressive\"\n# end\n");
    assert_eq!(read(&path).unwrap()[&Key::Sensitivity], Value::Word("aggressive"));
}

#[test]
fn a_wrong_file_is_not_changed_except_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, "threads = 0\n").unwrap();
    assert!(set(&path, Key::Hidden, &Value::Flag(true)).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "threads = 0\n");
    set(&path, Key::Threads, &Value::Number(3)).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "threads = 3\n");
}

#[test]
fn home_is_expanded_only_in_front() {
    let home = Path::new("/home/me");
    assert_eq!(expand_home("~/x.db".as_ref(), home), Path::new("/home/me/x.db"));
    assert_eq!(expand_home("/a/~/x".as_ref(), home), Path::new("/a/~/x"));
    assert_eq!(expand_home("~x".as_ref(), home), Path::new("~x"));
}
