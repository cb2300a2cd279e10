"""A fleet's page in a real Chromium: its filter works under its own policy, in both schemes and at phone width."""

import os
from pathlib import Path

import pytest

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
pytestmark = pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="needs Debian's package chromium")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("fleet") / "out"
    goldens = f"{ROOT}/golden/*/capture.json"
    main(["fleet", "plan", goldens, "--network", f"{ROOT}/golden/nic-static/definition.yaml", "-o", str(folder)])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        told = []
        opened.on("console", lambda message: told.append(message.text))
        opened.goto(f"file://{folder}/index.html")
        yield opened
        browser.close()
        assert told == []  # such as what the policy has refused


def test_rows_are_filtered_by_words_and_by_a_click(page):
    every = page.locator("#hosts tbody tr").count()
    assert page.inner_text("#shown") == f"{every} of {every}"
    page.locator("button[data-filter='=no-change']").click()
    shown = page.locator("#hosts tbody tr:visible")
    assert {row.inner_text() for row in shown.locator("td:nth-child(2)").all()} == {"no-change"}
    page.fill("#filter", "=no-change bond")
    assert 0 < shown.count() < every
    assert page.inner_text("#shown") == f"{shown.count()} of {every}"
    page.fill("#filter", "")
    assert shown.count() == every


def test_a_topology_opens_with_its_drawings(page):
    topology = page.locator("details", has_text="vlan on bond of 2 nics by DHCP").first
    topology.locator("summary").click()
    assert topology.locator("svg").first.is_visible()


def test_nothing_serious_is_found_by_axe(page):
    from axe_playwright_python.sync_playwright import Axe

    page.fill("#filter", "bond-dhcp/")
    for scheme, width in (("light", 1200), ("dark", 375)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        told = [
            (one["id"], node["target"], node["failureSummary"])
            for one in Axe().run(page).response["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
        assert told == [], scheme
        sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(sideways) <= 0, scheme
