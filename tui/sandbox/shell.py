"""The answers of commands in a container: a few that somebody would ask are known, any other is not found."""

import shlex
from collections.abc import Mapping

from tui.sandbox.host import Call
from tui.sandbox.images import Image

KNOWN = ("env", "printenv", "cat", "echo", "true", "false", "exit", "sh", "bash")


def unknown(words: list[str]) -> str:
    """The command, if no container here has it; "" otherwise."""
    return "" if not words or words[0] in KNOWN else words[0]


def said(call: Call, words: list[str], env: Mapping[str, str], image: Image) -> int:
    """The output of a command in a container, and its exit code: a few that somebody would ask are known."""
    if words[:2] == ["sh", "-c"] or words[:2] == ["bash", "-c"]:
        words = shlex.split(words[2]) if len(words) > 2 else []
    match words:
        case []:
            return 0
        case ["env"] | ["printenv"]:
            for key, value in env.items():
                call.out(f"{key}={value}")
        case ["printenv", key]:
            if key not in env:
                return 1
            call.out(env[key])
        case ["cat", path]:
            return cat(call, path, image)
        case ["echo", *rest]:
            call.out(" ".join(rest))
        case ["true"] | ["false"]:
            return int(words[0] == "false")
        case ["exit", code] if code.isdigit():
            return int(code)
        case [name, *_] if "/" in name:
            call.err(f"bash: line 1: {name}: No such file or directory")
            return 127
        case [name, *_]:
            call.err(f"bash: line 1: {name}: command not found")
            return 127
    return 0


def cat(call: Call, path: str, image: Image) -> int:
    """A file of the image; every image of the sandbox has its VERSION."""
    data = image.config.files.get(path)
    if path == "/app/VERSION":
        data = f"{image.content.version}\n".encode()
    if data is None:
        call.err(f"cat: {path}: No such file or directory")
        return 1
    call.write(data)
    return 0
