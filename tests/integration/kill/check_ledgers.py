#!/usr/bin/env python3
"""Says whether a broker kept its promises, from what its clients wrote down.

usage: check_ledgers.py FOLDER

FOLDER holds <client>.jsonl (the ledgers, see ledger.hpp), final.jsonl (each message that the queues
hold in the end, nothing being in flight) and totals.json (what the broker itself counted). Exit
code 0: every promise was kept. 1: the report says which was not, with the ledger lines of the first
messages that it happened to.
"""

import collections
import json
import pathlib
import sys

SHOWN = 20


class History:
    """All that is known of one run, by message. A message is called by its eid, which is unique."""

    def __init__(self, ledgers, final, totals, max_receives):
        self.final = final
        self.totals = totals
        self.max_receives = max_receives
        self.lines = collections.defaultdict(list)
        self.sent = {}  # eid: (sha, outcome); the outcome is ok, unknown, or a code
        self.deliveries = collections.defaultdict(list)
        self.verdicts = collections.defaultdict(list)
        for ledger in ledgers:
            self._read(ledger)
        for seen in self.deliveries.values():
            seen.sort(key=lambda delivery: delivery["number"])
        self.final_of = collections.defaultdict(list)
        for message in final:
            self.final_of[message["eid"]].append(message)
            self.lines[message["eid"]].append(("final", message))

    def _read(self, ledger):
        invoked = {}
        for line in ledger:
            if line["phase"] == "invoke":
                invoked[line["n"]] = line
                if line["op"] != "receive":
                    self._settle(line, ["unknown"] * len(line["entries"]))
                continue
            call = invoked.pop(line["n"])
            if line["op"] == "receive":
                for entry in line.get("entries", []):
                    self.deliveries[entry["eid"]].append(entry)
                    self.lines[entry["eid"]].append((line["client"], "received", entry))
            elif line["phase"] == "ok":
                self._settle(call, line["results"])
            elif line["phase"] == "fail":
                self._settle(call, [line["code"]] * len(call["entries"]))

    def _settle(self, call, outcomes):
        assert len(outcomes) == len(call["entries"]), f"an answer of another length: {call}"
        for entry, outcome in zip(call["entries"], outcomes):
            eid = entry["eid"]
            self.lines[eid].append((call["client"], call["n"], call["op"], entry, outcome))
            if call["op"] == "send":
                self.sent[eid] = (entry["sha"], outcome)
                continue
            # One call may judge two deliveries of a message: the newest, and a stale one.
            which = (call["client"], call["n"], entry["number"])
            verdicts = self.verdicts[eid]
            verdicts[:] = [v for v in verdicts if v["call"] != which]
            verdicts.append(dict(entry, outcome=outcome, call=which))

    def verdict(self, eid, kind, outcomes):
        return [v for v in self.verdicts[eid] if v["kind"] == kind and v["outcome"] in outcomes]

    def seen(self):
        return set(self.deliveries) | set(self.final_of)


MAYBE = ("ok", "unknown")


def lost(history):
    """I1: what was acknowledged is there, or somebody had it deleted."""
    for eid, (_, outcome) in history.sent.items():
        if outcome == "ok" and eid not in history.final_of:
            if not history.verdict(eid, "done", MAYBE):
                yield eid, "was acknowledged, is not there, and nobody deleted it"


def unexpected(history):
    """I2: nothing is there that was never sent, or was refused."""
    for eid in history.seen():
        if eid not in history.sent:
            yield eid, "was never sent"
        elif history.sent[eid][1] not in MAYBE:
            yield eid, f"was refused: {history.sent[eid][1]}"


def doubled(history):
    """One send is one message, whatever was asked again."""
    for eid in history.seen():
        numbers = {d["message"] for d in history.deliveries[eid]}
        if len(numbers) > 1:
            yield eid, f"is {len(numbers)} messages: {sorted(numbers)}"
        if len(history.final_of.get(eid, [])) > 1:
            yield eid, "is there more than once in the end"


def changed(history):
    """I4: a body is what was sent."""
    for eid in history.seen() & set(history.sent):
        for entry in history.deliveries[eid] + history.final_of.get(eid, []):
            if entry["sha"] != history.sent[eid][0]:
                yield eid, f"has another body: {entry}"


def revived(history):
    """I5: what was deleted or buried does not come back."""
    for eid in history.seen():
        last = max((d["number"] for d in history.deliveries[eid]), default=0)
        for kind in ("done", "dead"):
            for verdict in history.verdict(eid, kind, ("ok",)):
                if last > verdict["number"]:
                    yield eid, f"was {kind} with delivery {verdict['number']}, then came {last}"
        queues = {message["queue"] for message in history.final_of.get(eid, [])}
        if history.verdict(eid, "done", ("ok",)) and queues:
            yield eid, f"was deleted and is in {queues}"
        if history.verdict(eid, "dead", ("ok",)) and queues != {"dlq-work"}:
            yield eid, f"was buried and is in {queues or 'no queue'}"


