"""The post-mortem's forms: a team's own template, a page, charts; and what people said before they said it anew."""

import re
from collections.abc import Sequence
from datetime import UTC, timedelta
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from tests.incident import stories, test_postmortem_hostile
from tests.incident.facts import later
from tests.incident.stories import Said
from tui.console.drawing import rows
from tui.console.drawing.document import drawn
from tui.console.drawing.palette import Palette
from tui.incident import events as ev
from tui.incident.postmortem import charts, html, markdown, svg, template, write
from tui.incident.postmortem.looking_back import QUESTIONS
from tui.incident.postmortem.outcome import action
from tui.model.errors import ConfigError
from tui.model.evidence import Phase
from tui.model.postmortem import Chart, Column, Field, Moment, PostMortem


def of(said: Sequence[Said]) -> PostMortem:
    return write(stories.read(said))


def noted(field: Field, text: str, minute: int = 40, by: str = "me@box") -> ev.PostMortemNoted:
    return ev.PostMortemNoted(at=later(minute * 60), field=field, text=text, by=by)


def filled(text: str, said: Sequence[Said]) -> str:
    return template.fill(text, "own.md", of(said), lambda at: at.astimezone(UTC))


# ── the questions ────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_question_is_a_todo_with_its_words_until_somebody_answers() -> None:
    before = markdown.render(of(stories.whole()), lambda at: at)
    after = markdown.render(of([*stories.whole(), noted(Field.LUCKY, "it was at night")]), lambda at: at)
    for question in QUESTIONS:
        assert f"**{question.title}**\n\nTODO: {question.asked}\n" in before
    assert "**Where we got lucky**\n\nit was at night\n" in after
    assert len(of(stories.whole()).gaps) - 1 == len(of([*stories.whole(), noted(Field.LUCKY, "x")]).gaps)


def test_what_was_said_before_is_on_record_beside_what_is_said_now() -> None:
    said = [
        noted(Field.TRIGGER, "load", 40),
        noted(Field.TRIGGER, "a deploy", 41, by="dana@box"),
        noted(Field.SOONER, "an alert", 42),
        noted(Field.SOONER, "", 43),
    ]
    found = of([*stories.whole(), *said])
    text = markdown.render(found, lambda at: at)
    assert "**Trigger**\n\na deploy\n" in text
    assert [fact.name for fact in found.taught if not fact.gap] == ["trigger"]
    (edited,) = [section for section in found.record if section.name == "edited"]
    assert [fact.value for fact in edited.facts] == ["load", "an alert"]
    assert "2026-11-23T22:40:00Z" in edited.facts[0].text and "me@box" in edited.facts[0].text


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        ("bound the cache", ("bound the cache", "", "")),
        ("bound the cache | dana", ("bound the cache", "dana", "")),
        ("bound it | dana | 2026-12-05", ("bound it", "dana", "2026-12-05")),
        ("bound it || 2026-12-05", ("bound it", "", "2026-12-05")),
        ("a | b | c | d", ("a | b | c | d", "", "")),
        ("| dana", ("| dana", "", "")),
    ],
)
def test_an_action_item_has_an_owner_and_a_date(item: str, parts: tuple[str, str, str]) -> None:
    assert action(item) == parts


def test_owner_and_date_of_an_action_item_are_todo_until_they_are_named() -> None:
    found = of([*stories.whole(), noted(Field.ACTIONS, "bound it | dana | 2026-12-05; alert")])
    assert [(f.value, f.owner, f.due) for f in found.actions[:2]] == [
        ("bound it", "dana", "2026-12-05"),
        ("alert", "", ""),
    ]
    text = markdown.render(found, lambda at: at)
    assert "- [ ] bound it (owner: dana, due: 2026-12-05)" in text
    assert "- [ ] alert (owner: TODO, due: TODO)" in text


# ── charts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_measured_is_drawn_and_what_was_not_is_left_blank() -> None:
    said = [stories.measured(later(60), Phase.BEFORE, 50, 100), stories.measured(later(1200), Phase.AFTER, 0, 100)]
    found = of([stories.opened(), *said])
    (rate,) = found.charts
    values = [column.value for column in rate.columns]
    assert values[0] == 0.5 and values[-1] == 0.0 and None in values
    assert rate.columns[0].bad and not rate.columns[-1].bad
    above, below, ground = charts.text(found.charts).split("\n")[1:4]
    for number, value in enumerate(values):
        cell = [line.ljust(2 + len(values))[2 + number] for line in (above, below, ground)]
        assert (cell[1] == " ") == (value is None)
        assert cell[2] in (" " if value is None else "─", "I"), "the issue's detection is marked"
        assert cell[0] == " " or value == 0.5


