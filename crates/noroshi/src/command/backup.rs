//! `noroshi backup`: everything an installation holds, in a folder, while it runs.

use super::{Exit, print_json, say};
use crate::args::Backup;
use crate::centre::Centre;
use crate::{backup, clock};

/// Runs the command.
pub fn run(args: &Backup) -> anyhow::Result<Exit> {
    let folder = &args.folder;
    let manifest = if args.verify_only {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(backup::verify(folder))?
    } else {
        let centre = Centre::open_existing(&args.data)?;
        let made = backup::make(&centre, folder, clock::now())?;
        if args.verify { centre.runtime.block_on(backup::verify(folder))? } else { made }
    };
    let verified = args.verify || args.verify_only;
    if args.json {
        print_json(&serde_json::json!({"folder": folder, "verified": verified, "manifest": manifest}))?;
    } else {
        let how = if verified { ", restored once and found the same" } else { "" };
        say(&format!("{}: {}{how}", folder.display(), manifest.summary()));
    }
    Ok(Exit::Done)
}