def spent_twice(history):
    """I10: a delivery is settled once; another one's receipt cannot do it."""
    for eid, verdicts in history.verdicts.items():
        ending = ("done", "dead", "retry", "handback")
        by_number = collections.Counter(
            v["number"] for v in verdicts if v["outcome"] == "ok" and v["kind"] in ending)
        for number, times in by_number.items():
            if times > 1:
                yield eid, f"delivery {number} was settled {times} times"


def numbered_twice(history):
    """I8: a delivery number is never used again."""
    owner = {}
    for eid, seen in history.deliveries.items():
        for delivery in seen:
            other = owner.setdefault(delivery["number"], eid)
            if other != eid:
                yield eid, f"delivery number {delivery['number']} was also {other}'s"
        numbers = [delivery["number"] for delivery in seen]
        if len(numbers) != len(set(numbers)):
            yield eid, f"was delivered twice under one number: {numbers}"


def miscounted(history):
    """I8: a receive counts each delivery but those that were handed back, and never above max."""
    for eid, seen in history.deliveries.items():
        back = {v["number"] for v in history.verdict(eid, "handback", MAYBE)}
        counted = 0
        before = 0
        for delivery in seen:
            at_least = max(counted, before) + 1
            if delivery["receives"] < at_least:
                yield eid, f"delivery {delivery['number']} says {delivery['receives']} receives, " \
                    f"{at_least} at least are known"
            if delivery["receives"] > history.max_receives:
                yield eid, f"was received {delivery['receives']} times"
            if delivery["number"] in back:
                before = delivery["receives"] - 1
            else:
                counted += 1
                before = delivery["receives"]


def buried_for_nothing(history):
    """I8, I15: a dead letter says why, and somebody or the maximum buried it."""
    for eid, messages in history.final_of.items():
        for message in messages:
            if message["queue"] != "dlq-work":
                continue
            judged = {v["reason"] for v in history.verdict(eid, "dead", MAYBE)}
            if message["source"] != "work":
                yield eid, f"a dead letter of {message['source']!r}"
            if message["reason"] not in judged and not message["reason"].startswith("max_receives"):
                yield eid, f"was buried for {message['reason']!r}, said were {judged}"


def unbalanced(history):
    """I11: the broker's own books, and ours beside them."""
    for queue, total in history.totals.items():
        came = total["sent"] + total["moved_in"]
        left = sum(total[name] for name in
                   ("messages", "deleted", "buried", "redriven", "expired", "damaged", "purged",
                    "dropped"))
        if came != left:
            yield queue, f"{came} came and {left} are there or left: {total}"
        there = sum(message["queue"] == queue for message in history.final)
        if there != total["messages"]:
            yield queue, f"{there} were received in the end, counted are {total['messages']}"
    work = history.totals.get("work")
    if work is None:
        return
    gone = {eid for eid in history.seen() if eid not in history.final_of}
    for name, ours in (("sent", len(history.seen())), ("deleted", len(gone)), ("expired", 0),
                       ("damaged", 0), ("purged", 0)):
        if work[name] != ours:
            yield "work", f"{name} is {work[name]}, and {ours} by the ledgers"


CHECKS = (lost, unexpected, doubled, changed, revived, spent_twice, numbered_twice, miscounted,
          buried_for_nothing, unbalanced)


def violations(history):
    return [(check.__name__, eid, why) for check in CHECKS for eid, why in check(history)]


def report(history, found, out):
    outcomes = collections.Counter(outcome for _, outcome in history.sent.values())
    recovered = sum(outcome == "unknown" and eid in history.seen()
                    for eid, (_, outcome) in history.sent.items())
    counts = {
        "attempted": len(history.sent), "acknowledged": outcomes["ok"],
        "unknown": outcomes["unknown"], "recovered": recovered,
        "deliveries": sum(map(len, history.deliveries.values())),
        "received again": sum(max(0, len(d) - 1) for d in history.deliveries.values()),
        "dead": sum(m["queue"] == "dlq-work" for m in history.final),
        "left": sum(m["queue"] == "work" for m in history.final),
    }
    counts.update(collections.Counter(check for check, _, _ in found))
    print(", ".join(f"{name} {count}" for name, count in counts.items()), file=out)
    shown = collections.Counter()
    for check, eid, why in found:
        shown[check] += 1
        if shown[check] > SHOWN:
            continue
        print(f"{check}: {eid} {why}", file=out)
        for line in history.lines.get(eid, []):
            print(f"    {line}", file=out)


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main(folder):
    folder = pathlib.Path(folder)
    ledgers = [lines_of(path) for path in sorted(folder.glob("*.jsonl"))
               if path.name != "final.jsonl"]
    totals = json.loads((folder / "totals.json").read_text(encoding="utf-8"))
    history = History(ledgers, lines_of(folder / "final.jsonl"), totals["queues"],
                      totals["max_receives"])
    found = violations(history)
    report(history, found, sys.stdout)
    return 1 if found or not history.sent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
