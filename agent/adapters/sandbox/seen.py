"""What both kinds of sandbox share: the last lines of the shell inside, and which walls stood every time."""

from collections.abc import Sequence

# The end of a script that has looked at its walls: the command, if it is there. Facts go to descriptor 9.
START = r"""found=no
case $1 in
*/*) [ -f "$1" ] && [ -x "$1" ] && found=yes ;;
*) IFS=:; for d in $PATH; do [ -f "$d/$1" ] && [ -x "$d/$1" ] && found=yes; done; unset IFS ;;
esac
if [ $found = no ]; then say missing; exit 127; fi
say started
exec 9>&-
exec "$@"
"""


def standing(walls: Sequence[str], seen: Sequence[set[str]]) -> tuple[str, ...]:
    """The walls that stood around every command so far; those that did not as "without NAME"."""
    if not seen:
        return ()
    always = set.intersection(*seen)
    return (
        *(wall for wall in walls if wall in always),
        *(f"without {wall}" for wall in walls if wall not in always),
    )
