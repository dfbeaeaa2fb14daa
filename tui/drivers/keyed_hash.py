"""Keyed hashes of what must not be stored: equal values are recognised again, on this machine and nowhere else.

The key is 32 random bytes in the state folder, readable by its owner alone. Without it a hash cannot be tried against
guesses; whoever has both the key and the journal can try, so a short value is only as secret as this folder is.
"""

import hashlib
import os
import secrets
from pathlib import Path

from tui.drivers import paths
from tui.model.errors import JournalError

SIZE = 32
NAME = "hash.key"


class KeyedDigest:
    """BLAKE2b with this machine's key, which is made when it is first needed. Raises JournalError."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._key: bytes | None = None

    @property
    def name(self) -> str:
        """Names the key without telling it."""
        return self.of("the name of this key")

    def of(self, *parts: str) -> str:
        """32 hex digits for these texts in this order. Texts are told apart by their lengths: no two lists meet."""
        digest = hashlib.blake2b(key=self._read(), digest_size=16)
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
        return digest.hexdigest()

    def _read(self) -> bytes:
        if self._key is None:
            path = self._path or paths.state_dir() / NAME
            try:
                self._key = _existing(path) or _made(path)
            except OSError as error:
                words = f"the key for hashes, {path}: {error.strerror or error}"
                raise JournalError(words, "free its disk, or name another folder with ROLLBACK_STATE_DIR") from error
        return self._key


def _existing(path: Path) -> bytes | None:
    try:
        file = paths.opened(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        key, size = os.read(file, SIZE + 1), os.fstat(file).st_size
    finally:
        os.close(file)
    if len(key) != SIZE:
        raise OSError(f"it has {size} bytes instead of {SIZE}; remove it to begin anew")
    return key


def _made(path: Path) -> bytes:
    """A new key. Of two processes that make one at once the slower takes the other's: a link never overwrites."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        try:
            os.write(file, secrets.token_bytes(SIZE))
            os.fsync(file)
        finally:
            os.close(file)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # somebody was faster; theirs is read below
    finally:
        draft.unlink()
    return path.read_bytes()
