"""What fuzz.py has schemathesis do besides: count which of the routes that read were ever reached, and compare snapshots of
one host now and then, which the dictionaries hardly ever bring together."""

import atexit
import json
import os

import schemathesis

asked = set()
reached = set()
# By host: two snapshots, each with its repository.
pairs = json.loads(os.environ["RM_FUZZ_PAIRS"])
compared = 0


@schemathesis.hook
def before_call(context, case, kwargs):
    global compared
    pair = pairs.get((case.path_parameters or {}).get("agent"))
    # What is meant to be refused stays as it is.
    meant = case.meta is not None and case.meta.generation.mode.is_positive
    if pair is None or not meant or not case.operation.path.endswith("/diff"):
        return
    compared += 1
    if compared % 2 == 0:
        (repository, older), (_, newer) = pair
        case.path_parameters["repository"] = repository
        case.query = {"older": older, "newer": newer}


@schemathesis.hook
def after_call(context, case, response):
    name = f"{case.operation.method.upper()} {case.operation.path}"
    if case.operation.method.upper() == "GET":
        asked.add(name)
    if response.status_code < 300:
        reached.add(name)


@atexit.register
def tell():
    with open(os.environ["RM_FUZZ_REACHED"], "w", encoding="utf-8") as file:
        json.dump(sorted(asked - reached), file)
