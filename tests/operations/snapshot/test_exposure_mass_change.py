"""Mass change on real files: ordinary days of real businesses, and what real ransomware does."""

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.builders.live_files import LiveFiles, Mount, text

FILES = 120
Act = Callable[[LiveFiles], object]


def photo(number: int) -> bytes:
    return b"\xff\xd8\xff\xe1" + os.urandom(3000)


def document(number: int) -> bytes:
    return b"PK\x03\x04\x14\x00" + os.urandom(3000)


def unread_mail(live: LiveFiles) -> None:
    for name in ("new", "cur"):
        (live.root / name).mkdir()
    for n in range(FILES):
        (live.root / "new" / f"17{n}.M{n}P1.host,S=2000").write_bytes(text(n))


def read_mail(live: LiveFiles) -> None:
    for file in live.files():
        file.rename(live.root / "cur" / f"{file.name}:2,S")


def mark_mail(live: LiveFiles) -> None:
    for file in live.files():
        file.rename(file.with_name(f"{file.name}:2,FS"))


def file_away(live: LiveFiles) -> None:
    (live.root / "archive").mkdir()
    for file in live.files():
        file.rename(live.root / "archive" / file.name)


def name_photos(live: LiveFiles) -> None:
    for n, file in enumerate(live.files()):
        file.rename(file.with_name(f"2026-wedding-{n:04}.jpg"))


def reinstall(live: LiveFiles) -> None:
    """As `npm ci`: everything is removed and made again, dated now."""
    contents = {file: file.read_bytes() for file in live.files()}
    shutil.rmtree(live.root / "app")
    for file, content in contents.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def touch(live: LiveFiles) -> None:
    for file in live.files():
        file.touch()


def change_owners(live: LiveFiles) -> None:
    for file in live.files():
        file.chmod(0o640)


def retag(live: LiveFiles) -> None:
    for file in live.files()[: FILES * 4 // 10]:
        file.write_bytes(photo(0))


def copied_back(live: LiveFiles) -> None:
    """As `rsync -a`: other inodes, the same times."""
    for file in live.files():
        copy = file.with_name("copy")
        shutil.copy2(file, copy)
        copy.replace(file)


def linked(live: LiveFiles) -> None:
    """As programs do that make one of equal files."""
    first, *others = live.files()
    for file in others:
        file.unlink()
        file.hardlink_to(first)


def encrypt(share: float, *, hide: bool = False, start: int | None = None) -> Act:
    def act(live: LiveFiles) -> None:
        for file in live.files()[: round(share * FILES)]:
            status, content = file.stat(), file.read_bytes()
            here = start or len(content)
            file.write_bytes(os.urandom(min(here, len(content))) + content[here:])
            if hide:
                os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    return act


def replace_each(suffix: str, *, guessable: bool = True) -> Act:
    """Encrypted into a new file; then the old one is removed."""

    def act(live: LiveFiles) -> None:
        for n, file in enumerate(live.files()):
            name = file.name if guessable else random.Random(n).randbytes(9).hex()
            file.with_name(name + suffix).write_bytes(os.urandom(2000))
            file.unlink()

    return act


def ending(suffix: str) -> Act:
    return lambda live: [file.rename(f"{file}{suffix}") for file in live.files()]


@pytest.mark.parametrize(
    ("before", "act"),
    [
        (unread_mail, read_mail),
        (unread_mail, mark_mail),
        (lambda live: live.fill("invoices", FILES), file_away),
        (lambda live: live.fill("photos", FILES, ".jpg", photo), name_photos),
        (lambda live: live.fill("photos", FILES, ".jpg", photo), retag),
        (lambda live: live.fill("photos", FILES, ".jpg", photo), touch),
        (lambda live: live.fill("app", FILES, ".js"), reinstall),
        (lambda live: live.fill("docs", FILES), touch),
        (lambda live: live.fill("docs", FILES), change_owners),
        (lambda live: live.fill("docs", FILES), copied_back),
        (lambda live: live.fill("docs", FILES, content=lambda n: text(1)), linked),
        (lambda live: live.fill("docs", FILES), lambda live: live.fill("more", FILES * 3, ".jpg", photo)),
    ],
)
def test_an_ordinary_day_is_none(tmp_path: Path, before: Act, act: Act) -> None:
    live = LiveFiles(tmp_path)
    before(live)
    live.remember()
    act(live)
    assert live.codes() == []


@pytest.mark.parametrize(
    ("suffix", "content", "act"),
    [
        (".txt", text, encrypt(0.3)),
        (".txt", text, encrypt(1.0, hide=True)),
        (".txt", lambda n: text(n) * 20, encrypt(0.3, start=4096)),
        (".docx", document, encrypt(0.12)),
        (".jpg", photo, encrypt(0.12)),
        (".txt", text, ending(".locked")),
        (".jpg", photo, ending(".locked")),
        (".txt", text, replace_each(".locked")),
        (".docx", document, replace_each(".7z")),
        (".docx", document, replace_each(".gpg", guessable=False)),
        (".docx", document, replace_each("", guessable=False)),
    ],
)
def test_what_ransomware_does_is_one(
    tmp_path: Path, suffix: str, content: Callable[[int], bytes], act: Act
) -> None:
    live = LiveFiles(tmp_path)
    live.fill("docs", FILES, suffix, content)
    live.remember()
    act(live)
    assert live.codes() == ["mass-change"]


def test_a_file_system_below_a_path_that_is_not_mounted_is_none(tmp_path: Path, mounting: Mount) -> None:
    live = LiveFiles(tmp_path)
    live.fill("office", 20)
    data = live.root / "data"
    data.mkdir()
    mounting(data)
    live.fill("data", FILES)
    live.remember()
    subprocess.run(["umount", data], check=True)
    assert live.codes() == ["source-collapsed"]
    assert live.look().gone == FILES


def test_a_path_that_was_emptied_and_made_anew_is_one(tmp_path: Path) -> None:
    live = LiveFiles(tmp_path)
    live.fill("docs", FILES)
    live.remember()
    shutil.rmtree(live.root)
    live.root.mkdir()
    assert live.codes() == ["source-empty", "mass-change"]


def test_a_file_that_became_a_directory_is_gone_and_a_directory_that_became_a_file_is_new(
    tmp_path: Path,
) -> None:
    live = LiveFiles(tmp_path)
    live.fill("docs", 2)
    (live.root / "empty").mkdir()
    live.remember()
    first = live.files()[0]
    first.unlink()
    first.mkdir()
    (live.root / "empty").rmdir()
    (live.root / "empty").write_text("x")
    look = live.look()
    assert (look.gone, look.new, look.changed) == (1, 1, 0)
