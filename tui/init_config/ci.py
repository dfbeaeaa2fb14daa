"""The lines that keep a release before each deploy, for the CI that a repository uses.

A key and the host's own key come from the CI's secrets: neither is in a file. `keep` ends with 9 where what runs is
kept already, which is well here.
"""

import shlex
from collections.abc import Callable
from pathlib import PurePosixPath

from tui.init_config.document import comment, quoted
from tui.model.value import Value

KEY, KNOWN = "ROLLBACK_SSH_KEY", "ROLLBACK_KNOWN_HOSTS"
"""names of the CI's secrets"""
SOURCE = "dokku-rollback @ git+https://git.example/rollback"


class CiSetup(Value):
    """The facts that the lines are made from."""

    services: str
    """the path of services.yaml in the repository, or on the machine for cron"""
    source: str = SOURCE
    """what pip installs the program from"""
    known_source: bool = False
    """False: where the program was installed from is not known, and `source` is an example"""
    key: str = "~/.ssh/id_ed25519"
    """where the private key has to be: what services.yaml names, else where ssh looks"""


class CiSystem(Value):
    """One CI."""

    name: str
    title: str
    signs: tuple[str, ...]
    """files or folders of a repository that uses it"""
    path: str
    """where its file is written"""
    use: str
    """how the deploy waits for it"""
    write: Callable[[CiSetup], str]


def keep_line(of: CiSetup) -> str:
    """The command, for a POSIX shell."""
    return f"rollback --services {shlex.quote(of.services)} keep --all || test $? -eq 9"


def _login(of: CiSetup) -> list[str]:
    key = _path(of.key)
    return [
        install_line(of),
        f"mkdir -p -m 700 ~/.ssh {_path(str(PurePosixPath(of.key).parent))}".removesuffix(" ~/.ssh"),
        f'(umask 077 && printf "%s\\n" "${KEY}" > {key})',
        f'printf "%s\\n" "${KNOWN}" >> ~/.ssh/known_hosts',
        keep_line(of),
    ]


def _path(text: str) -> str:
    """A path for a shell; ~ stays what it is."""
    return f"~/{shlex.quote(text.removeprefix('~/'))}" if text.startswith("~/") else shlex.quote(text)


def install_line(of: CiSetup) -> str:
    """The command that brings the program, for a POSIX shell."""
    return f"pip install -q {shlex.quote(of.source)}"


def _head(of: CiSetup, what: str) -> list[str]:
    said = comment(
        f"Keeps what runs before a deploy, so that there is a way back to it. {what} "
        f"{KEY}: a private key that Dokku takes; {KNOWN}: what `ssh-keyscan` says of the host, "
        "compared with the host's own."
    )
    return (
        said
        if of.known_source
        else [*said, *comment("Where the program is installed from is an example: please check")]
    )


def _github(of: CiSetup) -> str:
    lines = [
        *_head(of, "In the workflow that deploys: a job with `uses: ./.github/workflows/rollback-keep.yml` and "
               "`secrets: inherit`, and `needs:` that job in the one that deploys."),
        "name: rollback keep",
        "on:",
        "  workflow_call:",
        "  workflow_dispatch:",
        "permissions:",
        "  contents: read",
        "jobs:",
        "  keep:",
        "    runs-on: ubuntu-latest",
        "    timeout-minutes: 10",
        "    steps:",
        "      - uses: actions/checkout@v4",
        "      - uses: actions/setup-python@v5",
        '        with: {python-version: "3.12"}',
        "      - env:",
        f"          {KEY}: ${{{{ secrets.{KEY} }}}}",
        f"          {KNOWN}: ${{{{ secrets.{KNOWN} }}}}",
        "        run: |",
        *(f"          {line}" for line in _login(of)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _gitlab(of: CiSetup) -> str:
    lines = [
        *_head(of, "In .gitlab-ci.yml: `include: [{local: .gitlab/rollback-keep.yml}]`; the stage .pre comes before "
               "all others."),
        "rollback-keep:",
        "  stage: .pre",
        "  image: python:3.12-slim",
        "  timeout: 10 minutes",
        "  resource_group: rollback-keep",
        "  rules:",
        "    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        "  script:",
        *(f"    - {_yaml(line)}" for line in _login(of)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _woodpecker(of: CiSetup) -> str:
    lines = [
        *_head(of, "In the workflow that deploys: `depends_on: [rollback-keep]`."),
        "when:",
        "  - event: push",
        "    branch: ${CI_REPO_DEFAULT_BRANCH}",
        "steps:",
        "  - name: keep",
        "    image: python:3.12-slim",
        "    environment:",
        f"      {KEY}: {{from_secret: rollback_ssh_key}}",
        f"      {KNOWN}: {{from_secret: rollback_known_hosts}}",
        "    commands:",
        *(f"      - {_yaml(line.replace('$', '$$'))}" for line in _login(of)),
    ]
    return "\n".join(lines) + "\n"


def _cron(of: CiSetup) -> str:
    """For /etc/cron.d: `%` would be a line's end there, and the sixth field is the user."""
    line = keep_line(of).replace("%", "\\%")
    lines = [
        *comment(
            "Keeps what runs every ten minutes, so that there is a way back to it. For /etc/cron.d: the user "
            "`rollback` needs the key that services.yaml names, the host in its ~/.ssh/known_hosts, and `rollback` on "
            "this PATH."
        ),
        "SHELL=/bin/sh",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        f"*/10 * * * * rollback {line}",
    ]
    return "\n".join(lines) + "\n"


def _yaml(line: str) -> str:
    return quoted(line)


KINDS = (
    CiSystem(
        name="github",
        title="GitHub Actions",
        signs=(".github/workflows", ".github"),
        path=".github/workflows/rollback-keep.yml",
        use="uses: ./.github/workflows/rollback-keep.yml",
        write=_github,
    ),
    CiSystem(
        name="gitlab",
        title="GitLab CI",
        signs=(".gitlab-ci.yml", ".gitlab"),
        path=".gitlab/rollback-keep.yml",
        use="include: [{local: .gitlab/rollback-keep.yml}]",
        write=_gitlab,
    ),
    CiSystem(
        name="woodpecker",
        title="Woodpecker",
        signs=(".woodpecker", ".woodpecker.yaml", ".woodpecker.yml"),
        path=".woodpecker/rollback-keep.yaml",
        use="depends_on: [rollback-keep]",
        write=_woodpecker,
    ),
    CiSystem(
        name="cron",
        title="cron",
        signs=(),
        path="rollback-keep.cron",
        use="sudo install -m 644 rollback-keep.cron /etc/cron.d/rollback-keep",
        write=_cron,
    ),
)
"""every CI that is known, the usual ones first; the last one needs no sign"""
NAMES = tuple(kind.name for kind in KINDS)


def named(name: str) -> CiSystem:
    """The CI of that name."""
    return next(kind for kind in KINDS if kind.name == name)


def detected(exists: Callable[[str], bool]) -> CiSystem:
    """The CI of a repository; cron where none left a sign."""
    return next((kind for kind in KINDS if any(map(exists, kind.signs))), KINDS[-1])


def relative(services: PurePosixPath, top: PurePosixPath) -> str:
    """The path of services.yaml as CI finds it: below the repository's top where it is there."""
    try:
        return str(services.relative_to(top))
    except ValueError:
        return str(services)
