"""What is wrong with a file that was meant to be a private key: each with the way to a right one."""

import os
import re
import shlex
import stat
from pathlib import Path

from tui import regular_file

_ANOTHER = "name the private key's file, as ssh-keygen wrote it"
LARGEST = 64 * 1024
"""bytes of a file with a key"""
_OTHERS = 0o077
_NOT_LOADED = re.compile(r'^Load key "(.+)": (.+)$', re.MULTILINE)
_ENCODED = b"LS0tLS1CRUdJTi"
"""`-----BEGIN` in base64, as secrets of CI and Kubernetes are kept"""
_LOST = "write it again with its line ends: a secret of CI has to keep them, and a final one"


def wrong(raw: bytes) -> tuple[str, str] | None:
    """The nature of the file, to be put behind "FILE is", and the fix; None where nothing is known of it."""
    if not raw.strip():
        return "empty", _ANOTHER
    if raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return "no key that SSH can read: it begins with a byte order mark", "save it as plain text, without one"
    if raw.lstrip().startswith(b"PuTTY-User-Key-File"):
        return "a key of PuTTY", "puttygen FILE -O private-openssh -o NEW, and name that"
    if b"BEGIN SSH2 ENCRYPTED PRIVATE KEY" in raw:
        return "a key of SSH2", "let the program that made it export it for OpenSSH"
    if b"BEGIN DSA PRIVATE KEY" in raw:
        return "a DSA key, which SSH servers do not take any more", "ssh-keygen -t ed25519, then dokku ssh-keys:add"
    if b"BEGIN PGP" in raw or b"AGE-SECRET-KEY" in raw or b"BEGIN CERTIFICATE" in raw:
        return "a key of another program, not of SSH", _ANOTHER
    body = raw.strip()
    if body.startswith(_ENCODED):
        return "a key in base64", "base64 -d FILE > NEW && chmod 600 NEW, and name NEW"
    if b"PRIVATE KEY" not in raw:
        return None
    if body[:1] in b"\"'":
        return "a key in quotes", "take away the quotes around it"
    if b"\n" not in body:
        return "a key that has lost its line ends", _LOST
    if re.search(rb"(?m)^[ \t]+-----", raw) is not None:
        return "a key whose lines are indented", "take away the blanks at the beginning of its lines"
    if b"-----END" not in raw:
        return "a key that is cut off", _LOST
    return None


def for_file(fix: str, path: str | Path) -> str:
    """The fix with the file's path in place of FILE."""
    return fix.replace("FILE", shlex.quote(str(path)))


def exposed(path: Path) -> tuple[str, str] | None:
    """Why ssh ignores this private key, and the fix: others than its owner may read it. None where it does not, which
    is so of every file that belongs to somebody else (OpenSSH, `sshkey_perm_ok`). Raises OSError."""
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != os.getuid() or not mode & _OTHERS:
        return None
    words = f"{path} is open to others (permissions {mode:04o}): such a private key is ignored, as ssh does"
    if os.statvfs(path).f_flag & os.ST_RDONLY:  # a mounted secret
        return words, for_file("install -m 600 FILE NEW, and name NEW", path)
    return words, for_file("chmod 600 FILE", path)


def unlike_ssh(raw: bytes) -> tuple[str, str] | None:
    """The reason why ssh itself does not read a key that we do read, and the fix; None where it does, too."""
    if b"OPENSSH PRIVATE KEY" not in raw:
        return None
    if b"\r\n" in raw:
        return "has CRLF line ends, which ssh does not read", "tr -d '\\r' < FILE > NEW && chmod 600 NEW, and name NEW"
    if not raw.endswith(b"\n"):
        return "has no line end behind its last line, which ssh does not read", "echo >> FILE"
    return None


def refused_by_ssh(said: str) -> tuple[str, str] | None:
    """Why ssh did not load a key that it was to use, of what it said, and the fix; None where it says nothing of it."""
    if (found := _NOT_LOADED.search(said)) is None:
        return None
    path, why = Path(found[1]), found[2].strip()
    try:
        if why == "bad permissions":
            return exposed(path)
        raw = regular_file.read(path, LARGEST)
    except OSError:
        return None
    if (known := wrong(raw)) is not None:
        return f"{path} is {known[0]}", for_file(known[1], path)
    if (strict := unlike_ssh(raw)) is not None:
        return f"{path} {strict[0]}", for_file(strict[1], path)
    return None
