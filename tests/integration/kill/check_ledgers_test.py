#!/usr/bin/env python3
"""The checker rejects one doctored history for each promise, and accepts odd ones that are legal."""

import io
import unittest

import check_ledgers

SHA = {"p:1": "aa", "p:2": "bb"}


def send(n, eid, outcome="ok"):
    lines = [{"client": "p", "n": n, "op": "send", "phase": "invoke",
              "entries": [{"eid": eid, "sha": SHA[eid]}]}]
    if outcome == "unknown":
        return lines + [{"client": "p", "n": n, "op": "send", "phase": "unknown"}]
    if outcome is None:
        return lines
    return lines + [{"client": "p", "n": n, "op": "send", "phase": "ok", "results": [outcome]}]


def receive(n, eid, number, receives, **other):
    entry = dict({"eid": eid, "sha": SHA.get(eid, "cc"), "number": number, "receives": receives,
                  "message": int(eid[2:])}, **other)
    return [{"client": "c", "n": n, "op": "receive", "phase": "invoke"},
            {"client": "c", "n": n, "op": "receive", "phase": "ok", "entries": [entry]}]


def settle(n, eid, number, kind, outcome="ok", reason=""):
    entry = {"eid": eid, "number": number, "kind": kind, "reason": reason}
    lines = [{"client": "c", "n": n, "op": "settle", "phase": "invoke", "entries": [entry]}]
    if outcome == "unknown":
        return lines + [{"client": "c", "n": n, "op": "settle", "phase": "unknown"}]
    return lines + [{"client": "c", "n": n, "op": "settle", "phase": "ok", "results": [outcome]}]


def there(eid, queue="work", **other):
    return dict({"queue": queue, "eid": eid, "sha": SHA.get(eid, "cc"), "source": "",
                 "reason": ""}, **other)


def books(**work):
    names = ("sent", "moved_in", "messages", "deleted", "buried", "redriven", "expired", "damaged",
             "purged", "dropped")
    return {"work": {name: work.get(name, 0) for name in names}}


def broken(producer, consumer=(), final=(), totals=None):
    """The checks that fail, apart from the books when there are none."""
    history = check_ledgers.History([list(producer), list(consumer)], list(final), totals or {}, 5)
    found = check_ledgers.violations(history)
    check_ledgers.report(history, found, io.StringIO())
    return {check for check, _, _ in found}


