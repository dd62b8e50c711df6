"""What hostile people and their data try on a machine with readiness, and what each would get by it.

An attempt is data: who tries, a script, and the loot, a script of root's that is true once it worked. What
stands between the two is done by readiness: see tests/containers/test_hostile.py.

More are in `attempts_apart`. On no list, because another test holds them, or CI has no time for them:

- 5 a foreign snapshot whose about.json names other files: tests/operations/drill/test_drill_foreign
- 6, 8, 9 a database, live or restored, that takes weeks: they end at their deadlines, which are minutes; held
  in tests/adapters/looking, and here as 7
- 16 a hard link to another's database where fs.protected_hardlinks is 0: that setting of the kernel is one
  of the machine which runs the tests
- 24 a dump that unpacks to a terabyte: it is given up after two minutes, and named; held with shorter ones
  in tests/adapters/looking, and one that wants a gigabyte of memory in tests/faults
- 29 the root itself and a link to another's change places: named each time; 48 snapshots were tried by hand
- 55 the disk through a device node: the container of the tests does not enforce DevicePolicy=; its text
  is held by tests/test_units
- 62 to 65 from inside the process that looks: tests/adapters/looking/test_session_fallen; what its unit holds
  otherwise is tried (59 to 61)
- 67 to 70 proofs by hand and what is left to them: tests/adapters/sandbox
"""

import os

from msgspec import Struct

