"""The samples and the editors' schema agree with the reader."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli

from agent.config import load, read
from agent.config.keys import KEYS
from agent.config.schema import KINDS, schema, schema_text
from support.places import ROOT

CONFIG = ROOT / "config"
SAMPLES = sorted(CONFIG.glob("*.toml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_loads_without_any_problem(sample: Path) -> None:
    assert read(str(sample)).problems == ()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_fits_the_schema(sample: Path) -> None:
    jsonschema.validate(tomli.loads(sample.read_text()), schema())


def test_there_is_a_minimal_sample_and_harbour_lane() -> None:
    assert [sample.name for sample in SAMPLES] == ["harbour-lane.toml", "minimal.toml"]


def test_the_schema_file_is_the_one_the_keys_make() -> None:
    assert (CONFIG / "readiness.schema.json").read_text() == schema_text()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_key_has_a_description_in_the_schema() -> None:
    text = json.dumps(schema())
    assert [key.path for key in KEYS if json.dumps(key.meaning) not in text] == []


def test_every_default_fits_its_own_kind_in_the_schema() -> None:
    for key in KEYS:
        if key.default is not None and not key.many:
            jsonschema.validate(key.default, KINDS[key.kind])


def test_harbour_lane_recovers_its_processes_in_the_declared_order() -> None:
    config = load(str(CONFIG / "harbour-lane.toml"))
    assert [(process.name, process.tier) for process in config.processes] == [
        ("orders", 1),
        ("shop", 1),
        ("mail", 2),
        ("accounts", 2),
        ("notes", 3),
    ]


SCHEMA_REFUSES: list[tuple[str, dict[str, Any]]] = [
    ("an unknown key", {"rtoo": "24h"}),
    ("a duration without a unit", {"rto": "24"}),
    ("a duration that is empty", {"rto": ""}),
    ("a relative path", {"paths": ["srv"]}),
    ("no path", {"paths": []}),
    ("two proofs in one", {"proof": [{"sqlite": "/a", "archive": "/a/*.zip"}]}),
    ("expect without a command", {"proof": [{"sqlite": "/a", "expect": "ok"}]}),
]


@pytest.mark.parametrize(("what", "values"), SCHEMA_REFUSES, ids=[row[0] for row in SCHEMA_REFUSES])
def test_the_schema_refuses(what: str, values: dict[str, Any]) -> None:
    document = tomli.loads((CONFIG / "minimal.toml").read_text())
    document["process"]["orders"] |= values
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema())
