//! What a plan would do, line by line: the answer to `--dry-run`.

use clean_backup::act::plan::{Action, ActionKind, Member, Plan};
use clean_backup::model::path_text::for_people;

use crate::cli::args::ListFormat;
use crate::cli::failure::Failure;
use crate::cli::places::Places;
use crate::cli::question;

/// Prints a plan instead of carrying it out: for programs as it would be saved.
///
/// # Errors
/// As [`super::print`].
pub fn print(plan: &Plan, places: &Places, format: ListFormat) -> Result<(), Failure> {
    match format {
        ListFormat::Json => super::print(&super::plan(plan)?),
        ListFormat::Text => super::print(&text(plan, places)),
    }
}

fn text(plan: &Plan, places: &Places) -> String {
    if plan.actions.is_empty() {
        return "Nothing to do.\n".to_owned();
    }
    let verbs = plan.actions.iter().map(|action| verb(action.action).len());
    let width = verbs.max().unwrap_or(0);
    let mut text = String::new();
    for action in &plan.actions {
        for member in &action.files {
            text += &format!(
                "{:width$}  {}\n",
                verb(action.action),
                line(plan, action, member, places)
            );
        }
    }
    for folder in &plan.prune {
        text += &format!("{:width$}  {}, if it is empty then\n", "remove", for_people(&folder.0));
    }
    text + &format!("Nothing was changed. Without --dry-run: {}.\n", question::phrase(plan, places))
}

/// "A  →  B  (keeps C)".
fn line(plan: &Plan, action: &Action, member: &Member, places: &Places) -> String {
    let source = places.show(&plan.resolve(&member.source.path));
    let destination =
        member.destination.as_ref().map(|to| places.show(&plan.resolve(&to.0))).unwrap_or_default();
    match action.action {
        ActionKind::WriteSidecar => format!("{destination}  (about {source})"),
        _ => {
            let to = if destination.is_empty() { "" } else { "  →  " };
            let here = member.keeper.as_ref().map(|keeper| plan.resolve(&keeper.path));
            let keeper = here.or_else(|| member.attested.as_ref().map(|other| other.named()));
            let keeps = keeper.map(|keeper| format!("  (keeps {})", places.show(&keeper)));
            format!("{source}{to}{destination}{}", keeps.unwrap_or_default())
        }
    }
}

fn verb(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Report => "show",
        ActionKind::Quarantine | ActionKind::Move => "move",
        ActionKind::Copy => "copy",
        ActionKind::Trash => "trash",
        ActionKind::Hardlink => "hardlink",
        ActionKind::Reflink => "reflink",
        ActionKind::Delete => "delete",
        ActionKind::Untrash => "untrash",
        ActionKind::Detach => "detach",
        ActionKind::WriteSidecar => "write",
    }
}
