"""What is wrong with a file that was meant to be a private key: each with the way to a right one."""

import re

_ANOTHER = "name the private key's file, as ssh-keygen wrote it"
_LOST = "write it again with its line ends: a secret of CI has to keep them, and a final one"


def wrong(raw: bytes) -> tuple[str, str] | None:
    """What the file is, to be put behind "FILE is", and the fix; None where nothing is known of it."""
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
    if b"PRIVATE KEY" not in raw:
        return None
    body = raw.strip()
    if b"\n" not in body:
        return "a key that has lost its line ends", _LOST
    if re.search(rb"(?m)^[ \t]+-----", raw) is not None:
        return "a key whose lines are indented", "take away the blanks at the beginning of its lines"
    if b"-----END" not in raw:
        return "a key that is cut off", _LOST
    return None
