//! A backup: a folder with the control database as text that either engine can read, the lake's files, and a manifest
//! with the digest of everything.
//!
//! The database is written from one snapshot, and the lake's files are taken after it. A part rests in the lake before
//! the database counts it, so whatever the database refers to is in the backup; a part that came in between is there
//! too much, and reading its file again writes it again under the same name. What correlations remember is copied before
//! the database: what came in between they have missed, and never remember something twice.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use base::Timestamp;
use store::{Head, Location, Store, Verification, copy};

use crate::centre::Centre;
use crate::intake;

const MANIFEST: &str = "manifest.json";
const DATABASE: &str = "database";
const FILES: &str = "files";
/// The shape of a backup; a program refuses one that it does not know.
const FORMAT: u32 = 1;
/// Folders of a data directory in which writers keep what is not yet there.
const UNFINISHED: [&str; 2] = ["staging", "pending"];
/// A manifest that is longer was not written here.
const MANIFEST_BYTES_MAX: u64 = 1 << 30;
const ZSTD_LEVEL: i32 = 3;

/// What is in a backup.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When it was begun.
    pub made_at: Timestamp,
    /// The number of the database's last migration.
    pub schema: i64,
    /// The end of the audit chain: its number and hash.
    pub audit_head: Option<(i64, String)>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The files of the data directory.
    pub files: Vec<Copied>,
}

/// A table in a backup.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    name: String,
    rows: u64,
    /// Of its rows, in any order.
    digest: String,
    /// Where it is.
    file: Copied,
}

/// A file in a backup.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copied {
    path: String,
    bytes: u64,
    blake3: String,
}

impl Manifest {
    /// What a person wants to know of it.
    pub fn summary(&self) -> String {
        let rows: u64 = self.tables.iter().map(|table| table.rows).sum();
        let files = self.files.iter().map(|file| file.bytes).sum::<u64>() >> 20;
        let head = match &self.audit_head {
            Some((seq, hash)) => format!("audit line {seq} {hash}"),
            None => "no audit line".to_owned(),
        };
        let count = self.files.len();
        format!("{rows} rows in {} tables, {count} files with {files} MiB, {head}", self.tables.len())
    }

    fn head(&self) -> Option<Head> {
        self.audit_head.clone().map(|(seq, hash)| Head { seq, hash })
    }
}

/// Makes a backup in a folder that is not there yet. It has its name only when it is whole and on disk.
pub fn make(centre: &Centre, folder: &Path, now: Timestamp) -> anyhow::Result<Manifest> {
    ensure!(!folder.exists(), "{} is there already; a backup needs a folder of its own", folder.display());
    let partial = beside(folder, "partial")?;
    let made = make_in(centre, &partial, now);
    if made.is_ok() {
        fs::rename(&partial, folder).with_context(|| format!("cannot name {}", folder.display()))?;
        sync_folder(folder.parent().unwrap_or(Path::new(".")))?;
    } else {
        let _ = fs::remove_dir_all(&partial);
    }
    made
}

fn make_in(centre: &Centre, partial: &Path, now: Timestamp) -> anyhow::Result<Manifest> {
    for folder in [partial, &partial.join(DATABASE), &partial.join(FILES)] {
        make_folder(folder)?;
    }
    let mut names = copy_memory(centre, &partial.join(FILES))?;
    let (schema, audit_head, tables) = centre.runtime.block_on(write_database(centre, partial))?;
    names.extend(take_files(centre, &partial.join(FILES))?);
    let files = names.into_iter().map(|name| digested(&partial.join(FILES), name));
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now,
        schema,
        audit_head,
        tables,
        files: files.collect::<anyhow::Result<_>>()?,
    };
    let mut file = File::create(partial.join(MANIFEST))?;
    file.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    file.sync_all()?;
    for folder in [partial.join(DATABASE), partial.to_owned()] {
        sync_folder(&folder)?;
    }
    Ok(manifest)
}

