"""What has to hold, one function each; a promise that is not kept raises AssertionError, and says what was seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.conformance.sources import Source
from tui.dokku import (
    app_config,
    app_reports,
    build_records,
    build_settings,
    capabilities,
    commands,
    holders,
    refusals,
    reports,
)
from tui.dokku.holders import forbid
from tui.dokku.refusals import Refusal
from tui.model.host import Capabilities
from tui.model.observation import RunningState
from tui.text.clean import decode

Check = Callable[[Source], Awaitable[None]]
NOBODY = "nope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    says: str
    check: Check
    changes: bool
    """whether it changes the host, if only its own holder"""


PROMISES: list[Promise] = []


def promise(says: str, *, changes: bool = False) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        PROMISES.append(Promise(says=says, check=check, changes=changes))
        return check

    return register


async def known(source: Source) -> Capabilities:
    answers = {argv: await source.ask(argv) for argv in capabilities.QUESTIONS}
    return capabilities.detect(answers, at=datetime.now(UTC))


@promise("says its version, and what it can do follows from it and from its plugins")
async def version(source: Source) -> None:
    found = await known(source)
    assert found.version is not None
    modern = capabilities.at_least(found.version, (0, 36))
    assert (found.builds, found.skip_deploy) == (modern, "property" if modern else "config"), found


@promise("has none of the runbook's commands, unless a plugin brings them")
async def runbook(source: Source) -> None:
    if capabilities.runbook(await source.ask(commands.help_all())):
        return
    for line in (("ps:rollback", source.app), ("tags", source.app), ("tags:deploy", source.app, "v1")):
        answer = await source.ask(line)
        assert (answer.code, refusals.read(answer)) == (1, Refusal.NOT_A_COMMAND), answer


@promise("has builds:list exactly where we think so")
async def builds(source: Source) -> None:
    answer = await source.ask(commands.builds_list(source.app))
    if (await known(source)).builds:
        assert answer.ok, answer
        build_records.builds_list(answer.stdout)
    else:
        assert refusals.read(answer) is Refusal.NOT_A_COMMAND, answer


@promise("says exit 20 of an app that does not exist")
async def nobody(source: Source) -> None:
    answer = await source.ask(("apps:report", NOBODY))
    assert (answer.code, refusals.read(answer), refusals.is_missing(answer)) == (20, Refusal.NO_SUCH_APP, True), answer


@promise("lists the app")
async def listed(source: Source) -> None:
    assert source.app in reports.apps_list((await source.ask(commands.apps_list())).stdout)


@promise("tells of every app that it lists in one report, what each one's own report tells")
async def all_at_once(source: Source) -> None:
    found = app_reports.apps((await source.ask(app_reports.report_all("apps"))).stdout)
    listed = reports.apps_list((await source.ask(commands.apps_list())).stdout)
    assert found is not None and set(found) == set(listed), (found, listed)
    assert found[source.app] == reports.apps_report((await source.ask(commands.apps_report(source.app))).stdout), found
    parts = app_reports.parts((await source.ask(app_reports.report_all("git"))).stdout)
    alone = reports.git_report((await source.ask(commands.git_report(source.app))).stdout)
    assert set(parts) == set(listed) and reports.git_report(parts[source.app]) == alone, parts


@promise("exports an app's variables with the names that it lists, and with the notes that it gives one by one")
async def exported(source: Source) -> None:
    told = app_config.answers(await source.ask(commands.config_export(source.app)), source.app)
    assert [answer.argv for answer in told] == [
        commands.config_keys(source.app),
        *(commands.config_get(source.app, note) for note in app_config.NOTES),
    ]
    names, *notes = told
    alone = decode((await source.ask(commands.config_keys(source.app))).stdout).split()
    assert decode(names.stdout).split() == sorted(alone), alone
    kind = await source.ask(commands.config_get(source.app, "DOKKU_APP_TYPE"))
    assert (kind.code, kind.stdout.strip()) == (notes[1].code, notes[1].stdout.strip()), kind


@promise("names what was deployed, by which source, and whether it is locked")
async def deployed(source: Source) -> None:
    found = reports.apps_report((await source.ask(commands.apps_report(source.app))).stdout)
    assert found.source in ("git-push", "git-sync", "docker-image"), found
    assert found.metadata, found
    assert found.locked is False, found


@promise("names the deploy branch")
async def branch(source: Source) -> None:
    assert reports.git_report((await source.ask(commands.git_report(source.app))).stdout).branch


@promise("says that it was deployed and runs, and describes the containers that do")
async def running(source: Source) -> None:
    told = reports.ps_report((await source.ask(commands.ps_report(source.app))).stdout)
    assert (told.deployed, told.running) == (True, "true"), told
    containers = reports.ps_inspect((await source.ask(commands.ps_inspect(source.app))).stdout)
    assert containers
    assert all(c.running and c.started_at and c.builder for c in containers), containers
    assert len(containers) == told.processes, (containers, told)


@promise("tells in nine reports how the app is built")
async def built(source: Source) -> None:
    containers = reports.ps_inspect((await source.ask(commands.ps_inspect(source.app))).stdout)
    answers = {argv: await source.ask(argv) for argv in build_settings.questions(source.app)}
    current = RunningState(app=source.app, at=datetime.now(UTC), containers=containers)
    found = build_settings.read(source.app, answers, current)
    assert found.unknown == (), found
    assert (found.builder, found.scheduler) == ("dockerfile", "docker-local"), found
    assert found.mounts is not None, found
    assert found.ports is not None, found  # empty where nobody set any: then Dokku takes those that it detects


@promise("lists the names of variables without their values, and exits 1 for one that is not set")
async def variables(source: Source) -> None:
    keys = decode((await source.ask(commands.config_keys(source.app))).stdout).split("\n")
    assert "GIT_REV" in keys, keys
    assert not any("=" in key for key in keys), "a value shows"
    assert (await source.ask(commands.config_get(source.app, "NOPE"))).code == 1


@promise("shows the access log of the app's own site")
async def access_log(source: Source) -> None:
    answer = await source.ask(commands.access_logs(source.app))
    assert answer.ok, answer


@promise("refuses the runbook's release-history property", changes=True)
async def release_history(source: Source) -> None:
    answer = await source.ask(commands.ps_set(source.app, "release-history", "10"))
    assert refusals.read(answer) is Refusal.INVALID_PROPERTY, answer


@promise("makes a holder that is filled by a push and never deployed, seals it, and takes it away again", changes=True)
async def holder(source: Source) -> None:
    name = source.holder
    made = await source.ask(commands.apps_create(name))
    assert made.ok, made
    try:
        (setting, *_) = forbid(name, await known(source), (("ROLLBACK_SCHEMA", "1"),))
        answer = await source.ask(setting)
        assert answer.ok, answer
        assert await source.fill(await known(source)), "the holder was not filled, or it was deployed"
        sealed = await source.ask(commands.git_set_branch(name, holders.SEAL_BRANCH))
        assert sealed.ok, sealed
        rebuilt = await source.ask(("ps:rebuild", name))
        assert (rebuilt.code, refusals.read(rebuilt)) == (1, Refusal.SEALED), rebuilt
        await looked_at(source, name)
        told = reports.ps_report((await source.ask(commands.ps_report(name))).stdout)
        assert (told.deployed, told.running) == (False, "false"), told
        assert ".rollback/release.json" in await source.files()
    finally:
        gone = await source.ask(commands.apps_destroy(name))
    assert gone.ok, gone


async def looked_at(source: Source, name: str) -> None:
    """An entrypoint that is in no image tells that the image is there, and starts nothing of it."""
    nowhere = "/rollback-looks-only"
    option = await source.ask(("docker-options:add", name, "run", f"--entrypoint={nowhere}"))
    assert option.ok, option
    look = await source.ask(("run", name, nowhere))
    assert look.code == 1, look
    assert f'exec: "{nowhere}": stat {nowhere}: no such file or directory' in decode(look.stderr), look


@promise("lets exactly one make an incident's record, and gives back what stands on it", changes=True)
async def record(source: Source) -> None:
    holder = holders.parse_holder(source.holder)
    app = holder.app if holder else source.app
    name = holders.incident_record(app)
    first = await source.ask(commands.apps_create(name))
    assert first.ok, first
    try:
        again = await source.ask(commands.apps_create(name))
        assert (again.code, refusals.read(again)) == (1, Refusal.NAME_TAKEN), again
        pairs = (("ROLLBACK_BY", "ana"), ("ROLLBACK_SINCE", "2026-11-23T22:30:00Z"), ("ROLLBACK_INCIDENT", "demo"))
        noted = await source.ask(commands.config_set(name, pairs))
        assert noted.ok, noted
        found = holders.record_from_config(
            app, reports.config_export((await source.ask(commands.config_export(name))).stdout)
        )
        assert (found.by, found.incident) == ("ana", "demo"), found
        assert found.since is not None
    finally:
        gone = await source.ask(commands.apps_destroy(name))
    assert gone.ok, gone
