"""What no recording of a real host covers, in one place; each line says what is done instead of inventing it.

A promise in `promises` is held against recordings; what stands here is not, and a live host may prove it wrong.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    what: str
    instead: str
    """what the console and the sandbox do until somebody records it"""


GAPS = tuple(
    Gap(what=what, instead=instead)
    for what, instead in (
        ("versions other than 0.35.15 and 0.38.27", "check says so; what a host can do follows from its own answers"),
        (
            "nixpacks' and railpack's own programs, real buildpacks",
            "the recorded frames were built by hand, as they do",
        ),
        ("railpack, lambda and null on 0.35.15; nomad", "kept is refused with the reason; other ways are offered"),
        (
            "the k3s binary, several nodes, 0.38.27 on k3s",
            "0.35.15 against Kubernetes 1.31 is recorded; 0.38 was only read",
        ),
        (
            "docker quotas, registry refusals, wrong platforms",
            "the sandbox fails the deploy in Docker's documented words",
        ),
        ("config:keys of a host without variables", "empty, as config:show --global was"),
        ("other schedulers than docker-local and k3s", "kept is refused with the reason"),
        ("a look at a holder's image on other versions", "unknown, and nothing is sent"),
        (
            "a release, predeploy or postdeploy task that runs and succeeds",
            "the sandbox's words are those of the source",
        ),
        ("more than one web and one worker process", "every running container has to carry the attempt's label"),
        ("TLS, certificates, maintenance mode", "not touched; a push leaves them as they are"),
        (
            "ps:inspect of an app that a dying deploy left half-switched",
            "the outcome is called unknown, a person decides",
        ),
        (
            "a restart while a rollback's push is at work, several processes",
            "what runs afterwards is asked, not assumed",
        ),
        (
            "domains:disable, and an app that has one worker and no web",
            "Dokku's source: one line, and config NO_VHOST; the end of a drill's first push says whether it is so",
        ),
        ("running: mixed", "a holder that says so counts as running; verification compares process types"),
        (
            "what builds:list shows after a refused second deploy",
            "any build that still runs counts as a deploy at work",
        ),
        (
            "a rebuild that fails on 0.35, of the commit that runs",
            "cannot be told there; on 0.38 the record of builds tells",
        ),
        (
            "the runbook's ps:rollback, tags, tags:deploy of a real plugin",
            "the sandbox's profile is a guess; proves nothing",
        ),
        ("a private git remote with git:auth", "git:sync says it cannot read it, exit 128, nothing is deployed"),
        ("a registry other than Debian's docker-registry", "the HTTP API's own description; digests, never moved tags"),
        ("git:from-image by digest", "documented by Dokku, recorded only by tag"),
        ("a full disk on a host", "the sandbox fails the build or the unpacking, in Docker's and git's words"),
        ("log streams across a replaced container on a real host", "attached again, and told when a log begins anew"),
        ("how much disk is free or what images cost", "over this login unknown, and said as unknown"),
        ("GIT_REV under another name (git:set rev-env-var)", "failed attempts are then not seen, kept is refused"),
    )
)
