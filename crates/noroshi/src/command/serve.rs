//! `noroshi serve`: the pages over a durable data directory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use base::Timestamp;
use tokio::net::TcpListener;

use super::{Exit, say};
use crate::args::Serve;
use crate::centre::Centre;
use crate::config::Config;
use crate::{anchor, clock, wiring};

/// How often signals are answered and the organisations are looked at again.
const TURN: Duration = Duration::from_secs(2);

/// Runs the command until it is told to stop.
pub fn run(args: &Serve) -> anyhow::Result<Exit> {
    let config = Config::load(args.data.config.as_deref())?;
    let directory = args.data.data.as_ref().unwrap_or(&config.data.directory);
    let listen = args.listen.unwrap_or(config.serve.listen);
    let centre = Centre::open(directory, &config)?;
    let site = site(&config, listen)?;
    let first = centre.runtime.block_on(access::invitation::first_administrator(
        &centre.access,
        &super::house(),
        clock::now(),
    ))?;
    let state = state(&centre, &config, Arc::new(clock::now), site.clone(), None)?;
    let anchoring = config.audit.anchor_file.clone().map(|path| {
        let (store, every) = (centre.store.clone(), config.audit.anchor_every.0);
        centre.runtime.spawn(async move { anchor::keep(store, &path, every).await })
    });
    centre.runtime.block_on(serve(&centre, state, listen, &|address| {
        let origin = site.origin().map_or_else(|| format!("http://{address}"), str::to_owned);
        say(&format!("noroshi serves {} at {origin}/", directory.display()));
        if let Some(link) = &first {
            say("nobody can sign in yet; the first administrator comes in once, within three days, at");
            say(&format!("  {origin}/invitation/{}", link.text()));
        }
    }))?;
    if let Some(anchoring) = anchoring {
        anchoring.abort();
    }
    Ok(Exit::Done)
}

/// What the pages need, from an opened data directory.
pub fn state(
    centre: &Centre,
    config: &Config,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    site: web::Site,
    demo: Option<web::DemoInfo>,
) -> anyhow::Result<web::State> {
    Ok(web::State {
        store: centre.store.clone(),
        access: centre.access.clone(),
        provider: config.provider(&centre.registry())?.map(Arc::new),
        site,
        lake: centre.lake.clone(),
        registry: centre.registry_source(),
        policy: centre.policy.clone(),
        clock,
        default_language: config.board.language,
        request_limit: config.request_limit()?,
        demo,
    })
}

/// The name under which the pages are reached. Without a public one, only this machine may: what people show to sign in
/// must not travel in the clear.
fn site(config: &Config, listen: SocketAddr) -> anyhow::Result<web::Site> {
    match &config.serve.origin {
        Some(origin) => web::Site::public(origin, config.serve.behind_proxy)
            .map_err(|wrong| anyhow!("[serve] origin: {wrong}")),
        None if listen.ip().is_loopback() => Ok(web::Site::loopback()),
        None => bail!(
            "{listen} is not a loopback address; say under which https:// name people reach it ([serve] origin)"
        ),
    }
}

/// Serves until Ctrl-C or SIGTERM. `ready` is told the address once it listens.
pub async fn serve(
    centre: &Centre,
    state: web::State,
    listen: SocketAddr,
    ready: &dyn Fn(SocketAddr),
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    ready(listener.local_addr()?);
    let now = Arc::clone(&state.clock);
    let router = web::router(state);
    let mut turn = tokio::time::interval(TURN);
    let serving = web::serve(listener, router, told_to_stop());
    tokio::pin!(serving);
    loop {
        tokio::select! {
            ended = &mut serving => return Ok(ended?),
            _ = turn.tick() => {
                if let Err(error) = take_a_turn(centre, now()).await {
                    tracing::error!(%error, "signals wait");
                }
            }
        }
    }
}

async fn take_a_turn(centre: &Centre, now: Timestamp) -> anyhow::Result<()> {
    registry::contact::check(&centre.store, now).await?;
    while wiring::answer_signals(&centre.store).await? > 0 {}
    access::session::tidy(&centre.access, now).await?;
    centre.reload_registry().await
}

async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}
