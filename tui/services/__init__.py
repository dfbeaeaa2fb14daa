"""services.yaml → Fleet. Every problem of the file is reported at once, each with line, key, value and the fix.

Takes the file's text and the environment; gives a `Fleet` that holds together: every service's host exists, no name is
ambiguous, a sandbox host is on this machine. `nodes` walks the YAML and knows its lines, `values` reads single
values, `schema` says which keys there are, `inventory` reads hosts and services, `outside` what is asked and told
beside them.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import platformdirs

from tui.model.errors import ConfigError
from tui.model.service import Fleet
from tui.services.nodes import Problem, compose
from tui.services.schema import read_fleet

__all__ = ["Fleet", "ServicesError", "find", "load"]


class ServicesError(ConfigError):
    """services.yaml cannot be used; `problems` holds every one that was found."""

    def __init__(self, path: str, problems: tuple[Problem, ...]) -> None:
        lines = "\n".join(f"{path}:{p}" for p in problems)
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in {path}"
        super().__init__(f"{count}\n{lines}", "correct the file; nothing was touched")
        self.path = path
        self.problems = problems


def find(path: str | None, *, environ: Mapping[str, str], cwd: Path) -> Path:
    """The file to use: named, by $ROLLBACK_SERVICES, here, in the user's configuration, or the one shipped with us."""
    named = path or environ.get("ROLLBACK_SERVICES")
    if named:
        try:
            return cwd / Path(named).expanduser()
        except RuntimeError:  # ~nobody: then it is a name like any other, which is not found
            return cwd / named
    config = Path(platformdirs.user_config_dir("rollback", appauthor=False))
    packaged = Path(str(resources.files("tui"))) / "services.yaml"
    shipped = packaged if packaged.exists() else packaged.parent.parent / "services.yaml"
    return next((p for p in (cwd / "services.yaml", config / "services.yaml") if p.exists()), shipped)


def load(path: str | None = None, *, environ: Mapping[str, str], cwd: Path) -> Fleet:
    """The fleet. Raises ServicesError with every problem of the file."""
    file = find(path, environ=environ, cwd=cwd)
    raw = b""
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8")
    except OSError as error:
        raise ServicesError(str(file), (Problem(line=1, text=f"cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ServicesError(str(file), (Problem(line=line, text="is not UTF-8: save it as UTF-8"),)) from error
    root, problems = compose(text, environ)
    if root is None:
        raise ServicesError(str(file), tuple(problems))
    fleet = read_fleet(root, str(file), problems)
    if problems or fleet is None:
        raise ServicesError(str(file), tuple(sorted(problems, key=lambda p: p.line)))
    return fleet
