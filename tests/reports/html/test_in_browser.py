"""The page in a real browser: it works, nothing leaves it, and nothing of a run becomes code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enforcer.reports.html import page as page_module
from enforcer.reports.html.page import html_text
from enforcer.reports.value import Report, build_report
from enforcer.results.record import Record
from enforcer.settings.settings import Settings
from tests.reports.html.browser import Page
from tests.reports.html.test_page import hostile_report
from tests.reports.records import COMMAND, FINDING, VERSIONS, WITH_CONTEXT, by, full_record, record

pytestmark = pytest.mark.once

SHOWN = "[...document.querySelectorAll('.finding')].filter(e => e.offsetParent).map(e => e.dataset.rule)"
FIRED = "window.all = []; window.fired = (by) => window.all.push(by)"


class Opener:
    """Opens reports in the browser."""

    def __init__(self, browser: Page, directory: Path) -> None:
        self.browser = browser
        self.directory = directory

    def __call__(self, report: Report | Record, anchor: str = "") -> Page:
        if isinstance(report, Record):
            report = build_report(report, Settings(coverage=True), COMMAND, VERSIONS)
        path = self.directory / "report.html"
        path.write_text(html_text(report), encoding="utf-8")
        self.browser.open(f"{path.as_uri()}{anchor}")
        return self.browser


@pytest.fixture
def opened(browser: Page, tmp_path: Path) -> Opener:
    browser.size(1280, 900)
    browser.scheme("light")
    return Opener(browser, tmp_path)


def full() -> Report:
    made = full_record()
    made.findings.append(by("old.bst", path="older", known=True, rule="project-write"))
    return build_report(made, Settings(coverage=True), COMMAND, VERSIONS)


def many() -> Record:
    found = [by(f"e{n % 60}.bst", path=f"p{n}", site=WITH_CONTEXT, before="'a b'", change="set") for n in range(10_000)]
    return record(
        *found, kinds=dict.fromkeys(record().elements, "import"), dependencies={f"e{n}.bst": set() for n in range(60)}
    )


@pytest.mark.parametrize(
    "made", [full, many, record, Record, hostile_report], ids=["full", "many", "clean", "nothing", "hostile"]
)
def test_it_opens_without_a_complaint_and_asks_for_nothing_but_itself(opened: Opener, made: Callable[[], Any]) -> None:
    page = opened(made())
    page.run("for (const each of document.querySelectorAll('details')) each.open = true")
    page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.complaints() == []
    assert page.requests() == [(opened.directory / "report.html").as_uri()]


def test_all_findings_have_the_same_room_whatever_their_severity(opened: Opener) -> None:
    page = opened(full())
    room = "[...document.querySelectorAll('.finding')].map(e => [e.classList[2], getComputedStyle(e).padding])"
    found = dict(page.run(room))
    assert set(found) == {"error", "warning"}
    assert len({*found.values()}) == 1


def test_the_first_finding_is_open_and_its_picture_drawn(opened: Opener) -> None:
    page = opened(full())
    assert page.run("document.querySelectorAll('.finding')[0].open")
    labels = page.run("[...document.querySelectorAll('.finding[open] svg .node text')].map(e => e.textContent)")
    assert {"app.bst", "base.bst", "two.bst"} == set(labels)
    assert page.run("document.querySelectorAll('.finding[open] svg .edge.write').length") == 1


def choose(page: Page, id_: str, value: str) -> None:
    page.run(
        f"document.getElementById('{id_}').value = '{value}';"
        f"document.getElementById('{id_}').dispatchEvent(new Event('input', {{bubbles: true}}))"
    )


def test_filters_leave_what_matches(opened: Opener) -> None:
    page = opened(full())
    everything = page.run(SHOWN)
    assert len(everything) > 5
    choose(page, "filter-rule", "leaked-thread")
    assert page.run(SHOWN) == ["leaked-thread"]
    choose(page, "filter-rule", "")
    choose(page, "filter-text", "OLDER")
    assert page.run(SHOWN) == ["project-write"]
    choose(page, "filter-text", "")
    choose(page, "filter-element", "fine.bst")
    assert len(page.run(SHOWN)) == 1
    choose(page, "filter-plugin", "no such plugin")
    choose(page, "filter-element", "nowhere")
    assert page.run(SHOWN) == []
    assert page.run("document.getElementById('none').offsetParent !== null")
    page.run("document.querySelector('#filters [type=reset]').click()")
    page.run("new Promise(done => setTimeout(done))")
    assert page.run(SHOWN) == everything
    page.run("document.querySelector('[value=new]').click()")
    states = page.run(
        "[...document.querySelectorAll('.finding')].filter(e => e.offsetParent).map(e => e.dataset.state)"
    )
    assert set(states) == {"known", "allowed"}


def test_a_field_of_the_overview_leads_to_the_findings_of_its_elements(opened: Opener) -> None:
    page = opened(full())
    all_ = len(page.run(SHOWN))
    names = page.run("data.cells[document.querySelector('[data-cell]').dataset.cell]")
    page.run("document.querySelector('[data-cell]').click()")
    assert 0 < len(page.run(SHOWN)) < all_
    shown = "[...document.querySelectorAll('.finding')].filter(e => e.offsetParent).map(e => data.elements[e.id])"
    assert all(set(names) & set(elements) for elements in page.run(shown))


def test_a_link_opens_its_finding(opened: Opener) -> None:
    report = full()
    anchor = f"#finding-{report.groups[-1].violations[0].fingerprint}"
    page = opened(report, anchor)
    linked = f"document.getElementById('{anchor[1:]}')"
    assert page.run(f"{linked}.open && {linked}.getBoundingClientRect().top < innerHeight")
    assert page.run(f"{linked}.contains(document.activeElement)")
    other = f"#finding-{report.groups[1].violations[0].fingerprint}"
    choose(page, "filter-text", "no such text")
    page.run(f"location.hash = '{other}'; new Promise(done => addEventListener('hashchange', () => setTimeout(done)))")
    assert page.run(f"document.getElementById('{other[1:]}').open")
    assert page.run(f"document.getElementById('{other[1:]}').offsetParent !== null")


def test_keys_search_step_and_open(opened: Opener) -> None:
    page = opened(full())
    page.press("j")
    page.press("j")
    focused = "[...document.querySelectorAll('.finding')].indexOf(document.activeElement.parentElement)"
    assert page.run(focused) == 1
    page.press("k")
    assert page.run(focused) == 0
    page.press("/")
    assert page.run("document.activeElement.id") == "filter-text"
    page.press("j")
    assert page.run("document.activeElement.value") == "j"
    page.press("Escape")
    assert page.run("document.getElementById('filter-text').value") == ""


BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def test_it_is_light_or_dark_as_the_system_or_the_reader_wants(opened: Opener) -> None:
    page = opened(full())
    light = page.run(BACKGROUND)
    page.scheme("dark")
    dark = page.run(BACKGROUND)
    assert light != dark
    page.run("document.getElementById('theme').click()")
    assert page.run(BACKGROUND) == light
    page.press("t")
    assert page.run(BACKGROUND) == dark
    page.run("localStorage.clear()")


CONTRASTS = """
(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => rgb(text).slice(0, 3)
    .map((each) => (each /= 255, each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const back = (element) => {
    const colour = getComputedStyle(element)[element instanceof SVGElement ? "fill" : "backgroundColor"];
    const solid = colour !== "none" && rgb(colour)[3] !== 0;
    return solid && !(element instanceof SVGElement) ? colour : back(element.parentElement);
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!text || !element.checkVisibility() || element instanceof SVGElement) continue;
    const one = light(getComputedStyle(element).color), other = light(back(element));
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) found.push([element.outerHTML.slice(0, 80), ratio]);
  }
  return found;
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_asks_for(opened: Opener, scheme: str) -> None:
    opened.browser.scheme(scheme)
    made = full_record()
    made.kinds.update({f"d/e{n}.bst": "import" for n in range(90)})
    made.dependencies.update({f"d/e{n}.bst": {f"d/e{n - 1}.bst"} if n % 9 else set() for n in range(90)})
    page = opened(made)
    page.run("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.run(CONTRASTS) == []
    page.run("document.querySelector('.headline').attributeStyleMap.set('color', '#777')")
    assert page.run(CONTRASTS) != []


def test_on_a_phone_nothing_is_wider_than_the_screen(opened: Opener) -> None:
    opened.browser.size(390, 844)
    page = opened(full())
    page.run("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.run("document.documentElement.scrollWidth") == 390


def test_markup_from_a_run_does_not_run(opened: Opener) -> None:
    page = fired(opened, hostile_report())
    assert page.run("window.all") == []
    assert page.complaints() == []


def fired(opened: Opener, report: Report) -> Page:
    """Open the report in a page where `fired()` notes who called it."""
    script = opened.browser.send("Page.addScriptToEvaluateOnNewDocument", source=FIRED)["identifier"]
    try:
        page = opened(report)
        page.run("new Promise(done => setTimeout(done, 100))")
    finally:
        opened.browser.send("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    return page


def _escape_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    unsafe = page_module._environment()
    unsafe.autoescape = False
    monkeypatch.setattr(page_module, "_TEMPLATE", unsafe.get_template("report.html.jinja"))


def test_without_escapes_and_policy_it_would_run(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    _escape_nothing(monkeypatch)
    monkeypatch.setattr(page_module, "_policy", lambda *_: "")
    page = fired(opened, hostile_report())
    assert set(page.run("window.all")) == {1, 2}
    assert f"{opened.directory.as_uri()}/x" in page.requests()


def test_without_escapes_the_policy_still_keeps_it_from_running(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    _escape_nothing(monkeypatch)
    page = fired(opened, hostile_report())
    assert page.run("window.all") == []
    assert any("Content Security Policy" in complaint for complaint in page.complaints())


def test_the_policy_lets_nothing_leave_the_page(opened: Opener) -> None:
    page = opened(record(FINDING))
    assert page.run("fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)") == "TypeError"
    page.run(
        "new Promise(done => { const image = new Image(); image.onerror = done; image.src = 'http://127.0.0.1:9/' })"
    )
    blocked = [complaint for complaint in page.complaints() if "Content Security Policy" in complaint]
    assert len(blocked) >= 2


def test_the_picture_of_another_violation_is_drawn_on_demand(opened: Opener) -> None:
    made = full_record()
    two = replace(made.findings[0], owner=replace(made.findings[0].owner, name="two.bst"))
    page = opened(replace_findings(made, [made.findings[0], two]))
    page.run("document.querySelector('.others').open = true; document.querySelector('[data-draw]').click()")
    assert page.run("document.querySelector('svg .owner text').textContent") == "two.bst"


def replace_findings(made: Record, findings: list[Any]) -> Record:
    made.findings = findings
    return made
