"""Asks a running demonstration everything its API document says, and much that it does not.

    check.py http://127.0.0.1:8420 REPORTS

The document itself is held against the OpenAPI specification. Then Schemathesis asks as several roles: no answer may be
a server error, none may have a status, a header or a body that the document does not name, and nobody may be answered
without saying who they are.

NOROSHI_API_SECONDS  seconds for each role (default 15; take 600 before a release)
NOROSHI_API_SEED     the seed of what is asked (default 1)
"""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

import openapi_spec_validator

# Programs have the rights of the former. The latter ask as people in a browser: one may keep accounts, one may nothing.
PROGRAMS = ["coordinator", "watch_officer", "csirt"]
PEOPLE = ["administrator", "staff"]
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
# No program is given this right.
BY_PEOPLE_ONLY = "keep_accounts"
# A change under way is waited for, and a demonstration that reads its day writes as well.
ANSWER_SECONDS_MAX = 30
# Besides the time for asking: starting, shrinking and reporting.
SPARE_SECONDS = 120


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def session(base, role):
    """The cookie of somebody in this role."""
    opener = urllib.request.build_opener(NoRedirect)
    try:
        answer = opener.open(f"{base}/demo/as/{role}", timeout=ANSWER_SECONDS_MAX)
    except urllib.error.HTTPError as redirected:
        answer = redirected
    cookie = answer.headers.get("set-cookie")
    if not cookie:
        sys.exit(f"nobody comes in as {role}: status {answer.status}")
    return cookie.split(";")[0]


def ask(base, path, cookie, sent=None):
    headers = {"cookie": cookie, "origin": base, "content-type": "application/json"}
    body = None if sent is None else json.dumps(sent).encode()
    try:
        request = urllib.request.Request(base + path, body, headers)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{path}: status {error.status}: {error.read().decode()}")


def program(base, role):
    """How a program says who it is: by a token with all that this role may hand to it."""
    cookie = session(base, role)
    rights = [right for right in ask(base, "/api/v1/account", cookie)["rights"] if right != BY_PEOPLE_ONLY]
    made = {"name": f"schemathesis {role}", "rights": rights, "days": 1}
    secret = ask(base, "/api/v1/account/tokens", cookie, made)["secret"]
    return f"[auth.openapi.token]\nbearer = {json.dumps(secret)}\n"


def person(base, role):
    """How a browser says who somebody is."""
    secret = session(base, role).split("=", 1)[1]
    return f"headers = {{ Origin = {json.dumps(base)} }}\n[auth.openapi.session]\napi_key = {json.dumps(secret)}\n"


def things(base):
    """Some ids that exist, by the start of the paths that take them: chance would never find one."""
    coordinator, administrator = session(base, "coordinator"), session(base, "administrator")
    found = {
        name: [item["id"] for item in ask(base, f"/api/v1/{name}?limit=5", coordinator)["items"]]
        for name in ("threats", "campaigns", "organisations", "events")
    }
    found["registry/organisations"] = found["organisations"]
    overdue = ask(base, "/api/v1/registry/contacts/overdue?limit=5", coordinator)
    found["registry/contacts"] = [item["id"] for item in overdue["items"]]
    # Whatever becomes of this account, nobody else's is touched but by chance.
    newcomer = {"login": f"schemathesis-{time.time_ns()}@example.test", "name": "試験", "language": "ja"}
    newcomer |= {"role": "csirt", "organisation": found["organisations"][0]}
    found["accounts"] = [ask(base, "/api/v1/accounts", administrator, newcomer)["account"]["id"]]
    return found


def known(found):
    """The part of the settings that has these ids asked for in half of the questions."""
    lines = []
    for start, ids in found.items():
        name = start.replace("/", "_")
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(ids)}"]
        lines += ["[[operations]]", f"include-path-regex = {json.dumps(f'^/api/v1/{start}/')}"]
        lines += [f'parameters = {{ "path.id" = {{ dictionary = "{name}", probability = 0.5 }} }}']
    return "\n".join(lines) + "\n"


def run(base, role, settings, reports, seconds):
    """What came of asking in this role."""
    file = reports / f"{role}.toml"
    file.write_text(settings)
    arguments = [
        str(pathlib.Path(sys.executable).parent.resolve() / "schemathesis"),
        *("--config-file", str(file)),
        *("run", f"{base}/api/openapi.json"),
        *("--checks", ",".join(CHECKS)),
        *("--max-time", str(seconds)),
        *("--request-timeout", str(ANSWER_SECONDS_MAX)),
        *("--seed", os.environ.get("NOROSHI_API_SEED", "1")),
        *("--report", "ndjson", "--report-ndjson-path", str(reports / f"{role}.ndjson")),
        *("--continue-on-failure", "--suppress-health-check", "all", "--no-color"),
    ]
    # It keeps what it learned in the folder it runs in.
    done = subprocess.run(arguments, cwd=reports, timeout=seconds + SPARE_SECONDS, capture_output=True, text=True)
    (reports / f"{role}.txt").write_text(done.stdout + done.stderr)
    return done


def main():
    base, reports = sys.argv[1].rstrip("/"), pathlib.Path(sys.argv[2]).resolve()
    seconds = int(os.environ.get("NOROSHI_API_SECONDS", "15"))
    reports.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(f"{base}/api/openapi.json", timeout=ANSWER_SECONDS_MAX) as answer:
        document = json.load(answer)
    openapi_spec_validator.validate(document)
    operations = sum(len(methods) for methods in document["paths"].values())
    print(f"the document is OpenAPI {document['openapi']} with {operations} operations")
    ids = known(things(base))
    ways = [(role, program) for role in PROGRAMS] + [(role, person) for role in PEOPLE]
    # Everybody is asked for: one that fails must not hide the next.
    fits = [told(role, run(base, role, way(base, role) + ids, reports, seconds), reports) for role, way in ways]
    return 0 if all(fits) else 1


def told(role, done, reports):
    if done.returncode:
        print(done.stdout[-8000:], done.stderr[-2000:], sep="\n")
    counts = [line.strip() for line in done.stdout.splitlines() if " generated, " in line]
    print(f"{role}: {'FAILED' if done.returncode else 'ok'}; {'; '.join(counts)} (see {reports / role}.txt)", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
