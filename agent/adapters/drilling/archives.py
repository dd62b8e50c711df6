"""Has archives read to their end by the process that looks; judges what it saw."""

import os
from pathlib import Path

from agent.adapters.looking.files import open_regular
from agent.adapters.looking.session import Answer, Look
from agent.adapters.looking.starting import NotLooked
from agent.core.drill.proofs import Judgement, failed, not_tested, passed
from agent.core.snapshot.dumps import is_whole, last_line
from agent.core.text.plain import count, duration, printable, size

MOST_BYTES = 1 << 40  # unpacked
LONGEST = 3600.0  # seconds
LATE = 60.0  # seconds more, for one that does not look at its clock
NO_MEMORY = 7


class Archives:
    """The `ArchiveReader` of the proofs."""

    def __init__(self, look: Look, most_bytes: int = MOST_BYTES, seconds: float = LONGEST) -> None:
        self._look = look
        self.most_bytes = most_bytes
        self.seconds = seconds

    def examine(self, archive: Path) -> Judgement:
        """Have everything in it read and compared with its checksums."""
        try:
            handle = open_regular(archive)
        except OSError as error:
            return failed(error.strerror or str(error))
        try:
            question = {"archive": True, "bytes": self.most_bytes, "seconds": self.seconds}
            return self._judged(self._look.ask(question, self.seconds + LATE, (handle,)))
        except NotLooked as none:
            return not_tested(f"{none.message}. {none.hint}".rstrip(". "))
        finally:
            os.close(handle)

    def _judged(self, answer: Answer) -> Judgement:
        reason = printable(answer.error)[:200]
        if answer.unread or answer.code == NO_MEMORY:
            limits = {
                "bytes": f"it unpacks to more than {size(self.most_bytes)}",
                "seconds": f"it was not read to its end within {duration(self.seconds)}",
            }
            return not_tested(limits.get(answer.unread, reason))
        if reason:
            return failed(reason)
        for name, *ends in (("", answer.head, answer.tail), *answer.dumps):
            head, tail = (end.encode("latin-1", "replace") for end in ends)
            if last_line(head) and not is_whole(head, tail):
                what = f"the dump {printable(name)[:200]}".rstrip()
                return failed(f"{what} in it is cut off: it does not end as a dump of its kind does")
        if answer.more:
            beside = count(len(answer.dumps), "dump that ends well", "dumps that end well")
            return not_tested(f"it holds {beside}, and {answer.more:,} more that were not looked at")
        return passed(size(answer.size))