def test_two_charts_of_a_whole_incident_and_none_where_nothing_was_measured() -> None:
    assert [chart.name for chart in of(stories.whole()).charts] == [charts.ERROR_RATE, charts.RESPONSE]
    assert {m.name for m in of(stories.whole()).charts[0].marks} >= {"Rollback initiated", "Service restored"}
    assert of([stories.opened()]).charts == ()
    assert "```" not in markdown.render(of([stories.opened()]), lambda at: at)
    watched = [
        stories.opened(),
        ev.WatchAsked(at=later(0), length=timedelta(minutes=1)),
        *stories.watch(later(0), 1, every=1),
    ]
    assert len(of(watched).charts) == 1
    at_once = replace(stories.watch(later(0), 1, every=1)[0], at=later(0))
    assert isinstance(at_once, ev.HealthSampled)
    at_once = replace(at_once, sample=replace(at_once.sample, at=later(0)))
    assert of([*watched[:2], at_once]).charts == (), "one moment is no stretch of time"


# ── a team's own template ────────────────────────────────────────────────────────────────────────────────────────


def test_a_template_is_filled_field_by_field() -> None:
    text = "# {{ description }} ({{date}})\n\nfor {{ duration }}\n\n{{ timeline }}\n\n"
    text += "## Luck\n{{lucky}}\n\n{{action_items}}\n"
    said = [
        *stories.whole(),
        noted(Field.LUCKY, "it was at night"),
        noted(Field.ACTIONS, "bound it | dana | 2026-12-05"),
    ]
    lines = filled(text, said).split("\n")
    assert lines[0] == "# api: sha:bbbbbbbbbb rolled back to release:4 (2026-11-23)"
    assert lines[2] == "for 7.7 minutes"
    assert lines[4].startswith("- 21:48 - Deployment started")
    assert lines[lines.index("## Luck") + 1] == "it was at night"
    assert "- [ ] bound it (owner: dana, due: 2026-12-05)" in lines


@pytest.mark.parametrize("name", sorted(template.FIELDS))
def test_every_field_can_be_filled_alone_and_within_a_line(name: str) -> None:
    for said in (stories.whole(), [stories.opened()]):
        alone, within = filled(f"{{{{ {name} }}}}\n", said), filled(f"a {{{{{name}}}}} b\n", said)
        assert within.count("\n") == 1 and within.startswith("a ") and within.endswith(" b\n")
        assert "{{" not in alone + within
        assert alone.strip() or name in ("charts", "impact"), "nothing was measured, nothing else was lost"


def test_a_line_may_begin_and_end_with_a_field() -> None:
    """Two fields with words between them are not one field that fills the line."""
    said = [*stories.whole(), noted(Field.LUCKY, "at night")]
    assert filled("{{ severity }} by luck: {{ lucky }}\n", said) == "P1 by luck: at night\n"
    assert filled("{{severity}}{{ lucky }}\n", said) == "P1at night\n"


def test_all_that_is_wrong_with_a_template_is_said_at_once_with_file_and_line() -> None:
    with pytest.raises(ConfigError) as error:
        filled("# {{ root_cuase }}\n\n{{ date }} {{mood}}\n{{ date\n}}\n{{\x1b[31m}}\n", stories.whole())
    assert error.value.message.split("\n") == [
        "own.md:1: {{ root_cuase }}: no field of a post-mortem, did you mean root_cause?",
        "own.md:3: {{ mood }}: no field of a post-mortem",
        "own.md:4: a field begins with {{ and ends with }} on the same line",
        "own.md:5: a field begins with {{ and ends with }} on the same line",
        "own.md:6: {{  }}: no field of a post-mortem",
    ]
    assert error.value.fix == f"known fields: {', '.join(template.FIELDS)}"


