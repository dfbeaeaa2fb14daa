"""The commits we send: what is in them, and what is taken out."""

import json

import pytest

from tui.dokku import commit_files
from tui.dokku.reports import Unreadable

PROCFILE = "web: ./server\nrelease: ./migrate --all\nworker: ./work\n"
APP_JSON = json.dumps(
    {"healthchecks": {"web": []}, "scripts": {"dokku": {"predeploy": "./pre", "postdeploy": "./post"}}}
)


def test_a_holder_carries_the_files_aside_so_that_no_task_runs() -> None:
    found = dict(commit_files.keep_tree("api", 3, {"Procfile": PROCFILE}))
    assert found["Dockerfile"].startswith("FROM dokku/api:latest\n")
    assert 'alternate-tags=""' in found["Dockerfile"]
    assert found[".rollback/Procfile"] == PROCFILE
    assert "Procfile" not in found
    assert found[".rollback/release.json"] == '{"release":3}\n'
    told = dict(commit_files.keep_tree("api", 3, {}, facts='{"release":3,"builder":"pack"}'))
    assert told[".rollback/release.json"] == '{"release":3,"builder":"pack"}'


def test_going_back_takes_tasks_out_and_says_which() -> None:
    files = {"Procfile": PROCFILE, "app.json": APP_JSON, "nginx.conf.sigil": "x", "release.json": "{}"}
    found, removed = commit_files.go_back_tree("api--r3", 3, "inc.1", files, run_tasks=False)
    contents = dict(found)
    assert contents["Procfile"] == "web: ./server\nworker: ./work\n"
    assert json.loads(contents["app.json"]) == {"healthchecks": {"web": []}, "scripts": {"dokku": {}}}
    assert contents["nginx.conf.sigil"] == "x"
    assert "release.json" not in contents
    assert removed == ("release: ./migrate --all", "predeploy: ./pre", "postdeploy: ./post")
    assert 'LABEL rollback.attempt="inc.1"' in contents["Dockerfile"]


def test_tasks_stay_when_they_are_wanted_and_files_without_tasks_stay_as_they_are() -> None:
    files = {"Procfile": PROCFILE, "app.json": APP_JSON}
    found, removed = commit_files.go_back_tree("h", 3, "inc.1", files, run_tasks=True)
    assert (dict(found)["Procfile"], dict(found)["app.json"], removed) == (PROCFILE, APP_JSON, ())
    plain = '{ "healthchecks":   {} }'
    assert dict(commit_files.go_back_tree("h", 3, "i.1", {"app.json": plain}, run_tasks=False)[0])["app.json"] == plain


def test_a_broken_app_json_is_named() -> None:
    with pytest.raises(Unreadable, match=r"app\.json"):
        commit_files.go_back_tree("h", 3, "inc.1", {"app.json": "{"}, run_tasks=False)


def test_a_procfile_of_tasks_alone_is_not_sent_empty() -> None:
    found, removed = commit_files.go_back_tree("h", 3, "inc.1", {"Procfile": "release: ./migrate\n"}, run_tasks=False)
    assert "Procfile" not in dict(found)
    assert removed == ("release: ./migrate",)


def test_what_a_task_says_is_made_harmless_before_it_is_shown() -> None:
    _, removed = commit_files.go_back_tree(
        "h", 3, "i.1", {"Procfile": "web: x\nrelease: a\x1b]0;b\x07\n"}, run_tasks=False
    )
    assert not any(c in removed[0] for c in "\x1b\x07")
