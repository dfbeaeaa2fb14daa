"""The file itself: where it is looked for, and its text, which is limited before it is read."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from tui import regular_file
from tui.config.nodes import LARGEST, Problem
from tui.model.errors import ConfigError

NAME = "services.yaml"
SHIPPED = "shipped"
"""what `--services` takes for the file that comes with this package"""
MOST_BYTES = 4 * LARGEST
"""of UTF-8, which takes up to four for a character"""


class ServicesError(ConfigError):
    """services.yaml cannot be used; `problems` holds every one that was found."""

    def __init__(self, path: str, problems: tuple[Problem, ...]) -> None:
        lines = "\n".join(f"{path}:{p}" for p in problems)
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in {path}"
        super().__init__(f"{count}\n{lines}", "correct the file; nothing was touched")
        self.path = path
        self.problems = problems


class Origin(StrEnum):
    """The origin of the file: who chose it."""

    NAMED = "named"
    """`--services`, or $ROLLBACK_SERVICES"""
    HERE = "here"
    """it lies in the working directory: it may be anybody's"""
    CONFIGURED = "configured"
    """the user's own configuration folder"""


def find(path: str | None, *, environ: Mapping[str, str], cwd: Path) -> tuple[Path, Origin]:
    """The file to use, and who chose it. Raises ConfigError where there is none."""
    named = path or environ.get("ROLLBACK_SERVICES")
    if named == SHIPPED:
        return shipped(), Origin.NAMED
    if named:
        try:
            return cwd / Path(named).expanduser(), Origin.NAMED
        except RuntimeError:  # ~nobody: then it is a name like any other, which is not found
            return cwd / named, Origin.NAMED
    here, own = cwd / NAME, configured(NAME)
    for file, origin in ((here, Origin.HERE), (own, Origin.CONFIGURED)):
        if os.path.lexists(file):
            return file, origin
    raise ConfigError(
        f"there is no services.yaml: looked for $ROLLBACK_SERVICES, {here} and {own}",
        "`rollback init dokku@HOST` writes one, --services FILE names one; `rollback sandbox` needs none",
    )


def places(cwd: Path) -> tuple[str, ...]:
    """The places where `find` looks, in its order, as people write them."""
    return ("--services FILE", "$ROLLBACK_SERVICES", str(cwd / NAME), str(configured(NAME)))


def here() -> Path:
    """The working directory, or its name where somebody removed it: then nothing is found in it."""
    try:
        return Path.cwd()
    except OSError:
        return Path(os.environ.get("PWD") or os.sep)


def configured(name: str) -> Path:
    """A file of that name in the user's own configuration folder, whether there is one or not."""
    import platformdirs  # a file that is named needs none of it

    return Path(platformdirs.user_config_dir("rollback", appauthor=False)) / name


def shipped() -> Path:
    """The file that comes with this package."""
    packaged = Path(__file__).parents[1] / NAME
    return packaged if packaged.exists() else packaged.parent.parent / NAME


def bytes_of(file: Path) -> bytes:
    """The bytes of a regular file. Raises ServicesError for anything else, and for a larger one."""
    try:
        return regular_file.read(file, MOST_BYTES)
    except regular_file.TooLarge as error:
        raise _wrong(file, 1, f"has more than {LARGEST} characters: this is no services.yaml") from error
    except regular_file.NotAFile as error:
        raise _wrong(file, 1, "is no regular file; write its entries into a plain file") from error
    except OSError as error:
        raise _wrong(file, 1, f"cannot be read: {error.strerror}") from error


def decoded(file: Path, raw: bytes) -> str:
    """The text of these bytes of the file. Raises ServicesError for what is not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _wrong(file, raw[: error.start].count(b"\n") + 1, "is not UTF-8: save it as UTF-8") from error


def _wrong(file: Path, line: int, text: str) -> ServicesError:
    return ServicesError(str(file), (Problem(line=line, text=text),))