/// The database at one moment.
async fn write_database(
    centre: &Centre,
    partial: &Path,
) -> anyhow::Result<(i64, Option<(i64, String)>, Vec<Table>)> {
    let mut read = centre.store.read().await?;
    let (schema, all) = copy::contents(&mut read, centre.store.engine()).await?;
    let head = store::audit_head_in(&mut read).await?;
    let mut tables = Vec::with_capacity(all.len());
    for table in all {
        let path = format!("{DATABASE}/{}.ndjson.zst", table.name);
        let file = File::create(partial.join(&path))?;
        let mut packed = zstd::Encoder::new(BufWriter::new(file), ZSTD_LEVEL)?;
        let copied = copy::write(&mut read, &table, &mut packed).await?;
        let file = packed.finish()?.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        let file = digested(partial, path)?;
        tables.push(Table { name: table.name, rows: copied.rows, digest: copied.digest, file });
    }
    Ok((schema, head.map(|head| (head.seq, head.hash)), tables))
}

/// Links the files of the data directory into `to`, or copies them where that is another disk; nobody changes a file of
/// the lake, a new one takes its place. Returns their paths.
fn take_files(centre: &Centre, to: &Path) -> anyhow::Result<Vec<String>> {
    let still = centre.lake.hold_still()?;
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(centre.directory.join(&below))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let top = below.is_empty();
            let path = if top { name.clone() } else { format!("{below}/{name}") };
            let kind = entry.file_type()?;
            let is_elsewhere = top && (name == intake::MEMORY || UNFINISHED.contains(&name.as_str()));
            if kind.is_dir() && !is_elsewhere {
                fs::create_dir_all(to.join(&path))?;
                folders.push(path);
            } else if kind.is_file() && !(top && is_of_a_process(&name)) {
                names.push(path);
            }
        }
    }
    names.sort();
    for name in &names {
        let (from, to) = (centre.directory.join(name), to.join(name));
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
            File::open(&to)?.sync_all()?;
        }
    }
    drop(still);
    Ok(names)
}

/// Copies what correlations remember: its files grow, so they are not linked. Returns their paths.
fn copy_memory(centre: &Centre, to: &Path) -> anyhow::Result<Vec<String>> {
    let from = centre.directory.join(intake::MEMORY);
    let Ok(entries) = fs::read_dir(&from) else { return Ok(Vec::new()) };
    make_folder(&to.join(intake::MEMORY))?;
    let mut names = Vec::new();
    for entry in entries {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        let path = format!("{}/{name}", intake::MEMORY);
        match fs::copy(from.join(&name), to.join(&path)) {
            Ok(_) => {}
            // An import put a snapshot in its place just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot copy {}", from.join(&name).display()));
            }
        }
        File::open(to.join(&path))?.sync_all()?;
        names.push(path);
    }
    Ok(names)
}

/// What running processes keep beside the lake: the database, which is copied otherwise, and locks.
fn is_of_a_process(name: &str) -> bool {
    name.starts_with("noroshi.sqlite") || name.ends_with(".lock")
}

