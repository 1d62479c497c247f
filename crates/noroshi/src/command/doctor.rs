//! `noroshi doctor`: what is wrong with an installation, in sentences.
//!
//! Each finding is a fact ([`Finding`]) with its sentence in both languages beside it. It looks and changes nothing but
//! two things: that the directory can be written is tried with a file that goes again, and a database whose schema is up
//! to date is opened as any command opens it.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use base::{Language, Timestamp};
use jiff::SignedDuration;
use registry::Registry;
use store::{Location, Schema, Store, Verification};
use tokio::runtime::Runtime;

use super::{Exit, print_json, say};
use crate::args::Doctor;
use crate::clock;
use crate::config::{Config, Serve};

/// Less free space than this is too little, in bytes.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// Less free space than this is too little, in percent of the disk.
const FREE_PERCENT_MIN: u64 = 5;
/// So long without a log file being read is unusual, in hours.
const SILENT_HOURS_MAX: i64 = 24;
/// What was written so much later than now was written with another clock.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Damaged files that are named, at most.
const DAMAGED_MAX: usize = 10;
/// How every file of the lake begins and ends.
const PARQUET: &[u8; 4] = b"PAR1";

/// One thing that is not as it should be.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
enum Finding {
    Settings { reason: String },
    NoDirectory { directory: PathBuf },
    NotWritable { directory: PathBuf, reason: String },
    OpenToAll { directory: PathBuf, mode: String },
    LittleSpace { directory: PathBuf, free_mib: u64, percent: u64 },
    NoDatabase { database: String },
    DatabaseRefused { database: String, reason: String },
    SchemaOlder { found: i64, known: i64 },
    SchemaNewer { found: i64, known: i64 },
    SchemaDrift { number: i64 },
    CommitsNotKept { database: String },
    AuditBroken { seq: i64, faults: usize },
    LakeDamaged { file: PathBuf },
    LakeRefused { reason: String },
    ClockBehind { last: Timestamp, now: Timestamp },
    NothingRead,
    Silent { last: Timestamp, hours: i64 },
    NotLoopback { listen: SocketAddr },
    AddressInUse { listen: SocketAddr },
    ProviderRefused { issuer: String, reason: String },
    ProviderWithoutKeys { issuer: String },
    AddressRefused { listen: SocketAddr, reason: String },
}

impl Finding {
    /// Whether somebody has to do something. The others are good to know.
    fn is_wrong(&self) -> bool {
        !matches!(self, Self::SchemaOlder { .. } | Self::NothingRead | Self::AddressInUse { .. })
    }

