"""Files of known hosts, read as OpenSSH reads them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; hostfile.c).

A host on another port than 22 is looked for as `[name]:port`; where nothing is on file under that, an entry of the bare
name holds as well, if it has the very key that is shown. `HostKeyAlias` is looked for as it is, without a port. A line
that cannot be read is no line: OpenSSH passes over it, and so does this.
"""

import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tui import regular_file

LARGEST = 8 << 20
"""bytes of a file of known hosts"""
NONE = ("none", "/dev/null")
_MARKERS = {"": "", "@cert-authority": "authority", "@revoked": "revoked"}


class Known(NamedTuple):
    """The entries of one host: keys as OpenSSH writes public ones, `ssh-ed25519 AAAA…`."""

    keys: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    by_port: bool = True
    """the keys are of the very name and port; else of the bare name, which says nothing of other keys"""


def names(host: str, port: int, alias: str | None) -> tuple[str, ...]:
    """Under which names a host is looked for, the first that is on file counts."""
    if alias:
        return (alias,)
    return (host,) if port == 22 else (f"[{host}]:{port}", host)


def look_up(files: tuple[Path, ...], wanted: tuple[str, ...], *, named: bool = False) -> Known:
    """The word of the files. A file that is not there says nothing, nor does a folder or one that may not be read, as
    for ssh; unless they are `named` in services.yaml. Raises OSError, with its name, for one that cannot be read."""
    texts = [_text(file, named) for file in files]
    found = [_collected(texts, name) for name in wanted]
    first = next((number for number, one in enumerate(found) if one.keys), 0)
    return Known(
        keys=found[first].keys if found else (),
        authorities=next((one.authorities for one in found if one.authorities), ()),
        revoked=tuple(key for one in found for key in one.revoked),
        by_port=first == 0,
    )


def line(name: str, key: str, *, hashed: bool) -> str:
    """A line that says that this host has this key."""
    if hashed:
        salt = os.urandom(20)
        name = "|".join(("", "1", *(base64.b64encode(one).decode() for one in (salt, _hash(salt, name)))))
    return f"{name} {key}\n"


def _collected(texts: list[str], name: str) -> Known:
    kinds: dict[str, list[str]] = {"": [], "authority": [], "revoked": []}
    for text in texts:
        for marker, hosts, key in _entries(text):
            if matches(hosts, name):
                kinds[marker].append(key)
    return Known(tuple(kinds[""]), tuple(kinds["authority"]), tuple(kinds["revoked"]))


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Marker, host patterns and key of each line that can be read."""
    for raw in text.split("\n"):  # and on nothing else, so that a line has one meaning for both programs
        words = [word for word in re.split(r"[ \t\r]+", raw) if word]
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if marker in _MARKERS and len(words) >= 3:
            yield _MARKERS[marker], words[0], f"{words[1]} {words[2]}"


def matches(patterns: str, name: str) -> bool:
    """True if a field of host patterns, plain or hashed, is about this name."""
    if patterns.startswith("|"):
        return _is_hash_of(patterns, name)
    lowered, found = name.lower(), False
    for pattern in patterns.lower().split(","):
        if pattern and fnmatch.fnmatchcase(lowered, re.sub(r"[\[]", "[[]", pattern.removeprefix("!"))):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _is_hash_of(field: str, name: str) -> bool:
    parts = field.split("|")
    if len(parts) != 4 or parts[1] != "1":
        return False
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in parts[2:])
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(_hash(salt, name.lower()), digest)


def _hash(salt: bytes, name: str) -> bytes:
    return hmac.new(salt, name.encode(), hashlib.sha1).digest()


def _text(file: Path, named: bool) -> str:
    if str(file) in NONE:
        return ""
    try:
        return regular_file.read(file, LARGEST).decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        if not named and (isinstance(error, PermissionError) or file.is_dir()):
            return ""
        error.filename = str(file)
        raise
