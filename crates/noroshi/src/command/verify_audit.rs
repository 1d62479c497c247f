//! `noroshi verify-audit`: whether the audit trail is as it was written, and goes through what was kept of it elsewhere.

use std::path::Path;

use store::{Anchor, Head, Verification};

use super::{Exit, print_json, say};
use crate::anchor::{self, Kept};
use crate::args::VerifyAudit;
use crate::centre::Centre;
use crate::clock;

/// Runs the command.
pub fn run(args: &VerifyAudit) -> anyhow::Result<Exit> {
    let centre = Centre::open_existing(&args.data)?;
    let now = clock::now();
    let kept = match args.against.as_deref() {
        None => Vec::new(),
        Some(text) => match text.parse::<Head>() {
            Ok(head) => vec![Kept { line: 0, anchor: Anchor { head, at: now } }],
            Err(_) => anchor::read(Path::new(text))?,
        },
    };
    let (verification, unfit) = centre.runtime.block_on(anchor::verify(&centre.store, &kept, now))?;
    let (sound, mut text) = match &verification {
        Verification::Whole { lines, head: None } => {
            (true, format!("{lines} lines, all as they were written"))
        }
        Verification::Whole { lines, head: Some(head) } => {
            (true, format!("{lines} lines, all as they were written; the last is {} {}", head.seq, head.hash))
        }
        Verification::Broken { faults } => {
            let named: Vec<_> =
                faults.iter().map(|fault| format!("line {}: {:?}", fault.seq, fault.kind)).collect();
            (false, named.join("\n"))
        }
    };
    if args.against.is_some() {
        text = format!("{text}\n{}", against(&kept, unfit.as_ref()));
    }
    if args.json {
        let first = unfit.as_ref().map(|one| {
            let head = &one.anchor.head;
            serde_json::json!({ "line": one.line, "seq": head.seq, "hash": head.hash, "at": one.anchor.at })
        });
        print_json(
            &serde_json::json!({"sound": sound, "detail": text, "anchors": kept.len(), "first_unfit": first}),
        )?
    } else {
        say(&text)
    }
    Ok(if sound { Exit::Done } else { Exit::Found })
}

/// How the heads that were kept elsewhere stand to the chain.
fn against(kept: &[Kept], unfit: Option<&Kept>) -> String {
    match unfit {
        None => format!("{} kept elsewhere, all in the chain", kept.len()),
        Some(Kept { line: 0, anchor }) => format!("{} is not in the chain", anchor.head),
        Some(Kept { line, anchor }) => {
            format!("the first that is not in the chain is line {line} of the file: {anchor}")
        }
    }
}