    /// What to say, and what to do about it.
    fn sentence(&self, language: Language) -> String {
        let (ja, en) = match self {
            Self::Settings { reason } => (
                format!("設定ファイルを読めません: {reason}"),
                format!("The settings cannot be used: {reason}"),
            ),
            Self::NoDirectory { directory } => (
                format!(
                    "データディレクトリ {} がありません。noroshi serve を実行すると作成されます。",
                    directory.display()
                ),
                format!("There is no data directory {}; noroshi serve makes one.", directory.display()),
            ),
            Self::NotWritable { directory, reason } => (
                format!("データディレクトリ {} に書き込めません: {reason}", directory.display()),
                format!("The data directory {} cannot be written: {reason}", directory.display()),
            ),
            Self::OpenToAll { directory, mode } => (
                format!(
                    "データディレクトリ {0} をこの機械の誰もが読めます（モード {mode}）。chmod 700 {0} を実行してください。",
                    directory.display()
                ),
                format!(
                    "Everybody on this machine can read the data directory {0} (mode {mode}); run chmod 700 {0}.",
                    directory.display()
                ),
            ),
            Self::LittleSpace { directory, free_mib, percent } => (
                format!("{} の空き容量が残り {free_mib} MiB（{percent} %）です。", directory.display()),
                format!("Only {free_mib} MiB ({percent} %) are free where {} is.", directory.display()),
            ),
            Self::NoDatabase { database } => (
                format!(
                    "{database} に管理データベースがありません。noroshi serve を実行すると作成されます。"
                ),
                format!("There is no control database at {database}; noroshi serve makes one."),
            ),
            Self::DatabaseRefused { database, reason } => (
                format!("管理データベース {database} を開けません: {reason}"),
                format!("The control database {database} cannot be opened: {reason}"),
            ),
            Self::SchemaOlder { found, known } => (
                format!(
                    "データベースのスキーマは {found}、このプログラムは {known} です。次にサービスを起動すると更新されます。先にバックアップを取ってください。"
                ),
                format!(
                    "The database has schema {found}, this program {known}; the next start brings it up to \
                      date. Make a backup first."
                ),
            ),
            Self::SchemaNewer { found, known } => (
                format!(
                    "データベースのスキーマ {found} はこのプログラムの {known} より新しいものです。新しいプログラムを使ってください。"
                ),
                format!(
                    "The database has schema {found}, newer than {known} of this program; use the newer program."
                ),
            ),
            Self::SchemaDrift { number } => (
                format!(
                    "適用済みの移行 {number} がこのプログラムのものと異なります。別の版で作られたデータベースです。"
                ),
                format!(
                    "Migration {number} of the database is not that of this program; it was made by a changed \
                      version."
                ),
            ),
            Self::CommitsNotKept { database } => (
                format!(
                    "{database} のサーバーは fsync が無効です。停電でデータを失います。postgresql.conf で fsync = on にしてください。"
                ),
                format!(
                    "The server of {database} has fsync off and loses data when the power fails; set fsync = on \
                      in postgresql.conf."
                ),
            ),
            Self::AuditBroken { seq, faults } => (
                format!(
                    "監査証跡が {seq} 行目で途切れています（{faults} か所）。noroshi verify-audit で確認してください。"
                ),
                format!(
                    "The audit trail is broken at line {seq} ({faults} faults); noroshi verify-audit names them."
                ),
            ),
            Self::LakeDamaged { file } => (
                format!(
                    "イベントのファイル {} が壊れています。バックアップから戻してください。",
                    file.display()
                ),
                format!("The file of events {} is damaged; take it from a backup.", file.display()),
            ),
            Self::LakeRefused { reason } => (
                format!("イベントの保存場所を読めません: {reason}"),
                format!("The events cannot be read: {reason}"),
            ),
            Self::ClockBehind { last, now } => (
                format!("最後の監査記録は {last} ですが、この機械の時計は {now} です。時計が遅れています。"),
                format!(
                    "The last line of the audit trail is of {last}, but the clock of this machine says {now}: \
                      it is behind."
                ),
            ),
            Self::NothingRead => (
                "まだログを一つも読み込んでいません。noroshi import で読み込めます。".to_owned(),
                "No log has been read yet; noroshi import reads some.".to_owned(),
            ),
            Self::Silent { last, hours } => (
                format!(
                    "最後にログを読み込んだのは {last}（{hours} 時間前）です。取り込みが止まっていませんか。"
                ),
                format!(
                    "The last log was read at {last}, {hours} hours ago; has something stopped bringing them?"
                ),
            ),
            Self::NotLoopback { listen } => (
                format!(
                    "待受アドレス {listen} はループバックではないのに、公開する名前（[serve] origin）が設定されていません。"
                ),
                format!(
                    "The address {listen} to listen on is not a loopback address, and no public name is set ([serve] origin)."
                ),
            ),
            Self::AddressInUse { listen } => (
                format!("{listen} では既に何かが待ち受けています（noroshi が動いていればそれです）。"),
                format!("Something listens at {listen} already (noroshi, if it is running)."),
            ),
            Self::ProviderRefused { issuer, reason } => (
                format!(
                    "認証基盤 {issuer} を利用できません: {reason}。その間もパスワードとパスキーではサインインできます。"
                ),
                format!(
                    "The identity provider {issuer} cannot be used: {reason}. Until it can, people sign in with \
                      passwords and passkeys only."
                ),
            ),
            Self::ProviderWithoutKeys { issuer } => (
                format!("認証基盤 {issuer} の鍵に、利用できるもの（RSA、P-256、Ed25519）がありません。"),
                format!("The identity provider {issuer} has no key that can be used (RSA, P-256, Ed25519)."),
            ),
            Self::AddressRefused { listen, reason } => (
                format!("{listen} で待ち受けられません: {reason}"),
                format!("{listen} cannot be listened at: {reason}"),
            ),
        };
        match language {
            Language::Ja => ja,
            Language::En => en,
        }
    }
}

