#!/usr/bin/env python3
"""Reads cargo's JSON messages and prints the test binaries of the crates named, each as `folder<TAB>executable`.

`cargo test --package=...` would choose other features than `--workspace` did, and build half of everything again.
"""

import json
import pathlib
import sys


def test_binaries(messages: list[str], crates: list[str]) -> list[tuple[str, str]]:
    """Folder and executable of every test binary of `crates`, in cargo's order."""
    found = []
    for message in map(json.loads, messages):
        if message.get("reason") != "compiler-artifact" or not message.get("executable"):
            continue
        folder = pathlib.Path(message["manifest_path"]).parent
        if message["profile"]["test"] and folder.name in crates:
            found.append((str(folder), message["executable"]))
    return found


if __name__ == "__main__":
    for folder, executable in test_binaries(list(sys.stdin), sys.argv[1:]):
        print(folder, executable, sep="\t")
