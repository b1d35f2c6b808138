#!/usr/bin/env python3
"""Says whether the speed layer is what it has to be, from the events that were sent.

usage: check_clicks.py FOLDER

FOLDER holds sent.jsonl (every event that was acknowledged, once for each time that it was sent),
bad.jsonl (what has to be a dead letter), dead.jsonl (the dead letters) and tables.jsonl (the rows:
{"table": ..., "row": [...]}). Exit code 0: whole tables are as the model has them.
"""

import collections
import datetime
import json
import pathlib
import sys

WINDOW_S, SUSPECT_ABOVE, ATTACK_ABOVE = 10, 5, 10
CART_STEPS = {"cart": 0, "remove_from_cart": 1, "purchase": 2}
SHOWN = 10


def model(events):
    """Every row of every table, with how often it is there."""
    minutes, categories, brands, windows = (collections.Counter() for _ in range(4))
    rows = collections.Counter()
    visitors, carts = set(), {}
    for event in events:
        time = datetime.datetime.strptime(event["event_time"], "%Y-%m-%d %H:%M:%S UTC")
        day, user, kind = time.strftime("%Y-%m-%d"), event["user_id"], event["event_type"]
        second = int(time.replace(tzinfo=datetime.timezone.utc).timestamp())
        rows["interacoes", day, user, second, kind, event.get("product_id")] += 1
        minutes[day, user, kind, second // 60 * 60] += 1
        categories[day, second // 3600 * 3600, event.get("category_code", ""), kind] += 1
        brands[day, second // 3600 * 3600, event.get("brand", ""), kind] += 1
        windows[day, user, second // WINDOW_S * WINDOW_S] += 1
        visitors.add((day, user))
        if kind in CART_STEPS:
            key = day, user, event.get("user_session", ""), event["product_id"]
            carts[key] = max(carts.get(key, (0, 0, "")), (second, CART_STEPS[kind], kind))
    for table, counter in (("contagem_minuto", minutes), ("contagem_categoria", categories),
                           ("contagem_marca", brands), ("janelas", windows)):
        rows.update({(table, *key, count): 1 for key, count in counter.items()})
    rows.update({("visitantes_dia", *key): 1 for key in visitors})
    rows.update({("carrinhos_abertos", *key, kind, second): 1
                 for key, (second, _, kind) in carts.items()})
    for level, above in (("suspeita", SUSPECT_ABOVE), ("ataque", ATTACK_ABOVE)):
        rows.update({("alertas", *key, level, count): 1
                     for key, count in windows.items() if count > above})
    return rows


def wrong_rows(expected, tables):
    found = collections.Counter((line["table"], *line["row"]) for line in tables)
    for row in (expected - found).elements():
        yield f"is missing: {row}"
    for row in (found - expected).elements():
        yield f"should not be: {row}"


def wrong_dead_letters(bad, dead):
    left = collections.Counter(bad)
    left.subtract(letter["body"] for letter in dead)
    for body, count in left.items():
        if count:
            yield f"{'no' if count > 0 else 'one too many'} dead letter: {body}"
    for letter in dead:
        if "event_type" not in letter["reason"]:
            yield f"was buried for {letter['reason']!r}"


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def main(folder):
    folder = pathlib.Path(folder)
    sent = [json.loads(line) for line in lines_of(folder / "sent.jsonl")]
    tables = [json.loads(line) for line in lines_of(folder / "tables.jsonl")]
    dead = [json.loads(line) for line in lines_of(folder / "dead.jsonl")]
    expected = model(sent)
    found = list(wrong_rows(expected, tables))
    found += wrong_dead_letters(lines_of(folder / "bad.jsonl"), dead)
    alerts = sum(key[0] == "alertas" for key in expected)
    print(f"events {len(sent)}, rows {len(tables)}, alerts {alerts}, dead {len(dead)}, "
          f"wrong {len(found)}")
    for why in found[:SHOWN]:
        print(why)
    return 1 if found or not tables or not alerts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