TOOL = "python3 /opt/hostile/tools.py"
CONFIG = "/etc/readiness/readiness.toml"
REPOSITORY = "/srv/backup/restic"
STATE = "/var/lib/readiness"
MARKS = "/srv/marks"  # where a program of an attacker's notes as whom it ran
EVILS = ("evil43", "evil45", "evil46", "evil53", "evil54", "evil71")
LONG = 600  # seconds, longer than the whole test
WINDOW = int(os.environ.get("READINESS_TEST_EXAMPLES") or 30)  # seconds of races; scripts/endure has a minute
SHORT = max(10, WINDOW // 3)  # of those after which hardly a snapshot is good

# what every loot may ask
LOOT = f"""
changed() {{ ! cmp -s "$1" "/root/before$1"; }} # gone, or with another content
ran() {{ grep -qs '^Uid:.0' {MARKS}/"$1" || grep -s '^CapEff' {MARKS}/"$1" | grep -qv 0000000000000000; }}
hung() {{ grep -qs "^124 $1" /root/acts; }} # what readiness did was ended by our patience
failed() {{ grep -qs "^1[0-9][0-9] $1\\|^2[0-9][0-9] $1" /root/acts; }} # it died
stolen() {{ grep -qsx "[$1][0-9]*" /root/stolen; }} # of root's, in a good snapshot
as_service() {{
    setpriv --reuid readiness --regid readiness --clear-groups --inh-caps +dac_read_search \\
        --ambient-caps +dac_read_search "$@"
}}
busy() {{ # somebody looks into a database for more than a second
    ps -eo times=,args= | awk '/looking.child/ && !/awk/ && $1 > 1 {{ found = 1 }} END {{ exit !found }}'
}}
fell() {{ [ "$(cat /root/least)" -lt $(($(cat /root/most) - 200)) ]; }} # MB free where the state lies
"""
EVIL = f"""#!/bin/sh
grep -E '^(Uid|CapEff)' /proc/self/status >>{MARKS}/$(basename "$0")
"""


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt; `number` as in the list it was planned by. `trace` is what findings would speak of."""

    number: int
    name: str
    who: str
    script: str
    loot: str
    trace: str = ""
    stays: bool = False  # the script goes on until all is over, and has said "held"
    refused: bool = False  # the system itself may refuse the script


def _data(number: int, name: str, script: str, loot: str, trace: str = "", **more: bool) -> Attempt:
    return Attempt(number=number, name=name, who="shop", script=script, loot=loot, trace=trace, **more)


DATABASE = "sqlite3 {0} 'CREATE TABLE t(a)'"
# in the files of a process, before it is saved
PLANTED = (
    _data(
        1,
        "a journal that has the repository's config removed",
        f"{TOOL} super-journal super1.db {REPOSITORY}/config",
        f"changed {REPOSITORY}/config",
        "super1.db",
    ),
    _data(
        2,
        "a journal that has the ledger removed",
        f"{TOOL} super-journal super2.db {STATE}/ledger.db",
        f'[ "$(stat -c %i {STATE}/ledger.db)" != "$(cat /root/ledger)" ]',
        "super2.db",
    ),
    _data(
        3,
        "a journal that has a file of root's removed",
        f"{TOOL} super-journal super3.db /etc/victim",
        "changed /etc/victim",
        "super3.db",
    ),
    _data(
        4,
        "the same in a database that a proof names",
        f"{TOOL} super-journal declared.db /etc/victim2",
        "changed /etc/victim2",
        "declared.db",
    ),
    _data(
        10,
        "a log that is a link to /dev/zero",
        f"{TOOL} logged zero.db; ln -s /dev/zero zero.db-wal",
        "fell || hung snapshot",
        "zero.db",
    ),
    _data(
        11,
        "a log of 300 MB with nothing in it",
        f"{TOOL} logged sparse.db; truncate -s 300M sparse.db-wal",
        "fell || hung snapshot",
        "sparse.db",
    ),
    _data(
        12,
        "a log that is a FIFO",
        f"{TOOL} logged fifo1.db; mkfifo fifo1.db-wal",
        "hung snapshot",
        "fifo1.db",
    ),
    _data(
        13,
        "a journal that is a FIFO",
        DATABASE.format("fifo2.db") + "; mkfifo fifo2.db-journal",
        "hung snapshot",
        "fifo2.db",
    ),
    _data(
        14,
        "a shared memory that is a FIFO",
        f"{TOOL} logged fifo3.db; mkfifo fifo3.db-shm",
        "hung snapshot",
        "fifo3.db",
    ),
    _data(
        15,
        "a database that is a link to another's",
        "ln -s /srv/orders/orders.db link.db",
        'readiness ledger export | grep \'"process":"shop"\' | grep -q payroll',
        "link.db",
    ),
    _data(
        16,
        "a database that is a hard link to another's",
        "ln /srv/orders/orders.db hard.db",
        "[ -e /srv/shop/hard.db ]",
        refused=True,
    ),
    _data(
        19,
        "all locks on a database, for ever",
        f"{TOOL} locks locked.db {LONG}",
        "hung snapshot",
        "locked.db",
        stays=True,
    ),
    *(
        _data(number, name, f"{TOOL} bomb {file} {file}", "failed drill || hung drill", file)
        for number, name, file in (
            (20, "a zip archive of 1.3 GB in 2 KB", "bomb.zip"),
            (21, "a tar archive with a name of 1.2 GB", "long-name.tar.gz"),
            (22, "a tar archive with attributes of 1.2 GB", "attributes.tar.gz"),
            (23, "an xz archive with a dictionary of 1 GB", "dictionary.xz"),
        )
    ),
    _data(
        30,
        "links through /proc to a file of root's",
        "for at in root self/fd; do ln -s /proc/1/$at/srv/orders/orders.db proc-${at%/*}.db; done",
        'readiness ledger export | grep \'"process":"shop"\' | grep -q payroll',
        "proc-",
    ),
    _data(
        31,
        "1,100 directories below each other",
        f"{TOOL} deep . 1100",
        "readiness ledger export | grep -q 'Too many open files'",
    ),
    _data(
        32,
        "names that move a terminal's cursor",
        "touch $'\\e]0;owned\\a' $'c\\x9b2J'",
        f"grep -rqsP '[\\x01-\\x08\\x0b-\\x1f\\x7f]' {STATE} --include='*.txt'",
    ),
    _data(
        33,
        "a FIFO and a socket that are called databases",
        f"mkfifo pipe.db; {TOOL} listen socket.db {LONG}",
        "hung snapshot",
        stays=True,
    ),
)


def _pairs(count: int, each: str, names: str, seconds: int = WINDOW) -> str:
    """Make so many pairs of names and have each change places."""
    return f'p=; for n in {{1..{count}}}; do {each}; p="$p {names}"; done; {TOOL} exchange {seconds} $p'


RACES = (
    _data(
        17,
        "a shared memory that is truncated in a loop",
        f"{TOOL} writes busy.db {WINDOW + 2} & {TOOL} truncate busy.db-shm {WINDOW}",
        "failed snapshot || hung snapshot",
    ),
    _data(
        18,
        "a database that is truncated in a loop",
        f"{DATABASE.format('short.db')}; {TOOL} truncate short.db {WINDOW}",
        "failed snapshot || hung snapshot",
    ),
    _data(
        25,
        "dumped directories and links to another's change places",
        _pairs(4, "mkdir p$n; printf PGDMP >p$n/toc.dat; ln -s /srv/orders q$n", "p$n q$n"),
        "stolen pq",
    ),
    _data(
        27,
        "files and links to another's change places",
        _pairs(10, "touch f$n; ln -s /srv/orders/secret x$n", "f$n x$n"),
        "stolen fx",
    ),
    Attempt(
        number=37,
        name="the directory of the metrics and a link change places",
        who="exporter",
        script=f"cd /srv/metrics; mkdir m; ln -s {REPOSITORY} n; {TOOL} exchange {WINDOW} m n",
        loot=f"[ -e {REPOSITORY}/readiness.prom ] || changed {REPOSITORY}/config",
    ),
)

# what restic itself follows, or waits for
RACES_WITH_RESTIC = (
    _data(
        26,
        "directories and links to another's change places",
        _pairs(4, "mkdir d$n; touch d$n/secret; ln -s /srv/orders l$n", "d$n l$n", SHORT),
        "stolen dl",
    ),
    _data(
        28,
        "directories above others, and links to those above another's, change places",
        _pairs(4, "mkdir -p e$n/orders; touch e$n/orders/secret; ln -s /srv m$n", "e$n m$n", SHORT),
        "stolen em",
    ),
)
RACES_WITH_PIPES = (
    _data(
        34,
        "files and FIFOs change places",
        _pairs(10, "echo 1 >g$n; mkfifo h$n", "g$n h$n", SHORT),
        "hung snapshot",
    ),
)

# by hand, while nothing else is at work
ALONE = (
    Attempt(
        number=35,
        name="metrics that are a link to the repository's config",
        who="exporter",
        script=f"ln -sf {REPOSITORY}/config /srv/metrics/link.prom",
        loot=f"as_service readiness metrics --output /srv/metrics/link.prom; changed {REPOSITORY}/config",
    ),
    Attempt(
        number=36,
        name="metrics that are a FIFO",
        who="exporter",
        script="mkfifo /srv/metrics/pipe.prom",
        loot="as_service timeout 20 readiness metrics --output /srv/metrics/pipe.prom; [ $? = 124 ]",
    ),
    Attempt(
        number=38,
        name="locks on what everybody may open",
        who="other",
        script="for at in / /opt/readiness /opt/readiness/current/pyvenv.cfg /etc/readiness /srv/backup; do "
        f"{TOOL} lock $at {LONG} & done; wait",
        loot="timeout 30 readiness status >/dev/null; [ $? = 124 ] || "
        "{ READINESS_WHEELS=/opt/wheels timeout 60 /opt/kit/scripts/install; [ $? = 124 ]; }; "
        "as=$?; systemctl stop readiness.service; [ $as = 0 ]",
        stays=True,
    ),
    Attempt(
        number=39,
        name="a scratch that somebody made before",
        who="other",
        script="mkdir -m 777 /tmp/scratch; ln -s /etc /tmp/scratch/drill-",
        loot='readiness --config /root/own/elsewhere.toml drill; [ -n "$(find /tmp/scratch -user root)" ]',
    ),
    Attempt(
        number=40,
        name="a call to the process that looks",
        who="other",
        script=f"{TOOL} connect /run/readiness-look/socket",
        loot="true",
        refused=True,
    ),
    Attempt(
        number=42,
        name="a place among what is looked at",
        who="other",
        script=f"touch {STATE}/look/x",
        loot=f"[ -e {STATE}/look/x ]",
        refused=True,
    ),
    Attempt(
        number=43,
        name="another restic in the config",
        who="readiness",
        script=f"sed -i 's,^.agent.,&\\nrestic=\"{MARKS}/evil43\",' {CONFIG} || echo 'x' >>{CONFIG}",
        loot=f"changed {CONFIG}",
        refused=True,
    ),
    Attempt(
        number=44,
        name="another config in the place of ours",
        who="readiness",
        script=f"mv {CONFIG} {CONFIG}.old || mv /etc/readiness /etc/readiness.old || rm -f {CONFIG}",
        loot=f"changed {CONFIG}",
        refused=True,
    ),
    Attempt(
        number=45,
        name="another config by a mount of their own",
        who="readiness",
        script=f"cp {CONFIG} /tmp/evil45.toml; chmod 644 /tmp/evil45.toml; "
        f"sed -i 's,^.agent.,&\\nrestic=\"{MARKS}/evil45\",' /tmp/evil45.toml; "
        f"unshare -Urm sh -c 'mount --bind /tmp/evil45.toml {CONFIG} && sudo -n readiness validate; "
        "systemctl --no-ask-password start readiness-drill@orders:primary.service'",
        loot="ran evil45",
        refused=True,
    ),
    Attempt(
        number=47,
        name="drill units of odd names",
        who="readiness",
        script="systemctl --no-ask-password start 'readiness-drill@..-x:primary.service' "
        "'readiness-drill@$(id):primary.service' 'readiness-drill@-:-.service'",
        loot="true",
        refused=True,
    ),
    Attempt(
        number=48,
        name="a proof unit on a tree of their own, made of links",
        who="readiness",
        script=f"d={STATE}/scratch/x-drill-y; mkdir -p $d/tree; cd $d/tree; ln -s /srv/orders usr; "
        "ln -s /etc tmp; mkdir -p .readiness-proof; "
        "echo 'cp /bin/sh /usr/evil48; touch /tmp/evil48' >.readiness-proof/program; chmod -R 777 $d; "
        "systemctl --no-ask-password start "
        "'readiness-proof@var-lib-readiness-scratch-x\\x2ddrill\\x2dy-tree.service'",
        loot="[ -e /srv/orders/evil48 ] || [ -e /etc/evil48 ] || [ -e /usr/evil48 ]",
        refused=True,
    ),
    Attempt(
        number=52,
        name="files of the state that are links to root's",
        who="readiness",
        script=f"cd {STATE}; for name in view.json view.json.new pinged.json told.json alive; do "
        "ln -sf /etc/victim $name; done; mkdir -p metrics; ln -sf /etc/victim metrics/readiness.prom; "
        "ln -sf /etc/victim /run/readiness/view.json; ln -sf /etc/victim /run/readiness/view.json.new",
        loot="for what in status view metrics notify; do timeout 60 readiness $what >/dev/null; done; "
        "timeout 60 readiness view --record /run/readiness/view.json; changed /etc/victim",
    ),
    Attempt(
        number=53,
        name="a config of their own whose state is a directory of root's",
        who="readiness",
        script=f'grep -v ^state {CONFIG} | sed \'s,^.agent.,&\\nstate="/var/lib/dpkg"\\n'
        f'restic="{MARKS}/evil53",\' >/tmp/evil53.toml; chmod 644 /tmp/evil53.toml',
        loot="for what in validate status snapshot; do "
        "timeout 60 readiness --config /tmp/evil53.toml $what; done; ran evil53",
    ),
    Attempt(
        number=54,
        name="a config in the state, for when the real one is broken",
        who="readiness",
        script=f'{{ cat {CONFIG}; printf \'[mail]\\nfrom="a@b.example"\\nadmin=["a@b.example"]\\n'
        f'sendmail="{MARKS}/evil54"\\n\'; }} >{STATE}/config.toml',
        loot=f"echo broken >{CONFIG}; timeout 60 readiness notify; "
        f"cp -p /root/before{CONFIG} {CONFIG}; ran evil54",
    ),
    Attempt(
        number=71,
        name="a config in somebody's directory",
        who="shop",
        script=f'printf \'[agent]\\nrestic="{MARKS}/evil71"\\nstate="/root/state71"\\n\' >evil71.toml; '
        'printf \'[repository.primary]\\nurl="/root/repo71"\\npassword_file="/srv/shop/password"\\n\' '
        ">>evil71.toml; printf '[process.shop]\\npaths=[\"/srv/shop\"]\\n' >>evil71.toml; echo 1 >password",
        loot="for what in validate status snapshot drill; do "
        "timeout 60 readiness --config /srv/shop/evil71.toml $what; done; ran evil71",
    ),
    Attempt(
        number=72,
        name="a password that others may change",
        who="root",
        script="install -m 666 /root/own/primary.password /root/own/open.password",
        loot="readiness --config /root/own/open.toml snapshot orders",
    ),
    Attempt(
        number=73,
        name="a report below somebody's directory that is a link",
        who="shop",
        script="mkdir out; ln -s /etc/victim out/report.html; ln -s /etc/victim out/figures.prom; "
        "mkdir real; ln -s real via",
        loot="readiness report --output /srv/shop/out/report.html; "
        "readiness metrics --output /srv/shop/out/figures.prom; changed /etc/victim",
    ),
)

_PLACES = (
    "/run/systemd/system/evil.service /run/evil /etc/cron.d/evil /etc/readiness/evil /var/spool/evil "
    "/var/lib/dpkg/evil /usr/evil /opt/readiness/evil /root/evil /srv/orders/evil /home/evil /boot/evil"
)
# what a unit may do when its program is somebody else's; what it prints is the loot
UNITS = (
    Attempt(
        number=50,
        name="to write where root's programs read",
        who="drill",
        script=f"for at in {_PLACES}; do (echo x >$at) 2>/dev/null && echo $at; done",
        loot="",
    ),
    Attempt(
        number=59,
        name="to read what is ours",
        who="look",
        script=f"for at in {CONFIG} /etc/readiness/primary.password {STATE}/ledger.db /etc/shadow "
        f"{REPOSITORY}/config /srv/orders/secret /srv/shop/super1.db; do "
        "head -c 1 $at >/dev/null 2>&1 && echo $at; done",
        loot="",
    ),
    Attempt(
        number=60,
        name="to call anybody",
        who="look",
        script="for at in /run/systemd/private /run/dbus/system_bus_socket /run/readiness-look/socket; do "
        "python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' $at 2>/dev/null "
        "&& echo $at; done; python3 -c 'import socket; socket.socket().connect((\"127.0.0.1\", 1))' 2>&1 "
        "| grep refused",
        loot="",
    ),
    Attempt(
        number=61,
        name="to kill, to trace, and to multiply",
        who="look",
        script="kill -0 -1 2>/dev/null && echo kills; "
        "python3 -c 'import ctypes; exit(ctypes.CDLL(None).ptrace(16, 1, 0, 0))' 2>/dev/null && echo traces; "
        "(for n in 1 2 3 4 5 6 7 8 9; do sleep 5 & done) 2>&1 | grep -q . || echo multiplies",
        loot="",
    ),
)
# while the service is at work
SERVED = (
    Attempt(
        number=7,
        name="a database that takes weeks, and the service is to end",
        who="shop",
        script=f"{TOOL} endless /srv/slow/endless.db",
        loot="tries=0; until busy; do sleep 0.2; [ $((tries += 1)) -lt 200 ] || exit 0; done; "
        "begun=$(date +%s); systemctl stop readiness.service; [ $(($(date +%s) - begun)) -ge 20 ]",
        trace="endless.db",
    ),
    Attempt(
        number=46,
        name="files and locks of ours full of nonsense, when the service is started again",
        who="readiness",
        script=f"cd {STATE}; for at in locks/* alive; do printf x >>$at; done; "
        f"printf '[agent]\\nrestic=\"{MARKS}/evil46\"\\n' | tee config.toml >readiness.toml",
        loot="kill -KILL $(systemctl show --property=MainPID --value readiness.service); "
        "systemctl restart readiness.service; ran evil46",
    ),
)
