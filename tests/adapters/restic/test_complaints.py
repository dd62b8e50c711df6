"""What restic complains of while it saves, in the words of three versions: a source, or the repository?"""

import json

import pytest

from agent.adapters.restic.complaints import complaints


def said(error: object, item: str = "/srv/a", during: str = "archival") -> str:
    return json.dumps({"message_type": "error", "error": error, "during": during, "item": item})


def codes(*lines: str) -> list[tuple[str, str]]:
    return [(one.path, one.code) for one in complaints("\n".join(lines).encode())]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("/: tree 12ab is not known; the repository could be damaged", "repository-damaged"),
        ("tree 12ab could not be loaded; the repository could be damaged: ReadFull(<data/1>): open "
         "/r/data/1: no such file or directory", "repository-damaged"),
        ("tree 12ab could not be loaded; the repository could be damaged: ReadFull(<data/1>): open "
         "/r/data/1: permission denied", "repository-unreadable"),
        ("tree 12ab could not be loaded: dial tcp: connection refused; load(<data/1>)",
         "repository-unreachable"),
        ("tree 12ab could not be loaded: read /r/data/1: input/output error", "repository-damaged"),
        ("decrypting blob <tree/1> from 2 failed: ciphertext verification failed", "repository-damaged"),
        ("parts of /etc not found in the repository index; storing the file again", "repository-damaged"),
        ("open /etc: permission denied", "file-unreadable"),
        ("openfile for readdirnames failed: open /etc: permission denied", "file-unreadable"),
        ("something nobody has seen before", ""),
    ],
)  # fmt: skip
def test_the_words_tell_whom_it_is_about(words: str, code: str) -> None:
    assert codes(said({"message": words}, "/etc")) == [("/etc", code)]


def test_the_name_of_a_source_is_no_word_of_restic() -> None:
    name = "/nowhere/\ufffd ciphertext verification failed"
    assert codes(said({"message": f"open {name}: permission denied"}, name)) == [(name, "file-unreadable")]


def test_the_first_restic_names_an_error_of_the_system() -> None:
    error = {"Op": "open", "Path": "/etc", "Err": 13}
    found = complaints(said(error, "/etc").encode())
    assert [(one.code, one.words) for one in found] == [("file-unreadable", "open /etc: Permission denied")]


def test_of_an_error_without_words_it_counts_when_it_was_met() -> None:
    assert codes(said({}, "/etc")) == [("/etc", "")]
    assert codes(said({}, "/etc"), said({}, "/etc", "scan")) == [("/etc", "file-unreadable")]


def test_what_the_first_restic_tried_again_stands_above() -> None:
    tried = "Load(<data/1>, 0, 0) returned error, retrying after 1s: open /r/data/1: permission denied"
    assert codes(tried, said({}, "/")) == [("/", "repository-unreadable")]
    assert codes(tried.replace("permission denied", "no such file or directory"), said({}, "/")) == [
        ("/", "")
    ]


def test_a_source_that_went_away_is_no_trouble_and_damage_is_whatever_went_away() -> None:
    gone = "/nowhere/at/all"
    assert codes(said({"message": f"lstat {gone}: no such file or directory"}, gone)) == []
    assert codes(said({"message": "tree 12 is not known"}, gone)) == [(gone, "repository-damaged")]


@pytest.mark.parametrize("noise", ["{", "[" * 9000, "null", '{"item": 7}', '{"item": ""}', "prose"])
def test_noise_is_passed_over(noise: str) -> None:
    assert codes(noise) == []
