#!/usr/bin/env python3
"""Makes the corpus that `cron_differential.rs` compares with: what croniter answers to random crontabs.

    python3 -m venv venv && venv/bin/pip install 'croniter==7.0.0'
    venv/bin/python wire/tests/cron_oracle.py > wire/fixtures/cron/oracle.txt        # the committed corpus
    venv/bin/python wire/tests/cron_oracle.py --seed 7 --count 60000 > /tmp/fresh.txt
    CRON_CORPUS=/tmp/fresh.txt cargo nextest run -p restic-manager-wire --test cron_differential

One line per case, tab-separated, all in UTC:
    start          seconds since the epoch, not always on a minute
    previous       minutes from floor(start / 60) back to the latest run at or before start; `-` is none in 50 years
    next           minutes between three runs after start, the first counted from floor(start / 60); `-` as above
    crontab        last, because it has blanks
The same seed and croniter give the same bytes.
"""

import argparse
import datetime
import importlib.metadata
import random
import re
import sys

from croniter import CroniterBadDateError, croniter

UTC = datetime.timezone.utc
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()
FIELDS = [  # low, high, names, how often plain `*`
    (0, 59, None, 0.15),
    (0, 23, None, 0.25),
    (1, 31, None, 0.40),
    (1, 12, MONTHS, 0.45),
    (0, 7, DAYS, 0.40),
]
NICKNAMES = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"]
FIRST, LAST = 366 * 86400, 115 * 365 * 86400  # 1971 .. 2084
YEARS = 50


def value(rng, low, names, n):
    """One number, now and then as a name in any case, or with a leading zero."""
    if names and n - low < len(names) and rng.random() < 0.4:
        name = names[n - low]
        return rng.choice([name, name.upper(), name.capitalize()])
    if n < 10 and rng.random() < 0.05:
        return f"0{n}"
    return str(n)


def item(rng, low, high, names):
    kind = rng.random()
    if kind < 0.45:
        return value(rng, low, names, rng.randint(low, high))
    if kind < 0.60:
        return f"*/{rng.randint(1, high + 3)}"
    a, b = sorted((rng.randint(low, high), rng.randint(low, high)))
    # `sun` is 0, so as the end of a range only a number can say Sunday.
    text = f"{value(rng, low, names, a)}-{value(rng, low, names, b)}"
    return text if kind < 0.80 else f"{text}/{rng.randint(1, high)}"


def field(rng, low, high, names, star):
    if rng.random() < star:
        return "*"
    return ",".join(item(rng, low, high, names) for _ in range(rng.choices([1, 2, 3, 5], [6, 2, 1, 1])[0]))


def crontab(rng):
    if rng.random() < 0.01:
        return rng.choice(NICKNAMES)
    if rng.random() < 0.05:  # rare dates, where the search is long
        day = rng.choice(["29", "30", "31", "29,31", "28-31", "*/29", "30-31/1"])
        month = rng.choice(["2", "feb", "2,4", "2-4/2", "*/11", "4,6,9,11"])
        return f"{rng.randint(0, 59)} {rng.randint(0, 23)} {day} {month} {field(rng, 0, 7, DAYS, 0.6)}"
    return " ".join(field(rng, *bounds) for bounds in FIELDS)


def in_oracle_dialect(text):
    """croniter reads `a-a` as `*`; Vixie cron, and everybody else, as `a`. Nothing else is rewritten."""
    number = {name: str(i + 1) for i, name in enumerate(MONTHS)} | {name: str(i) for i, name in enumerate(DAYS)}

    def single(match):
        a, b = (number.get(word.lower(), word) for word in match.group(1, 2))
        return a if int(a) == int(b) else match.group(0)

    return re.sub(r"(?<![\w*])(\w+)-(\w+)(?:/\d+)?", single, text)


def answers(text, start):
    """(previous, [next, next, next]) in minutes as the header says; None where croniter finds nothing."""
    minute = start // 60

    def walk(begin, step, count):
        it = croniter(text, begin, implement_cron_bug=True, max_years_between_matches=YEARS)
        times = []
        try:
            for _ in range(count):
                times.append(int(getattr(it, step)(datetime.datetime).timestamp()) // 60)
        except CroniterBadDateError:
            pass
        return times

    at = datetime.datetime.fromtimestamp(start, UTC)
    nexts = walk(at, "get_next", 3)
    previous = walk(at + datetime.timedelta(seconds=1), "get_prev", 1)
    gaps = [b - a for a, b in zip([minute, *nexts], nexts)]
    return (minute - previous[0] if previous else None), gaps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1987)
    parser.add_argument("--count", type=int, default=12000)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    version = importlib.metadata.version("croniter")
    print(f"# croniter {version}, implement_cron_bug=True, seed {args.seed}, {args.count} cases")
    for _ in range(args.count):
        text = crontab(rng)
        start = rng.randint(FIRST, LAST)
        if rng.random() < 0.5:
            start -= start % 60
        if rng.random() < 0.1:
            start -= start % 86400
        previous, gaps = answers(in_oracle_dialect(text), start)
        shown = " ".join(map(str, gaps)) or "-"
        print(start, "-" if previous is None else previous, shown, text, sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main())
