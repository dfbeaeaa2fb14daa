"""Looks at holders' images, held to what hosts said: recorded on 0.35.15 and 0.38.27, 2026-11-28."""

from datetime import UTC, datetime

import pytest

from tui.dokku import holder_looks
from tui.model.holder_look import ImageState
from tui.model.outcome import Answer, Exited, Lost, Outcome, TimedOut

AT = datetime(2026, 11, 28, 14, 0, tzinfo=UTC)
HOLDER = "scenextras--r1--pre-deploy-20261128-135222"
PAD = " " * 23
"""values are padded"""
THERE = (
    "Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create "
    "failed: runc create failed: unable to start container process: "
    'exec: "/rollback-looks-only": stat /rollback-looks-only: no such file or directory: unknown\n'
)
GONE = (
    f" !     App image (dokku/{HOLDER}:latest) not found\nError: No such image: \n"
    " !     Invalid image stage detected: expected 'release', got ''\n"
    " !     Successfully deploy your app to fix dokku run calls\n"
)
PACK = "bash: line 1: /rollback-looks-only: No such file or directory\n"
OLD = f"""=====> {HOLDER} docker options information
       Docker options build:{PAD}
       Docker options deploy:         --restart=on-failure:10{PAD}
       Docker options run:            --entrypoint=/rollback-looks-only{PAD}
"""
NEW = f"""=====> {HOLDER} docker-options information
       Docker options build:{PAD}
       Docker options deploy:{PAD}
       Docker options run:            --entrypoint=/rollback-looks-only
"""
LOCAL = f"""=====> {HOLDER} scheduler information
       Scheduler computed selected:   docker-local
       Scheduler global selected:     docker-local
       Scheduler selected:{PAD}
"""


def answer(argv: tuple[str, ...], out: str = "", err: str = "", outcome: Outcome | None = None) -> Answer:
    ended = outcome or Exited(code=0)
    return Answer(argv=argv, outcome=ended, started_at=AT, seconds=1.0, stdout=out.encode(), stderr=err.encode())


def options(text: str, holder: str = HOLDER) -> Answer:
    return answer(holder_looks.options_report(holder), text)


def scheduler(text: str = LOCAL, holder: str = HOLDER) -> Answer:
    return answer(holder_looks.scheduler_report(holder), text)


def found(err: str, code: int = 1, out: str = "", builder: str | None = None) -> ImageState:
    said = answer(("run", HOLDER, holder_looks.PROGRAM), out, err, Exited(code=code))
    return holder_looks.read(HOLDER, said, AT, builder).image


@pytest.mark.parametrize(("text", "version"), [(OLD, "0.35.15"), (NEW, "0.38.27")])
def test_the_question_is_made_where_both_reports_show_it_to_be_harmless(text: str, version: str) -> None:
    argv = holder_looks.question(HOLDER, options(text), scheduler(), version, None)
    assert argv == ("run", HOLDER, "/rollback-looks-only")
    assert holder_looks.is_look(argv)


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (OLD.replace(holder_looks.OPTION, ""), "keep adds one"),
        (OLD.replace(holder_looks.OPTION, "--entrypoint=/bin/sh"), "--entrypoint=/bin/sh"),
        (OLD.replace(holder_looks.OPTION, f"{holder_looks.OPTION} --entrypoint=/bin/sh"), "--entrypoint=/bin/sh"),
        (OLD.replace(holder_looks.OPTION, f"{holder_looks.OPTION}x"), "onlyx"),
        (OLD.replace(holder_looks.OPTION, f"-v /:/host {holder_looks.OPTION}"), "-v /:/host"),
        (OLD.replace("Docker options run:            --entrypoint=/rollback-looks-only", ""), "keep adds one"),
        (
            OLD.replace("deploy:         --restart=on-failure:10", f"deploy: {holder_looks.OPTION}").replace(
                "run:            --entrypoint=/rollback-looks-only", "run:"
            ),
            "keep adds one",
        ),
        (OLD.replace(holder_looks.OPTION, "'--entrypoint=/rollback"), "?"),
        (f"{OLD}-v /:/host\n", "-v /:/host"),
        (f"{OLD}       -v /:/host\n", "-v /:/host"),
        ("", "keep adds one"),
    ],
)
def test_without_our_entrypoint_alone_there_is_no_question(report: str, why: str) -> None:
    with pytest.raises(holder_looks.NotLookedAt) as refused:
        holder_looks.question(HOLDER, options(report), scheduler(), "0.35.15", None)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("holder", "said", "told", "version", "builder"),
    [
        ("scenextras", options(OLD, "scenextras"), scheduler(holder="scenextras"), "0.35.15", None),
        (HOLDER, options(OLD, "another--r1--pre-deploy-20261128-135222"), scheduler(), "0.35.15", None),
        (HOLDER, options(OLD), scheduler(holder="another"), "0.35.15", None),
        (
            HOLDER,
            options(OLD),
            scheduler(LOCAL.replace("selected:   docker-local", "selected:   k3s")),
            "0.35.15",
            None,
        ),
        (HOLDER, options(OLD), scheduler(""), "0.35.15", None),
        (HOLDER, options(OLD), scheduler(), "0.36.1", None),
        (HOLDER, options(OLD), scheduler(), None, None),
        (HOLDER, options(OLD), scheduler(), "0.35.15", "pack"),
        (HOLDER, answer(holder_looks.options_report(HOLDER), OLD, "", Exited(code=1)), scheduler(), "0.35.15", None),
        (HOLDER, answer(holder_looks.options_report(HOLDER), OLD, "", Lost(why="x")), scheduler(), "0.35.15", None),
    ],
)
def test_what_is_not_known_to_be_harmless_is_not_asked(
    holder: str, said: Answer, told: Answer, version: str | None, builder: str | None
) -> None:
    with pytest.raises(holder_looks.NotLookedAt):
        holder_looks.question(holder, said, told, version, builder)


