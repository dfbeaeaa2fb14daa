"""Hosts as hypothesis makes them up: what a stranger's apps could be called, mount and answer."""

import json

from hypothesis import strategies as st

from tui.init_config.facts import AppFacts, HealthFound, HostFacts, PortMapping, WebAnswer, Whose

words = st.sampled_from(
    [
        "api", "on", "null", "1e3", "007", "status", "init", "web", "a.b-c", "My_App", "x" * 63, "gateway", "all", "y",
        "-bad", "no way", "", "ghp_" + "a" * 36,
    ]
)  # fmt: skip
text = st.text(max_size=60) | st.sampled_from(
    [
        "${HOME}",
        "x: y",
        '"',
        "# no",
        "\n- a",
        "token=abc123",
        "\x1b[31m",
        "'",
        "\\",
        "ok",
        "%",
        "😀",
        "\u2028",
        "{a: b}",
        "? x",
    ]
)
names = words | st.text("abcXYZ019._-/ ", max_size=20)
mounts = st.tuples(text, text).map(":".join) | st.sampled_from(
    ["/var/lib/badger:/data", "/srv/uploads:/uploads", "/srv/app.sqlite3:/db.sqlite3:ro", "/data/${X}/sqlite:/d"]
)
bodies = (
    st.dictionaries(
        names | text, st.booleans() | st.integers() | text | st.dictionaries(text, text, max_size=2), max_size=4
    )
    .map(json.dumps)
    .map(str.encode)
    | text.map(str.encode)
    | st.binary(max_size=40)
)
urls = st.sampled_from(
    ["https://api.example/health", "http://10.0.0.1:5000/up?x=1&y=2", "http://[::1]:80/", "http://a/é"]
)
answers = st.builds(
    WebAnswer,
    url=urls,
    host_header=st.none() | st.sampled_from(["api.example", "a-b.example"]),
    status=st.none() | st.sampled_from([200, 204, 301, 404, 500, 503]),
    kind=st.sampled_from(["", "application/json", "text/html; charset=utf-8", "text/plain"]),
    body=bodies,
    why=text,
)
found = st.builds(
    HealthFound, page=answers, again=st.none() | answers, own_check=st.booleans(), whose=st.sampled_from(list(Whose))
)
apps = st.builds(
    AppFacts,
    app=names,
    running=st.none() | st.sampled_from(["true", "false", "mixed"]),
    processes=st.lists(st.tuples(st.sampled_from(["web", "worker"]), st.integers(0, 3)), max_size=2).map(tuple),
    domains=st.lists(text, max_size=2).map(tuple),
    ports=st.lists(
        st.builds(PortMapping, scheme=st.sampled_from(["http", "https"]), port=st.integers(1, 65535)), max_size=2
    ).map(tuple),
    mounts=st.lists(mounts, max_size=3).map(tuple),
    checks_disabled=st.none() | st.sampled_from(["none", "_all_", "web"]),
    builder=st.none() | text,
    scheduler=st.none() | st.sampled_from(["docker-local", "k3s"]) | text,
    check_paths=st.lists(text, max_size=2).map(tuple),
    health=st.none() | found,
    passed_over=st.lists(st.tuples(text, text), max_size=2).map(tuple),
    unread=st.lists(st.tuples(text, text), max_size=2).map(tuple),
)
hosts = st.builds(
    HostFacts,
    ssh=st.sampled_from(["dokku@host.example", "dokku@[::1]:2222", "prod", "dokku@127.0.0.1:3022"]),
    identity_file=st.none() | st.sampled_from(["~/.ssh/id", "/a b/c: d"]),
    known_hosts=st.none() | st.sampled_from(["~/.ssh/known"]),
    apps=st.lists(apps, min_size=1, max_size=5, unique_by=lambda one: one.app).map(tuple),
    left_out=st.lists(st.tuples(text, st.sampled_from(["never deployed"])), max_size=2).map(tuple),
)
