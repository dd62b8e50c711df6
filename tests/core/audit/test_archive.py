"""The archive of an auditor's bundle: every tool can unpack it, and the same files make the same bytes."""

import gzip
import hashlib
import io
import stat
import zipfile

from agent.core.audit import archive as module
from agent.core.audit.archive import Compressed, archive, fits, with_sums

FILES = {"b.txt": b"second", "a.txt": b"first", "evidence/000001.json": b"{}\n"}


def unpacked(packed: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(packed))


def test_what_was_put_in_comes_out_below_one_directory() -> None:
    with unpacked(archive(FILES)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == {
            "audit/a.txt": b"first",
            "audit/b.txt": b"second",
            "audit/evidence/000001.json": b"{}\n",
        }


def test_an_archive_without_files_is_one() -> None:
    with unpacked(archive({})) as found:
        assert found.namelist() == []


def test_only_their_owner_may_read_the_files() -> None:
    with unpacked(archive(FILES)) as found:
        modes = {stat.filemode(each.external_attr >> 16) for each in found.infolist()}

    assert modes == {"-rw-------"}


def test_the_same_files_make_the_same_bytes_in_whatever_order_they_came() -> None:
    assert archive(FILES) == archive(dict(reversed(FILES.items())))


def test_no_time_of_today_is_in_it() -> None:
    with unpacked(archive(FILES)) as found:
        assert {each.date_time for each in found.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_sums_name_every_file_as_sha256sum_wants_them() -> None:
    summed = with_sums(FILES)

    assert {name: summed[name] for name in FILES} == FILES
    assert summed["SHA256SUMS"].decode().splitlines() == [
        f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}" for name in sorted(FILES)
    ]


def test_more_files_than_the_plain_format_can_count_do_not_fit() -> None:
    assert fits({str(number): b"" for number in range(module.MOST_FILES - 1)})
    assert not fits({str(number): b"" for number in range(module.MOST_FILES)})


def test_the_room_of_names_and_headers_counts() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return module.LARGEST - 203

    assert fits({"a": Huge()})
    assert not fits({"aa": Huge()})


def test_compressed_text_comes_back_and_tells_no_time() -> None:
    def packed() -> bytes:
        stream = Compressed()
        stream.add('{"sequence": 1}\n')
        stream.add('{"sequence": 2}\n')
        return stream.finished()

    assert gzip.decompress(packed()) == b'{"sequence": 1}\n{"sequence": 2}\n'
    assert packed()[4:8] == b"\0\0\0\0"  # where gzip writes when it was made
