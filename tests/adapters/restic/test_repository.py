"""What restic answers, however wrong it is, ends as a sane value or as one ResticError."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.adapters.restic import calls as restic_calls
from agent.adapters.restic import version as restic_version
from agent.adapters.restic.messages import Messages
from agent.adapters.restic.repository import Restic
from agent.adapters.restic.version import installed_version
from agent.core.configuration.config import Repository
from agent.core.model.repository import Stamp
from agent.errors import ResticError
from support.builders.readiness_cli import Shop
from support.doubles.playing_restic import calls_of, playing

ID = "ab" * 32
SUMMARY = {
    "message_type": "summary",
    "snapshot_id": ID,
    "total_files_processed": 2,
    "total_bytes_processed": 9,
}
ROW = {"id": ID, "time": "2026-11-20T10:00:00.5+01:00", "hostname": "shop", "paths": ["/srv"], "tags": ["a"]}
VERSION = {"version": [{"out": "restic 0.19.1 compiled with go\n"}]}
Script = dict[str, list[dict[str, Any]]]
Play = Callable[..., Restic]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """A restic that does what it is told."""

    def prepared(say: Script, patience: int = 20) -> Restic:
        program = playing(tmp_path, VERSION | say)
        repository = Repository(name="primary", url=str(tmp_path / "repository"), password_file="/dev/null")
        return Restic(str(program), repository, str(tmp_path / "cache"), patience)

    return prepared


def calls(tmp_path: Path) -> list[str]:
    """The commands that restic was called with, its version aside."""
    called = calls_of(tmp_path / "playing-restic")
    commands = [next(word for word in words if not word.startswith("-")) for words in called]
    return [command for command in commands if command != "version"]


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(ResticError) as refused:
        attempt()
    assert refused.value.message and refused.value.hint
    return refused.value.code


def listing(restic: Restic) -> object:
    return restic.start_listing("orders", "shop").result()


def backup(restic: Restic) -> object:
    return restic.start_backup(["/srv"], [], "orders", "shop").finish(lambda *_: None)


QUICK = {"snapshots": listing, "cat": Restic.repository_id, "stats": lambda r: r.restore_size(ID)}
QUICK["ls"] = lambda restic: restic.held(ID, ["/srv/a"])
NONSENSE = {
    "nothing": [],
    "prose": [{"out": "all is well\n"}],
    "truncated": [{"out": '[{"id":"ab'}],
    "deep": [{"flood": [1, "[", 100_000]}],
    "deep objects": [{"flood": [1, '{"id":', 100_000]}],
    "NUL bytes": [{"hex": "5b005d00"}],
    "no UTF-8": [{"hex": "7b226964223a22ff227d"}],
    "NaN": [{"out": '{"total_size":NaN,"total_file_count":1}'}],
    "infinity": [{"out": '{"total_size":1e999,"total_file_count":1}'}],
    "a number": [{"out": "7"}],
    "two answers": [{"out": "[] []"}],
    "duplicate keys": [{"out": '{"id":"ab","id":7,"total_size":1,"total_size":-1,"total_file_count":1}'}],
    "a long line": [{"flood": [1, "x" * 50_000, 1000]}],
}


@pytest.mark.parametrize("say", NONSENSE.values(), ids=NONSENSE.keys())
@pytest.mark.parametrize("command", QUICK)
def test_an_answer_without_sense_is_refused(play: Play, command: str, say: list[Any]) -> None:
    assert code_of(lambda: QUICK[command](play({command: say}))) == "restic-garbled"


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": "ab"},
        {"id": "--repo=elsewhere"},
        {"id": 7},
        {"time": "yesterday"},
        {"time": "2026-11-20T10:00:00"},
        {"time": "0001-01-01T00:00:00+14:00"},
        {"time": "9999-12-31T23:59:59-14:00"},
        {"time": "9999-12-31T23:59:59Z"},
        {"time": 5},
        {"hostname": None},
        {"paths": "/srv"},
        {"paths": [7]},
        {"tags": {"a": 1}},
    ],
    ids=str,
)
def test_a_listing_with_a_field_that_makes_no_sense_is_refused(play: Play, change: dict[str, Any]) -> None:
    answer = json.dumps([ROW, ROW | change])
    assert code_of(lambda: listing(play({"snapshots": [{"out": answer}]}))) == "restic-garbled"


@pytest.mark.parametrize("answer", ["[]", "null"])
def test_a_repository_without_snapshots_lists_none(play: Play, answer: str) -> None:
    assert listing(play({"snapshots": [{"out": answer}]})) == []


@pytest.mark.parametrize(
    "snapshot", [None, "", "short", "--help", 7, ["ab" * 32], "AB" * 32, "ab" * 33, f"{ID}\n"], ids=str
)
def test_a_backup_that_names_no_snapshot_is_none(play: Play, snapshot: object) -> None:
    say: Script = {"backup": [{"out": json.dumps(SUMMARY | {"snapshot_id": snapshot})}]}
    assert code_of(lambda: backup(play(say))) == "restic-garbled"


@pytest.mark.parametrize("number", [-1, True, 10**400, "9", None, 1.5, [9]], ids=lambda n: str(n)[:9])
def test_a_count_that_is_none_counts_nothing(play: Play, number: object) -> None:
    text = json.dumps(SUMMARY | {"total_bytes_processed": number})
    summary = play({"backup": [{"out": text}]}).start_backup(["/srv"], [], "o", "h").finish(lambda *_: None)
    assert (summary.files, summary.bytes) == (2, 0)


def test_a_backup_that_ends_well_without_a_summary_is_none(play: Play) -> None:
    assert code_of(lambda: backup(play({"backup": [{"out": "saved\n"}]}))) == "restic-garbled"


def test_a_summary_after_much_noise_is_found(play: Play) -> None:
    noise = [
        {"flood": [1, "x" * 50_000, 1000]},
        {"out": "\n" + "[" * 100_000 + "\n"},
        {"hex": "0000ff0a"},
        {"flood": [1, "prose\n" * 10_000, 100]},
        {"out": "prose, and" + "\n" + json.dumps(SUMMARY)},
    ]
    assert backup(play({"backup": noise})).snapshot == ID  # type: ignore[attr-defined]


def test_an_overlong_line_is_dropped_and_the_next_one_heard(play: Play) -> None:
    before = _peak()
    noise = [{"flood": [1, '{"message_type":"summary","x":"' + "x" * 50_000, 1000]}]
    assert backup(play({"backup": [*noise, {"out": "\n" + json.dumps(SUMMARY)}]})).snapshot == ID  # type: ignore[attr-defined]
    assert _peak() - before < 30 << 20


def test_exit_status_3_names_what_could_not_be_read(play: Play) -> None:
    error = {"message_type": "error", "error": {"message": "no"}, "during": "archival", "item": "/etc"}
    say = {"backup": [{"err": json.dumps(error) + "\n"}, {"out": json.dumps(SUMMARY)}, {"exit": 3}]}
    summary = play(say).start_backup(["/srv"], [], "orders", "shop").finish(lambda *_: None)
    assert (summary.unreadable, summary.complete) == ((), False)
    assert [(one.path, one.code, one.words) for one in summary.complaints] == [("/etc", "", "no")]


@pytest.mark.parametrize(
    ("errors", "absent"),
    [
        ([{"Op": "lstat", "Path": "/etc", "Err": 2}], ("/etc",)),  # restic up to 0.16
        ([{"message": "open /etc: no such file or directory"}], ("/etc",)),
        ([{"Op": "open", "Path": "/etc", "Err": 13}], ()),
        ([{"message": "open /etc: permission denied"}], ()),
        ([{"message": "lstat /etc: no such file or directory"}, {"message": "read /etc: no"}], ()),
        ([{}], ()),
        (["no such file or directory"], ()),
    ],
)
def test_what_restic_did_not_find_is_told_from_what_it_could_not_read(
    play: Play, errors: list[object], absent: tuple[str, ...]
) -> None:
    """It is there again when we look: a log beside a database, which each request makes anew."""
    said = {"message_type": "error", "during": "archival", "item": "/etc"}
    lines = [{"err": json.dumps({**said, "error": error}) + "\n"} for error in errors]
    say = {"backup": [*lines, {"out": json.dumps(SUMMARY)}, {"exit": 3}]}
    summary = play(say).start_backup(["/srv"], [], "orders", "shop").finish(lambda *_: None)
    named = (*summary.unreadable, *(one.path for one in summary.complaints))
    assert (named, summary.absent) == (("/etc",), absent)


def test_exit_status_3_without_names_is_incomplete_all_the_same(play: Play) -> None:
    say = {"backup": [{"out": json.dumps(SUMMARY)}, {"exit": 3}]}
    summary = play(say).start_backup(["/srv"], [], "orders", "shop").finish(lambda *_: None)
    assert (summary.unreadable, summary.complete) == ((), False)


@pytest.mark.parametrize("status", [1, 2, 77, 255])
def test_an_unknown_exit_status_is_a_failure(play: Play, status: int) -> None:
    say = {"backup": [{"out": json.dumps(SUMMARY)}, {"exit": status}]}
    assert code_of(lambda: backup(play(say))) == "restic-failed"


@pytest.mark.parametrize("words", ["Fatal: \x1b[2J\x1b[31mboo \u202e", "x" * 10_000])
def test_what_restic_says_is_made_safe_and_short(play: Play, words: str) -> None:
    with pytest.raises(ResticError) as refused:
        backup(play({"backup": [{"err": words + "\n"}, {"exit": 1}]}))
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 500


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_backup_killed_by_a_signal_says_so(play: Play, number: int) -> None:
    assert code_of(lambda: backup(play({"backup": [{"kill": number}], "unlock": []}))) == "restic-killed"


CRASH = [
    {"err": '{"error":{"message":"failed to save /a: input/output error"},"during":"archival"}\n'},
    {"err": "panic: runtime error: invalid memory address\n[signal SIGSEGV: segmentation violation]\n"},
    {"exit": 2},
]


@pytest.mark.parametrize("command", ["snapshots", "backup", "restore"])
def test_a_crash_is_tried_once_more_and_leaves_no_lock(play: Play, tmp_path: Path, command: str) -> None:
    restic = play({command: CRASH, "unlock": []})
    if command == "restore":
        assert restic.start_restore(ID, str(tmp_path)).wait().code == "restic-crashed"
    else:
        with pytest.raises(ResticError, match="invalid memory address") as refused:
            (listing if command == "snapshots" else backup)(restic)
        assert refused.value.code == "restic-crashed"
    assert calls(tmp_path) == [command, "unlock", command, "unlock"]


@pytest.mark.parametrize("step", [{"sleep": 600}, {"stop": 0}], ids=str)
@pytest.mark.parametrize("command", ["snapshots", "backup", "restore"])
def test_a_restic_that_hangs_is_ended(play: Play, tmp_path: Path, command: str, step: dict[str, int]) -> None:
    before = set(psutil.Process().children(recursive=True))
    restic = play({command: [step]}, patience=1)
    if command == "restore":
        report = restic.start_restore(ID, str(tmp_path), on_bytes=lambda *_: None)
        assert code_of(report.wait) == "timed-out"
    else:
        assert code_of(lambda: (listing if command == "snapshots" else backup)(restic)) == "timed-out"
    assert set(psutil.Process().children(recursive=True)) <= before


def test_a_restic_that_retries_for_ever_is_quoted(play: Play) -> None:
    retrying = {"err": "Save(<lock/1>) returned error, retrying after 1s: read-only file system\n"}
    with pytest.raises(ResticError, match="read-only file system"):
        listing(play({"snapshots": [retrying, {"sleep": 600}]}, patience=1))
    with pytest.raises(ResticError, match="read-only file system"):
        backup(play({"backup": [retrying, {"sleep": 600}]}, patience=1))


def test_a_restic_that_hangs_at_its_version_is_ended(
    play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(restic_version, "ANSWER_SECONDS", 0.5)
    assert code_of(play({"version": [{"sleep": 600}]}).version) == "timed-out"


def test_what_restic_leaves_behind_in_its_group_is_ended(play: Play, tmp_path: Path) -> None:
    assert listing(play({"snapshots": [{"daemon": 600}, {"out": "[]"}]})) == []
    script = str(tmp_path / "script.json")
    deadline = time.monotonic() + 20  # init may take its time to bury it
    while any(_environ(pid).get("FAKE_RESTIC") == script for pid in psutil.pids() if pid != os.getpid()):
        assert time.monotonic() < deadline


def test_an_endless_answer_is_refused_without_being_kept(play: Play) -> None:
    before = _peak()
    say = {"snapshots": [{"flood": [1, "[7],\n" * 200_000, 100_000]}]}
    assert code_of(lambda: listing(play(say))) == "restic-garbled"
    assert _peak() - before < 4 * restic_calls.ANSWER


def test_an_answer_a_little_too_long_is_not_read_without_its_middle(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restic_calls, "ANSWER", 20)
    text = "[" + " " * 40 + "]"
    assert code_of(lambda: listing(play({"snapshots": [{"out": text}]}))) == "restic-garbled"


def test_100_mb_of_complaints_are_not_kept(play: Play) -> None:
    before = _peak()
    say = {"backup": [{"flood": [2, "warning\n" * 100_000, 125]}, {"out": json.dumps(SUMMARY)}]}
    assert backup(play(say)).snapshot == ID  # type: ignore[attr-defined]
    assert _peak() - before < 30 << 20


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10


def test_progress_that_makes_no_sense_is_passed_over() -> None:
    heard: list[tuple[int, int, int]] = []
    numbers = [10**400, -1, 1e300, True, None, "x", [], 7]
    lines = [
        json.dumps({"message_type": "status", "bytes_done": n, "total_bytes": n, "files_done": n})
        for n in numbers
    ]
    messages = Messages(lambda *told: heard.append(told))
    for line in lines:
        messages(line.encode())
    assert set(heard) == {(0, 0, 0), (7, 7, 7)}


LOCKED = {"err": "Fatal: unable to create lock in backend: repository is already locked by PID 1\n"}


def test_a_lock_is_cleared_once_and_the_call_made_again(play: Play, tmp_path: Path) -> None:
    assert (
        code_of(lambda: backup(play({"backup": [LOCKED, {"exit": 1}], "unlock": []}))) == "repository-locked"
    )
    assert calls(tmp_path) == ["backup", "unlock", "backup"]


def test_an_unreadable_file_named_like_a_lock_clears_none(play: Play, tmp_path: Path) -> None:
    error = {"message_type": "error", "error": {"message": "no"}, "item": "/srv/repository is already locked"}
    say = {"backup": [{"err": json.dumps(error) + "\n"}, {"out": json.dumps(SUMMARY)}, {"exit": 3}]}
    backup(play(say))
    assert calls(tmp_path) == ["backup"]


@pytest.mark.parametrize(
    "line",
    [
        '{"error":{"message":"ciphertext verification failed"},"item":"/no space left on device"}',
        "ignoring error for /srv/dial tcp: connection refused/x: ciphertext verification failed",
    ],
)
def test_damage_to_a_file_with_a_misleading_name_stays_damage(play: Play, tmp_path: Path, line: str) -> None:
    restic = play({"restore": [{"err": line + "\n"}, {"exit": 1}]})
    assert restic.start_restore(ID, str(tmp_path)).wait().code == "repository-damaged"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ignoring error for /srv/x: write /scratch/x: no space left on device", "no-space"),
        (
            '{"message_type":"error","error":{"message":"write x: no space left on device"},"item":"/x"}',
            "no-space",
        ),
        ("Fatal: wrong password or no key found", "wrong-password"),
        (
            '{"message_type":"exit_error","code":1,"message":"Fatal: dial tcp: connection refused"}',
            "repository-unreachable",
        ),
        ("fatal error: runtime: out of memory", "restic-killed"),
        ("signal terminated received, cleaning up", "restic-killed"),
    ],
)
def test_trouble_is_known_by_its_words(play: Play, tmp_path: Path, line: str, code: str) -> None:
    restic = play({"restore": [{"err": line + "\n"}, {"exit": 1}], "unlock": []})
    assert restic.start_restore(ID, str(tmp_path)).wait().code == code


@pytest.mark.parametrize(
    "said",
    [
        "Fatal: rest:http://user:secret@127.0.0.1:1/: Get http://user:secret@127.0.0.1:1/config: refused",
        "Fatal: rest:http://user:sec@ret/secret@127.0.0.1:1/: refused",
        "Fatal: rest:http://:secret@127.0.0.1:1/: refused",
    ],
)
def test_the_password_in_a_url_is_never_shown(play: Play, said: str) -> None:
    with pytest.raises(ResticError) as refused:
        backup(play({"backup": [{"err": said + "\n"}, {"exit": 1}]}))
    assert "sec" not in refused.value.message


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("restic 0.13.9 compiled", "restic-too-old"),
        ("restic 0.x", "restic-missing"),
        ("restic 99999.0.0", "restic-missing"),
        ("borg 1.2.0", "restic-missing"),
        ("", "restic-missing"),
        ("\x1b[2J", "restic-missing"),
    ],
)
def test_only_a_restic_that_is_new_enough_will_do(play: Play, said: str, code: str) -> None:
    assert code_of(play({"version": [{"out": said}]}).version) == code


@pytest.mark.parametrize("version", ["0.14.0", "0.14.0-dev (compiled manually)", "1.0.0", "0.100.2"])
def test_newer_versions_will_do(play: Play, version: str) -> None:
    assert play({"version": [{"out": f"restic {version} compiled with go\n"}]}).version() >= (0, 14, 0)


@pytest.mark.parametrize("what", ["missing", "directory", "text", "locked", "broken link", "no interpreter"])
def test_what_is_no_program_is_a_missing_restic(tmp_path: Path, what: str) -> None:
    file = tmp_path / "restic"
    if what == "directory":
        file.mkdir()
    elif what == "broken link":
        file.symlink_to(tmp_path / "gone")
    elif what != "missing":
        file.write_text({"text": "hello\n"}.get(what, "#!/no/such/interpreter\n"))
        file.chmod(0o600 if what == "locked" else 0o755)
    assert code_of(lambda: installed_version(str(file))) == "restic-missing"


def test_no_secret_stands_on_a_command_line_or_comes_from_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTIC_PASSWORD", "another")
    program = playing(tmp_path, VERSION | {"snapshots": [{"sleep": 600}]})
    url = "rest:http://user:canary-4711@127.0.0.1:1/"
    repository = Repository(name="primary", url=url, password_file="/password")
    restic = Restic(str(program), repository, str(tmp_path / "cache"), 20)
    running = restic.start(["snapshots"])
    try:
        deadline = time.monotonic() + 20
        while (environ := _environ(running.pid)).get("RESTIC_REPOSITORY") != url:
            assert time.monotonic() < deadline
        assert "RESTIC_PASSWORD" not in environ
        assert b"canary-4711" not in Path(f"/proc/{running.pid}/cmdline").read_bytes()
    finally:
        running.stop()


def _environ(pid: int) -> dict[str, str]:
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return {}
    return dict(os.fsdecode(pair).split("=", 1) for pair in pairs if b"=" in pair)


def test_a_snapshot_is_asked_which_of_some_paths_it_holds_and_how(restic: Path, tmp_path: Path) -> None:
    """Whatever they are called; and a directory is held, though restic lists what is in it as well."""
    shop = Shop(tmp_path, restic).set_up()
    names = [b"[x]*.sql", b"back\\slash", b"new\nline", b"bad-\xff", b"dir"]
    there = [os.fsdecode(os.fsencode(shop.source) + b"/" + name) for name in names]
    for path in there[:-1]:
        Path(path).write_text("here")
    (shop.source / "dir" / "below").mkdir(parents=True)
    shop.plain_restic("backup", "-q", shop.source)
    (snapshot,) = shop.snapshot_ids()
    away = [f"{shop.source}/none", f"{shop.source}/none/at/all", f"{shop.source}/d"]
    repository = Repository(name="primary", url=str(shop.repository), password_file=str(shop.password))
    found = Restic(str(restic), repository, str(tmp_path / "cache"), 60).held(snapshot, [*there, *away])
    assert found.keys() == set(there)
    assert [found[path] for path in there[:-1]] == [
        Stamp(Path(path).stat().st_mtime_ns // 1000, 4) for path in there[:-1]
    ]


def test_the_files_that_are_not_for_all_are_found_below_the_places_that_are_asked_for(
    tmp_path: Path, restic: Path, as_root: None
) -> None:
    shop = Shop(tmp_path, restic).set_up()
    for name, owner, mode in (("a/private", 61_999, 0o640), ("a/public", 61_999, 0o644), ("b/x", 1, 0o600)):
        file = shop.source / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("content")
        os.chown(file, owner, 7)
        file.chmod(mode)
    (shop.source / "a/l\udcffnk").symlink_to("private")
    shop.plain_restic("backup", shop.source)
    [snapshot] = shop.snapshot_ids()
    repository = Repository(name="p", url=str(shop.repository), password_file=str(shop.password))
    asked = Restic(str(restic), repository, str(tmp_path / "cache"), 20)
    places = [f"{shop.source}/a", f"{shop.source}/none"]
    [found] = asked.files(snapshot, places, lambda file: not file.mode & 0o004)
    status = (shop.source / "a/private").stat()
    assert (found.path, found.owner, found.mode) == (f"{shop.source}/a/private", (61_999, 7), 0o640)
    assert found.changed_us == status.st_ctime_ns // 1000
    assert found.inode in {0, status.st_ino}
    assert (found.inode == 0) == (asked.version() < (0, 16, 0))
    assert asked.files(snapshot, places, lambda file: file.owner[0] == 1) == []
    assert len(asked.files(snapshot, [str(shop.source)], lambda _: True)) == 3


def test_a_restic_that_cannot_list_is_no_sign_that_nothing_came_in(play: Play) -> None:
    restic = play({"ls": [{"err": "Fatal: unable to open\n", "status": 1}]})
    code_of(lambda: restic.files(ID, ["/srv"], lambda _: True))
    code_of(lambda: restic.directories(ID, ["/srv"]))


def test_what_it_prints_is_read_without_trust(play: Play) -> None:
    nodes = [
        "nonsense",
        '{"type": "file", "mode": "x"}',
        '{"type": 7}',
        '{"type": "file", "mode": 384, "path": "/srv/x", "uid": 5, "gid": 6, "ctime": "9999999"}',
        '{"type": "dir", "mode": 448, "path": "/srv/d", "uid": 5, "gid": 6}',
    ]
    restic = play({"ls": [{"out": "\n".join(nodes) + "\n"}]})
    found = restic.files(ID, ["/srv"], lambda _: True)
    assert [(one.path, one.owner, one.changed_us) for one in found] == [("/srv/x", (5, 6), -1)]
