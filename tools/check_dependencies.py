#!/usr/bin/env python3
"""Checks what is linked against deny.toml: licences, sources, bans, layering, duplicate versions.

Reads `cargo metadata`, so it costs a second and compiles nothing. Prints one line per fault; exit code 1 if any.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CRATES_IO = {
    "registry+https://github.com/rust-lang/crates.io-index",
    "sparse+https://index.crates.io/",
}


def licence_allowed(expression: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression can be met with `allowed` licences. The old `MIT/Apache-2.0` means OR."""
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def peek() -> str | None:
        return tokens[position] if position < len(tokens) else None

    def take() -> str:
        nonlocal position
        if position >= len(tokens):
            raise ValueError(f"{expression!r} ends too early")
        position += 1
        return tokens[position - 1]

    def either() -> bool:
        met = both()
        while peek() == "OR":
            take()
            met = both() or met
        return met

    def both() -> bool:
        met = one()
        while peek() == "AND":
            take()
            met = one() and met
        return met

    def one() -> bool:
        token = take()
        if token == "(":
            met = either()
            if take() != ")":
                raise ValueError(f"{expression!r} does not close its parenthesis")
            return met
        if token in (")", "OR", "AND", "WITH"):
            raise ValueError(f"{expression!r} has {token!r} where a licence should stand")
        if peek() == "WITH":
            take()
            token = f"{token} WITH {take()}"
        return token in allowed

    met = either()
    if peek() is not None:
        raise ValueError(f"{expression!r} goes on after its end with {peek()!r}")
    return met


def check_licences(packages: list[dict], rules: dict) -> list[str]:
    """Every package must be usable under an allowed licence."""
    allowed = set(rules["licenses"]["allow"])
    faults = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if not package["license"]:
            faults.append(f"{name} names no licence")
            continue
        try:
            if not licence_allowed(package["license"], allowed):
                faults.append(f"{name} is under {package['license']}, which deny.toml does not allow")
        except ValueError as odd:
            faults.append(f"{name}: {odd}")
    return faults


def check_sources(packages: list[dict]) -> list[str]:
    """Everything comes from this workspace or from crates.io."""
    return [
        f"{package['name']} {package['version']} comes from {package['source']}, not from crates.io"
        for package in packages
        if package["source"] and package["source"] not in CRATES_IO
    ]


def check_bans(packages: list[dict], links: set[tuple[str, str]], rules: dict) -> list[str]:
    """No banned crate; a crate with `wrappers` is named by those alone. `links` are (user, used), without tests."""
    names = {package["name"] for package in packages}
    faults = []
    for ban in rules["bans"]["deny"]:
        crate, reason = ban["crate"], ban["reason"]
        if "wrappers" not in ban:
            if crate in names:
                faults.append(f"{crate} is banned: {reason}")
            continue
        if crate not in names:
            faults.append(f"deny.toml restricts {crate}, which nothing uses")
        for user, used in sorted(links):
            if used == crate and user not in ban["wrappers"]:
                faults.append(f"{user} depends on {crate}, which only {ban['wrappers']} may: {reason}")
    return faults


def check_duplicates(packages: list[dict], rules: dict) -> list[str]:
    """One version of each crate, except those `skip` explains; and `skip` explains nothing that is not there."""
    versions = collections.defaultdict(set)
    for package in packages:
        versions[package["name"]].add(package["version"])
    faults, skipped = [], collections.defaultdict(set)
    for entry in rules["bans"]["skip"]:
        name, _, version = entry["crate"].partition("@")
        skipped[name].add(version)
        if not entry.get("reason"):
            faults.append(f"deny.toml skips {entry['crate']} without a reason")
        if version not in versions[name] or len(versions[name]) < 2:
            faults.append(f"deny.toml skips {entry['crate']}, which is no duplicate any more: delete the line")
    for name, found in sorted(versions.items()):
        if len(found - skipped[name]) > 1:
            faults.append(f"{name} is built in {len(found)} versions: {', '.join(sorted(found))}")
    return faults


def metadata(target: str, arguments: list[str]) -> dict:
    """What cargo would build for `target`."""
    command = ["cargo", "metadata", "--format-version", "1", "--filter-platform", target, *arguments]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def merge(graphs: list[dict]) -> tuple[list[dict], set[tuple[str, str]]]:
    """Packages and non-test links of all targets together. A renamed dependency is known by its own name."""
    packages, links = {}, set()
    for graph in graphs:
        by_id = {package["id"]: package for package in graph["packages"]}
        for node in graph["resolve"]["nodes"]:
            packages[node["id"]] = by_id[node["id"]]
            for used in node["deps"]:
                if any(kind["kind"] != "dev" for kind in used["dep_kinds"]):
                    links.add((by_id[node["id"]]["name"], by_id[used["pkg"]]["name"]))
    return list(packages.values()), links


def main() -> int:
    """Runs every check; extra arguments (`--locked`) go to cargo."""
    rules = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))
    packages, links = merge([metadata(target, sys.argv[1:]) for target in rules["graph"]["targets"]])
    faults = [
        *check_licences(packages, rules),
        *check_sources(packages),
        *check_bans(packages, links, rules),
        *check_duplicates(packages, rules),
    ]
    for fault in faults:
        print(f"dependencies: {fault}")
    foreign = sum(1 for package in packages if package["source"])
    skipped = len(rules["bans"]["skip"])
    print(f"{foreign} dependencies, {skipped} accepted duplicates, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
