#!/usr/bin/env python3
"""Says whether the stock line kept its promises, from what the points of sale wrote down.

usage: check_stock.py FOLDER

FOLDER holds the ledgers (see load.hpp), table.jsonl and history.jsonl (each row, and each change of
one in the order of its commits), dead.jsonl (the dead letters) and totals.json (what the broker
counted). The queue has been drained. Exit code 0: every promise was kept. 1: the report says which
was not.
"""

import collections
import json
import pathlib
import sys

SHOWN = 20
MAYBE = ("ok", "unknown")
QUEUE = "stock"


class Books:
    """All that is known of one run. An item is called by its eid, which is unique."""

    def __init__(self, ledgers, table, history, dead, totals):
        self.items = {}  # eid: the item as sent, with its outcome and its index
        self.messages = collections.Counter()  # outcome: messages
        for ledger in ledgers:
            self._read(ledger)
        self.table = {row["key"]: row for row in table}
        self.history = collections.defaultdict(list)
        for change in history:
            self.history[change["key"]].append(change)
        self.dead = dead
        self.totals = totals

    def _read(self, ledger):
        calls = {}
        for line in ledger:
            if line["phase"] == "invoke":
                calls[line["n"]] = (line["entries"], ["unknown"] * len(line["entries"]))
            else:
                entries, _ = calls[line["n"]]
                outcomes = line.get("results") or [line.get("code", "unknown")] * len(entries)
                calls[line["n"]] = (entries, outcomes)
        for entries, outcomes in calls.values():
            assert len(entries) == len(outcomes), "an answer of another length"
            for entry, outcome in zip(entries, outcomes):
                self.messages[outcome] += 1
                for index, item in enumerate(entry["items"]):
                    self.items[item["eid"]] = dict(item, outcome=outcome, index=index)


def lost(books):
    """The row is the newest acknowledged position of its key, or one that is newer still."""
    for item in books.items.values():
        if item["bad"] or item["outcome"] != "ok":
            continue
        row = books.table.get(item["key"])
        if row is None:
            yield item["eid"], f"was acknowledged, and {item['key']} has no row"
        elif row["at"] < item["at"]:
            yield item["eid"], f"was acknowledged, and the row of {item['key']} is older: {row}"


def invented(books):
    """What was ever written is what somebody sent, as it was sent, and was not refused."""
    changes = [change for changes in books.history.values() for change in changes]
    for change in changes + list(books.table.values()):
        item = books.items.get(change["eid"])
        if item is None:
            yield change["eid"], f"was never sent: {change}"
        elif item["bad"] or item["outcome"] not in MAYBE:
            yield change["eid"], f"was written, being bad or refused: {item}"
        elif any(change[name] != item[name] for name in ("key", "at", "quantity")):
            yield change["eid"], f"was sent as {item}, and written as {change}"


def backwards(books):
    """No older position was ever written over a newer one, nor an equal one twice."""
    for key, changes in books.history.items():
        for before, after in zip(changes, changes[1:]):
            if after["at"] <= before["at"]:
                yield after["eid"], f"was written over what is not older: {before['eid']} of {key}"


def untold(books):
    """The history of a key ends with its row."""
    for key in set(books.table) | set(books.history):
        last = (books.history.get(key) or [None])[-1]
        if last != books.table.get(key):
            yield key, f"was last written as {last}, and is {books.table.get(key)}"


def buried_wrongly(books):
    """A dead letter is one bad item alone, with its origin, its index and the reason."""
    for letter in books.dead:
        body = json.loads(letter["body"])
        eid = body.get("eid") if isinstance(body, dict) else None
        item = books.items.get(eid)
        if item is None or not item["bad"] or item["outcome"] not in MAYBE:
            yield eid, f"is a dead letter that should not be: {letter}"
            continue
        if letter["source"] != QUEUE or not letter["origin"].endswith(f"/{item['index']}"):
            yield eid, f"does not tell where it comes from: {letter}"
        if f"qtd_estoque {-item['quantity']} " not in letter["reason"]:
            yield eid, f"was buried for {letter['reason']!r}"


def not_buried_once(books):
    """A bad item whose message was acknowledged is a dead letter, and no item is two."""
    times = collections.Counter()
    for letter in books.dead:
        body = json.loads(letter["body"])
        times[body.get("eid") if isinstance(body, dict) else None] += 1
    for eid, count in times.items():
        if count > 1:
            yield eid, f"is {count} dead letters"
    for item in books.items.values():
        if item["bad"] and item["outcome"] == "ok" and not times[item["eid"]]:
            yield item["eid"], "was acknowledged, is bad, and is no dead letter"


def unbalanced(books):
    """The broker's own counts add up, and agree with ours."""
    for queue, total in books.totals.items():
        came = total["sent"] + total["moved_in"]
        left = sum(total[name] for name in
                   ("messages", "deleted", "buried", "redriven", "expired", "damaged", "purged",
                    "dropped"))
        if came != left:
            yield queue, f"{came} came and {left} are there or left: {total}"
    work = books.totals[QUEUE]
    least, most = books.messages["ok"], books.messages["ok"] + books.messages["unknown"]
    if not least <= work["sent"] <= most:
        yield QUEUE, f"counts {work['sent']} messages, sent were {least} to {most}"
    if work["deleted"] != work["sent"]:
        yield QUEUE, f"{work['deleted']} of {work['sent']} were done: {work}"
    there = books.totals["dlq-" + QUEUE]["messages"]
    if there != len(books.dead):
        yield "dlq-" + QUEUE, f"counts {there} messages, there are {len(books.dead)}"


CHECKS = (lost, invented, backwards, untold, buried_wrongly, not_buried_once, unbalanced)


def violations(books):
    return [(check.__name__, what, why) for check in CHECKS for what, why in check(books)]


def report(books, found, out):
    items = books.items.values()
    changes = sum(map(len, books.history.values()))
    work = books.totals[QUEUE]
    counts = {
        "messages acknowledged": books.messages["ok"], "unknown": books.messages["unknown"],
        "items": len(items), "written": changes, "rows": len(books.table),
        "bad": sum(item["bad"] for item in items), "dead": len(books.dead),
        **{name: work[name] for name in ("retried", "handed_back", "crashed", "worker_dead")
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
    left = ("table", "history", "dead")
    ledgers = [lines_of(path) for path in sorted(folder.glob("*.jsonl")) if path.stem not in left]
    totals = json.loads((folder / "totals.json").read_text(encoding="utf-8"))
    books = Books(ledgers, *(lines_of(folder / f"{name}.jsonl") for name in left), totals)
    found = violations(books)
    report(books, found, sys.stdout)
    return 1 if found or not books.messages["ok"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
