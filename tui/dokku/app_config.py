"""An app's own variables, as `config:export` gives them: names may be shown, values never leave this module's caller.

Dokku keeps settings and notes of its own among them; those change with every deploy and say nothing of the app.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from tui.dokku import commands, reports
from tui.model.outcome import Answer, Exited
from tui.text.clean import clean_line

NOT_THE_APPS = ("APP_NAME", "GIT_REV", "NO_VHOST")
"""what Dokku itself writes, apart from everything that begins with DOKKU_"""


NOTES = ("GIT_REV", "DOKKU_APP_TYPE")
"""what Dokku notes there, and this program reads"""


def is_own(name: str) -> bool:
    """True if a variable is the app's own rather than Dokku's."""
    return bool(name) and not name.startswith("DOKKU_") and name not in NOT_THE_APPS


def own_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names of the app's own variables among these, sorted."""
    return tuple(sorted({name for name in names if is_own(name)}))


def answers(told: Answer, app: str) -> tuple[Answer, ...]:
    """The answers to what else may be asked of an app's variables, out of one that has them all: their names, and
    Dokku's notes of what was tried last and by what it was built. None of them holds a value of the app's own; none,
    where it cannot be read.
    """
    try:
        found = reports.config_export(told.stdout)
    except reports.Unreadable:
        return ()
    names = "".join(f"{name}\n" for name in sorted(found)).encode()
    made = [replace(told, argv=commands.config_keys(app), stdout=names)]
    for note in NOTES:
        argv, value = commands.config_get(app, note), found.get(note, "")
        if value:
            made.append(replace(told, argv=argv, stdout=f"{value}\n".encode()))
        else:
            made.append(replace(told, argv=argv, stdout=b"", outcome=Exited(code=1)))
    return tuple(made)


def variables(raw: bytes) -> dict[str, str] | None:
    """The app's own variables of `config:export --format json`; None where that cannot be read.

    No error and no message of the parser comes out of here: it could quote a value.
    """
    try:
        found = reports.config_export(raw)
    except reports.Unreadable:
        return None
    return {clean_line(name, 200): value for name, value in found.items() if is_own(name)}
