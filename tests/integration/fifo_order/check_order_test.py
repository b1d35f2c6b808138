#!/usr/bin/env python3
"""The checker rejects one doctored run for each promise, and accepts odd ones that are legal."""

import io
import unittest

import check_order


def sent(number, fate="good", group="g"):
    return {"group": group, "number": number, "fate": fate}


def effect(number, place, group="g"):
    return {"group": group, "number": number, "place": place}


def letter(number, reason="was to die", group="g"):
    return {"group": group, "number": number, "reason": reason}


def totals_of(messages, buried=0, **other):
    nothing = dict.fromkeys(("sent", "moved_in", "messages", "deleted", "buried", "redriven",
                             "expired", "damaged", "purged"), 0)
    work = dict(nothing, sent=messages, deleted=messages - buried, buried=buried, **other)
    dead = dict(nothing, moved_in=buried, messages=buried)
    return {check_order.QUEUE: work, "dlq-" + check_order.QUEUE: dead}


def broken(messages, effects, dead=(), totals=None):
    totals = totals or totals_of(len(messages), len(dead))
    run = check_order.Run(messages, effects, list(dead), totals)
    found = check_order.violations(run)
    check_order.report(run, found, io.StringIO())
    return {check for check, _, _ in found}


THREE = [sent(1), sent(2), sent(3)]


class Rejected(unittest.TestCase):
    def test_a_message_without_an_effect(self):
        self.assertEqual(broken(THREE, [effect(1, 1), effect(3, 2)]), {"lost"})

    def test_an_effect_of_nothing(self):
        self.assertEqual(broken([sent(1)], [effect(1, 1), effect(2, 2)]), {"invented"})

    def test_an_effect_taken_twice(self):
        self.assertEqual(broken([sent(1)], [effect(1, 1), effect(1, 2)]), {"repeated"})

    def test_an_effect_before_that_of_an_earlier_one(self):
        self.assertEqual(broken(THREE, [effect(1, 1), effect(3, 2), effect(2, 3)]), {"disordered"})

    def test_order_is_that_of_commits_not_of_lines(self):
        self.assertEqual(broken([sent(1), sent(2)], [effect(1, 2), effect(2, 1)]), {"disordered"})

    def test_an_effect_that_was_taken_away(self):
        self.assertEqual(broken([sent(1), sent(2)], [effect(1, 1), effect(2, 3)]), {"gaps"})

    def test_a_message_that_was_buried_and_should_not_have_been(self):
        self.assertEqual(broken(THREE, [effect(1, 1), effect(3, 2)], [letter(2, "max_receives")]),
                         {"buried_wrongly"})

    def test_a_message_that_was_buried_twice(self):
        self.assertEqual(broken([sent(1, "dead")], [], [letter(1)] * 2, totals_of(1, 1)),
                         {"buried_wrongly"})

    def test_a_dead_message_with_an_effect(self):
        self.assertEqual(broken([sent(1, "dead")], [effect(1, 1)], [letter(1)]),
                         {"buried_wrongly"})

    def test_a_message_that_was_to_die_and_did_not(self):
        self.assertEqual(broken([sent(1, "dead")], [effect(1, 1)]), {"not_buried"})

    def test_counts_that_do_not_add_up(self):
        effects = [effect(1, 1), effect(2, 2), effect(3, 3)]
        for totals in (totals_of(2), totals_of(4), totals_of(3, 1), totals_of(3, expired=1)):
            self.assertEqual(broken(THREE, effects, totals=totals), {"unbalanced"})
        left = totals_of(3)
        left[check_order.QUEUE].update(deleted=2, messages=1)
        self.assertEqual(broken(THREE, effects, totals=left), {"unbalanced"})


class Accepted(unittest.TestCase):
    def test_effects_in_their_order(self):
        self.assertEqual(broken(THREE, [effect(1, 1), effect(2, 2), effect(3, 3)]), set())

    def test_groups_in_whatever_order(self):
        messages = [sent(1), sent(1, group="h"), sent(2), sent(2, group="h")]
        effects = [effect(1, 1, "h"), effect(2, 2, "h"), effect(1, 1), effect(2, 2)]
        self.assertEqual(broken(messages, effects), set())

    def test_a_dead_message_leaves_a_gap(self):
        messages = [sent(1), sent(2, "dead"), sent(3)]
        self.assertEqual(broken(messages, [effect(1, 1), effect(3, 2)], [letter(2)]), set())

    def test_a_message_over_which_workers_died_whether_or_not_it_had_its_effect(self):
        crash = [letter(2, "worker_crash: 4 workers died while handling it")]
        self.assertEqual(broken(THREE, [effect(1, 1), effect(3, 2)], crash), set())
        self.assertEqual(broken(THREE, [effect(1, 1), effect(2, 2), effect(3, 3)], crash), set())


if __name__ == "__main__":
    unittest.main()