def test_what_hosts_say_of_an_image() -> None:
    assert found(THERE) is ImageState.THERE
    assert found(THERE, 127) is ImageState.THERE
    assert found(GONE) is ImageState.GONE
    assert found("\n".join(GONE.splitlines()[2:])) is ImageState.GONE, "as without the two lines before it"
    assert found(PACK, 127, builder="pack") is ImageState.THERE
    assert found(f"docker: {THERE}", 127) is ImageState.THERE, "as Docker's client begins it"


SHELL = "bash: warning: setlocale: LC_ALL: cannot change locale (de_DE.UTF-8)\nmesg: ttyname failed: no tty\n"


@pytest.mark.parametrize("end", ["You have mail in /var/mail/dokku\n", "\n[]\n", " !     a plugin: done\n"])
def test_what_a_hosts_shell_or_plugin_adds_hides_no_image(end: str) -> None:
    assert found(SHELL + THERE, 1, end) is ImageState.THERE
    assert found(SHELL + GONE) is ImageState.GONE
    assert found(SHELL + PACK, 127, builder="pack") is ImageState.THERE
    argv = holder_looks.question(HOLDER, options(OLD + end), scheduler(LOCAL + end), "0.35.15", None)
    assert holder_looks.is_look(argv)


@pytest.mark.parametrize(
    ("err", "code", "out"),
    [
        ("", 1, ""),
        ("", 0, ""),
        (THERE, 0, ""),
        (GONE, 0, ""),
        (GONE, 1, "listening on 5000\n"),
        (f"GET /?{THERE.partition('process: ')[2]}", 1, "listening on 5000\n"),
        (GONE + " !     something that nobody has seen\n", 1, ""),
        (GONE.replace(HOLDER, "scenextras"), 1, ""),
        (GONE.splitlines()[0], 1, ""),
        ("Error: No such image: \n", 1, ""),
        (" !     Successfully deploy your app to fix dokku run calls\n", 1, ""),
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n", 1, ""),
        ('Error response from daemon: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown\n', 1, ""),
        (PACK, 127, ""),
        (f" !     App {HOLDER} does not exist\n", 20, ""),
        (' !     Error getting image pull secret: secrets "ims-kub.1795875390" not found\n', 1, ""),
    ],
)
def test_every_other_text_is_unknown_and_never_gone(err: str, code: int, out: str) -> None:
    assert found(err, code, out) is ImageState.UNKNOWN


@pytest.mark.parametrize("end", [Lost(why="the link ended"), TimedOut(after=30.0)])
def test_a_look_without_an_end_is_unknown(end: Outcome) -> None:
    look = holder_looks.read(HOLDER, answer(("run", HOLDER, holder_looks.PROGRAM), "", GONE, end), AT)
    assert (look.image, look.at) == (ImageState.UNKNOWN, AT)
    assert look.why


@pytest.mark.parametrize(
    "argv", [("run",), ("run", "api", holder_looks.PROGRAM), ("run", HOLDER, "sh"), ("run", HOLDER)]
)
def test_no_other_run_is_a_look(argv: tuple[str, ...]) -> None:
    assert not holder_looks.is_look(argv)
