//! The rules of `content/rules`, carried inside the command.

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../content/rules"]
struct Starter;

/// Noroshi's own rules.
pub fn load() -> sigma::Rules {
    let mut names: Vec<_> = Starter::iter().filter(|name| name.ends_with(".yml")).collect();
    names.sort();
    let files: Vec<_> = names
        .into_iter()
        .filter_map(|name| Starter::get(&name).map(|file| (format!("content/rules/{name}"), file.data)))
        .collect();
    let contents = files.iter().map(|(name, data)| (name.as_str(), data.as_ref()));
    sigma::Rules::load(contents, &sigma::Placeholders::new())
}
