"""Private keys that services.yaml names: each read once, and its passphrase asked for once in a process.

A key that was unlocked stays unlocked until the process ends, for every connection to every host that uses it; so does
the answer that nobody can unlock it, lest a console that polls asks a person for ever.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui import regular_file
from tui.model.errors import AuthRefused
from tui.text.clean import clean_line

LARGEST = 64 * 1024
"""bytes of a file with a key"""
TRIES = 3
"""times that a passphrase is asked for, as ssh does"""


class Identities:
    """The keys of one process. `ask` shows its argument to a person and returns what they typed."""

    def __init__(self, ask: Callable[[str], str] | None = None) -> None:
        self._ask = ask
        self._unlocked: dict[str, Any] = {}
        self._refused: dict[str, AuthRefused] = {}
        self._turn = asyncio.Lock()

    async def options(self, asyncssh: Any, path: str) -> dict[str, Any]:
        """The options that make asyncssh use this key. Raises AuthRefused."""
        async with self._turn:  # two connections that need one key need one answer
            if path in self._refused:
                raise self._refused[path]
            if path not in self._unlocked:
                raw = await asyncio.to_thread(_read, path)
                try:
                    self._unlocked[path] = await asyncio.to_thread(_import, asyncssh, raw, path, None)
                except _Locked:
                    if await _agent_has(asyncssh, public := _public_half(path)):
                        return {"client_keys": [], "agent_identities": [public]}
                    self._unlocked[path] = await self._unlock(asyncssh, raw, path)
            return {"client_keys": [self._unlocked[path]]}

    async def _unlock(self, asyncssh: Any, raw: bytes, path: str) -> Any:
        """The key, opened with what a person types. Raises AuthRefused."""
        if self._ask is None:
            raise AuthRefused(f"{path} needs a passphrase and nobody can be asked", "ssh-add it first")
        loop = asyncio.get_running_loop()
        for _ in range(TRIES):
            typed = await loop.run_in_executor(None, self._ask, f"passphrase of {path}: ")
            try:
                return await asyncio.to_thread(_import, asyncssh, raw, path, typed)
            except _Locked:
                continue
        self._refused[path] = AuthRefused(f"{path}: wrong passphrase", "start again, or ssh-add it first")
        raise self._refused[path]


class _Locked(Exception):
    """The key needs another passphrase."""


def _read(path: str) -> bytes:
    try:
        return regular_file.read(Path(path).expanduser(), LARGEST)
    except (OSError, RuntimeError) as error:  # RuntimeError: ~nobody
        why = getattr(error, "strerror", None) or str(error)
        raise AuthRefused(f"{path}: {why}", "name another identity_file in services.yaml") from error


def _import(asyncssh: Any, raw: bytes, path: str, passphrase: str | None) -> Any:
    """The key. Raises _Locked, and AuthRefused for what is none."""
    try:
        return asyncssh.import_private_key(raw, passphrase)
    except asyncssh.KeyEncryptionError as error:
        if passphrase is not None:
            raise _Locked from error
        raise AuthRefused(f"{path} cannot be decrypted: {clean_line(str(error))}") from error
    except (asyncssh.KeyImportError, ValueError) as error:
        if passphrase is not None or "passphrase" in str(error).lower():
            raise _Locked from error
        raise AuthRefused(f"{path} is no usable key: {clean_line(str(error))}") from error


def _public_half(path: str) -> str:
    return f"{Path(path).expanduser()}.pub"


async def _agent_has(asyncssh: Any, public: str) -> bool:
    """Whether ssh-agent holds the private half of this file's key."""
    if not os.environ.get("SSH_AUTH_SOCK"):
        return False
    try:
        raw = await asyncio.to_thread(regular_file.read, Path(public), LARGEST)
        wanted = asyncssh.import_public_key(raw).public_data
        async with asyncssh.connect_agent() as agent:
            return any(pair.public_data == wanted for pair in await agent.get_keys())
    except (OSError, ValueError, asyncssh.Error):
        return False  # no agent there, or no public half beside the key: then the passphrase is needed
