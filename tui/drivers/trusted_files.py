"""The services.yaml files of working directories that a person trusts, in a file of the state folder.

For each path: the fingerprint of what the file can make us do, which decides, and a hash of all its bytes, which tells
without reading YAML that nothing changed at all.
"""

import hashlib
import json
import os
from pathlib import Path

from tui.drivers.paths import state_dir
from tui.model.errors import JournalError
from tui.model.value import Value

NAME = "trusted.json"
LARGEST = 1024 * 1024
"""bytes"""
AGAIN = "remove it: each file is then asked about again"


class Trusted(Value):
    """The state of a file when it was trusted."""

    fingerprint: str
    """over its powers"""
    digest: str
    """SHA-256 over its bytes, hex digits"""


class TrustedFiles:
    """The files that this user trusts on this machine."""

    def known(self, file: Path) -> Trusted | None:
        """The file as it was trusted last, or None. Raises JournalError."""
        found = self._read().get(os.path.realpath(file))
        return None if found is None else Trusted(fingerprint=found[0], digest=found[1])

    def unchanged(self, file: Path, raw: bytes) -> bool:
        """True if the file was trusted with exactly these bytes. Raises JournalError."""
        found = self.known(file)
        return found is not None and found.digest == _digest(raw)

    def trust(self, file: Path, raw: bytes, fingerprint: str) -> None:
        """Remember the file: on disk when this returns. Raises JournalError."""
        every = {**self._read(), os.path.realpath(file): (fingerprint, _digest(raw))}
        path = state_dir() / NAME
        beside = path.with_name(f".{NAME}.{os.getpid()}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump(every, out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(path)
        except OSError as error:
            raise JournalError(f"{path} cannot be written: {error.strerror}", "or name the file: --services") from error

    def _read(self) -> dict[str, tuple[str, str]]:
        path = state_dir() / NAME
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as opened:
                found = json.loads(opened.read(LARGEST).decode("utf-8"))
            return {str(name): (str(print_), str(digest)) for name, (print_, digest) in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise JournalError(f"{path} cannot be read: {error}", AGAIN) from error


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
