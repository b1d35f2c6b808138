#!/usr/bin/env python3
"""The checker rejects one doctored run for each promise, and accepts odd ones that are legal."""

import io
import json
import unittest

import check_stock


def item(eid, at, bad=False, key="a|1"):
    return {"eid": eid, "key": key, "at": at, "quantity": at, "bad": bad}


def send(n, items, outcome="ok"):
    line = {"client": "p", "n": n, "op": "send"}
    lines = [dict(line, phase="invoke", entries=[{"items": items}])]
    if outcome == "unknown":
        return lines + [dict(line, phase="unknown")]
    if outcome is None:
        return lines
    return lines + [dict(line, phase="ok", results=[outcome])]


def row(eid, at, key="a|1"):
    return {"key": key, "eid": eid, "at": at, "quantity": at}


def letter(eid, at, **other):
    return dict({"body": json.dumps({"eid": eid}), "origin": "m/0", "source": "stock",
                 "reason": f"qtd_estoque -{at} is not within 0..2147483647"}, **other)


def books_of(sent, dead):
    names = ("sent", "moved_in", "messages", "deleted", "buried", "redriven", "expired", "damaged",
             "purged", "dropped")
    nothing = dict.fromkeys(names, 0)
    return {"stock": dict(nothing, sent=sent, deleted=sent),
            "dlq-stock": dict(nothing, sent=dead, messages=dead)}


def broken(ledger, table=(), history=None, dead=(), totals=None):
    history = table if history is None else history
    sent = sum(line["phase"] == "invoke" for line in ledger)
    books = check_stock.Books([ledger], list(table), list(history), list(dead),
                              totals or books_of(sent, len(dead)))
    found = check_stock.violations(books)
    check_stock.report(books, found, io.StringIO())
    return {check for check, _, _ in found}


TWO = send(1, [item("x", 10)]) + send(2, [item("y", 20)])


class Rejected(unittest.TestCase):
    def test_acknowledged_and_no_row(self):
        self.assertEqual(broken(TWO), {"lost"})

    def test_an_older_row_than_the_newest_acknowledged(self):
        self.assertEqual(broken(TWO, [row("x", 10)]), {"lost"})

    def test_a_row_that_nobody_sent(self):
        self.assertEqual(broken(TWO, [row("z", 30)]), {"invented"})

    def test_a_row_out_of_a_refused_message(self):
        self.assertEqual(broken(send(1, [item("x", 10)], "queue_full"), [row("x", 10)],
                                totals=books_of(0, 0)), {"invented"})

    def test_a_bad_item_that_was_written(self):
        self.assertEqual(broken(send(1, [item("x", 10, bad=True)]), [row("x", 10)],
                                dead=[letter("x", 10)]), {"invented"})

    def test_a_row_with_another_quantity(self):
        wrong = dict(row("y", 20), quantity=7)
        self.assertEqual(broken(TWO, [wrong]), {"invented"})

    def test_an_older_position_over_a_newer_that_was_mended_later(self):
        history = [row("y", 20), row("x", 10), row("y", 20)]
        self.assertEqual(broken(TWO, [row("y", 20)], history), {"backwards"})

    def test_a_position_that_was_written_twice(self):
        self.assertEqual(broken(TWO, [row("y", 20)], [row("y", 20), row("y", 20)]), {"backwards"})

    def test_a_row_that_its_history_does_not_know(self):
        self.assertEqual(broken(TWO, [row("y", 20)], [row("x", 10)]), {"untold"})

    def test_a_good_item_that_was_buried(self):
        self.assertEqual(broken(TWO, [row("y", 20)], dead=[letter("x", 10)]), {"buried_wrongly"})

    def test_a_whole_message_that_was_buried(self):
        whole = letter("x", 10, body=json.dumps([{"eid": "x"}]))
        self.assertEqual(broken(TWO, [row("y", 20)], dead=[whole]), {"buried_wrongly"})

    def test_a_dead_letter_without_its_reason_or_index(self):
        sent = send(1, [item("x", 10, bad=True)])
        for other in ({"reason": "max_receives"}, {"origin": "m/1"}, {"source": ""}):
            self.assertEqual(broken(sent, dead=[letter("x", 10, **other)]), {"buried_wrongly"})

    def test_a_bad_item_that_is_gone(self):
        self.assertEqual(broken(send(1, [item("x", 10, bad=True)])), {"not_buried_once"})

    def test_a_bad_item_that_was_split_off_twice(self):
        self.assertEqual(broken(send(1, [item("x", 10, bad=True)]), dead=[letter("x", 10)] * 2),
                         {"not_buried_once"})

    def test_counts_that_do_not_add_up(self):
        for totals in (books_of(1, 0), books_of(3, 0), books_of(2, 1)):
            self.assertEqual(broken(TWO, [row("y", 20)], totals=totals), {"unbalanced"})
        left = books_of(2, 0)
        left["stock"].update(deleted=1, messages=1)
        self.assertEqual(broken(TWO, [row("y", 20)], totals=left), {"unbalanced"})


class Accepted(unittest.TestCase):
    def test_the_newest_alone_was_written(self):
        self.assertEqual(broken(TWO, [row("y", 20)]), set())

    def test_both_were_written_in_their_order(self):
        self.assertEqual(broken(TWO, [row("y", 20)], [row("x", 10), row("y", 20)]), set())

    def test_an_unknown_send_was_written(self):
        sent = send(1, [item("x", 10)]) + send(2, [item("y", 20)], "unknown")
        self.assertEqual(broken(sent, [row("y", 20)]), set())

    def test_an_unknown_send_never_arrived(self):
        for outcome in ("unknown", None):
            sent = send(1, [item("x", 10)]) + send(2, [item("y", 20)], outcome)
            self.assertEqual(broken(sent, [row("x", 10)], totals=books_of(1, 0)), set())

    def test_a_bad_item_died_and_its_neighbour_was_written(self):
        sent = send(1, [item("x", 10, bad=True), item("y", 20)])
        self.assertEqual(broken(sent, [row("y", 20)], dead=[letter("x", 10)]), set())


if __name__ == "__main__":
    unittest.main()
