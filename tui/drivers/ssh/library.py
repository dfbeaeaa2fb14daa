"""asyncssh, imported when first needed: it costs more than the first screen.

It looks for two C libraries that it can use (liboqs, nettle). On Linux ctypes does that by running programs, among them
ldconfig, gcc and ld, which costs a tenth of the import and may take as long as all of it. Here the folders of the
system's libraries are looked into instead, for these two alone and for as long as the import takes.

It can do without X.509, which no OpenSSH knows, and which takes a seventh of the import: here it does.
"""

import asyncio
import contextlib
import ctypes.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from tui import garbage

LOOKED_FOR = ("oqs", "nettle")
X509 = "asyncssh.crypto.x509"
FOLDERS = ("/usr/local/lib", "/usr/lib64", "/lib64", "/usr/lib", "/lib")

_imported: Any = None


async def library() -> Any:
    """asyncssh, imported in a thread.

    `sys.modules` must not be asked: it holds a module from the moment its import begins.
    """
    return _imported or await asyncio.get_running_loop().run_in_executor(None, _import)


def _import() -> Any:
    global _imported
    with garbage.put_off(), nothing_run(), without_x509():
        import asyncssh
        import asyncssh.public_key

    if not hasattr(
        asyncssh.public_key, "import_x509_certificate"
    ):  # it is called all the same, for a file that holds one
        setattr(asyncssh.public_key, "import_x509_certificate", _no_x509)  # noqa: B010 - a name of a library
    _imported = asyncssh
    return asyncssh


def _no_x509(_: bytes) -> NoReturn:
    raise ValueError("X.509 certificates are not used for SSH")


@contextlib.contextmanager
def without_x509() -> Iterator[None]:
    """In the block asyncssh is imported without its support of X.509."""
    blocked = X509 not in sys.modules
    if blocked:
        sys.modules[X509] = None  # type: ignore[assignment]  # what Python takes for a module that is not there
    try:
        yield
    finally:
        if blocked:
            del sys.modules[X509]


@contextlib.contextmanager
def nothing_run() -> Iterator[None]:
    """In the block, no program is run to find the libraries that asyncssh looks for; elsewhere than on Linux none is
    anyhow."""
    real: Callable[[str], str | None] = ctypes.util.find_library

    def find(name: str) -> str | None:
        short = name.removeprefix("lib").partition("-")[0]
        return file_of(short) if short in LOOKED_FOR else real(name)

    if sys.platform == "linux":
        setattr(ctypes.util, "find_library", find)  # noqa: B010 - a name that it imports
    try:
        yield
    finally:
        setattr(ctypes.util, "find_library", real)  # noqa: B010 - as it was


def file_of(name: str) -> str | None:
    """The file of a shared library, where the system keeps such files; None: none is there that can be loaded."""
    machine: str = getattr(sys.implementation, "_multiarch", "")
    said = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    for folder in (*said, *(f"{one}/{machine}" for one in FOLDERS if machine), *FOLDERS):
        for file in sorted(Path(folder).glob(f"lib{name}.so*"), reverse=True):
            with contextlib.suppress(OSError):  # it is of another machine
                ctypes.CDLL(str(file))
                return str(file)
    return None
