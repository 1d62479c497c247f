//! `noroshi verify-audit`: whether the audit trail is as it was written.

use store::Verification;

use super::{Exit, print_json, say};
use crate::args::VerifyAudit;
use crate::centre::Centre;

/// Runs the command.
pub fn run(args: &VerifyAudit) -> anyhow::Result<Exit> {
    let centre = Centre::open_existing(&args.data)?;
    let verification = centre.runtime.block_on(store::verify_audit(&centre.store))?;
    let (sound, text) = match &verification {
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
    if args.json {
        print_json(&serde_json::json!({"sound": sound, "detail": text}))?
    } else {
        say(&text)
    }
    Ok(if sound { Exit::Done } else { Exit::Found })
}
