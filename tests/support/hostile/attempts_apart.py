"""What is tried at drills of the service while they work, and by drills and who looks that were taken over.

As `attempts`; the script of a `drill` or a `look` is what its unit runs instead of our program.
"""

from support.hostile.attempts import LONG, MARKS, STATE, Attempt
from support.hostile.attempts import TOOL as PEOPLE

TOOL = "python3 /opt/hostile/fallen.py"
WORK = "/var/lib/readiness-drill/work/scratch"  # where its config lays the rooms of drills
DRILL = "timeout 60 readiness drill orders"
JOURNAL = "journalctl --no-pager --lines=12 --unit=readiness-drill@orders:primary"
SWAPS = f"swap-in {WORK} tree/srv/orders"
# what a drill says, and what is said of that
LIES = {
    "other": "not its own",
    "forever": "beyond measure",
    "naive": "beyond measure",
    "endless": "without end",
    "deep": "not understood",
    "words": "owned",
    "kept": "owned",
}
# what was said to the person who waits: nothing that moves a cursor, and no defect of ours
SPOILT = "grep -qsP '[\\x01-\\x08\\x0b-\\x1f\\x7f]|\\xc2[\\x80-\\x9f]|Traceback|That is a defect'"


def _stays(number: int, name: str, who: str, tool: str, met: bool = True) -> Attempt:
    """Tried over and over while drills are at work; what works leaves a mark, and who was `met` another."""
    mark = f"{MARKS}/loot{number}-{who}"
    return Attempt(
        number=number,
        name=name,
        who=who,
        script=f"{TOOL} {tool} {mark} {LONG}",
        loot=f"[ -e {mark} ]" + (f" || ! [ -e {mark}.met ]" if met else ""),  # else nothing was tried
        stays=True,
    )


# while drills are at work
DRILLED = (
    _stays(41, "a call to the desk of a drill", "other", f"knock {STATE}/desks", met=False),
    _stays(49, "links in the place of what a drill restores", "other", SWAPS, met=False),
    _stays(49, "links in the place of what a drill restores", "readiness", SWAPS, met=False),
    _stays(56, "to end, trace and enter drills, proofs and who looks", "other", "molest"),
    _stays(56, "to end, trace and enter drills, proofs and who looks", "readiness", "molest"),
    _stays(57, "to speak at the desk before the drill does", "readiness", f"knock {STATE}/desks"),
)
ALONE_APART = (
    Attempt(
        number=51,
        name="a journal beside the ledger that has a file removed",
        who="readiness",
        script=f"{TOOL} empty-journal {STATE}/ledger.db /etc/victim",
        loot=f"for what in status 'drill orders' 'ledger verify'; do timeout 60 readiness $what; done; "
        f"rm -f {STATE}/ledger.db-journal; changed /etc/victim",
    ),
    Attempt(
        number=58,
        name="a cache of restic full of nonsense before a drill",
        who="readiness",
        script=f"find {STATE}/cache -type f | grep -q . || exit 1; "
        f"find {STATE}/cache -type f -exec chmod u+w {{}} + -exec dd status=none if=/dev/urandom of={{}} "
        "conv=notrunc bs=99 count=1 ';'",
        loot=f"{DRILL}; as=$?; rm -rf {STATE}/cache; [ $as != 0 ] && {JOURNAL}",
    ),
)
# their unit runs the attacker's program
FALLEN = (
    Attempt(
        number=57,
        name="to lie at the desk, and to come again",
        who="drill",
        script=f"exec {TOOL} lie $(cat /opt/hostile/lie) {STATE}/desks",
        loot=f"""
for lie in {" ".join(f"'{lie}:{said}'" for lie, said in LIES.items())}; do
    echo "${{lie%:*}}" >/opt/hostile/lie
    {DRILL} >/root/said57 2>&1; as=$?
    echo "$lie: $as $(head -c 300 /root/said57)"
    [ $as != 124 ] && grep -q "${{lie#*:}}" /root/said57 || exit 0
    ! {SPOILT} /root/said57 || exit 0
done
readiness status >/root/said57 2>&1; ! {SPOILT} /root/said57 || exit 0
readiness ledger export | grep -q '"restic":"forged"'""",
    ),
    Attempt(
        number=66,
        name="answers of all kinds that are none",
        who="look",
        script=f"exec {TOOL} answer",
        loot=f"""
for number in 1 2 3 4 5 6; do sqlite3 /srv/race/$number.db 'CREATE TABLE t(a)'; done
for number in 7 8 9; do {PEOPLE} logged /srv/race/$number.db; done
for what in "snapshot race" "drill race" status; do
    timeout 60 readiness $what >/root/said66 2>&1; as=$?
    [ "$what" != "snapshot race" ] || cp /root/said66 /root/said66.first
    echo "$what: $as $(head -c 300 /root/said66)"
    [ $as != 124 ] || exit 0
    ! {SPOILT} /root/said66 || exit 0
done
rm -f /srv/race/* # and somebody has given an answer that is none, else nothing was tried
! grep -q 'gave no sensible answer' /root/said66.first""",
    ),
)
