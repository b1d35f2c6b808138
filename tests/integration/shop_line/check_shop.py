#!/usr/bin/env python3
"""Says whether the tables of the shop are what they have to be, from what was sent.

usage: check_shop.py FOLDER

FOLDER holds sent.jsonl (everything that was acknowledged, one customer, product, order or cart a
line, as it was sent), bad.jsonl (what has to be a dead letter), dead.jsonl (the dead letters) and
tables.jsonl (the rows: {"table": ..., "row": {...}}). Times are local, of one zone, so they compare
as texts. Exit code 0: whole tables are as the model has them.
"""

import collections
import decimal
import json
import pathlib
import sys

STATUS = ("Pendente", "Enviado", "Entregue", "Cancelado")
SHOWN = 10


def read(text):
    return json.loads(text, parse_float=decimal.Decimal)


def newest(versions, version_of):
    """Of each key the version that wins, whatever the order of arrival."""
    best = {}
    for key, version in versions:
        if key not in best or version_of(version) > version_of(best[key]):
            best[key] = version
    return best


class Model:
    """What the tables have to be. A version is (time, text as sent, parsed)."""

    def __init__(self, sent):
        customers, products, orders, carts = [], [], [], []
        for text in sent:
            item = read(text)
            time = item["atualizado_em"]
            if "carrinho_id" in item:
                carts.append(((item["cliente_id"], item["carrinho_id"]), (time, text, item)))
            elif "pedido_id" in item:
                orders.append(((item["cliente_id"], item["pedido_id"]), (time, text, item)))
                if "cliente" in item:
                    inner = text[text.index('"cliente":') + len('"cliente":'):]
                    inner = inner[:inner.index("}") + 1]  # Customers hold no objects.
                    customers.append((item["cliente_id"], (time, inner, item["cliente"])))
            elif "produto_id" in item:
                products.append((item["produto_id"], (time, text, item)))
            else:
                customers.append((item["cliente_id"], (time, text, item)))

        def plain(version):
            return version[0], version[1].encode()

        def by_status(version):
            return version[0], STATUS.index(version[2]["status"]), version[1].encode()

        self.customers = newest(customers, plain)
        self.products = newest(products, plain)
        self.orders = newest(orders, by_status)
        self.carts = newest(carts, plain)
        self.taken = collections.Counter()
        for time, _, order in self.orders.values():
            for line in order["itens"]:
                if line["produto_id"] not in self.products:
                    continue
                counted = self.products[line["produto_id"]][0]
                if order["data"] > counted:
                    self.taken[line["produto_id"]] += line["quantidade"]
                if order["status"] == "Cancelado" and time > counted:
                    self.taken[line["produto_id"]] -= line["quantidade"]

    def rows(self):
        for key, (_, text, item) in self.customers.items():
            yield "clientes", key, {"nome": item["nome"], "item": text}
        for key, (_, text, item) in self.products.items():
            yield "produtos", key, {"preco": str(item["preco"]), "estoque": item["estoque"],
                                    "estoque_disponivel": item["estoque"] - self.taken[key],
                                    "item": text}
        for (customer, order), (_, text, item) in self.orders.items():
            own = item.get("cliente")
            known = self.customers.get(customer)
            yield "pedidos", f"{customer}|{order}", {
                "status": item["status"], "total": str(item["total"]),
                "linhas": len(item["itens"]),
                "cliente": own["nome"] if own else known[2]["nome"] if known else None,
                "item": text}
        for (customer, cart), (_, text, item) in self.carts.items():
            yield "carrinhos", f"{customer}|{cart}", {"total": str(item["total"]), "item": text}


def wrong_rows(model, tables):
    """Whole tables, both ways."""
    expected = {(table, key): row for table, key, row in model.rows()}
    found = {(line["table"], line["key"]): line["row"] for line in tables}
    for place in sorted(expected.keys() - found.keys()):
        yield f"{place} is missing"
    for place in sorted(found.keys() - expected.keys()):
        yield f"{place} was never sent"
    for place in sorted(expected.keys() & found.keys()):
        if expected[place] != found[place]:
            yield f"{place} is {found[place]}, not {expected[place]}"


def wrong_dead_letters(bad, dead):
    """Each bad item that was sent is one dead letter, which tells both figures."""
    left = collections.Counter(bad)
    for letter in dead:
        if left[letter["body"]] == 0:
            yield f"is a dead letter that should not be: {letter}"
            continue
        left[letter["body"]] -= 1
        total = read(letter["body"])["total"]
        if f"total {total} is not what its lines come to" not in letter["reason"]:
            yield f"was buried for {letter['reason']!r}: {letter['body']}"
    for body, count in left.items():
        if count > 0:
            yield f"is bad, and {count} times no dead letter: {body}"


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def main(folder):
    folder = pathlib.Path(folder)
    sent = lines_of(folder / "sent.jsonl")
    tables = [json.loads(line) for line in lines_of(folder / "tables.jsonl")]
    dead = [json.loads(line) for line in lines_of(folder / "dead.jsonl")]
    model = Model(sent)
    found = list(wrong_rows(model, tables))
    found += wrong_dead_letters(lines_of(folder / "bad.jsonl"), dead)
    print(f"sent {len(sent)}, rows {len(tables)}, dead {len(dead)}, wrong {len(found)}")
    for why in found[:SHOWN]:
        print(why)
    return 1 if found or not tables else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
