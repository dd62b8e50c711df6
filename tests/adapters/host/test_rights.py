"""What a process may do after its rights were changed, as the kernel shows it."""

import os
import subprocess
import sys

from agent.adapters.host.rights import mask
from support.places import ROOT

CHANGED = r"""
import os, re
from agent.adapters.host import rights
rights.keep_over_setuid()
os.setresuid(65534, 65534, 65534)
rights.hold((2,), keep=(1, 2))
rights.own_proc_files()
print(os.stat("/proc/self/status").st_uid)
print(*(int(re.search(rf"^Cap{name}:\s*(\w+)", open("/proc/self/status").read(), re.M)[1], 16)
        for name in ("Eff", "Prm", "Amb")))
try:
    rights.hold((21,), keep=(21,))
except OSError as error:
    print(error.strerror)
"""


def test_a_right_is_held_handed_on_or_only_kept_and_no_other_can_be_taken(as_root: None) -> None:
    command = [sys.executable, "-c", CHANGED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    owner, held, refused = done.stdout.splitlines()
    assert (owner, held) == ("65534", f"{mask([2])} {mask([1, 2])} {mask([2])}")
    assert refused == os.strerror(1)