# ── a page ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, int] = {}
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = self.found.get(tag, 0) + 1
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("attack", test_postmortem_hostile.ATTACKS)
def test_text_of_others_becomes_no_tag_of_a_page(attack: str) -> None:
    found = of(test_postmortem_hostile.story(attack))
    for form in ("{{ record }}\n", "# {{ description }}: {{ root_cause }}\n\n{{ timeline }}\n{{ thanks }}\n", None):
        own = (
            markdown.render(found, lambda at: at)
            if form is None
            else template.fill(form, "own.md", found, lambda at: at)
        )
        tags = Tags(html.page(found, own))
        assert not set(tags.found) & {"script", "img", "a", "iframe", "link", "form", "b", "i", "object", "table"}, own
        assert not {name for name in tags.attributes if name.startswith("on")} | tags.attributes & {"src", "href"}


def test_a_template_draws_no_tag_and_no_image_of_its_own_either() -> None:
    found = of(stories.whole())
    page = html.page(found, "<script>alert(1)</script> ![x](http://e.example/p.png) [a](javascript:alert(1))\n")
    assert not set(Tags(page).found) & {"script", "img"}
    assert "javascript:alert(1)" not in Tags(page).attributes
    assert 'href="javascript' not in page


@pytest.mark.parametrize("cause", ["a | b", "me@example.com|you", "x\\| y"])
def test_a_template_s_table_is_one_on_the_page_and_in_the_console_and_a_value_stays_in_its_cell(cause: str) -> None:
    said = [*stories.whole(), noted(Field.ROOT_CAUSE, cause)]
    own = filled("| what | why |\n|---|---|\n| {{ service }} | {{ root_cause }} |\n", said)
    tags = Tags(html.page(of(said), own))
    assert (tags.found["table"], tags.found["tr"], tags.found["td"]) == (1, 2, 2)
    shown = [rows.text(row) for row in drawn(own, 80, Palette())]
    assert len(shown) == 2 and shown[1].endswith(cause)


def test_a_page_has_the_charts_as_pictures_and_forbids_everything_else() -> None:
    found = of(stories.whole())
    page = html.page(found, markdown.render(found, lambda at: at))
    tags = Tags(page)
    assert tags.found["svg"] == 2 and tags.found["rect"] > 20
    assert "default-src &#x27;none&#x27;" in page
    assert "<h3>Root Cause</h3>" in page and "▁" not in page
    assert found.charts[0].end - found.charts[0].begin > timedelta(minutes=15)


def test_the_limit_line_has_the_height_of_a_column_of_that_value() -> None:
    columns = tuple(Column(value=share, bad=share > 0.01) for share in (0.0, 0.01, 0.04))
    chart = Chart(
        name="error_rate", title="x", begin=later(0), end=later(60), columns=columns, top=0.04, limit=0.01
    )  # fmt: skip
    drawn = svg.picture(chart)
    (limit,) = re.findall(r'y1="([\d.]+)" x2="\d+" y2="[\d.]+" stroke="#888" stroke-dasharray', drawn)
    tops = [float(y) for y in re.findall(r'<rect x="[\d.]+" y="([\d.]+)"', drawn)]
    assert float(limit) == tops[1] and tops[2] < tops[1] < tops[0] <= svg.FLOOR


@pytest.mark.parametrize("moments", [(1, 50, 57, 59), (1, 2, 3, 4), (20, 29, 31, 40)])
def test_the_names_of_marks_are_whole_and_none_covers_another(moments: tuple[int, ...]) -> None:
    """Moments that are near each other, at an edge or in the middle."""
    names = ("Deployment started", "Issue detected", "Rollback initiated", "Service restored")
    marks = tuple(Moment(name=name, at=later(at), source="") for name, at in zip(names, moments, strict=True))
    chart = Chart(
        name="error_rate", title="x", begin=later(0), end=later(60), top=1.0, marks=marks,
        columns=tuple(Column(value=1.0, bad=True) for _ in range(60)),
    )  # fmt: skip
    drawn = svg.picture(chart)
    found = re.findall(r'<text x="([\d.]+)"( text-anchor="end")? y="(\d+)" font-size="10"[^>]*>([^<]+)<', drawn)
    assert sorted(name for *_, name in found) == sorted(names)
    boxes = []
    for x, anchor, y, name in found:
        wide = 6 * len(name)
        left = float(x) - wide if anchor else float(x)
        assert left >= 0 and left + wide <= svg.WIDTH and int(y) > svg.FLOOR, name
        boxes.append((int(y), left, left + wide))
    assert not [(a, b) for a in boxes for b in boxes if a < b and a[0] == b[0] and a[1] < b[2] and b[1] < a[2]]