/// Runs the command.
pub fn run(args: &Doctor) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut found = Vec::new();
    let mut language = Language::default();
    match Config::load(args.data.config.as_deref()) {
        Ok(config) => {
            language = config.board.language;
            let directory = args.data.data.as_ref().unwrap_or(&config.data.directory);
            look(&runtime, &config, directory, clock::now(), &mut found);
        }
        Err(error) => found.push(Finding::Settings { reason: format!("{error:#}") }),
    }
    let sound = !found.iter().any(Finding::is_wrong);
    if args.json {
        let rows: Vec<_> = found
            .iter()
            .map(|one| {
                let (ja, en) = (one.sentence(Language::Ja), one.sentence(Language::En));
                serde_json::json!({"fact": one, "wrong": one.is_wrong(), "ja": ja, "en": en})
            })
            .collect();
        print_json(&serde_json::json!({"sound": sound, "findings": rows}))?;
    } else {
        let language = args.language.unwrap_or(language);
        found.iter().for_each(|one| say(&one.sentence(language)));
        if sound {
            say(match language {
                Language::Ja => "異常は見つかりませんでした。",
                Language::En => "Nothing wrong was found.",
            });
        }
    }
    Ok(if sound { Exit::Done } else { Exit::Found })
}

fn look(runtime: &Runtime, config: &Config, directory: &Path, now: Timestamp, found: &mut Vec<Finding>) {
    look_at_address(&config.serve, found);
    if !directory.is_dir() {
        found.push(Finding::NoDirectory { directory: directory.to_owned() });
        return;
    }
    look_at_directory(directory, found);
    look_at_lake(directory, found);
    match config.database(directory) {
        Ok(database) => {
            let looked = runtime.block_on(look_at_database(&database, config, now, found));
            if let Err(error) = looked {
                found.push(Finding::DatabaseRefused {
                    database: database.to_string(),
                    reason: error.to_string(),
                });
            }
        }
        Err(error) => found.push(Finding::Settings { reason: format!("{error:#}") }),
    }
}

fn look_at_address(serve: &Serve, found: &mut Vec<Finding>) {
    let listen = serve.listen;
    if !listen.ip().is_loopback() && serve.origin.is_none() {
        found.push(Finding::NotLoopback { listen });
    }
    match TcpListener::bind(listen) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            found.push(Finding::AddressInUse { listen })
        }
        Err(error) => found.push(Finding::AddressRefused { listen, reason: error.to_string() }),
    }
}

fn look_at_directory(directory: &Path, found: &mut Vec<Finding>) {
    let owned = || directory.to_owned();
    let trial = directory.join(format!("doctor-{}.lock", std::process::id()));
    if let Err(error) = File::create(&trial).and_then(|_| fs::remove_file(&trial)) {
        found.push(Finding::NotWritable { directory: owned(), reason: error.to_string() });
    }
    if let Ok(mode) = fs::metadata(directory).map(|about| about.mode() & 0o777)
        && mode & 0o007 != 0
    {
        found.push(Finding::OpenToAll { directory: owned(), mode: format!("{mode:o}") });
    }
    if let Ok(disk) = rustix::fs::statvfs(directory) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let percent = disk.f_bavail.saturating_mul(100).checked_div(disk.f_blocks).unwrap_or(100);
        if free < FREE_BYTES_MIN || percent < FREE_PERCENT_MIN {
            found.push(Finding::LittleSpace { directory: owned(), free_mib: free >> 20, percent });
        }
    }
}

