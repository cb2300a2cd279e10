"""The rollouts' view in a real Chromium: it fills as hosts are worked on, in both schemes and at phone width."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "cli"), str(ROOT / "tests" / "service")]
from fleet_on_stage import fleet  # noqa: E402
from services import made_token, serving  # noqa: E402
from standins import mgmtnet  # noqa: E402
from test_workbench import (  # noqa: E402, F401
    SECONDS,
    WIDE,
    browser,
    in_chromium,
    look_at_it_as_axe_does,
)

SLOW = "setupNetworks:slow=60:2"  # three seconds at the stand-ins' speed
MARKS = "all => all.map(one => ['strong', '.mark'].map(part => one.querySelector(part).textContent))"
SHOTS = os.environ.get("PAGE_SHOTS", "")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A service, and a rollout over four hosts that nobody works on yet: one crashes, another is not to be read."""
    folder = tmp_path_factory.mktemp("rollouts")
    token = made_token(folder, "plan,apply")
    faults = {number: [SLOW] for number in range(3)} | {3: ["setupNetworks:crash:1"]}
    with fleet(4, faults=faults) as hosts:
        inventory = hosts.folder / "some.ini"
        inventory.write_text(Path(hosts.inventory).read_text() + "nowhere mgmtnet_target=127.9.9.9:1\n")
        how = ["--waves", "1,rest", "--max-failures", "1", "--concurrency", "1", "--wait", "1", "--yes", "--detach"]
        named = ["--hosts", str(inventory), "--network", hosts.definition, "--name", "spring"]
        assert mgmtnet("rollout", "start", *named, *how, environ=hosts.environ).status == 0
        options = ("--runs", "--tokens", str(folder / "tokens"))
        with serving(*options, token=token, environ=hosts.environ) as served:
            yield served, token


@pytest.fixture
def opened(browser, stage):  # noqa: F811
    """Opens the page with a token; nothing may fail in its console, or be asked of anybody else."""
    served, token = stage
    contexts, faults = [], []

    def open_page(fragment="", size=WIDE):
        context = browser.new_context(viewport=size, reduced_motion="reduce")
        context.set_default_timeout(60 * SECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("request", lambda asked: None if asked.url.startswith(served.url) else faults.append(asked.url))
        page.goto(f"{served.url}/{fragment}")
        page.fill("#token", token)
        page.keyboard.press("Enter")
        page.wait_for_selector("body.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A refusal is answered with a status that Chromium writes into the console, though the page tells it.
    assert [fault for fault in faults if "Failed to load resource" not in fault and not fault.startswith("data:")] == []


def marks(page):
    """The state of each host that is listed."""
    return dict(page.eval_on_selector_all("#rollout-hosts a", MARKS))


def shot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@in_chromium
def test_a_rollout_from_its_first_wave_to_its_end(opened):
    """By the keyboard alone: it is found, gone on with, paused, and goes on; then its hosts are looked at."""
    page = opened()
    page.focus("#views a >> nth=2")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rollout-name:text-is('spring')")
    assert not page.is_visible("#rules")
    assert "Nobody works on it" in page.inner_text("#rollout-unattended")
    assert page.inner_text("#rollout-left-out") == "1 left out before it started"
    assert marks(page) == {f"host{number}": "waiting" for number in range(4)}
    look_at_it_as_axe_does(page)
    page.set_viewport_size(WIDE)

    page.focus("#rollout-resume")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rollout-hosts a:has(strong:text-is('host0')):has(.mark:text-is('at work'))")
    page.focus("#rollout-pause")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rollout-state:text-is('pausing')")
    page.wait_for_selector("#rollout-state:text-is('paused')")
    assert marks(page)["host0"] == "saved"
    assert "1 host: 1 saved" in page.inner_text("#waves li >> nth=0")
    assert page.is_hidden("#rollout-pause")
    page.focus("#rollout-resume")
    page.keyboard.press("Enter")

    page.focus("#rollout-hosts a >> nth=0")
    page.wait_for_selector("#rollout-hosts a:has(strong:text-is('host1')):has(.mark:text-is('saved'))")
    focused = page.evaluate("document.activeElement.dataset.key")
    assert focused == "host0", "the keyboard stays where it is while the list changes"
    page.keyboard.press("Enter")
    page.wait_for_selector("#rollout-drawing svg")
    assert "as planned and saved" in page.inner_text("#rollout-host-stands")
    assert page.eval_on_selector_all("#rollout-host-steps li", "all => all.length") == 9
    page.wait_for_selector("#rollout-state:text-is('done')")
    assert page.inner_text("#rollout-list a span") == "done"

    page.click("#rollout-states button:has-text('before')")
    assert marks(page) == {"host3": "before"}
    page.click("#rollout-hosts a")
    page.wait_for_selector("#rollout-host-problems .error")
    assert page.url.endswith("#rollouts/spring/host3")
    for size in (WIDE, {"width": 375, "height": 812}):
        page.set_viewport_size(size)
        shot(page, f"rollout-{size['width']}")
    look_at_it_as_axe_does(page)
    shot(page, "rollout-dark")

    page.go_back()
    page.wait_for_selector("#rollout-host-name:text-is('host0')")
    page.click("#views a >> nth=0")
    page.wait_for_selector("#rules")


@in_chromium
def test_a_link_leads_to_a_host(opened):
    page = opened("#rollouts/spring/host0")
    page.wait_for_selector("#rollout-host-name:text-is('host0')")
    page.fill("#rollout-search", "host2")
    page.wait_for_selector("#rollout-count:text-is('1 of 4 hosts')")
    page = opened("#rollouts/other")
    page.wait_for_selector("#rollout-problems .error")
    assert "there is no rollout" in page.inner_text("#rollout-problems")


@in_chromium
def test_the_view_is_not_offered_where_nothing_runs(browser):  # noqa: F811
    with serving() as served:
        page = browser.new_page()
        page.goto(f"{served.url}/#rollouts")
        page.wait_for_selector("body.ready")
        assert page.is_hidden("#views")
        assert page.is_visible("#rules")
