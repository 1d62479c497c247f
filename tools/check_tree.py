#!/usr/bin/env python3
"""Checks what the compiler does not read: leftovers, machine paths, file sizes, links, and documents kept in step.

Looks at what git tracks or would track. Prints one line per fault; exit code 1 if any.
"""

import os
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_BYTES_MAX = 1 << 20
# Test data may contain any word and any path: it is what other people's machines wrote.
DATA = re.compile(r"(^|/)(testdata|content/demo)/|\.(in|out)$|^fuzz/corpus/")
LOCK = re.compile(r"(^|/)(Cargo\.lock|package-lock\.json)$")
# Written in halves so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b|\b(todo|unimplemented)!\(")
REGISTRY = re.compile(r"https?://[a-z0-9.-]*\b(registry|npm" + r"js|py" + r"pi|python" + r"hosted)\b\.?[a-z0-9.-]*")
PUBLIC_REGISTRY = re.compile(r"https://reg" + r"istry\.npm" + r"js\.org$|https://github\.com/rust-lang/")
ROOMLESS = re.compile(r"(^|/)(util|utils|common|manager|helper|helpers|misc)(\.rs|/)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Places that mean the same on every machine and say nothing about this one.
EVERYWHERE = {"/", "/home", "/mnt", "/opt", "/root", "/src", "/srv", "/tmp", "/usr", "/usr/src", "/var"}


def listed_files() -> list[str]:
    """What git tracks, and what it would with `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    return sorted({name for name in names if name and (ROOT / name).is_file()})


def machine_paths() -> list[str]:
    """Paths that name the machine this runs on."""
    places = [ROOT, ROOT.parent, os.environ.get("CARGO_HOME"), os.environ.get("NOROSHI_SHARED_DATA")]
    texts = {str(place).rstrip("/") for place in places if place}
    return sorted(text for text in texts if text.startswith("/") and text not in EVERYWHERE)


def check_text(name: str, text: str, machine: list[str]) -> list[str]:
    """Words and paths that must not stay in the tree."""
    faults = []
    if LOCK.search(name):
        hosts = {match.group() for match in REGISTRY.finditer(text)}
        return [f"{name} names {host}" for host in sorted(hosts) if not PUBLIC_REGISTRY.match(host)]
    for number, line in enumerate(text.splitlines(), 1):
        if UNFINISHED.search(line):
            faults.append(f"{name}:{number} is unfinished: {line.strip()[:80]}")
        if REGISTRY.search(line):
            faults.append(f"{name}:{number} names a registry host: {line.strip()[:80]}")
        for place in machine:
            if re.search(rf"(?<![\w.~-]){re.escape(place)}(?![\w-])", line):
                faults.append(f"{name}:{number} names a path of this machine: {line.strip()[:80]}")
    return faults


def check_references(name: str, text: str) -> list[str]:
    """Documents named in the code must be there."""
    named = sorted(set(re.findall(r"\b(?:docs|content)/[\w/.-]+\.md\b", text)))
    return [f"{name} names {path}, which is not there" for path in named if not (ROOT / path).exists()]


def check_links(name: str, text: str) -> list[str]:
    """Relative links of a Markdown file must lead somewhere."""
    faults = []
    for match in LINK.finditer(FENCE.sub("", text)):
        link = (match.group(1) or match.group(2)).partition("#")[0]
        if not link or re.match(r"[a-z]+:", link):
            continue
        if not (ROOT / name).parent.joinpath(link).exists():
            faults.append(f"{name} links to {link}, which is not there")
    return faults


def check_translation(english: str, japanese: str) -> list[str]:
    """Two languages of one document must show the same commands and have the same sections."""
    first, second = ((ROOT / name).read_text(encoding="utf-8") for name in (english, japanese))
    # Comments and drawings are translated; what is typed is not.
    commands = [
        [line.split(" #")[0].rstrip() for block in FENCE.findall(text) for line in block.splitlines()
         if re.match(r"(\./|cargo |noroshi |git |cd )", line)]
        for text in (first, second)
    ]
    faults = []
    if commands[0] != commands[1]:
        odd = [line for line in commands[0] + commands[1] if line not in commands[0] or line not in commands[1]]
        faults.append(f"{japanese} does not show the commands of {english} in their order: {odd[:3]}")
    sections = [len(re.findall(r"^##+ ", FENCE.sub("", text), re.MULTILINE)) for text in (first, second)]
    if sections[0] != sections[1]:
        faults.append(f"{english} has {sections[0]} sections, {japanese} has {sections[1]}")
    return faults


def check_map(files: list[str]) -> list[str]:
    """Every crate is in ARCHITECTURE.md and takes the workspace's lints; every decision is in docs/README.md."""
    faults = []
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    contents = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    for name in files:
        if match := re.fullmatch(r"crates/([^/]+)/Cargo\.toml", name):
            if f"`crates/{match.group(1)}`" not in architecture:
                faults.append(f"ARCHITECTURE.md does not mention `crates/{match.group(1)}`")
            manifest = tomllib.loads((ROOT / name).read_text(encoding="utf-8"))
            if manifest.get("lints") != {"workspace": True}:
                faults.append(f"{name} does not take the workspace's lints")
        if re.fullmatch(r"docs/decisions/\d{4}-[^/]+\.md", name) and name.removeprefix("docs/") not in contents:
            faults.append(f"docs/README.md does not list {name}")
    for named in sorted(set(re.findall(r"`crates/([a-z]+)`", architecture))):
        if f"crates/{named}/Cargo.toml" not in files:
            faults.append(f"ARCHITECTURE.md mentions `crates/{named}`, which is not there")
    return faults


def main() -> int:
    """Runs every check over every file."""
    files, machine = listed_files(), machine_paths()
    faults = check_map(files)
    for name in files:
        data = (ROOT / name).read_bytes()
        if len(data) > FILE_BYTES_MAX:
            faults.append(f"{name} has {len(data)} bytes, more than {FILE_BYTES_MAX}")
        if ROOMLESS.search(name):
            faults.append(f"{name} is named after nothing: say what it holds")
        if DATA.search(name) or b"\0" in data[:8192]:
            continue
        text = data.decode("utf-8", errors="replace")
        faults += check_text(name, text, machine)
        if name.endswith((".rs", ".toml")):
            faults += check_references(name, text)
        if name.endswith(".md"):
            faults += check_links(name, text)
        japanese = re.sub(r"\.md$", ".ja.md", name)
        if name.endswith(".md") and japanese != name and japanese in files:
            faults += check_translation(name, japanese)
    for fault in faults:
        print(f"tree: {fault}")
    print(f"{len(files)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
