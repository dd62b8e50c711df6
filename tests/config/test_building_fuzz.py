"""Whatever the file holds, the answer is a Config or a ConfigError with a sentence, never a crash."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config import load
from agent.config.building import build
from agent.config.keys import KEYS
from agent.config.lines import line_numbers
from agent.config.reading import Notes
from agent.core.configuration.config import Config
from agent.errors import ConfigError
from support.places import SAMPLE_CONFIG

SAMPLE = SAMPLE_CONFIG.read_bytes()
DOCUMENT = tomli.loads(SAMPLE.decode())
FUZZ = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["/srv", "24h", "orders", "0s", "Fri 17:00", "", "/", "..", "*", 10**400])
    | st.dates()
    | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def answer(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        assert isinstance(load(str(file)), Config)
    except ConfigError as refused:
        assert refused.message
        assert refused.problems


@FUZZ
@given(content=st.binary(max_size=200))
def test_arbitrary_bytes_are_answered(tmp_path: Path, content: bytes) -> None:
    answer(tmp_path / "c.toml", content)


@FUZZ
@given(text=st.text(alphabet="[]{}=\"'\\.,#\n ab1-:", max_size=40))
def test_text_made_of_toml_marks_is_answered(tmp_path: Path, text: str) -> None:
    answer(tmp_path / "c.toml", text.encode())


@pytest.mark.parametrize("seed", range(4))
def test_a_sample_with_bytes_changed_is_answered(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    pieces = [
        b"[",
        b"]",
        b'"',
        b"'",
        b"=",
        b"\n",
        b"\\",
        b"\0",
        b"\xff",
        b'"""',
        b"#",
        b"{",
        b"1e999",
        b"true",
    ]
    for _ in range(60):
        content = bytearray(SAMPLE)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(content))
            content[at : at + rng.choice([0, 1, 5, 50])] = rng.choice(pieces)
        answer(tmp_path / "c.toml", bytes(content))


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [at, *(place for key, inner in items for place in _places(inner, (*at, key)))]


@FUZZ
@given(place=st.sampled_from(_places(DOCUMENT)[1:]), value=VALUES)
def test_any_value_of_a_sample_may_be_of_any_type(place: tuple[Any, ...], value: Any) -> None:
    document = tomli.loads(SAMPLE.decode())
    inner: Any = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    build(document, "f", Notes())


@FUZZ
@given(key=st.sampled_from(KEYS), value=VALUES)
def test_any_key_may_hold_any_value(key: Any, value: Any) -> None:
    for wrapped in (value, [value]):
        document: Any = wrapped
        for part in reversed(key.path.split(".")):
            document = [{part: document}] if part in ("proof", "step") else {part: document}
        build(document if isinstance(document, dict) else document[0], "f", Notes())


@FUZZ
@given(keys=st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4, unique=True))
def test_every_key_written_in_quotes_has_its_line(keys: list[str]) -> None:
    quoted = [json.dumps(key, ensure_ascii=False).replace("\x7f", "\\u007f") for key in keys]
    text = "\n".join(f"{key} = {index}" for index, key in enumerate(quoted))
    assert tomli.loads(text)
    assert line_numbers(text) == {(key,): index + 1 for index, key in enumerate(keys)}
