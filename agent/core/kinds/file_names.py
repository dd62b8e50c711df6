"""What the name of a file tells of its content, and how files of known kinds begin."""

import re

# encrypted, or packed in a way that has no beginning of its own: their content tells nothing
OPAQUE = frozenset(b"aes age bak br c9r dmg dump enc gpg idx lz lzma pgp vmdk".split())
# what whole files are put into, one by one or many at once
PACKED = OPAQUE | frozenset(b"7z bz2 gz lz4 rar tgz xz zip zst".split())
# whose content is dense anyway: packed, media, or documents that consist of something packed
DENSE = PACKED | frozenset(
    b"aac apk arw avi avif cab cr2 cr3 deb dng docx epub flac gif heic jar jpeg jpg kdbx m4a m4v mkv mov "
    b"mp3 mp4 nef npz odp ods odt ogg opus orc orf pack parquet pdf pef pgdump png pptx qcow2 raf rpm rw2 "
    b"srw swf tif tiff war webm webp whl wma wmv woff woff2 xlsx".split()
)
_BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF|.{4}(?:ftyp|moov|mdat|wide|free|skip)|\x1a\x45\xdf\xa3|fLaC|OggS|ID3"
    rb"|\xff[\xe2\xe3\xf1-\xf3\xf9-\xfb]|\x30\x26\xb2\x75|II[*+RU]\x00|IIR[OS]|MM\x00|FUJIFILM|[FCZ]WS"
    rb"|.{0,1000}%PDF-|PK[\x01-\x08]|\xd0\xcf\x11\xe0|\x1f\x8b|BZh[1-9]|\xfd7zXZ|[\x28\x50-\x5f]\xb5\x2f\xfd"
    rb"|[\x50-\x5f]\x2a\x4d\x18|\x04\x22\x4d\x18|7z\xbc\xaf|Rar!|MSCF|!<arch>|\xed\xab\xee\xdb|QFI\xfb|PACK"
    rb"|PGDMP|PAR1|ORC|wOF[F2]|\x03\xd9\xa2\x9a|SQLite format|\x7fELF|x[\x01\x5e\x9c\xda]",
    re.DOTALL,
)
_LOOSE_OBJECT = re.compile(rb"(?:^|/)objects/[0-9a-f]{2}/[0-9a-f]{38,62}\Z")
# what a mail reader (":2,RS") and a log rotation (".1", "-20261122") put behind a name
_TAIL = re.compile(rb"(?::2,[A-Za-z]*|[.-][0-9][0-9-]*)\Z")


def is_dense(path: bytes) -> bool:
    """Whether the name says that the content is compressed or encrypted anyway."""
    return kind(path) in DENSE or is_loose_object(path)


def is_loose_object(path: bytes) -> bool:
    """Whether it is one of the files that git keeps until `git gc` puts all of them into one pack."""
    return _LOOSE_OBJECT.search(path) is not None


def is_opaque(path: bytes) -> bool:
    """Whether nothing can be told from the content of a file of this name."""
    return kind(path) in OPAQUE


def has_known_beginning(content: bytes) -> bool:
    """Whether content begins as a file does that some program can open."""
    return _BEGINNINGS.match(content) is not None


def kind(path: bytes) -> bytes:
    """The extension in small letters, without what a mail reader or a log rotation put behind it."""
    return _plain_name(path).rpartition(b".")[2].lower()


def stays_itself(path: bytes) -> int:
    """Equal for two names of a file when it was only moved, marked as read, rotated, or one photo of many.

    Of dense files only the extension counts: nobody hides a photo by giving it the name of a photo.
    """
    extension = kind(path)
    return hash(extension if extension in DENSE else _plain_name(path))


def _plain_name(path: bytes) -> bytes:
    name = path.rpartition(b"/")[2]
    while (shorter := _TAIL.sub(b"", name)) != name and shorter:
        name = shorter
    return name