/// Reads a backup's manifest and compares the digest of every file with it.
pub fn check(folder: &Path) -> anyhow::Result<Manifest> {
    let path = folder.join(MANIFEST);
    let file =
        File::open(&path).with_context(|| format!("{} is not a backup of noroshi", folder.display()))?;
    let mut text = Vec::new();
    file.take(MANIFEST_BYTES_MAX).read_to_end(&mut text)?;
    let manifest: Manifest =
        serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
    ensure!(
        manifest.format == FORMAT,
        "this backup has format {}; this program knows {FORMAT}",
        manifest.format
    );
    let below = folder.join(FILES);
    let tables = manifest.tables.iter().map(|table| (folder, &table.file));
    for (root, said) in tables.chain(manifest.files.iter().map(|file| (below.as_path(), file))) {
        let plain =
            Path::new(&said.path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        ensure!(plain, "the manifest names {:?}, which is no file of a backup", said.path);
        let found = digested(root, said.path.clone())?;
        ensure!(found == *said, "{} is not as it was written", root.join(&said.path).display());
    }
    Ok(manifest)
}

/// Restores a backup that was checked into a data directory and a database that are not there yet.
pub async fn restore(
    folder: &Path,
    manifest: &Manifest,
    directory: &Path,
    database: &Location,
) -> anyhow::Result<()> {
    let taken = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    ensure!(!taken, "{} is not empty; a backup is restored into a directory of its own", directory.display());
    ensure!(!Store::is_at(database).await?, "{database} holds a database already");
    make_folder(directory)?;
    for file in &manifest.files {
        let to = directory.join(&file.path);
        fs::create_dir_all(to.parent().unwrap_or(directory))?;
        fs::copy(folder.join(FILES).join(&file.path), &to)
            .and_then(|_| File::open(&to)?.sync_all())
            .with_context(|| format!("cannot write {}", to.display()))?;
    }
    // The database last: a directory without one is no data directory, so half a restoration is not taken for a whole.
    let table_of = |name: &str| manifest.tables.iter().find(|table| table.name == name);
    let filled = copy::fill(database, manifest.schema, |table| {
        let Some(said) = table_of(&table.name) else { return Ok(None) };
        let packed = zstd::Decoder::new(File::open(folder.join(&said.file.path))?)?;
        Ok(Some(Box::new(BufReader::new(packed)) as Box<dyn BufRead + Send>))
    })
    .await?;
    for said in &manifest.tables {
        let found = filled.iter().find(|(table, _)| table.name == said.name);
        let agrees =
            found.is_some_and(|(_, copied)| (copied.rows, &copied.digest) == (said.rows, &said.digest));
        ensure!(agrees, "the table {} is not as the manifest says", said.name);
    }
    let store = Store::open_at(database, store::Options::default()).await?;
    let verified = compare(&store, manifest).await;
    store.close().await;
    verified
}

/// Whether a database is what a manifest says: the audit chain is whole and has its head, and so has every table its
/// rows, as far as the schema is still the same.
async fn compare(store: &Store, manifest: &Manifest) -> anyhow::Result<()> {
    let verification = match manifest.head() {
        Some(head) => store::verify_audit_against(store, &[head]).await?,
        None => store::verify_audit(store).await?,
    };
    if let Verification::Broken { faults } = verification {
        let first = faults.first().map(|fault| format!("line {}: {:?}", fault.seq, fault.kind));
        bail!("the audit trail is not whole: {}", first.unwrap_or_default());
    }
    let mut read = store.read().await?;
    let (schema, tables) = copy::contents(&mut read, store.engine()).await?;
    for table in tables.iter().filter(|_| schema == manifest.schema) {
        let found = copy::write(&mut read, table, &mut io::sink()).await?;
        let said = manifest.tables.iter().find(|said| said.name == table.name);
        let agrees = said.is_some_and(|said| (said.rows, &said.digest) == (found.rows, &found.digest));
        ensure!(agrees, "the restored table {} is not as it was", table.name);
    }
    Ok(())
}

/// Restores a backup beside itself, compares, and removes what was restored.
pub async fn verify(folder: &Path) -> anyhow::Result<Manifest> {
    let manifest = check(folder)?;
    let scratch = beside(folder, "verify")?;
    let database = Location::file(&scratch.join("noroshi.sqlite"));
    let restored = restore(folder, &manifest, &scratch, &database).await;
    let _ = fs::remove_dir_all(&scratch);
    restored.map(|()| manifest)
}

/// `folder.partial-4711`: on the same disk, and another's process has another.
fn beside(folder: &Path, word: &str) -> anyhow::Result<PathBuf> {
    let name = folder.file_name().with_context(|| format!("{} has no name", folder.display()))?;
    let mut name = name.to_owned();
    name.push(format!(".{word}-{}", std::process::id()));
    Ok(folder.with_file_name(name))
}

/// For its owner only: a backup holds the installation's key.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(folder);
    made.with_context(|| format!("cannot make {}", folder.display()))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

fn digested(root: &Path, path: String) -> anyhow::Result<Copied> {
    let file = root.join(&path);
    let mut hasher = blake3::Hasher::new();
    let bytes = File::open(&file).and_then(|mut from| io::copy(&mut from, &mut hasher));
    let bytes = bytes.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Copied { path, bytes, blake3: hasher.finalize().to_hex().to_string() })
}
