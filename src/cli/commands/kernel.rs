//! `kernel`: one step of a search over many machines, from standard input to standard output.

use std::io;
use std::path::{Path, PathBuf};

use clean_backup::act::plan::ActionKind;
use clean_backup::act::proposal::ProposalOptions;
use clean_backup::catalogue::decisions::Decisions;
use clean_backup::distributed::{
    self, GroupOptions, HashOptions, KeeperList, KernelError, MatchingRule, Receipt,
    VolumeFindings, marks,
};
use clean_backup::library::prefer;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::count;
use clean_backup::model::record::{Mark, Skip};

use crate::cli::args::{HashChoice, KernelCommand, RuleArgs};
use crate::cli::commands::dedupe::{check_destination, run_label};
use crate::cli::context::{Context, machine, now_utc};
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::{interrupt, render};

/// Runs a kernel.
///
/// # Errors
/// What keeps the task from being done.
pub fn run(context: &Context<'_>, command: &KernelCommand) -> Result<Outcome, Failure> {
    context.start_threads()?;
    let rule = |rule: &RuleArgs| MatchingRule {
        policy: context.settings.policy,
        fine_only: rule.hash == HashChoice::Fine,
        any_orientation: context.settings.any_orientation,
    };
    let (input, output) = (&mut io::stdin().lock(), &mut io::stdout().lock());
    let done = match command {
        KernelCommand::List { volume, root, .. } => {
            let walk = context.scan_options()?.walk;
            let cancel = interrupt::watch()?;
            distributed::list(volume, &context.folder.join(root), &walk, &cancel, output)
        }
        KernelCommand::Hash { detail: true, .. } => {
            distributed::detail(input, output, &context.decode_options())
        }
        KernelCommand::Hash { .. } => {
            let options = HashOptions { decode: context.decode_options(), machine: machine() };
            distributed::hash(input, output, &options)
        }
        KernelCommand::Units => distributed::units(input, output),
        KernelCommand::Join { rule: args } => distributed::join(input, output, rule(args)),
        KernelCommand::Components => distributed::components(input, output),
        KernelCommand::Prove { rule: args } => distributed::prove(input, output, rule(args)),
        KernelCommand::Group {
            rule: args,
            include_bursts,
            include_alike,
            include_unsure,
            name_volumes,
            read_files,
            keep: _,
        } => {
            let keep = context.settings.keep.clone();
            let options = GroupOptions {
                rule: rule(args),
                include_bursts: *include_bursts,
                include_alike: *include_alike,
                include_unsure: *include_unsure,
                prefer: Some(prefer(&keep)?),
                keep,
                name_volumes: *name_volumes,
                files: read_files.then(|| context.decode_options()),
            };
            distributed::group(input, output, &options, &render::groups)
        }
        KernelCommand::Attest { keepers, output } => return attest(context, keepers, output),
        KernelCommand::Plan { findings, action, to, receipt, output } => {
            return plan(context, findings, (*action).kind(), to.as_deref(), (receipt, output));
        }
        KernelCommand::Marks => {
            render::print(&(marks::to_json(&own_marks(context)?) + "\n"))?;
            Ok(())
        }
    };
    done.map(|()| Outcome::Done).map_err(failure)
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::new(FailureKind::Failed, format!("{} cannot be read: {error}", for_people(file)))
    })
}

fn misread(file: &Path, why: &str) -> Failure {
    Failure::new(FailureKind::Refused, format!("{}: {why}", for_people(file)))
}

/// Reads the files of a list on this machine, and says so in a receipt.
fn attest(context: &Context<'_>, list: &Path, output: &Path) -> Result<Outcome, Failure> {
    render::check_free(output, context.yes)?;
    let keepers: KeeperList =
        serde_json::from_str(&read(list)?).map_err(|error| misread(list, &error.to_string()))?;
    let (receipt, skipped) =
        distributed::attest(&keepers, machine(), now_utc()).map_err(|why| misread(list, &why))?;
    let text = receipt.to_json().map_err(|error| Failure::from_output(&error.into()))?;
    render::save(output, &(text + "\n"), context.yes)?;
    tell(&skipped);
    let (number, all) = (keepers.keepers.len() - skipped.len(), keepers.keepers.len());
    let place = for_people(output);
    render::print(&format!("{number} of {all} files are as they were: {place}\n"))?;
    Ok(Outcome::from_skipped(skipped.len()))
}

fn tell(skipped: &[Skip]) {
    for skip in skipped {
        tracing::warn!("left out: {}: {}", for_people(&skip.path), one_line(&skip.reason));
    }
}

/// Plans what to do with what was found of this machine's volume.
fn plan(
    context: &Context<'_>,
    file: &Path,
    action: ActionKind,
    to: Option<&Path>,
    (receipts, output): (&[PathBuf], &Path),
) -> Result<Outcome, Failure> {
    render::check_free(output, context.yes)?;
    check_destination(action, to)?;
    let found = VolumeFindings::from_json(&read(file)?).map_err(|why| misread(file, &why))?;
    let receipts = receipts
        .iter()
        .map(|file| Receipt::from_json(&read(file)?).map_err(|why| misread(file, &why)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut handed = found.look(&receipts).map_err(|why| misread(file, &why))?;
    handed.findings.learn();
    let wanted = ProposalOptions {
        action,
        destination: context.destination(to, &[])?,
        base: context.folder.clone(),
        label: run_label(),
        delete_unquarantined: false,
        carry: true,
    };
    let proposal = handed.findings.plan_with(&wanted, &handed.elsewhere, context.progress);
    tell(&handed.skipped);
    for left in proposal.left.iter().chain(&proposal.not_carried) {
        tracing::warn!("left alone: {}: {}", for_people(&left.path), one_line(&left.why));
    }
    render::save(output, &render::plan(&proposal.plan)?, context.yes)?;
    let extent = proposal.plan.extent();
    let place = for_people(output);
    let text = format!(
        "{} planned, {} left alone: clean-backup apply {place}\n",
        count(extent.files, "file"),
        proposal.left.len() + handed.skipped.len(),
    );
    render::print(&text)?;
    Ok(Outcome::from_skipped(handed.skipped.len()))
}

fn own_marks(context: &Context<'_>) -> Result<Vec<Mark>, Failure> {
    let Some(file) = context.decisions_file() else { return Ok(Vec::new()) };
    let opened = Decisions::open_existing(&file);
    let marks = opened.and_then(|decisions| decisions.map(|d| d.marks()).transpose());
    Ok(marks.map_err(|error| Failure::from_decisions(&error))?.unwrap_or_default())
}

/// Engines show a failed task's message: it says which of the two streams is to blame.
fn failure(error: KernelError) -> Failure {
    let message = error.to_string();
    match error {
        KernelError::Refused(_) => Failure::new(FailureKind::Refused, message),
        KernelError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Failure::new(FailureKind::Stream, "nobody reads the output any more")
        }
        KernelError::Input(_) | KernelError::Output(_) => {
            Failure::new(FailureKind::Stream, message)
        }
    }
}
