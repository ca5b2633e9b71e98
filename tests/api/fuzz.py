"""Fuzzes the API of a coordinator that runs, as its admin: schemathesis reads the document that the coordinator serves,
makes up requests that fit it and requests that do not, and looks at every answer.

    fuzz.py URL USER PASSWORD-FILE SECONDS

Fails on an answer of 5xx, on one that the document does not say, on a request that it forbids and that was taken, and when
a route that reads was never reached, because then nothing was tried. Which ids exist is asked first. What ends the
fuzzer's own session is left out. Run by scripts/fuzz-api.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent

# An endless answer, and what ends or replaces the session or the token that asks, or keeps its person out.
LEFT_OUT = (
    "^(get_events|(post|delete)_session.*|(post|delete)_account_.*|delete_api_tokens_token|post_people_person_disable"
    "|patch_people_person|delete_people_person_(sessions|factors))$"
)
# A request that the document forbids may fail on what it names, before or after its shape is looked at.
REFUSALS = [400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 429]
HOSTS = 3


class Person:
    """Somebody who is signed in, and asks before the fuzzing begins."""

    def __init__(self, url, user, password):
        self.url = url
        body = json.dumps({"user": user, "password": password}).encode()
        with self.open("POST", "/session", body, {}) as answer:
            self.cookie = answer.headers["set-cookie"].split(";")[0]

    def open(self, method, path, body, headers):
        headers = {"content-type": "application/json", **headers}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", body, headers, method=method)
        return urllib.request.urlopen(request, timeout=10)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with self.open(method, path, data, {"cookie": self.cookie}) as answer:
            return json.load(answer)

    def get(self, path):
        return self.call("GET", path)


def known_values(person):
    """Ids that exist, by parameter: what is made up is hardly ever there. And by host: two snapshots of one repository."""
    person.call("PUT", "/templates/web%20servers", {"plan": {}})
    hosts = [row["agent"] for row in person.get("/hosts?limit=200")["items"] if row["presence"] == "online"][:HOSTS]
    values = {"agent": hosts, "job": [], "repository": [], "order": [], "revision": [1], "snapshot": []}
    pairs = {}
    for agent in hosts:
        plan = person.get(f"/hosts/{agent}/plan")
        jobs = person.get(f"/hosts/{agent}/jobs?limit=1")["items"]
        values["job"] += [job["job"] for job in jobs]
        values["repository"] += list(plan["plan"]["repositories"])
        values["revision"].append(plan["revision"])
        snapshots = person.get(f"/hosts/{agent}/snapshots?limit=2")["items"]
        values["snapshot"] += [row["snapshot"]["id"] for row in snapshots]
        if len({row["repository"] for row in snapshots}) == 1 and len(snapshots) == 2:
            pairs[agent] = [(row["repository"], row["snapshot"]["id"]) for row in snapshots]
        order = {"routine": {"do": "run", "groups": list(plan["plan"]["groups"])[:1]}}
        values["order"].append(person.call("POST", f"/hosts/{agent}/orders", order)["order"])
    person.call("POST", "/people", {"name": "zoe", "role": "viewer"})
    values["person"] = [one["id"] for one in person.get("/people")]
    values["key"] = [one["key"] for one in person.get("/keys")]
    values["session"] = [one["id"] for one in person.get("/account/sessions")]
    return {name: sorted(set(found)) for name, found in values.items() if found}, pairs


def configuration(values):
    lines = [
        "workers = 1",
        "continue-on-failure = true",
        "request-timeout = 10.0",
        # The check tries the same each time, as far as the time goes.
        "seed = 20261120",
        # What it warns of is of two kinds: ids that nobody has, which hooks.py judges, and signed bodies, which nobody
        # can make up.
        "warnings = false",
        f'hooks = "{HERE / "hooks.py"}"',
        "[auth.openapi.session]",
        'api_key = "${RM_FUZZ_COOKIE}"',
        # Shown wherever the document takes one: there it counts, and the cookie does not.
        "[auth.openapi.api_token]",
        'bearer = "${RM_FUZZ_TOKEN}"',
        "[generation]",
        'database = "none"',
        "with-security-parameters = false",
        "[checks.negative_data_rejection]",
        f"expected-statuses = {REFUSALS}",
        # Most of what is well formed is refused all the same: a signature does not hold, an id is nobody's.
        "[checks.positive_data_acceptance]",
        "enabled = false",
    ]
    for name, found in values.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(found)}"]
    # What every snapshot of a simulated agent holds.
    lines += ["[dictionaries.path]", 'values = ["/home/ada"]']
    lines.append("[parameters]")
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in values]
    lines.append('"query.path" = { dictionary = "path", probability = 0.8 }')
    return "\n".join(lines) + "\n"


def main(url, user, password_file, seconds):
    person = Person(url, user, Path(password_file).read_text(encoding="utf-8").strip())
    token = person.call("POST", "/api-tokens", {"name": "fuzzer", "role": "admin", "days": 1})["secret"]
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "schemathesis.toml"
        values, pairs = known_values(person)
        config.write_text(configuration(values), encoding="utf-8")
        reached = Path(directory) / "reached.json"
        program = Path(sys.executable).with_name("schemathesis")
        command = [program, "--config-file", config, "run", f"{url}/api/v1/openapi.json", "--no-color"]
        command += ["--max-time", seconds, "--exclude-operation-id-regex", LEFT_OUT]
        environment = {
            **os.environ,
            "RM_FUZZ_COOKIE": person.cookie.split("=", 1)[1],
            "RM_FUZZ_TOKEN": token,
            "RM_FUZZ_REACHED": str(reached),
            "RM_FUZZ_PAIRS": json.dumps(pairs),
            "NO_PROXY": "*",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        ran = subprocess.run([str(part) for part in command], env=environment, cwd=directory, check=False)
        unreached = json.loads(reached.read_text(encoding="utf-8")) if reached.exists() else ["anything at all"]
    problems = [f"no answer of 200 was ever seen from {name}" for name in unreached]
    if ran.returncode != 0:
        problems.append("schemathesis found something, see above")
    shown = {"its session": {"cookie": person.cookie}, "its token": {"authorization": f"Bearer {token}"}}
    for what, headers in shown.items():
        try:
            person.open("GET", "/hosts", None, headers).close()
        except urllib.error.HTTPError as error:
            problems.append(f"the fuzzer lost {what} ({error.code}): extend LEFT_OUT, for the rest tried nothing")
    for problem in problems:
        print(problem)
    print(f"test result: {0 if problems else 1} passed; {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: fuzz.py URL USER PASSWORD-FILE SECONDS")
    sys.exit(main(*sys.argv[1:]))
