//! `cache export` and `cache import`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, Write};
use std::path::Path;

use clean_backup::catalogue::cache::Cache;
use clean_backup::catalogue::exchange::{
    ExchangeError, TableFormat, read_csv, read_parquet, write_table,
};
use clean_backup::files::atomic_file;
use clean_backup::model::path_text::for_people;
use clean_backup::model::record::KnownPicture;

use crate::cli::args::TableForm;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render;

/// Pictures that are written to the cache at once.
const BATCH: usize = 4096;

/// Writes the cache's pictures to standard output or into a new file.
///
/// # Errors
/// What keeps it from being done.
pub fn export(
    context: &Context<'_>,
    form: TableForm,
    output: Option<&Path>,
) -> Result<Outcome, Failure> {
    let format = match form {
        TableForm::Csv => TableFormat::Csv,
        TableForm::Parquet => TableFormat::Parquet,
    };
    let cache = context.cache()?;
    let table = |out: &mut (dyn Write + Send)| {
        write_table(format, out, &mut |take: &mut dyn FnMut(KnownPicture)| cache.each_picture(take))
    };
    let Some(path) = output else {
        let mut out = BufWriter::new(std::io::stdout());
        return match table(&mut out).and_then(|_| Ok(out.flush()?)) {
            Ok(()) => Ok(Outcome::Done),
            Err(ExchangeError::Io(error)) => Err(Failure::from_output(&error)),
            Err(error) => Err(Failure::new(FailureKind::Failed, error.to_string())),
        };
    };
    render::check_free(path, false)?;
    atomic_file::create_by(path, &|file| {
        let mut out = BufWriter::new(file);
        table(&mut out).map_err(|error| std::io::Error::other(error.to_string()))?;
        out.flush()
    })
    .map_err(|error| Failure::new(FailureKind::Failed, format!("{}: {error}", for_people(path))))?;
    Ok(Outcome::Done)
}

/// Takes the pictures of a table into the cache.
///
/// # Errors
/// What keeps it from being done; rows before a wrong one are taken.
pub fn import(context: &Context<'_>, path: &Path) -> Result<Outcome, Failure> {
    let failed =
        |why: String| Failure::new(FailureKind::Failed, format!("{}: {why}", for_people(path)));
    let mut file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut first = Vec::new();
    (&mut file).take(4).read_to_end(&mut first).map_err(|error| failed(error.to_string()))?;
    file.rewind().map_err(|error| failed(error.to_string()))?;
    let mut cache = context.cache()?;
    let mut waiting: Vec<KnownPicture> = Vec::with_capacity(BATCH);
    let (mut count, mut refused) = (0_u64, None);
    let mut take = |known: KnownPicture| {
        count += 1;
        waiting.push(known);
        if waiting.len() == BATCH && refused.is_none() {
            refused = keep(&mut cache, &mut waiting).err();
        }
    };
    let read = match TableFormat::from_bytes(&first) {
        TableFormat::Csv => read_csv(&mut BufReader::new(file), &mut take),
        TableFormat::Parquet => read_parquet(file, &mut take),
    };
    if refused.is_none() {
        refused = keep(&mut cache, &mut waiting).err();
    }
    if let Some(failure) = refused {
        return Err(failure);
    }
    read.map_err(|error| failed(error.to_string()))?;
    render::print(&format!("{count} pictures imported\n"))?;
    Ok(Outcome::Done)
}

fn keep(cache: &mut Cache, waiting: &mut Vec<KnownPicture>) -> Result<(), Failure> {
    let written = cache.write_known(waiting).map_err(|error| Failure::from_cache(&error));
    waiting.clear();
    written
}
