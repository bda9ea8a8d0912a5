//! Plans. What is read comes out the same when it is written and read again.
#![no_main]

use clean_backup::Plan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Plan::from_json(text);
    let _ = Plan::from_journalled_json(text);
    // A checksum is hard to guess: without it the rules themselves are reached.
    let Ok(plan) = Plan::from_edited_json(text) else { return };
    plan.extent();
    let reach = plan.reach().expect("the folders were checked");
    for member in plan.actions.iter().flat_map(|action| &action.files) {
        reach.acts_on(&plan.resolve(&member.source.path));
    }
    let again = Plan::from_json(&plan.to_json().expect("a plan can be written"));
    assert_eq!(again.as_ref(), Ok(&plan));
});
