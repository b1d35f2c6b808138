"""The checker's own test: what it has to reject, and what it has to accept."""

import copy
import json
import unittest

import check_shop

CUSTOMER = '{"cliente_id":"c","nome":"Ana","atualizado_em":"2026-01-01 00:00:00"}'
PRODUCT = ('{"produto_id":"p","nome":"Rede","preco":10.00,"estoque":9,'
           '"atualizado_em":"2026-01-01 00:00:00"}')


def order(status, time, quantity=2, more=""):
    return ('{"pedido_id":"o","cliente_id":"c","data":"2026-01-02 00:00:00","status":"' + status +
            '","total":' + str(10 * quantity) + '.00,"itens":[{"produto_id":"p","quantidade":' +
            str(quantity) + ',"preco_unitario":10.00}]' + more + ',"atualizado_em":"' + time + '"}')


PENDING = order("Pendente", "2026-01-02 00:00:00")
SENT = [CUSTOMER, PRODUCT, PENDING]


def rows_of(sent):
    return [{"table": table, "key": key, "row": row}
            for table, key, row in check_shop.Model(sent).rows()]


class Checker(unittest.TestCase):
    def wrong(self, sent, tables):
        return list(check_shop.wrong_rows(check_shop.Model(sent), tables))

    def test_accepts_what_the_model_has(self):
        self.assertEqual(self.wrong(SENT, rows_of(SENT)), [])
        self.assertEqual(self.wrong(SENT * 2, rows_of(list(reversed(SENT)))), [])

    def test_rejects_a_missing_row_an_invented_one_and_a_changed_one(self):
        tables = rows_of(SENT)
        self.assertTrue(self.wrong(SENT, tables[1:]))
        self.assertTrue(self.wrong(SENT[1:], tables))
        for i, line in enumerate(tables):
            for field in line["row"]:
                changed = copy.deepcopy(tables)
                changed[i]["row"][field] = "other"
                self.assertTrue(self.wrong(SENT, changed), (line["table"], field))

    def test_the_model_takes_once_and_gives_back_once(self):
        def left(sent):
            return next(row["estoque_disponivel"] for table, _, row in
                        check_shop.Model(sent).rows() if table == "produtos")

        self.assertEqual(left(SENT), 7)
        self.assertEqual(left(SENT * 3), 7)
        cancelled = order("Cancelado", "2026-01-03 00:00:00")
        self.assertEqual(left(SENT + [cancelled, PENDING]), 9)
        later_count = PRODUCT.replace('9,"atualizado_em":"2026-01-01', '5,"atualizado_em":"2026-01-05')
        self.assertEqual(left(SENT + [later_count]), 5)

    def test_the_newest_wins_and_of_one_time_the_further_status(self):
        def status(sent):
            return next(row["status"] for table, _, row in check_shop.Model(sent).rows()
                        if table == "pedidos")

        sent = order("Enviado", "2026-01-02 00:00:00")
        self.assertEqual(status([sent, PENDING]), "Enviado")
        self.assertEqual(status([PENDING, sent]), "Enviado")
        newer = order("Pendente", "2026-01-04 00:00:00")
        self.assertEqual(status([newer, sent]), "Pendente")

    def test_an_embedded_customer_is_one_and_stays_in_its_order(self):
        own = order("Pendente", "2026-01-02 00:00:00", more=',"cliente":{"cliente_id":"c","nome":"Zé"}')
        rows = {(table, key): row for table, key, row in check_shop.Model([CUSTOMER, own]).rows()}
        self.assertEqual(rows["pedidos", "c|o"]["cliente"], "Zé")
        self.assertEqual(rows["clientes", "c"]["item"], '{"cliente_id":"c","nome":"Zé"}')

    def test_dead_letters_are_the_bad_items_with_their_reason(self):
        bad = order("Pendente", "2026-01-02 00:00:00").replace('"total":20.00', '"total":20.01')
        letter = {"body": bad, "reason": "total 20.01 is not what its lines come to, 20.00"}
        self.assertEqual(list(check_shop.wrong_dead_letters([bad], [letter])), [])
        self.assertTrue(list(check_shop.wrong_dead_letters([bad], [])))
        self.assertTrue(list(check_shop.wrong_dead_letters([], [letter])))
        self.assertTrue(list(check_shop.wrong_dead_letters([bad], [letter, letter])))
        self.assertTrue(list(check_shop.wrong_dead_letters([bad], [dict(letter, reason="x")])))


if __name__ == "__main__":
    unittest.main()
