#!/usr/bin/env python3
"""The JSON Schemas on the samples that samples_test.cpp shows to the parsers: what is good is taken,
what is bad is refused for the key that it is named after, and what no schema can see is taken."""

import json
import pathlib
import unittest

from jsonschema import Draft202012Validator, RefResolver

ROOT = pathlib.Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "tests/common/contracts/samples"
SCHEMAS = {
    path.name.split(".")[0]: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "common/contracts/schemas").glob("*.schema.json"))
}
BY_ID = {schema["$id"]: schema for schema in SCHEMAS.values()}


def no_network(uri):
    raise AssertionError(f"{uri} is none of our schemas")


def validator(contract):
    schema = SCHEMAS[contract]
    resolver = RefResolver(
        schema["$id"], schema, store=BY_ID, handlers={"http": no_network, "https": no_network}
    )
    return Draft202012Validator(schema, resolver=resolver)


def samples(contract, kind):
    return sorted((SAMPLES / contract / kind).glob("*.json"))


def faults(check, path):
    return list(check.iter_errors(json.loads(path.read_text(encoding="utf-8"))))


def names(fault, key):
    """Whether a fault, or one of those that led to it, is about the key."""
    return (
        key in fault.absolute_path
        or f"'{key}'" in fault.message
        or any(names(inner, key) for inner in fault.context)
    )


class Schemas(unittest.TestCase):
    def test_each_is_a_schema_named_after_its_file(self):
        self.assertEqual(len(SCHEMAS), 8)
        for contract, schema in SCHEMAS.items():
            Draft202012Validator.check_schema(schema)
            self.assertEqual(
                schema["$id"], f"https://esteira.example/contracts/{contract}.schema.json"
            )
            self.assertEqual(
                schema["$schema"], "https://json-schema.org/draft/2020-12/schema"
            )

    def test_each_has_samples_of_each_kind(self):
        for contract in SCHEMAS:
            for kind in ("good", "bad", "bad_beyond_schema"):
                self.assertGreaterEqual(len(samples(contract, kind)), 5, (contract, kind))

    def test_what_is_good_is_taken(self):
        for contract in SCHEMAS:
            check = validator(contract)
            for path in samples(contract, "good"):
                with self.subTest(contract=contract, sample=path.name):
                    self.assertEqual([fault.message for fault in faults(check, path)], [])

    def test_what_is_bad_is_refused_for_its_key(self):
        for contract in SCHEMAS:
            check = validator(contract)
            for path in samples(contract, "bad"):
                with self.subTest(contract=contract, sample=path.name):
                    found = faults(check, path)
                    key = path.name.split("__")[0]
                    self.assertTrue(found)
                    self.assertTrue(
                        key == "item" or any(names(fault, key) for fault in found),
                        [fault.message for fault in found],
                    )

    def test_what_is_bad_beyond_a_schema_is_taken(self):
        for contract in SCHEMAS:
            check = validator(contract)
            for path in samples(contract, "bad_beyond_schema"):
                with self.subTest(contract=contract, sample=path.name):
                    self.assertEqual([fault.message for fault in faults(check, path)], [])


if __name__ == "__main__":
    unittest.main()
