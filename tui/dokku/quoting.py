"""An argument list as the one string that SSH carries.

Dokku's forced command starts no shell. Commands whose first word begins with `git` are split on blanks, without any
quoting; every other command goes through `xargs -n 1`, that is through /bin/echo: quotes work as in xargs, and words
that echo takes for itself vanish (`-n`, `-e`, `-E`, `--help`, `--version`). What cannot arrive unchanged is refused.
xargs joins quoted pieces as a shell does, so the shell's way of quoting serves for both.
Measured on 0.35.15 and 0.38.27.
"""

import re
import shlex

from tui.model.host import Form

GIT_SERVICES = ("git-receive-pack", "git-upload-pack", "git-upload-archive")
_VANISHES = re.compile(r"-[neE]+|--help|--version")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./{}\[\]~^!#$&()*;<>?|-]+")


def exec_string(argv: tuple[str, ...], form: Form) -> str:
    """The string to execute. Raises ValueError for a word that would not arrive as it is."""
    if not argv:
        raise ValueError("no command")
    for word in argv:
        if _CONTROL.search(word):
            raise ValueError(f"{word!r} holds a control character")
    if argv[0] in GIT_SERVICES:
        return _git_service(argv, form)
    if form is Form.SHELL:
        return "dokku " + shlex.join(argv)
    if argv[0].startswith("git"):
        return _blanks(argv)
    return " ".join(_xargs(word) for word in argv)


def _git_service(argv: tuple[str, ...], form: Form) -> str:
    """As Git itself writes it.

    An unrestricted login calls the same code through `dokku`, which changes to Dokku's user: Git's own program would
    find another owner's repository, and would leave files there that Dokku cannot change. The folder is Dokku's home,
    as it is for a forced command, because git-upload-archive takes the name as a path.
    """
    service, app = argv
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", app):
        raise ValueError(f"{app!r} is no app's name")
    return f"{service} '{app}'" if form is Form.FORCED else f"cd /home/dokku 2>/dev/null; dokku {service} '{app}'"


def git_takes(word: str) -> bool:
    """True if a `git:` command can be sent with that word. A branch may have been set with quotes as part of its name,
    because these commands know none."""
    return bool(word) and not re.search(r"[\s'\"\\*?\[]", word) and not _CONTROL.search(word)


def _blanks(argv: tuple[str, ...]) -> str:
    for word in argv:
        if not git_takes(word):
            raise ValueError(f"{word!r} cannot be sent with {argv[0]}: it is split on blanks and knows no quotes")
    return " ".join(argv)


def _xargs(word: str) -> str:
    if _VANISHES.fullmatch(word):
        raise ValueError(f"{word!r} would vanish on the way; use the long option, e.g. --num")
    return word if _PLAIN.fullmatch(word) else shlex.quote(word)
