"""Seeing whether a holder's image is there, over an ordinary `dokku@` login.

`run HOLDER` starts the image, unless the app's run options name an entrypoint that does not exist: then Docker looks
for the image, fails to find the program in it, and says which of the two was missing. Nothing of the release is run.
Without that option `run` would start the release itself. So the one command line is made here, from the reports that
show the option to be in force, and from nothing else: `question` is the only way to it.

Measured on 0.35.15 and 0.38.27: 1.4-2.6 s where the image is there, 0.7-1.2 s where it is gone. A scheduler other than
docker-local does not read the option, and is never asked. For an image of `pack` 0.38.27 appends an entrypoint of its
own, which runs the word after the holder's name instead: that is why the word is the same path.
"""

import re
import shlex
from datetime import datetime

from tui.dokku import capabilities, holders, refusals, reports
from tui.dokku.commands import Argv
from tui.model.holder_look import HolderLook, ImageState
from tui.model.outcome import Answer, describe
from tui.text.clean import clean_line

PROGRAM = "/rollback-looks-only"
"""a program that no image has"""
OPTION = f"--entrypoint={PROGRAM}"
LIMIT = 30.0
"""seconds that a look may take"""
_LOCAL = "docker-local"
_PACK = "pack"
_KNOWN_BY = ("0.35", "0.38")
"""versions whose words were recorded"""
_NOT_IN_IT = f'exec: "{PROGRAM}": stat {PROGRAM}: no such file or directory'
_OF_DOCKER = ("Error response from daemon: ", "docker: Error response from daemon: ")
_PACK_WORDS = re.compile(rf"bash: line [0-9]+: {re.escape(PROGRAM)}: No such file or directory")
_NO_STAGE = "!     Invalid image stage detected: expected 'release', got ''"
_DEPLOY_IT = "!     Successfully deploy your app to fix dokku run calls"


class NotLookedAt(Exception):
    """The look must not be sent; the message is the reason in words."""


def allow(holder: str) -> Argv:
    """The setting that makes looking possible and harmless, once per holder. Nothing else reads it: it is never run."""
    return ("docker-options:add", holder, "run", OPTION)


def options_report(holder: str) -> Argv:
    """The options of every phase, as text: 0.35 has no JSON of it; 0.4 s."""
    return ("docker-options:report", holder)


def scheduler_report(holder: str) -> Argv:
    """Which scheduler `run` would go to; 0.3 s."""
    return ("scheduler:report", holder)


_GOES_ON = re.compile(r"[ \t](?!\s*!)|-")
"""how a line begins that may be of the report; what a host's shell or plugin puts behind a report begins otherwise"""


def run_options(report: bytes) -> tuple[str, ...] | None:
    """The words of the run options in a `docker-options:report`; None where it names no such phase."""
    found = reports.docker_options(report)
    if "run" not in found:
        return None
    own = [line for n, line in enumerate(found["run"].split("\n")) if n == 0 or _GOES_ON.match(line)]
    try:
        return tuple(shlex.split(" ".join(own)))
    except ValueError:
        return ("?",)


def allowed(report: Answer) -> bool:
    """True if the run options are ours and nothing else."""
    return report.ok and run_options(report.stdout) == (OPTION,)


def question(holder: str, options: Answer, scheduler: Answer, version: str | None, builder: str | None) -> Argv:
    """The command that looks, which these answers of the same connection make harmless. Raises NotLookedAt."""
    if holders.parse_holder(holder) is None:
        raise NotLookedAt(f"{clean_line(holder, 80)} is no holder")
    if options.argv != options_report(holder) or scheduler.argv != scheduler_report(holder):
        raise NotLookedAt("what was read is about another app")
    if not options.ok:
        raise NotLookedAt(f"its run options could not be read: {describe(options.outcome)}")
    words = run_options(options.stdout)
    if words != (OPTION,):
        other = clean_line(" ".join(words or ()), 80)
        raise NotLookedAt(
            f"its run options are {other}" if other else "it was kept without a way to look: keep adds one"
        )
    found = reports.text_report(scheduler.stdout) if scheduler.ok else {}
    named = found.get("scheduler computed selected") or found.get("scheduler selected")
    if named != _LOCAL:
        raise NotLookedAt(
            f"only on the scheduler {_LOCAL} a look is harmless; it is {clean_line(named or 'unknown', 40)}"
        )
    if not _recorded(version):
        raise NotLookedAt(f"Dokku {version or 'of an unknown version'} was never tried")
    if builder == _PACK and not capabilities.at_least(version, (0, 38)):
        raise NotLookedAt("an image built by pack was never looked at on this Dokku")
    return ("run", holder, PROGRAM)


def is_look(argv: Argv) -> bool:
    """True if a command line is the one that `question` makes."""
    return len(argv) == 3 and (argv[0], argv[2]) == ("run", PROGRAM) and holders.parse_holder(argv[1]) is not None


def read(holder: str, answer: Answer, at: datetime, builder: str | None = None) -> HolderLook:
    """The look by the answer to `question`. Every other text than the recorded ones is unknown, never gone."""

    def found(image: ImageState, why: str = "") -> HolderLook:
        return HolderLook(holder=holder, image=image, at=at, why=why)

    lines = [line.strip() for line in refusals.words(answer.stderr) if line.strip()]
    if answer.code in (None, 0):
        return found(ImageState.UNKNOWN, f"the look ended otherwise than it can: {describe(answer.outcome)}")
    if any(line.startswith(_OF_DOCKER) and _NOT_IN_IT in line for line in lines):
        return found(ImageState.THERE)  # what else was printed cannot make it untrue: Docker looked into the image
    if answer.stdout.strip():
        return found(ImageState.UNKNOWN, "something was printed that no look prints: did the release run?")
    if builder == _PACK and lines and all(_PACK_WORDS.fullmatch(line) for line in lines):
        return found(ImageState.THERE)
    gone = {_NO_STAGE, _DEPLOY_IT}
    known = {*gone, f"!     App image (dokku/{holder}:latest) not found", "Error: No such image:"}
    if gone <= set(lines) <= known:
        return found(ImageState.GONE)
    said = clean_line(" ".join(lines), 160)
    return found(ImageState.UNKNOWN, f"the host said something else: {said or describe(answer.outcome)}")


def _recorded(version: str | None) -> bool:
    return ".".join((version or "").split(".")[:2]) in _KNOWN_BY
