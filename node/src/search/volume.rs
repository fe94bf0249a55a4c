//! One index in a directory of its own, and how to tell whether it can be trusted.
//!
//! ```text
//!  <data_dir>/search/1        in use until another one is complete
//!  <data_dir>/search/2        being made anew; without a label, nothing until then
//! ```
//!
//! A commit carries a label: whose index it is and which log index it reflects. Files and label change as one.

use std::fs;
use std::path::{Path, PathBuf};

use livedrop_domain::ProductId;
use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::IndexWriterOptions;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, Term};

use super::document::Subject;
use super::schema::{self, FORM, Fields};

/// Whose index it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub cluster_id: String,
    pub node_id: u64,
    /// That of the data directory, in hexadecimal digits.
    pub incarnation: String,
}

/// What an index says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Label {
    pub form: u32,
    pub identity: Identity,
    /// The log index that it reflects.
    pub index: u64,
    /// The state's hash there, in hexadecimal digits: another history may have the same index.
    pub hash: Option<String>,
}

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("the index cannot be read or written")]
    Index(#[from] tantivy::TantivyError),
    #[error("the directory {} cannot be used", path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Foreign(&'static str),
}

/// An index that is open for reading and writing.
pub(super) struct Volume {
    pub fields: Fields,
    path: PathBuf,
    writer: IndexWriter,
    reader: IndexReader,
}

impl Volume {
    /// Opens the newest complete index below `root` and removes all others. Errors: there is none that can be used.
    pub fn open(root: &Path, identity: &Identity, writer_bytes: usize) -> Result<(Self, Label), Unusable> {
        let mut newest = Err(Unusable::Foreign("there is no index yet"));
        for number in numbers(root)?.into_iter().rev() {
            let path = root.join(number.to_string());
            if newest.is_err() {
                newest = Self::open_one(&path, identity, writer_bytes);
                if newest.is_ok() {
                    continue;
                }
            }
            remove(&path);
        }
        newest
    }

    fn open_one(path: &Path, identity: &Identity, writer_bytes: usize) -> Result<(Self, Label), Unusable> {
        let index = Index::open(directory(path)?)?;
        let label = index.load_metas()?.payload.and_then(|label| serde_json::from_str::<Label>(&label).ok());
        let label = label.ok_or(Unusable::Foreign("it was never completed"))?;
        if label.form != FORM || index.schema() != schema::schema().0 {
            return Err(Unusable::Foreign("it has another form"));
        }
        if label.identity != *identity {
            return Err(Unusable::Foreign("it belongs to another node or to an earlier life of this one"));
        }
        if !index.validate_checksum()?.is_empty() {
            return Err(Unusable::Foreign("its files have changed by themselves"));
        }
        Ok((Self::of(index, path, writer_bytes)?, label))
    }

    /// Begins an empty index beside those that are there.
    pub fn create(root: &Path, writer_bytes: usize) -> Result<Self, Unusable> {
        let number = numbers(root)?.last().map_or(1, |last| last + 1);
        let path = root.join(number.to_string());
        fs::create_dir_all(&path).map_err(|source| Unusable::Directory { path: path.clone(), source })?;
        let (schema, _) = schema::schema();
        let index = Index::create(directory(&path)?, schema, schema::settings())?;
        Self::of(index, &path, writer_bytes)
    }

    fn of(index: Index, path: &Path, writer_bytes: usize) -> Result<Self, Unusable> {
        schema::register_analyzers(&index);
        // One thread writes and one merges: the machine is there for purchases.
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(writer_bytes)
            .build();
        let writer = index.writer_with_options(options)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Volume { fields: schema::schema().1, path: path.to_owned(), writer, reader })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a product in the place of what was there of it; none takes it out.
    pub fn replace(&self, id: ProductId, subject: Option<&Subject>) -> Result<(), Unusable> {
        self.writer.delete_term(Term::from_field_text(self.fields.id, &id.to_string()));
        if let Some(subject) = subject {
            self.add(subject)?;
        }
        Ok(())
    }

    /// Adds a product that is not there yet.
    pub fn add(&self, subject: &Subject) -> Result<(), Unusable> {
        self.writer.add_document(subject.document(&self.fields))?;
        Ok(())
    }

    /// Makes durable what was put in since, with what it reflects, and shows it.
    pub fn commit(&mut self, label: &Label) -> Result<(), Unusable> {
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&serde_json::to_string(label).expect("a label is JSON"));
        prepared.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// The index as it was committed last.
    pub fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Waits until nothing is being merged.
    pub fn close(self) {
        if let Err(error) = self.writer.wait_merging_threads() {
            tracing::warn!(%error, "the search index was not closed well; it is what it was at its last commit");
        }
    }
}

fn directory(path: &Path) -> Result<MmapDirectory, Unusable> {
    MmapDirectory::open(path).map_err(|error| Unusable::Index(error.into()))
}

/// The numbers of the indexes below `root`, in order.
fn numbers(root: &Path) -> Result<Vec<u64>, Unusable> {
    let failed = |source| Unusable::Directory { path: root.to_owned(), source };
    fs::create_dir_all(root).map_err(failed)?;
    let mut numbers = Vec::new();
    for entry in fs::read_dir(root).map_err(failed)? {
        numbers.extend(entry.map_err(failed)?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Removes all indexes below `root` but one.
pub(super) fn remove_others(root: &Path, but: &Path) {
    let numbers = numbers(root).unwrap_or_default().into_iter();
    for path in numbers.map(|number| root.join(number.to_string())).filter(|path| path != but) {
        remove(&path);
    }
}

/// Removes an index; whoever still reads it goes on.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(%error, path = %path.display(), "a search index that is not used any more was not removed");
    }
}

/// The bytes of an index on the disk.
pub(super) fn bytes(path: &Path) -> u64 {
    let files = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}
