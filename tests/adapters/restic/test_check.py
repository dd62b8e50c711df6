"""What restic's check says is damage, or trouble on the way, or cannot be told."""

import json

import pytest

from agent.adapters.host.command import Completed
from agent.adapters.restic.check import damage_in

PACK = "0a39c03320628d810660a4c130a1af6be06d903154eb0ada6d684f2307fe218f"
ENDED = "Fatal: repository contains errors\n"


def said(text: str, status: int = 1) -> tuple[str, ...]:
    return damage_in(Completed(status=status, stdout=b"", stderr=text.encode(), seconds=1))


def as_json(*messages: str) -> str:
    return "".join(json.dumps({"message_type": "error", "message": text}) + "\n" for text in messages)


def test_a_check_that_ended_well_found_nothing() -> None:
    assert said(f"pack {PACK}: not referenced in any index\n", status=0) == ()


@pytest.mark.parametrize(
    "text",
    [
        f"Pack ID does not match, want {PACK}, got 4c02\n{ENDED}",
        f"pack {PACK}: does not exist\n{ENDED}",
        f"error for tree 1234abcd:\n  tree 1234abcd: not found in repository\n{ENDED}",
        "Fatal: config or key 1234 is damaged: ciphertext verification failed\n",
        f"pack {PACK} failed to download: read /mnt/data/0a/{PACK}: input/output error\n{ENDED}",
        as_json(f"pack {PACK} contains 2 errors: [ciphertext verification failed]\n") + ENDED,
    ],
)
def test_damage_is_damage(text: str) -> None:
    assert said(text)
    assert not any("Fatal: repository contains" in line for line in said(text))


@pytest.mark.parametrize(
    "text",
    [
        "Fatal: unable to create lock in backend: repository is already locked exclusively by PID 7\n",
        "Fatal: unable to open config file: stat /mnt/config: no such file or directory\n"
        "Is there a repository at the following location?\n",
        f"pack {PACK} failed to download: dial tcp 10.0.0.1:8000: connect: connection refused\n{ENDED}",
        f"pack {PACK}: open /mnt/data/0a: permission denied\n{ENDED}",
        "signal interrupt received, cleaning up\n",
        "read /mnt/config: input/output error\n",
        "",
    ],
)
def test_trouble_on_the_way_is_no_damage(text: str) -> None:
    assert said(text) == ()


def test_damage_that_was_seen_before_the_connection_broke_is_damage() -> None:
    text = f"Pack ID does not match, want {PACK}\nLoad(<data/12>) failed: connection refused\n{ENDED}"
    assert said(text)[0].startswith("Pack ID does not match")


def test_only_the_first_telling_lines_are_told_without_advice_or_retries() -> None:
    lines = [f"pack {number:064x}: does not exist" for number in range(9)]
    text = "Load(<data/1>) returned error, retrying after 5s: gone\n" + "\n".join(lines) + "\n" + ENDED
    assert said(text) == tuple(lines[:3])


def test_what_is_told_can_be_shown_on_a_terminal() -> None:
    (line,) = said("ciphertext verification failed in \x1b[31mfile at rest:https://user:secret@host/\n")
    assert "\x1b" not in line and "secret" not in line