/// Whether every file of the lake can be read and has a beginning and an end.
fn look_at_lake(directory: &Path, found: &mut Vec<Finding>) {
    let mut folders = vec![directory.join("events"), directory.join("observables")];
    let mut damaged = 0;
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                found.push(Finding::LakeRefused { reason: format!("{}: {error}", folder.display()) });
                continue;
            }
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "parquet")
                && !is_parquet(&path)
                && damaged < DAMAGED_MAX
            {
                damaged += 1;
                found.push(Finding::LakeDamaged { file: path });
            }
        }
    }
}

fn is_parquet(path: &Path) -> bool {
    let ends = || -> std::io::Result<[[u8; 4]; 2]> {
        let (mut file, mut ends) = (File::open(path)?, [[0; 4]; 2]);
        file.read_exact(&mut ends[0])?;
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut ends[1])?;
        Ok(ends)
    };
    ends().is_ok_and(|ends| ends == [*PARQUET; 2])
}

async fn look_at_database(
    database: &Location,
    config: &Config,
    now: Timestamp,
    found: &mut Vec<Finding>,
) -> Result<(), anyhow::Error> {
    if !Store::is_at(database).await? {
        found.push(Finding::NoDatabase { database: database.to_string() });
        return Ok(());
    }
    match Store::schema_at(database).await? {
        Schema::Current => {}
        // Opening it would change it.
        Schema::Older { found: there, known } => {
            found.push(Finding::SchemaOlder { found: there, known });
            return Ok(());
        }
        Schema::Newer { found: there, known } => {
            found.push(Finding::SchemaNewer { found: there, known });
            return Ok(());
        }
        Schema::Changed { number } => {
            found.push(Finding::SchemaDrift { number });
            return Ok(());
        }
    }
    let store = Store::open_at(database, store::Options::default()).await?;
    if !store.keeps_commits().await? {
        found.push(Finding::CommitsNotKept { database: database.to_string() });
    }
    if let Verification::Broken { faults } = store::verify_audit(&store).await? {
        let seq = faults.first().map_or(0, |fault| fault.seq);
        found.push(Finding::AuditBroken { seq, faults: faults.len() });
    }
    if let Some((_, line)) = store.audit_lines(None, 1).await?.first()
        && line.at > now.saturating_add(CLOCK_TOLERANCE)?
    {
        found.push(Finding::ClockBehind { last: line.at, now });
    }
    let imports = watch::intake::imports(&store, super::house().scope(), 1).await?;
    match imports.first() {
        None => found.push(Finding::NothingRead),
        Some(import) => {
            let hours = now.duration_since(import.last_at).as_hours();
            if hours > SILENT_HOURS_MAX {
                found.push(Finding::Silent { last: import.last_at, hours });
            }
        }
    }
    look_at_provider(config, &Registry::load(&store).await?, now, found).await;
    store.close().await;
    Ok(())
}

/// Whether the provider of identities can be reached, fits, and has keys.
async fn look_at_provider(config: &Config, registry: &Registry, now: Timestamp, found: &mut Vec<Finding>) {
    let provider = match config.provider(registry) {
        Ok(None) => return,
        Ok(Some(provider)) => provider,
        Err(error) => return found.push(Finding::Settings { reason: format!("{error:#}") }),
    };
    let issuer = provider.settings.issuer.clone();
    match provider.look(now).await {
        Ok(0) => found.push(Finding::ProviderWithoutKeys { issuer }),
        Ok(_) => {}
        Err(refusal) => found.push(Finding::ProviderRefused { issuer, reason: refusal.to_string() }),
    }
}
