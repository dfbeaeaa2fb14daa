"""Splits what SSH hands to the forced command into words.

Measured on both versions: everything but git goes through `xargs -n 1`, whose default program is /bin/echo, so
every word is echoed on a line of its own and the lines become the arguments. Hence a word that is exactly `-n`
(or holds an n among only n, e, E) vanishes, `-e` and `-E` become an empty argument, and `--help` and
`--version` turn into echo's own text. `git-*` and `git:*` are split on blanks, without quotes (git's quoted
path loses its quotes).
"""

import re

ECHO_HELP = (
    "Usage: echo [SHORT-OPTION]... [STRING]...",
    "  or:  echo LONG-OPTION",
    "Echo the STRING(s) to standard output.",
    "",
    "  -n             do not output the trailing newline",
    "  -e             enable interpretation of backslash escapes",
    "  -E             disable interpretation of backslash escapes (default)",
    "      --help        display this help and exit",
    "      --version     output version information and exit",
)
ECHO_VERSION = (
    "echo (GNU coreutils) 9.7",
    "Packaged by Debian (9.7-3)",
    "Copyright (C) 2025 Free Software Foundation, Inc.",
    "License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.",
    "This is free software: you are free to change and redistribute it.",
    "There is NO WARRANTY, to the extent permitted by law.",
    "",
    "Written by Brian Fox and Chet Ramey.",
)
GIT_SERVICES = ("git-receive-pack", "git-upload-pack", "git-upload-archive")


class UnmatchedQuote(Exception):
    """xargs refuses a command line with an open quote; `str()` is its message."""


def split_command(line: str) -> list[str]:
    """The words Dokku receives for one SSH command line. Raises UnmatchedQuote."""
    stripped = line.lstrip()
    if stripped.startswith(("git-", "git:")):
        words = stripped.split()
        if words[0] in GIT_SERVICES:
            return [words[0], *(word.replace("'", "").replace('"', "") for word in words[1:])]
        return words
    received: list[str] = []
    for word in xargs_words(line):
        received += echoed(word)
    return received


def echoed(word: str) -> list[str]:
    """The words that one word becomes after /bin/echo: one argument a line, or none."""
    if word == "--help":
        return list(ECHO_HELP)
    if word == "--version":
        return list(ECHO_VERSION)
    if re.fullmatch(r"-[neE]+", word):
        return [] if "n" in word else [""]
    return word.split("\n")


def xargs_words(line: str) -> list[str]:
    """Words by the rules of xargs: quotes of both kinds, and a backslash that makes the next character plain."""
    words: list[str] = []
    word: list[str] | None = None
    position = 0
    while position < len(line):
        character = line[position]
        if character in " \t\n":
            if word is not None:
                words.append("".join(word))
            word = None
        elif character in "'\"":
            end = line.find(character, position + 1)
            if end < 0 or "\n" in line[position:end]:
                kind = "single" if character == "'" else "double"
                meaning = "by default quotes are special to xargs unless you use the -0 option"
                raise UnmatchedQuote(f"xargs: unmatched {kind} quote; {meaning}")
            word = (word or []) + [line[position + 1 : end]]
            position = end
        elif character == "\\" and position + 1 < len(line):
            position += 1
            word = (word or []) + [line[position]]
        else:
            word = (word or []) + [character]
        position += 1
    if word is not None:
        words.append("".join(word))
    return words
