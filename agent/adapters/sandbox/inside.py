"""The shell programs that run as a proof's own user: they shed what is left of any right, and look around.

`INSIDE` notes which walls it really sees, and becomes the command.
"""

from agent.adapters.sandbox.seen import START

# What the proof's user becomes the command through, where the kernel gives it a namespace of users: one in
# which it is root, to say that there may be one more, and that one, in which it is itself and nothing more.
CLOSING = r"""
own=$1 shedding=$2
shift 2
unshare --user --map-root-user true 2>/dev/null || exec setpriv --no-new-privs "$@"
exec unshare --user --map-root-user sh -c "$shedding" sh "$own" "$@"
"""
LAST = r"""
{ echo 1 >/proc/sys/user/max_user_namespaces; } 2>/dev/null || :
own=$1
shift
exec unshare --user --map-user="$own" --map-group="$own" --keep-caps \
  setpriv --bounding-set=-all --ambient-caps=-all --inh-caps=-all --no-new-privs "$@"
"""

INSIDE = (
    r"""
say() { printf '%s\n' "$1" >&9; }
place=$1 own=$2 pids=$3 nets=$4 memory=$5 tasks=$6 size=$7 hidden=$8 replaced=$9
shift 9
sockets=$1 memory_of_all=$2
shift 2
if ! [ . -ef "$place" ] || ! ls >/dev/null; then say unreachable; exit 126; fi
[ "$(id -u)" != "$own" ] && [ "$(id -G)" = "$(id -u)" ] && say user
alone=yes
while read -r name rest; do case $name in lo:*) ;; *:*) alone=no ;; esac; done </proc/net/dev
[ $alone = yes ] && [ "$(readlink /proc/self/ns/net)" != "$nets" ] && say no-network
[ "$(readlink /proc/self/ns/pid)" != "$pids" ] && say pid-namespace
while read -r key value; do
  case $key:$value in
  NoNewPrivs::1) say no-new-privileges ;;
  CapEff::0000000000000000) say no-capabilities ;;
  esac
done </proc/self/status
while read -r line; do
  case $line in
  "Max address space "*" $memory "*) say memory-limit ;;
  "Max processes "*" $tasks "*) say process-limit ;;
  "Max file size "*" $size "*) say file-size-limit ;;
  esac
done </proc/self/limits
eval "$hidden" && say hidden-files
eval "$replaced" && say restored-at-live-paths
eval "$sockets" && say no-outside-sockets
[ -w /tmp ] && [ /tmp/restored -ef . ] && say private-tmp
[ "$(stat -c %d /dev/shm 2>/dev/null)" != "$memory_of_all" ] && say private-shared-memory
command -v unshare >/dev/null && ! unshare --user --map-root-user true 2>/dev/null && say no-user-namespaces
frozen=no
while read -r device on type flags rest; do
  case $on,$flags, in /,*,ro,* | /,ro,*) frozen=yes ;; /,*) frozen=no ;; esac
done </proc/self/mounts
[ $frozen = yes ] && say read-only-system
"""
    + START
)

WALLS = (
    "user",
    "no-network",
    "pid-namespace",
    "hidden-files",
    "restored-at-live-paths",
    "no-outside-sockets",
    "private-tmp",
    "private-shared-memory",
    "read-only-system",
    "no-new-privileges",
    "no-capabilities",
    "no-user-namespaces",
    "memory-limit",
    "process-limit",
    "file-size-limit",
)
