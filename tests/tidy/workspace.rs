//! The workspace's own order: one table of versions, one set of lints, licences that may be shipped, no crate twice
//! without a reason. `deny.toml` is the one list; this reads it, so that cargo-deny and this test agree.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::tree::{File, Finding, Tree};

/// Every dependency and the lints of a member come from the workspace.
pub fn inherits(manifest: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut section, mut lints) = (String::new(), false);
    for (number, line) in manifest.text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').into();
            if section.contains("dependencies.") {
                let mend =
                    "write it as one line, `name.workspace = true` or `name = { workspace = true, … }`";
                findings.push(Finding::at(&manifest.path, number + 1, format!("[{section}]"), mend));
            }
        } else if section.ends_with("dependencies")
            && !line.is_empty()
            && !line.replace(' ', "").contains("workspace=true")
        {
            let mend = "put the version into [workspace.dependencies] of the top Cargo.toml and inherit it";
            findings.push(Finding::at(
                &manifest.path,
                number + 1,
                format!("a version of its own: {line}"),
                mend,
            ));
        } else if section == "lints" && line.replace(' ', "") == "workspace=true" {
            lints = true;
        }
    }
    if !lints {
        let mend = "add `[lints]` with `workspace = true`";
        findings.push(Finding::of(&manifest.path, "does not inherit the workspace's lints", mend));
    }
    findings
}

/// The quoted strings of `key = [ … ]` in a TOML text, comments left out. Enough for deny.toml, which we write.
pub fn string_list(toml: &str, section: &str, key: &str) -> Vec<String> {
    let body: String = toml
        .lines()
        .map(|line| line.split(" #").next().unwrap_or_default().trim())
        .filter(|line| !line.starts_with('#'))
        .skip_while(|line| *line != format!("[{section}]"))
        .skip(1)
        .take_while(|line| !(line.starts_with('[') && line.ends_with(']')))
        .collect::<Vec<_>>()
        .join("\n");
    let Some((_, list)) = body.split_once(&format!("{key} = [")) else { return Vec::new() };
    // Names of fields and reasons may be quoted too: `{ name = "x", reason = "…" }` counts as x.
    let list = list.split("\n]").next().unwrap_or_default();
    list.lines().filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met with the allowed licences. `/` is what older crates write for OR.
pub fn licence_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = either(&words, &mut at, allowed);
    met && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= both(words, at, allowed);
    }
    met
}

fn both(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let met = either(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return met && closed;
    }
    let mut licence = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{word} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&licence)
}

pub struct Package {
    pub name: String,
    pub version: String,
    pub licence: Option<String>,
}

pub fn licences(packages: &[Package], allowed: &[String]) -> Vec<Finding> {
    let refused = packages
        .iter()
        .filter(|p| !p.licence.as_deref().is_some_and(|licence| licence_allowed(licence, allowed)));
    refused
        .map(|p| {
            let what = format!("licence {}", p.licence.as_deref().unwrap_or("unknown"));
            let mend = "use another crate, or, if it may be shipped under MIT OR Apache-2.0, add it to [licenses] allow in deny.toml";
            Finding::of(&format!("{} {}", p.name, p.version), what, mend)
        })
        .collect()
}

/// Crates in more than one version that deny.toml does not excuse, and excuses that nothing needs.
pub fn duplicates(packages: &[Package], excused: &[String]) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.retain(|_, list| list.len() > 1);
    let unexcused = versions.iter().filter(|(name, _)| !excused.iter().any(|e| e == *name)).map(|(name, list)| {
        let mend = format!("see who wants which: cargo tree -i {name}@<version>; update one, or add it to [bans] skip in deny.toml with the reason");
        Finding::of(name, format!("in versions {}", list.join(" and ")), mend)
    });
    let idle = excused.iter().filter(|name| !versions.contains_key(name.as_str())).map(|name| {
        Finding::of(
            "deny.toml",
            format!("excuses {name}, which is there once or not at all"),
            "take it out of [bans] skip",
        )
    });
    unexcused.chain(idle).collect()
}

/// What is compiled on Linux, as cargo resolves it from the lockfile.
fn packages(tree: &Tree) -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(&tree.top)
        .output()
        .expect("cargo runs this test, so it is there");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let resolved: Vec<&str> = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| node["id"].as_str())
        .collect();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all = metadata["packages"].as_array().expect("cargo metadata lists packages");
    all.iter()
        .filter(|package| package["id"].as_str().is_some_and(|id| resolved.contains(&id)))
        .map(|package| Package {
            name: text(&package["name"]).unwrap_or_default(),
            version: text(&package["version"]).unwrap_or_default(),
            licence: text(&package["license"]),
        })
        .collect()
}

pub fn manifests(tree: &Tree) -> Vec<Finding> {
    ["wire", "agent", "coordinator", "tests"]
        .iter()
        .filter_map(|member| tree.get(&format!("{member}/Cargo.toml")))
        .flat_map(inherits)
        .collect()
}

pub fn dependencies(tree: &Tree) -> Vec<Finding> {
    let deny = &tree.get("deny.toml").expect("deny.toml stands at the top").text;
    let packages = packages(tree);
    assert!(packages.len() > 20, "cargo metadata resolved only {} packages", packages.len());
    let mut findings = licences(&packages, &string_list(deny, "licenses", "allow"));
    findings.extend(duplicates(&packages, &string_list(deny, "bans", "skip")));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn versions_and_lints_of_ones_own_are_found() {
        let own =
            "[dependencies]\nserde.workspace = true\ntokio = \"1\"\n[dependencies.warp]\nversion = \"0.4\"\n";
        let what: Vec<String> =
            inherits(&File::new("agent/Cargo.toml", own)).into_iter().map(|f| f.what).collect();
        assert_eq!(what.len(), 3, "{what:?}");
        let fine =
            "[dependencies]\nserde = { workspace = true, features = [\"rc\"] }\n[lints]\nworkspace = true\n";
        assert!(inherits(&File::new("agent/Cargo.toml", fine)).is_empty());
    }

    #[test]
    fn spdx_expressions_are_understood() {
        let allowed = list(&["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]);
        for fine in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/GPL-3.0",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(licence_allowed(fine, &allowed), "{fine}");
        }
        for not in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT WITH GCC-exception", ""] {
            assert!(!licence_allowed(not, &allowed), "{not}");
        }
    }

    #[test]
    fn licences_duplicates_and_idle_excuses_are_found() {
        let package = |name: &str, version: &str, licence: Option<&str>| Package {
            name: name.into(),
            version: version.into(),
            licence: licence.map(Into::into),
        };
        let packages = [
            package("a", "1.0.0", Some("MIT")),
            package("a", "2.0.0", Some("GPL-3.0")),
            package("b", "1.0.0", None),
        ];
        assert_eq!(licences(&packages, &list(&["MIT"])).len(), 2);
        assert_eq!(duplicates(&packages, &[]).len(), 1);
        assert!(duplicates(&packages, &list(&["a"])).is_empty());
        assert_eq!(duplicates(&packages, &list(&["a", "b"])).len(), 1);
    }

    #[test]
    fn lists_are_read_from_deny_toml() {
        let toml = "[licenses]\n# \"GPL\"\nallow = [\n  \"MIT\",\n  \"ISC\", # short\n]\n[bans]\nskip = [\n  { crate = \"a\", reason = \"x\" },\n]\n";
        assert_eq!(string_list(toml, "licenses", "allow"), ["MIT", "ISC"]);
        assert_eq!(string_list(toml, "bans", "skip"), ["a"]);
    }
}
