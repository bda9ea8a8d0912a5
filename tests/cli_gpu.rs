//! `--gpu` and `--cpu` on the command line.

#![allow(clippy::unwrap_used)]

mod hermetic;

use hermetic::Hermetic;

/// Where no driver is, whatever this machine has: the Vulkan loader looks nowhere else.
#[cfg(all(feature = "gpu", target_os = "linux"))]
const NO_DRIVER: &[(&str, &str)] =
    &[("VK_DRIVER_FILES", "/nonexistent.json"), ("VK_ICD_FILENAMES", "/nonexistent.json")];

#[cfg(feature = "gpu")]
fn library() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/library").to_owned()
}

/// The report as JSON, without what differs from run to run.
#[cfg(feature = "gpu")]
fn report(hermetic: &Hermetic, gpu: &[&str], variables: &[(&str, &str)]) -> serde_json::Value {
    let library = library();
    let mut arguments = vec!["dedupe", &library, "--format", "json", "--any-orientation"];
    arguments.extend(gpu);
    let ran = hermetic.run_with(variables, &arguments);
    assert!(ran.code == 0 || ran.code == 1, "{}", ran.all());
    let mut report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    report["summary"]["seconds"] = 0.into();
    report
}

#[cfg(all(feature = "gpu", target_os = "linux"))]
#[test]
fn without_a_driver_the_cpu_does_it() {
    let cpu = report(&Hermetic::new(), &["--cpu"], &[]);
    assert_eq!(cpu, report(&Hermetic::new(), &[], NO_DRIVER));
    assert_eq!(cpu["summary"]["backend"], "cpu");
    assert!(cpu["summary"]["groups"].as_u64().unwrap() > 0);
    for (when, what) in
        [("on", "--gpu on: no GPU was found"), ("any", "--gpu any: no GPU was found, not even")]
    {
        let hermetic = Hermetic::new();
        let ran = hermetic.run_with(NO_DRIVER, &["dedupe", ".", "--gpu", when]);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: --gpu auto and --cpu"), "{}", ran.stderr);
        assert!(!hermetic.cache_file().exists());
    }
    let doctor = Hermetic::new().run_with(NO_DRIVER, &["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.all());
    assert!(doctor.stdout.contains("GPU in use: none; no driver offers one"), "{}", doctor.stdout);
}

#[test]
fn cpu_asks_no_driver() {
    let doctor = Hermetic::new().run(["doctor", "--cpu"]);
    assert!(doctor.stdout.contains("GPU: not asked (--cpu)"), "{}", doctor.stdout);
}

#[cfg(feature = "gpu")]
#[test]
fn any_gpu_reports_the_same() {
    let hermetic = Hermetic::new();
    let ran = hermetic.run(["scan", ".", "--gpu", "any"]);
    if ran.code == 1 && ran.stderr.contains("no GPU was found") {
        assert!(std::env::var_os("REQUIRE_GPU_TESTS").is_none(), "{}", ran.stderr);
        eprintln!("\n*** SKIPPED, NOT TESTED: no adapter, not even in software.\n");
        return;
    }
    let mut gpu = report(&Hermetic::new(), &["--gpu", "any"], &[]);
    assert_eq!(gpu["summary"]["backend"], "gpu");
    gpu["summary"]["backend"] = "cpu".into();
    assert_eq!(gpu, report(&Hermetic::new(), &["--cpu"], &[]));
}

#[cfg(not(feature = "gpu"))]
#[test]
fn a_build_without_says_so() {
    let ran = Hermetic::new().run(["dedupe", ".", "--gpu", "on"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stderr.contains("this build has no GPU code"), "{}", ran.stderr);
}
