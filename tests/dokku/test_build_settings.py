"""How an app is built, from what both versions really print, and where our files then go."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.dokku.builder_recordings import BUILDPACKS
from tests.sandbox.recordings import records
from tui.dokku import build_gate, build_settings
from tui.model.observation import Container, RunningState
from tui.model.outcome import Answer, Exited

AT = datetime(2026, 11, 23, tzinfo=UTC)
RUNS = RunningState(app="scenextras", at=AT, containers=(Container(id="a", process="web", builder="dockerfile"),))
DOCKERFILE = build_settings.Shape(app="a", builder="dockerfile", scheduler="docker-local")


def said(text: str) -> Answer:
    return Answer(argv=(), outcome=Exited(code=0), stdout=text.encode(), stderr=b"", started_at=AT, seconds=0.1)


def answers(version: str, **changes: tuple[str, str]) -> dict[tuple[str, ...], Answer]:
    """The recorded reports of an app, with rows changed: plugin → (row as recorded, row wanted)."""
    found: dict[tuple[str, ...], Answer] = {
        ("buildpacks:report", "scenextras"): said(BUILDPACKS),
        ("config:keys", "--global"): said(""),
    }
    wanted = {" ".join(argv): argv for argv in build_settings.questions("scenextras")}
    for record in records("reads", version):
        argv = wanted.get(record.command)
        if argv is None:
            continue
        old, new = changes.get(argv[0].removesuffix(":report").replace("-", "_"), ("", ""))
        assert old in record.stdout
        text = record.stdout.replace(old, new, 1) if old else record.stdout
        found[argv] = msgspec.structs.replace(said(text), argv=argv, outcome=Exited(code=record.exit))
    return found


@pytest.mark.parametrize("version", ["0.35.15", "0.38.27"])
def test_an_app_of_the_recorded_hosts_can_be_kept(version: str) -> None:
    found = build_settings.read("scenextras", answers(version), RUNS)
    assert found.unknown == ()
    assert (found.builder, found.scheduler, found.build_dir) == ("dockerfile", "docker-local", "")
    assert found.paths == build_settings.DEFAULTS
    assert (found.dockerfile, found.options, found.mounts, found.ports) == ("Dockerfile", (), "", "http:80:5000")
    assert build_gate.unkeepable(found) is None


@pytest.mark.parametrize("version", ["0.35.15", "0.38.27"])
def test_an_empty_port_map_is_known_to_be_empty(version: str) -> None:
    """As hosts tell it of apps with buildpacks: the map empty, `http:80:5000` detected, which is what serves."""
    told = answers(version, ports=("http:80:5000", ""))
    assert b"http:5000:5000" in told["ports:report", "scenextras"].stdout, "detected"
    found = build_settings.read("scenextras", told, RUNS)
    assert (found.ports, found.unknown) == ("", ())
    del told["ports:report", "scenextras"]
    found = build_settings.read("scenextras", told, RUNS)
    assert (found.ports, found.unknown) == (None, ("ports",))


@pytest.mark.parametrize("version", ["0.35.15", "0.38.27"])
def test_settings_are_read_where_that_version_prints_them(version: str) -> None:
    row = "App json selected:" if version == "0.35.15" else "App json appjson path:"
    told = answers(
        version,
        builder=("Builder build dir:", "Builder build dir: backend"),
        builder_dockerfile=("Builder dockerfile dockerfile path:", "Builder dockerfile dockerfile path: p/Dockerfile"),
        ps=("Ps procfile path:", "Ps procfile path: ops/Procfile"),
        app_json=(row, f"{row} ops/app.json"),
        nginx=("Nginx nginx conf sigil path:", "Nginx nginx conf sigil path: ops/nginx.sigil"),
        docker_options=("Docker options build:", "Docker options build: --build-arg A=1 --target=prod"),
    )
    found = build_settings.read("scenextras", told, RUNS)
    assert (found.build_dir, found.dockerfile) == ("backend", "p/Dockerfile")
    assert (found.procfile, found.appjson, found.nginx) == ("ops/Procfile", "ops/app.json", "ops/nginx.sigil")
    assert found.options == ("--build-arg", "A=1", "--target=prod")
    assert "--target" in (build_gate.unkeepable(found) or "")


def test_options_on_several_lines_are_all_read() -> None:
    rows = (
        "=====> a",
        "       Docker options build:  --build-arg A=1",
        "--target prod",
        "       Docker options deploy: x",
    )
    raw = "\n".join(rows).encode()
    assert build_settings.build_options(raw) == ("--build-arg", "A=1", "--target", "prod")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"builder": "lambda"}, "lambda"),
        ({"builder": None}, "does not say"),
        ({"scheduler": "nomad"}, "nomad"),
        ({"options": ("--target", "prod")}, "--target"),
        ({"options": ("--pull",)}, "--pull"),
        ({"appjson": "release.json"}, "release.json"),
    ],
)
def test_where_a_dockerfile_of_ours_cannot_stand_in_the_reason_is_given(changed: dict[str, object], why: str) -> None:
    told = build_gate.unkeepable(msgspec.structs.replace(DOCKERFILE, **changed))
    assert told is not None
    assert why in told


def test_what_nobody_answered_is_unknown_and_never_fine() -> None:
    found = build_settings.read("scenextras", {}, None)
    assert "builder" in found.unknown
    assert build_gate.unkeepable(found) is not None


def test_files_go_where_the_settings_say_now() -> None:
    kept = build_settings.Kept(release=1, paths=tuple(build_settings.DEFAULTS.items()))
    now = msgspec.structs.replace(DOCKERFILE, procfile="ops/Procfile", build_dir="api")
    placed, moved = build_settings.placed(now, {"Procfile": "web: x\n"}, kept)
    assert placed == {"ops/Procfile": "web: x\n", "api/ops/Procfile": "web: x\n"}
    assert moved == ("Procfile → ops/Procfile", "build directory none → api")


@given(st.dictionaries(st.sampled_from(["Procfile", "app.json", "api/Procfile", "CHECKS"]), st.text(max_size=5)))
def test_the_same_settings_bring_every_file_back_where_it_was(files: dict[str, str]) -> None:
    now = msgspec.structs.replace(DOCKERFILE, build_dir="api")
    kept = build_settings.read_facts(build_settings.facts(now, 3, (("web", 1),), ("A",)))
    assert kept is not None
    assert (kept.processes, kept.config_keys) == ((("web", 1),), ("A",))
    assert build_settings.placed(now, files, kept) == (files, ())


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"paths": 3}'])
def test_facts_that_cannot_be_read_are_unknown(text: str | None) -> None:
    assert build_settings.read_facts(text) is None


@given(st.text())
@example("/")
def test_a_path_can_never_leave_the_tree(text: str) -> None:
    told = answers("0.35.15", ps=("Ps procfile path:", f"Ps procfile path: {text.splitlines()[0] if text else ''}"))
    parts = build_settings.read("scenextras", told, RUNS).procfile.split("/")
    assert ".." not in parts
    assert all(parts)


UNSET = msgspec.structs.replace(said(""), outcome=Exited(code=1))
"""`config:get` of what is not set, with `--global` too: exit 1 and no word (0.35.15 and 0.38.27, 2026-11-23)"""
DENIED = msgspec.structs.replace(UNSET, stderr=b" !     User default does not have permissions to run config:keys")


def _scoped(scope: str, url: Answer, experimental: Answer, *, denied: str) -> build_settings.Shape:
    told = answers("0.35.15") | {("config:keys", denied): DENIED}
    assert {argv[1] for argv in build_settings.further_questions("scenextras", told)} == {denied}
    told |= {("config:get", scope, "BUILDPACK_URL"): url, ("config:get", scope, "DOKKU_CNB_EXPERIMENTAL"): experimental}
    return build_settings.read("scenextras", told, RUNS, experimental=True)


@pytest.mark.parametrize("scope", ["scenextras", "--global"])
def test_a_host_that_lists_no_names_is_asked_for_the_two_that_choose_a_builder(scope: str) -> None:
    of = _scoped(scope, UNSET, UNSET, denied=scope)
    assert (build_gate.untold(of), of.listed, build_gate.stands_in(of)) == ((), False, "")
    assert build_gate.unkeepable(of) is None
    assert "BUILDPACK_URL" in build_gate.stands_in(
        _scoped(scope, said("https://u:secret@example.com\n"), UNSET, denied=scope)
    )
    trap = _scoped(scope, UNSET, said("1\n"), denied=scope)
    assert "DOKKU_CNB_EXPERIMENTAL is set" in (build_gate.unavailable(trap) or "")


def test_two_names_that_are_not_told_either_are_a_caution_for_what_a_dockerfile_built() -> None:
    of = _scoped("--global", DENIED, DENIED, denied="--global")
    assert of.unknown == ("the list of global config keys", "config keys")
    assert build_gate.untold(of) == ("config keys",)
    assert build_gate.unkeepable(of) is None
    assert "config keys" in (build_gate.unkeepable(msgspec.structs.replace(of, builder="pack")) or "")


def test_a_whole_list_needs_no_further_question() -> None:
    assert build_settings.further_questions("scenextras", answers("0.38.27")) == ()