class Rejected(unittest.TestCase):
    def test_acknowledged_and_gone(self):
        self.assertEqual(broken(send(1, "p:1")), {"lost"})

    def test_acknowledged_delivered_and_gone(self):
        self.assertEqual(broken(send(1, "p:1"), receive(1, "p:1", 7, 1)), {"lost"})

    def test_gone_though_its_deletion_was_refused(self):
        consumer = receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "done", "receipt_stale")
        self.assertEqual(broken(send(1, "p:1"), consumer), {"lost"})

    def test_there_though_never_sent(self):
        self.assertEqual(broken(send(1, "p:1"), final=[there("p:1"), there("p:9")]),
                         {"unexpected"})

    def test_there_though_refused(self):
        self.assertEqual(broken(send(1, "p:1", "queue_full"), final=[there("p:1")]),
                         {"unexpected"})

    def test_delivered_though_refused(self):
        consumer = receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "done")
        self.assertEqual(broken(send(1, "p:1", "disk_full"), consumer), {"unexpected"})

    def test_two_messages_of_one_send(self):
        consumer = receive(1, "p:1", 7, 1) + receive(2, "p:1", 8, 2, message=2)
        self.assertEqual(broken(send(1, "p:1"), consumer, [there("p:1")]), {"doubled"})

    def test_there_twice(self):
        self.assertEqual(broken(send(1, "p:1"), final=[there("p:1"), there("p:1")]), {"doubled"})

    def test_another_body_delivered(self):
        consumer = receive(1, "p:1", 7, 1, sha="ff")
        self.assertEqual(broken(send(1, "p:1"), consumer, [there("p:1")]), {"changed"})

    def test_another_body_in_the_end(self):
        self.assertEqual(broken(send(1, "p:1"), final=[there("p:1", sha="ff")]), {"changed"})

    def test_delivered_after_its_deletion(self):
        consumer = (receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "done") +
                    receive(3, "p:1", 8, 2))
        self.assertEqual(broken(send(1, "p:1"), consumer), {"revived"})

    def test_there_after_its_deletion(self):
        consumer = receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "done")
        self.assertEqual(broken(send(1, "p:1"), consumer, [there("p:1")]), {"revived"})

    def test_buried_and_in_its_queue(self):
        consumer = receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "dead", reason="r")
        self.assertEqual(broken(send(1, "p:1"), consumer, [there("p:1")]), {"revived"})

    def test_buried_and_nowhere(self):
        consumer = receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "dead", reason="r")
        self.assertEqual(broken(send(1, "p:1"), consumer), {"lost", "revived"})

    def test_one_delivery_settled_twice(self):
        consumer = (receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "retry") +
                    settle(3, "p:1", 7, "done"))
        self.assertEqual(broken(send(1, "p:1"), consumer), {"spent_twice"})

    def test_one_number_for_two_messages(self):
        consumer = receive(1, "p:1", 7, 1) + receive(2, "p:2", 7, 1)
        self.assertEqual(broken(send(1, "p:1") + send(2, "p:2"), consumer,
                                [there("p:1"), there("p:2")]), {"numbered_twice"})

    def test_a_delivery_that_was_not_counted(self):
        consumer = receive(1, "p:1", 7, 1) + receive(2, "p:1", 8, 1)
        self.assertEqual(broken(send(1, "p:1"), consumer, [there("p:1")]), {"miscounted"})

    def test_received_too_often(self):
        self.assertEqual(broken(send(1, "p:1"), receive(1, "p:1", 7, 6), [there("p:1")]),
                         {"miscounted"})

    def test_buried_for_nothing(self):
        dead = there("p:1", "dlq-work", source="work", reason="worker_crash")
        self.assertEqual(broken(send(1, "p:1"), final=[dead]), {"buried_for_nothing"})

    def test_books_that_do_not_balance(self):
        self.assertEqual(broken(send(1, "p:1"), final=[there("p:1")],
                                totals=books(sent=1, messages=1, deleted=1)), {"unbalanced"})

    def test_books_that_balance_and_are_not_ours(self):
        self.assertEqual(broken(send(1, "p:1"), final=[there("p:1")],
                                totals=books(sent=2, messages=1, deleted=1)), {"unbalanced"})


class Accepted(unittest.TestCase):
    def test_the_plain_case(self):
        consumer = receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "done")
        self.assertEqual(broken(send(1, "p:1") + send(2, "p:2"), consumer, [there("p:2")],
                                books(sent=2, messages=1, deleted=1)), set())

    def test_unknown_and_there(self):
        self.assertEqual(broken(send(1, "p:1", "unknown"), final=[there("p:1")]), set())

    def test_unknown_and_not_there(self):
        self.assertEqual(broken(send(1, "p:1", "unknown")), set())

    def test_cut_off_before_the_outcome(self):
        self.assertEqual(broken(send(1, "p:1", None), final=[there("p:1")]), set())

    def test_an_unknown_deletion_and_delivered_again(self):
        consumer = (receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "done", "unknown") +
                    receive(3, "p:1", 8, 2))
        self.assertEqual(broken(send(1, "p:1"), consumer, [there("p:1")]), set())

    def test_an_unknown_deletion_and_gone(self):
        consumer = receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "done", "unknown")
        self.assertEqual(broken(send(1, "p:1"), consumer), set())

    def test_a_hand_back_is_not_counted(self):
        consumer = (receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "handback") +
                    receive(3, "p:1", 9, 1))
        self.assertEqual(broken(send(1, "p:1"), consumer, [there("p:1")]), set())

    def test_deliveries_that_nobody_saw_are_counted(self):
        consumer = receive(1, "p:1", 7, 1) + receive(3, "p:1", 12, 4)
        self.assertEqual(broken(send(1, "p:1"), consumer, [there("p:1")]), set())

    def test_buried_by_a_verdict_whose_answer_was_lost(self):
        dead = there("p:1", "dlq-work", source="work", reason="r")
        consumer = receive(1, "p:1", 7, 1) + settle(2, "p:1", 7, "dead", "unknown", "r")
        self.assertEqual(broken(send(1, "p:1"), consumer, [dead]), set())


if __name__ == "__main__":
    unittest.main()
