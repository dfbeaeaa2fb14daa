"""The places where things are kept on this machine: one folder and what is in it, for its owner alone.

The folder holds what a stranger must neither read nor choose: the journal, and files that are opened for writing. So it
has to be a folder of this user, not a link to one; a wrong mode is put right. No link inside it is followed.
"""

import contextlib
import os
import stat
from pathlib import Path

from tui.model.errors import ConfigError, JournalError

STATE = "ROLLBACK_STATE_DIR"
FIX = f"name another folder with {STATE}"


def state_dir() -> Path:
    """The folder of journal and spools, made where it is missing. Raises ConfigError where it cannot be trusted,
    JournalError where it cannot be made."""
    folder = _named()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unusable(folder, error) from error
    return private(folder)


def secure() -> str:
    """Makes the state folder its owner's alone, where it exists and is not. Returns what was done, for people; empty
    where nothing was. Raises ConfigError where the folder cannot be trusted."""
    folder = _named()
    with contextlib.suppress(OSError):  # it does not exist yet; who opens it is told of everything else
        before = stat.S_IMODE(folder.lstat().st_mode)
        private(folder)
        if before & 0o077:
            return f"{folder} was open to others (mode {before:04o}): it is 0700 now"
    return ""


def _named() -> Path:
    if named := os.environ.get(STATE):
        return Path(named)
    import platformdirs  # a folder that is named needs none of it

    return Path(platformdirs.user_state_dir("rollback", appauthor=False))


def private(folder: Path) -> Path:
    """A folder that this user owns, with mode 0700, made where it is missing. Raises ConfigError for a link, for
    somebody else's, and for what is no folder; JournalError where it cannot be made."""
    try:
        with contextlib.suppress(FileExistsError):  # looked at below
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise ConfigError(f"{folder} is a link: what is kept there could end anywhere", FIX)
        if not stat.S_ISDIR(found.st_mode):
            raise ConfigError(f"{folder} is no folder", FIX)
        if found.st_uid != os.geteuid():
            raise ConfigError(f"{folder} belongs to user {found.st_uid}, not to us ({os.geteuid()})", FIX)
        if found.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise _unusable(folder, error) from error
    return folder


def opened(path: Path, flags: int) -> int:
    """A file inside the state folder, as a descriptor: created with mode 0600, never through a link. Raises ConfigError
    for a link and for somebody else's file, OSError for everything else."""
    if path.is_symlink():
        raise ConfigError(f"{path} is a link: what is kept there could end anywhere", f"remove it, or {FIX}")
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        if _own(path, os.fstat(descriptor)) & 0o077:
            os.fchmod(descriptor, 0o600)
    except ConfigError:
        os.close(descriptor)
        raise
    return descriptor


def made(path: Path) -> None:
    """Makes a file inside the state folder that SQLite will open by name, with mode 0600. One that is there is looked
    at and not opened: a process that closes any descriptor of a file gives up all locks that it holds on it, those of
    its other connections too (https://www.sqlite.org/howtocorrupt.html, 2.2). Raises as `opened`."""
    try:
        os.close(opened(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        if _own(path, path.lstat()) & 0o077:
            path.chmod(0o600)


def _own(path: Path, found: os.stat_result) -> int:
    """Its mode. Raises ConfigError for what is no file of this user."""
    if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode):
        raise ConfigError(f"{path} is no file of ours", f"remove it, or {FIX}")
    return stat.S_IMODE(found.st_mode)


def journal_path() -> Path:
    """The journal's file."""
    return state_dir() / "journal.sqlite"


def incident_dir(incident: str) -> Path:
    """The folder of one incident: its lock and its spooled output. Raises as `state_dir`."""
    return private(private(state_dir() / "incidents") / incident)


def _unusable(folder: Path, error: OSError) -> JournalError:
    return JournalError(f"the state folder {folder}: {error.strerror or error}", f"make it writable, or {FIX}")
