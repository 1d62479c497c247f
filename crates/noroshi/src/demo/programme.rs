//! The day's stories on paper: when, where, what should be seen.

use std::fmt::{self, Write};

use base::japan;
use watch::judge::Verdict;

use super::{Story, World};

/// Every story of the day in both languages, as Markdown.
pub(super) fn markdown(world: &World) -> String {
    let mut text = format!("# {}\n", world.day());
    for story in world.stories() {
        // Writing to a string cannot fail.
        let _ = section(&mut text, world, &story);
    }
    text
}

fn section(text: &mut String, world: &World, story: &Story) -> fmt::Result {
    let Story { key, name_ja, name_en, summary_ja, summary_en, .. } = story;
    let clock = japan(story.starts_at).strftime("%H:%M");
    let verdict = match story.verdict {
        Verdict::Threat => "脅威 / threat",
        Verdict::Normal => "正常 / normal",
    };
    writeln!(text, "\n## {clock} {name_ja} / {name_en}\n{summary_ja}\n\n{summary_en}\n")?;
    writeln!(text, "- `{key}`, {verdict}")?;
    for member in world.members().iter().filter(|member| story.organisations.contains(&member.key)) {
        writeln!(text, "- {} / {} (`{}`)", member.name_ja, member.name_en, member.key)?;
    }
    writeln!(text, "- rules: {}", story.rules.join(", "))?;
    for observable in &story.observables {
        writeln!(text, "- {observable}")?;
    }
    Ok(())
}
