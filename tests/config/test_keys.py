"""The one table of every key that a config may have: whole, and as documentation shows it."""

import re
from collections import Counter

from agent.config.keys import COMMAND_ONLY, KEYS, NAME_PATTERN, PROOF_KINDS, RANGES, TABLES, Key


def test_no_key_stands_twice_in_the_table() -> None:
    assert [path for path, times in Counter(key.path for key in KEYS).items() if times > 1] == []


def test_the_path_of_a_key_begins_with_its_table() -> None:
    assert "process.NAME.rto" in {key.path for key in TABLES["process.NAME"]}
    assert all(key.path == f"{table}.{key.name}" for table, keys in TABLES.items() for key in keys)


def test_every_key_says_in_a_sentence_what_it_means() -> None:
    assert [key.path for key in KEYS if not key.meaning.endswith(".") or "\n" in key.meaning] == []


def test_a_key_that_must_be_given_has_no_default() -> None:
    assert [key.path for key in KEYS if key.required and (key.default or key.shown)] == []


def test_a_default_is_shown_as_a_config_would_write_it() -> None:
    assert Key("a", "text", "", "Fri 17:00").shown_default == '"Fri 17:00"'
    assert Key("a", "tier", "", 2).shown_default == "2"
    assert Key("a", "path", "", many=True).shown_default == "[]"
    assert Key("a", "path", "", "/x", required=True).shown_default == ""
    assert Key("a", "zone", "", shown="the machine's").shown_default == "the machine's"
    assert Key("a", "path", "").shown_default == ""


def test_what_makes_a_proof_and_what_only_goes_with_a_command_are_keys_of_a_proof() -> None:
    names = {key.name for key in TABLES["process.NAME.proof"]}

    assert names == {"name", *PROOF_KINDS, *COMMAND_ONLY}


def test_a_whole_number_s_default_lies_in_its_range() -> None:
    numbers = [key for key in KEYS if key.kind in RANGES and key.default is not None]

    assert numbers
    assert [k.path for k in numbers if not RANGES[k.kind][0] <= k.default <= RANGES[k.kind][1]] == []


def test_a_name_begins_with_a_letter_or_a_figure() -> None:
    names = ("orders", "web-shop_2", "2nd", "-orders", "_orders", "Orders", "a b", "")

    assert [name for name in names if re.fullmatch(NAME_PATTERN, name)] == ["orders", "web-shop_2", "2nd"]
