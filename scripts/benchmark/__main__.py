"""How much readiness costs beside plain restic: ratios from interleaved runs, on generated files."""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from measuring import Row, available_memory, say, table
from sections import SECTIONS, Bench

GIB = 2**30
# what the largest section keeps on the work directory at once, and some air for restic itself
NEEDED = {False: 15 * GIB, True: 2 * GIB}


def main() -> int:
    options = parsed()
    if options.on_tmpfs and available_memory() < NEEDED[options.small]:
        needed = f"{NEEDED[options.small] // GIB} GiB"
        say(f"Needs {needed} of free memory: close something, or give --work or --small.")
        return 3
    signal.signal(signal.SIGTERM, _stop)
    work = Path(tempfile.mkdtemp(prefix="readiness-bench-", dir=options.work))
    rows: list[Row] = []
    try:
        for name in options.sections:
            rows += SECTIONS[name](Bench(work / name, options.repetitions, options.small, options.restic))
            shutil.rmtree(work / name)
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(work, ignore_errors=True)
        print(table(rows))
    return 0 if all(row.holds for row in rows) else 1


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"which to run: {', '.join(SECTIONS)} (default: all)"
    )
    parser.add_argument("--repetitions", type=int, default=5, help="rounds of each comparison (default: 5)")
    parser.add_argument("--small", action="store_true", help="a twentieth of the data, for a quick look")
    parser.add_argument(
        "--work", default="/dev/shm", help="where to work (default: /dev/shm); removed afterwards"
    )
    parser.add_argument(
        "--restic", default=shutil.which("restic") or "restic", help="the restic to measure with"
    )
    options = parser.parse_args()
    options.sections = options.sections or list(SECTIONS)
    options.on_tmpfs = options.work == "/dev/shm"
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no such section: {', '.join(unknown)}")
    return options


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
