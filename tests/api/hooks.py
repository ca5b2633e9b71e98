"""What fuzz.py has schemathesis count: which of the routes that read were ever reached."""

import atexit
import json
import os

import schemathesis

asked = set()
reached = set()


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
