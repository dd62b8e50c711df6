# Shared by the scripts beside it; source it from the repository's root with `set -euo pipefail`.
# Installs only what is missing: Debian packages through apt (as root or with sudo), Python packages
# pinned with hashes into .venv.
# shellcheck shell=bash

PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$@" >&2; } # one argument a line

die() { # STATUS MESSAGE...
    local status=$1
    shift
    say "$@"
    exit "$status"
}

# Where downloads for the tests are kept, outside the clone so that a fresh one need not fetch again.
test_cache() {
    local home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
    printf '%s\n' "${READINESS_TEST_CACHE:-${XDG_CACHE_HOME:-$home/.cache}/readiness-test}"
}

# The address of the Debian archive in apt's own configuration, whichever style that is written in.
mirror() {
    local codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' "Created-By: Packages" 2>/dev/null |
        awk -v names="$codename stable testing unstable sid" '
            BEGIN { split(names, list, " "); for (i in list) wanted[list[i]] }
            $2 == "main" && $1 in wanted { print $3; exit }'
}

# Run a command; keep its output to itself unless it fails.
quietly() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        say "Failed with status $status: $*"
        tail -n 25 "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

# Prints what to put before a command to be root; fails where that is not possible.
root_prefix() {
    if [ "$(id -u)" -eq 0 ]; then
        echo env
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
        echo "sudo env"
    else
        return 1
    fi
}

install_packages() { # PACKAGE...
    local prefix
    command -v apt-get >/dev/null || { say "This is no Debian; please install: $*"; return 1; }
    prefix=$(root_prefix) || { say "Missing, and neither root nor sudo to install it: apt-get install $*"; return 1; }
    say "Installing Debian packages: $*"
    # a broken third-party source must not stop us: what counts is whether the install works
    $prefix apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null >/dev/null 2>&1 || true
    # shellcheck disable=SC2086
    quietly $prefix DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "$@"
}

# Install the package of every command that is not there: ensure_commands COMMAND:PACKAGE...
ensure_commands() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

PYTHONS="/usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11"

# Prints a Python of at least 3.11 that can make virtual environments, Debian's own before any other.
find_python() {
    local python
    for python in $PYTHONS; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    return 1
}

# What .venv/installed says of a .venv that holds LOCK and this checkout.
venv_stamp() { # LOCK
    echo "$(pwd) $(cat requirements*.lock pyproject.toml | sha256sum | cut -d' ' -f1) $1"
}

venv_holds() { # LOCK
    grep -qsxF "$(venv_stamp "$1")" .venv/installed && .venv/bin/python -I -c 'import agent' 2>/dev/null
}

# Make .venv hold exactly what LOCK names and this checkout as `readiness`; nothing to do is quick.
ensure_venv() { # LOCK
    ! venv_holds "$1" || return 0
    (umask 077 && : >>.venv.lock) # a lock that others may open, they may hold for ever
    {
        flock 9 # one at a time
        venv_holds "$1" || make_venv "$1"
    } 9<.venv.lock
}

# What a lock names, as wheels alone: to build a package runs what no hash pins.
install_wheels() { # PYTHON LOCK OPTION...
    quietly "$1" -m pip --disable-pip-version-check install --only-binary :all: --require-hashes -r "$2" "${@:3}"
}

# The source in a directory, built with what is there.
install_source() { # PYTHON SOURCE...
    quietly "$1" -m pip --disable-pip-version-check install --no-index --no-deps --no-build-isolation "${@:2}"
}

make_venv() { # LOCK
    local python
    if ! python=$(find_python); then
        install_packages python3 python3-venv || return
        python=$(find_python) || { say "No Python of at least 3.11 with venv was found."; return 1; }
    fi
    say "Making the virtual environment .venv from $1"
    quietly "$python" -m venv --clear .venv &&
        install_wheels .venv/bin/python "$1" &&
        install_source .venv/bin/python -e . || return
    # requirements-test.lock holds all of requirements.lock, so a .venv for the tests serves both
    venv_stamp requirements.lock >.venv/installed
    venv_stamp "$1" >>.venv/installed
}
