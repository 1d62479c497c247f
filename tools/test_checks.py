"""Tests of the checks themselves: `python3 -m unittest discover -s tools`."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_dependencies as dependencies
import check_tree as tree
import find_test_binaries


class Licences(unittest.TestCase):
    def check(self, expression: str, expected: bool) -> None:
        allowed = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"}
        self.assertEqual(dependencies.licence_allowed(expression, allowed), expected, expression)

    def test_an_expression_is_met_as_spdx_says(self):
        self.check("MIT", True)
        self.check("GPL-3.0-only", False)
        self.check("GPL-2.0-only OR Apache-2.0", True)
        self.check("Unlicense/MIT", True)
        self.check("MIT AND GPL-2.0-only", False)
        self.check("(MIT OR GPL-2.0-only) AND Unicode-3.0", True)
        self.check("MIT OR GPL-2.0-only AND GPL-3.0-only", True)
        self.check("Apache-2.0 WITH LLVM-exception", True)
        self.check("Apache-2.0 WITH Classpath-exception-2.0", False)

    def test_what_is_no_expression_is_refused(self):
        for odd in ("", "(MIT", "MIT)", "OR MIT", "MIT AND", "MIT MIT", "MIT WITH"):
            with self.assertRaises(ValueError, msg=odd):
                dependencies.licence_allowed(odd, {"MIT"})


def package(name: str, version: str = "1.0.0", source: str | None = None) -> dict:
    return {"name": name, "version": version, "license": "MIT", "source": source}


class Bans(unittest.TestCase):
    def faults(self, deny: list[dict], links: set[tuple[str, str]]) -> list[str]:
        names = {name for link in links for name in link}
        return dependencies.check_bans([package(name) for name in names], links, {"bans": {"deny": deny}})

    def test_a_banned_crate_is_found_and_its_absence_is_fine(self):
        banned = [{"crate": "openssl-sys", "reason": "because"}]
        self.assertEqual(self.faults(banned, {("web", "axum")}), [])
        self.assertEqual(self.faults(banned, {("web", "openssl-sys")}), ["openssl-sys is banned: because"])

    def test_only_the_named_crates_may_use_a_restricted_one(self):
        restricted = [{"crate": "axum", "wrappers": ["web"], "reason": "because"}]
        self.assertEqual(self.faults(restricted, {("web", "axum")}), [])
        self.assertEqual(len(self.faults(restricted, {("web", "axum"), ("watch", "axum")})), 1)
        self.assertEqual(len(self.faults(restricted, {("web", "hyper")})), 1, "a restriction of nothing")


class Duplicates(unittest.TestCase):
    def faults(self, versions: list[str], skip: list[dict]) -> int:
        packages = [package("sha2", version) for version in versions]
        return len(dependencies.check_duplicates(packages, {"bans": {"skip": skip}}))

    def test_a_second_version_needs_a_reason_that_still_holds(self):
        old = {"crate": "sha2@0.10.9", "reason": "sqlx"}
        self.assertEqual(self.faults(["0.11.1"], []), 0)
        self.assertEqual(self.faults(["0.11.1", "0.10.9"], []), 1)
        self.assertEqual(self.faults(["0.11.1", "0.10.9"], [old]), 0)
        self.assertEqual(self.faults(["0.11.1", "0.10.9"], [{"crate": "sha2@0.10.9"}]), 1, "without a reason")
        self.assertEqual(self.faults(["0.11.1"], [old]), 1, "no longer needed")
        self.assertEqual(self.faults(["0.11.1", "0.10.9", "0.9.0"], [old]), 1, "a third")


class Sources(unittest.TestCase):
    def test_a_git_dependency_is_refused(self):
        crates_io = "registry+https://github.com/rust-lang/crates.io-index"
        self.assertEqual(dependencies.check_sources([package("base"), package("sha2", source=crates_io)]), [])
        self.assertEqual(len(dependencies.check_sources([package("sha2", source="git+https://example.com")])), 1)


class Text(unittest.TestCase):
    def check(self, line: str, expected: int, name: str = "a.rs") -> None:
        self.assertEqual(len(tree.check_text(name, line, ["/build/noroshi"])), expected, line)

    def test_leftovers_and_machine_paths_are_found(self):
        self.check("// TO" + "DO: later", 1)
        self.check("to" + "do!()", 1)
        self.check("the todo list of the analyst", 0)
        self.check("see /build/noroshi/crates", 1)
        self.check("see /build/noroshi-target and ./build/noroshi", 0)
        self.check("fetched from https://py" + "pi.example.com/simple", 1)
        self.check("registry of organisations: https://noroshi.example/", 0)

    def test_a_lock_file_may_name_the_public_registry_only(self):
        self.check('"resolved": "https://reg' + 'istry.npm' + 'js.org/axe-core/-/x.tgz"', 0, "package-lock.json")
        self.check('"resolved": "https://npm' + 'js.example.com/axe-core/-/x.tgz"', 1, "package-lock.json")

    def test_a_broken_relative_link_is_found(self):
        self.assertEqual(tree.check_links("README.md", "[a](tools/check_tree.py#x) [b](https://example.com)"), [])
        self.assertEqual(len(tree.check_links("README.md", "[a](nowhere.md) ![b](nowhere.svg)")), 2)

    def test_a_document_that_the_code_names_must_be_there(self):
        self.assertEqual(tree.check_references("a.rs", "/// See `docs/README.md`."), [])
        self.assertEqual(len(tree.check_references("a.rs", "/// See `docs/nowhere.md`.")), 1)

    def test_a_module_named_after_nothing_is_found(self):
        self.assertTrue(tree.ROOMLESS.search("crates/base/src/util.rs"))
        self.assertTrue(tree.ROOMLESS.search("crates/common/src/lib.rs"))
        self.assertFalse(tree.ROOMLESS.search("crates/base/src/utility_rate.rs"))


class TestBinaries(unittest.TestCase):
    def test_only_test_binaries_of_the_named_crates_are_chosen(self):
        def artifact(crate: str, test: bool, executable: str | None) -> str:
            manifest = f"/build/noroshi/crates/{crate}/Cargo.toml"
            return json.dumps({
                "reason": "compiler-artifact", "manifest_path": manifest,
                "profile": {"test": test}, "executable": executable,
            })

        messages = [
            artifact("formats", True, "/t/formats-1"), artifact("formats", False, None),
            artifact("noroshi", False, "/t/noroshi"), artifact("base", True, "/t/base-1"),
            json.dumps({"reason": "build-finished", "success": True}),
        ]
        chosen = [("/build/noroshi/crates/formats", "/t/formats-1")]
        self.assertEqual(find_test_binaries.test_binaries(messages, ["formats", "noroshi"]), chosen)


if __name__ == "__main__":
    unittest.main()
