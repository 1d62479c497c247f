//! An opened data directory: the control database and the lake, together.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use access::{Access, Key};
use anyhow::{Context as _, bail};
use base::{Actor, Id, Organisation, Timestamp};
use lake::ParquetLake;
use registry::Registry;
use store::Store;
use tokio::runtime::Runtime;
use watch::Policy;

use crate::args;
use crate::config::Config;

/// Seals what the database must not hold in the clear; worth nothing without the database, and the other way round.
const KEY: &str = "noroshi.key";
/// Held by the one process that reads files into the data directory.
const INTAKE_LOCK: &str = "intake.lock";

/// A data directory.
pub struct Centre {
    /// Organisations, threats, campaigns, the audit trail.
    pub store: Store,
    /// Who is recognised, and how.
    pub access: Arc<Access>,
    /// Events at rest.
    pub lake: Arc<ParquetLake>,
    /// How detections are judged.
    pub policy: Arc<Policy>,
    /// Where it is.
    pub directory: PathBuf,
    registry: Arc<RwLock<Arc<Registry>>>,
    /// The store's version when the organisations were loaded again; none was yet.
    registry_version: AtomicU64,
    /// Runs the database's work.
    pub runtime: Runtime,
}

impl Centre {
    /// Opens a data directory, or begins one.
    pub fn open(directory: &Path, config: &Config) -> anyhow::Result<Self> {
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let runtime = runtime()?;
        let database = config.database(directory)?;
        let store = runtime
            .block_on(Store::open_at(&database, store::Options::default()))
            .with_context(|| format!("cannot open {database}"))?;
        let access = Access::new(store.clone(), Key::open(&directory.join(KEY))?)?;
        let lake = ParquetLake::open(directory)?;
        let registry = runtime.block_on(Registry::load(&store))?;
        let policy = policy(config, &registry)?;
        Ok(Self {
            store,
            access: Arc::new(access),
            lake: Arc::new(lake),
            policy: Arc::new(policy),
            directory: directory.to_owned(),
            registry: Arc::new(RwLock::new(Arc::new(registry))),
            registry_version: AtomicU64::new(u64::MAX),
            runtime,
        })
    }

    /// Opens the data directory that the command line or the settings name. It must already be there.
    pub fn open_existing(data: &args::Data) -> anyhow::Result<Self> {
        let config = Config::load(data.config.as_deref())?;
        let directory = data.data.as_ref().unwrap_or(&config.data.directory);
        let database = config.database(directory)?;
        let is_there = runtime()?.block_on(Store::is_at(&database));
        if !directory.is_dir() || !is_there.with_context(|| format!("cannot open {database}"))? {
            bail!("{} is not a data directory of noroshi; `noroshi serve` begins one", directory.display());
        }
        Self::open(directory, &config)
    }

    /// The organisations as they were when last loaded.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A function that hands out the organisations as they were when last loaded.
    pub fn registry_source(&self) -> Arc<dyn Fn() -> Arc<Registry> + Send + Sync> {
        let registry = Arc::clone(&self.registry);
        Arc::new(move || Arc::clone(&registry.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Loads the organisations again, when anything was written since they were loaded: also by another process.
    pub async fn reload_registry(&self) -> anyhow::Result<()> {
        // Asked for before loading: what is written meanwhile is loaded the next time.
        let version = self.store.version().await?;
        if self.registry_version.load(Ordering::Relaxed) == version {
            return Ok(());
        }
        let loaded = Arc::new(Registry::load(&self.store).await?);
        *self.registry.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        self.registry_version.store(version, Ordering::Relaxed);
        Ok(())
    }

    /// The organisation with this key.
    pub fn organisation(&self, key: &str) -> anyhow::Result<Id<Organisation>> {
        match self.registry().by_key(key) {
            Some(organisation) => Ok(organisation.id),
            None => bail!(
                "no organisation has the key {key:?}; `noroshi registry import` brings organisations in"
            ),
        }
    }

    /// Waits until no other process reads files into this directory; the right to do so ends with the file.
    pub fn lock_intake(&self) -> anyhow::Result<File> {
        let path = self.directory.join(INTAKE_LOCK);
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let note = "another noroshi is reading into this data directory; waiting for it";
                let _ = writeln!(std::io::stderr(), "{note}");
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(file)
    }

    /// Adds the entries of an allow-list to what is judged normal.
    pub fn allow(&mut self, text: &str) -> anyhow::Result<()> {
        let entries = watch::allow::yaml(text, &self.registry())?;
        Arc::make_mut(&mut self.policy).judging.allow.extend(entries);
        Ok(())
    }

    /// Imports organisations and what they own.
    pub fn import_registry(
        &self,
        actor: &Actor,
        file: &[u8],
        notation: registry::import::Notation,
        now: Timestamp,
    ) -> anyhow::Result<registry::import::Plan> {
        let plan =
            self.runtime.block_on(registry::import::import(&self.store, actor, file, notation, now))?;
        self.runtime.block_on(self.reload_registry())?;
        Ok(plan)
    }
}

/// What runs the database's work.
fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// The default policy with the allow-lists of the settings.
fn policy(config: &Config, registry: &Registry) -> anyhow::Result<Policy> {
    let mut policy = Policy::default();
    for path in &config.judge.allow {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let entries = watch::allow::yaml(&text, registry).with_context(|| path.display().to_string())?;
        policy.judging.allow.extend(entries);
    }
    Ok(policy)
}
