#!/usr/bin/env python3
"""Says whether the order of every group was kept, and every effect taken once.

usage: check_order.py FOLDER

FOLDER holds p*.jsonl (what the producers sent, each group's messages by one of them, numbered in
their order, once each was acknowledged), effects.jsonl (each effect, with its place among those of
its group by order of commits), dead.jsonl (the dead letters) and totals.json (what the broker
counted). The queue has been drained. Exit code 0: every promise was kept. 1: the report says which
was not.
"""

import collections
import json
import pathlib
import sys

SHOWN = 20
QUEUE = "order.fifo"


class Run:
    """All that is known of one run. A message is called by (group, number)."""

    def __init__(self, sent, effects, dead, totals):
        self.fate = {(line["group"], line["number"]): line["fate"] for line in sent}
        self.effects = collections.defaultdict(list)
        for effect in effects:
            self.effects[effect["group"]].append(effect)
        for of_group in self.effects.values():
            of_group.sort(key=lambda effect: effect["place"])
        self.times = collections.Counter(
            (effect["group"], effect["number"]) for effect in effects)
        self.dead = dead
        self.buried = collections.Counter((letter["group"], letter["number"]) for letter in dead)
        self.totals = totals


def lost(run):
    """What was acknowledged has its effect, or is a dead letter."""
    for message in run.fate:
        if not run.times[message] and not run.buried[message]:
            yield message, "was acknowledged, and has neither an effect nor a dead letter"


def invented(run):
    """What has an effect was sent."""
    for message in run.times:
        if message not in run.fate:
            yield message, "was never sent"


def repeated(run):
    """An effect is taken once."""
    for message, times in run.times.items():
        if times > 1:
            yield message, f"has {times} effects"


def disordered(run):
    """In its group, an effect comes behind those of all that were sent before."""
    for group, effects in run.effects.items():
        for before, after in zip(effects, effects[1:]):
            if after["number"] < before["number"]:
                yield (group, after["number"]), f"comes behind {before['number']}"


def gaps(run):
    """Places count up by one: nothing was taken away afterwards."""
    for group, effects in run.effects.items():
        places = [effect["place"] for effect in effects]
        if places != list(range(1, len(places) + 1)):
            yield group, f"has places {places}"


def buried_wrongly(run):
    """A dead letter was to die, or four workers died over it; it is one, and has no effect."""
    for letter in run.dead:
        message = (letter["group"], letter["number"])
        crashed = letter["reason"].startswith("worker_crash")
        if run.fate.get(message) != "dead" and not crashed:
            yield message, f"was buried for {letter['reason']!r}"
        if run.buried[message] > 1:
            yield message, f"is {run.buried[message]} dead letters"
        if run.times[message] and not crashed:
            yield message, "is a dead letter, and has an effect"


def not_buried(run):
    """What was to die is a dead letter."""
    for message, fate in run.fate.items():
        if fate == "dead" and not run.buried[message]:
            yield message, "was to die, and is no dead letter"


def unbalanced(run):
    """The broker's own counts add up, and agree with ours: no send was taken for two."""
    for queue, total in run.totals.items():
        came = total["sent"] + total["moved_in"]
        left = sum(total[name] for name in
                   ("messages", "deleted", "buried", "redriven", "expired", "damaged", "purged"))
        if came != left:
            yield queue, f"{came} came and {left} are there or left: {total}"
    work = run.totals[QUEUE]
    if work["sent"] != len(run.fate):
        yield QUEUE, f"counts {work['sent']} messages, sent were {len(run.fate)}"
    if work["deleted"] + work["buried"] != work["sent"]:
        yield QUEUE, f"was not drained: {work}"
    if work["buried"] != len(run.buried):
        yield QUEUE, f"counts {work['buried']} dead letters, there are {len(run.buried)}"


CHECKS = (lost, invented, repeated, disordered, gaps, buried_wrongly, not_buried, unbalanced)


def violations(run):
    return [(check.__name__, what, why) for check in CHECKS for what, why in check(run)]


def report(run, found, out):
    work = run.totals[QUEUE]
    counts = {
        "messages": len(run.fate), "groups": len({group for group, _ in run.fate}),
        "effects": sum(run.times.values()), "dead": len(run.dead),
        **{name: work[name] for name in ("retried", "handed_back", "timed_out", "crashed")
           if name in work},
    }
    counts.update(collections.Counter(check for check, _, _ in found))
    print(", ".join(f"{name} {count}" for name, count in counts.items()), file=out)
    shown = collections.Counter()
    for check, what, why in found:
        shown[check] += 1
        if shown[check] <= SHOWN:
            print(f"{check}: {what} {why}", file=out)


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main(folder):
    folder = pathlib.Path(folder)
    sent = [line for path in sorted(folder.glob("p*.jsonl")) for line in lines_of(path)]
    totals = json.loads((folder / "totals.json").read_text(encoding="utf-8"))
    run = Run(sent, lines_of(folder / "effects.jsonl"), lines_of(folder / "dead.jsonl"), totals)
    found = violations(run)
    report(run, found, sys.stdout)
    return 1 if found or not run.fate else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
