"""The checker's own test: what it has to reject, and what it has to accept."""

import unittest

import check_clicks


def event(second, kind="view", user=7, product=1):
    return {"event_time": f"2026-01-30 10:00:{second:02} UTC", "event_type": kind, "user_id": user,
            "product_id": product, "user_session": "s", "brand": "ipê"}


def tables_of(events):
    return [{"table": row[0], "row": list(row[1:])}
            for row in check_clicks.model(events).elements()]


class Checker(unittest.TestCase):
    def wrong(self, events, tables):
        return list(check_clicks.wrong_rows(check_clicks.model(events), tables))

    def test_accepts_what_the_model_has_and_nothing_else(self):
        events = [event(0), event(1, "cart"), event(2, user=8)]
        tables = tables_of(events)
        self.assertEqual(self.wrong(events, tables), [])
        for i in range(len(tables)):
            self.assertTrue(self.wrong(events, tables[:i] + tables[i + 1:]), tables[i])
        self.assertTrue(self.wrong(events, tables + tables[:1]))

    def test_an_event_that_is_counted_twice_is_seen(self):
        events = [event(0), event(1)]
        self.assertTrue(self.wrong(events, tables_of(events + [event(1)])))

    def test_windows_above_their_thresholds_are_alerts(self):
        def levels(count):
            rows = check_clicks.model([event(0)] * count)
            return sorted(row[4] for row in rows if row[0] == "alertas")

        self.assertEqual([levels(count) for count in (5, 6, 10, 11)],
                         [[], ["suspeita"], ["suspeita"], ["ataque", "suspeita"]])

    def test_what_became_last_of_a_product_stays_in_the_cart(self):
        def last(*events):
            return [row[5] for row in check_clicks.model(events) if row[0] == "carrinhos_abertos"]

        put, bought = event(5, "cart"), event(9, "purchase")
        self.assertEqual(last(bought, put), ["purchase"])
        self.assertEqual(last(event(9, "cart"), bought), ["purchase"])
        self.assertEqual(last(put, event(9, "cart", product=2)), ["cart", "cart"])

    def test_dead_letters_are_the_bad_events(self):
        letter = {"body": "x", "reason": "event_type is missing"}
        self.assertEqual(list(check_clicks.wrong_dead_letters(["x"], [letter])), [])
        self.assertTrue(list(check_clicks.wrong_dead_letters(["x"], [])))
        self.assertTrue(list(check_clicks.wrong_dead_letters(["x"], [letter, letter])))
        self.assertTrue(list(check_clicks.wrong_dead_letters(["x"], [dict(letter, reason="")])))


if __name__ == "__main__":
    unittest.main()
