use super::*;

fn layer(pairs: &[(Key, &str)]) -> Layer {
    pairs.iter().map(|&(key, text)| (key, Value::from_text(key, text).unwrap())).collect()
}

fn settings(flags: &[(Key, &str)], env: &[(Key, &str)], file: &[(Key, &str)]) -> Settings {
    let home = Path::new("/home/me");
    let cache = Some("/cache.db".into());
    (&resolve(&layer(flags), &layer(env), &layer(file), cache, Some(home))).into()
}

#[test]
fn the_first_source_decides() {
    let key = Key::Threads;
    let threads = |s: Settings| s.threads.map(NonZeroUsize::get);
    assert_eq!(threads(settings(&[], &[], &[])), None);
    assert_eq!(threads(settings(&[], &[], &[(key, "1")])), Some(1));
    assert_eq!(threads(settings(&[], &[(key, "2")], &[(key, "1")])), Some(2));
    assert_eq!(threads(settings(&[(key, "3")], &[(key, "2")], &[(key, "1")])), Some(3));
    assert!(!settings(&[(Key::Hidden, "false")], &[], &[(Key::Hidden, "true")]).hidden);
}

#[test]
fn sensitivity_and_threshold_are_one_setting() {
    let policy = |s: Settings| (s.policy.radius.0, s.policy.fine_radius.0, s.sensitivity);
    let (name, number, fine) = (Key::Sensitivity, Key::Threshold, Key::FineThreshold);
    let standard = Some(Sensitivity::Standard);
    assert_eq!(policy(settings(&[], &[], &[])), (6, 56, standard));
    assert_eq!(policy(settings(&[], &[], &[(number, "10")])), (10, 72, None));
    assert_eq!(
        policy(settings(&[(name, "exact")], &[], &[(number, "10")])),
        (2, 32, Some(Sensitivity::Exact))
    );
    assert_eq!(policy(settings(&[(number, "6")], &[(name, "exact")], &[])), (6, 56, standard));
    // A fine threshold of its own, for whatever threshold is weaker than it.
    assert_eq!(policy(settings(&[(fine, "7")], &[], &[(number, "10")])), (10, 7, None));
    assert_eq!(policy(settings(&[], &[], &[(fine, "7"), (number, "10")])), (10, 7, None));
    assert_eq!(policy(settings(&[], &[], &[(fine, "7")])), (6, 7, standard));
    // It was chosen for another threshold.
    assert_eq!(policy(settings(&[(number, "10")], &[], &[(fine, "7")])), (10, 72, None));
}

#[test]
fn cpu_and_gpu_are_one_setting() {
    let (cpu, gpu) = (Key::Cpu, Key::Gpu);
    assert_eq!(settings(&[], &[], &[]).gpu, GpuMode::Auto);
    assert_eq!(settings(&[(cpu, "true")], &[], &[(gpu, "on")]).gpu, GpuMode::Off);
    assert_eq!(settings(&[(gpu, "on")], &[], &[(cpu, "true")]).gpu, GpuMode::On);
    assert_eq!(settings(&[(cpu, "false")], &[], &[(cpu, "true")]).gpu, GpuMode::Auto);
    assert_eq!(settings(&[], &[], &[(cpu, "true"), (gpu, "any")]).gpu, GpuMode::Off);
}

#[test]
fn the_cache_of_the_file_may_begin_with_home() {
    let cache = |s: Settings| s.cache;
    assert_eq!(cache(settings(&[], &[], &[])), Some("/cache.db".into()));
    assert_eq!(cache(settings(&[], &[], &[(Key::Cache, "~/x.db")])), Some("/home/me/x.db".into()));
    assert_eq!(cache(settings(&[(Key::Cache, "~/x.db")], &[], &[])), Some("~/x.db".into()));
}
