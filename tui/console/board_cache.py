"""The board as it was last seen, kept beside the journal so that the next start can show something at once.

`board.json` in the state folder, readable by its owner alone:

    {"schema": 1, "at": RFC 3339, "environment": …, "services": path of services.yaml,
     "rows": [{"service": …, "health": word, "release": …, "detail": …, "at": RFC 3339 of its measurement or null}]}

Reading is on the way to the first picture: the standard library only, nothing slow of it. Whatever is wrong with the
file, the answer is None: a picture of the past is never worth a failed start.
"""

import os

TYPE_CHECKING = False  # `typing` itself would cost as much as the whole picture
if TYPE_CHECKING:
    from typing import Any

    from tui.engine.service_monitor import ServiceMonitor

NAME = "board.json"
SCHEMA = 1
LARGEST = 256 * 1024
FIELDS = ("service", "health", "release", "detail")


def state_folder(environ: "os._Environ[str] | dict[str, str]", platform: str) -> str:
    """The folder that `drivers.paths.state_dir` names, without importing what that imports; it is not made."""
    named = environ.get("ROLLBACK_STATE_DIR")
    if named:
        return named
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib would cost a third of the picture
    if platform == "darwin":
        return f"{home}/Library/Application Support/rollback"
    base = environ.get("XDG_STATE_HOME", "").strip()
    return f"{base or home + '/.local/state'}/rollback"


def read(folder: str) -> "dict[str, Any] | None":
    """The last board, every field of the documented type; None when there is none that can be used."""
    try:
        descriptor = os.open(f"{folder}/{NAME}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            raw = os.read(descriptor, LARGEST + 1)
        finally:
            os.close(descriptor)
        found = _parsed(raw.decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA or not isinstance(found.get("rows"), list):
        return None
    if not all(isinstance(found.get(name), str) for name in ("at", "environment", "services")):
        return None
    for row in found["rows"]:
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in FIELDS):
            return None
        if not isinstance(row.get("at"), str | None):
            return None
    return found


class _Plain:
    """How the scanner shall read: as `json.loads` does."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def _parsed(text: str) -> "Any":
    """`json.loads` by its own scanner: what else `json` imports (`re`, `enum`) costs as much as the interpreter's
    start. Raises ValueError."""
    try:
        from _json import make_scanner
    except ImportError:  # another Python than CPython
        import json

        return json.loads(text)
    try:
        found, end = make_scanner(_Plain())(text, 0)  # type: ignore[arg-type]  # any object with these names
    except StopIteration as error:
        raise ValueError("no JSON value") from error
    if text[end:].strip():
        raise ValueError("more than one JSON value")
    return found


def document(board: "ServiceMonitor") -> "dict[str, Any]":
    """The board as it is now, to be stored."""
    from tui.console.drawing import labels

    rows = []
    for status in board.statuses():
        last = status.last
        rows.append(
            {
                "service": status.service.name,
                "health": labels.LOOKS[status.health][1],
                "release": labels.release(status),
                "detail": last.detail if last is not None else "",
                "at": _stamp(last.at) if last is not None else None,
            }
        )
    fleet = board.engine.fleet
    return {
        "schema": SCHEMA,
        "at": _stamp(board.engine.clock.now()),
        "environment": fleet.environment,
        "services": os.path.realpath(str(fleet.path)),
        "rows": rows,
    }


def store(folder: str, document: "dict[str, Any]") -> None:
    """Write the document in one piece: a reader sees the old one or the new one. Raises OSError."""
    import json

    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - as above
    path, fresh = f"{folder}/{NAME}", f"{folder}/.{NAME}.{os.getpid()}"
    if os.path.lexists(fresh):  # of a process that died while it wrote
        os.unlink(fresh)  # noqa: PTH108 - as above
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
    os.replace(fresh, path)  # noqa: PTH105 - as above


def _stamp(at: "Any") -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"
