"""The runs' view in a real Chromium: a change that waits is kept, one that stands is taken back, by the keyboard."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "cli"), str(ROOT / "tests" / "service")]
from services import SEED, made_token, serving  # noqa: E402
from standins import GOLDEN, machine, wait_until  # noqa: E402
from test_rollouts_view import opened, shot  # noqa: E402, F401
from test_workbench import WIDE, browser, in_chromium, look_at_it_as_axe_does  # noqa: E402, F401

CHANGE = {"definition": (GOLDEN / SEED / "definition.yaml").read_text(), "addresses": ["192.0.2.10"]}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A service, and a host that it may change."""
    folder = tmp_path_factory.mktemp("runs")
    token = made_token(folder, "plan,apply")
    options = ("--runs", "--tokens", str(folder / "tokens"))
    with (
        machine(folder / "host", SEED) as host,
        serving(*options, token=token, environ=host.environ) as served,
    ):
        served.session.headers["Idempotency-Key"] = "change-0001"
        begun = served.post("/v1/runs", {"host": host.target, "confirm_within": 600, **CHANGE})
        assert begun.status_code == 202, begun.text
        run = begun.json()["run"]
        wait_until(lambda: served.get(f"/v1/runs/{run}").json()["confirm_by"])
        yield served, token


@in_chromium
def test_a_change_is_kept_and_then_undone(opened, stage):  # noqa: F811
    page = opened()
    page.focus("#views a >> nth=1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#run-state:text-is('asks')")
    assert not page.is_visible("#rules")
    assert not page.is_visible("#rollouts")
    assert page.is_hidden("#run-undo")
    (run,) = (one["run"] for one in stage[0].get("/v1/runs?newest=1").json()["runs"])
    assert page.inner_text("#run-name") == run
    left = int(page.inner_text("#run-left").split()[0])
    assert 300 < left <= 600
    page.wait_for_selector(f"#run-left:not(:text-is('{left} s left'))")
    look_at_it_as_axe_does(page)
    shot(page, "run-asks")
    page.set_viewport_size(WIDE)

    page.focus("#run-keep")
    page.keyboard.press("Enter")
    page.wait_for_selector("#run-state:text-is('ended')")
    assert page.inner_text("#run-said") == "as planned and saved"
    assert page.is_hidden("#run-asks")
    assert page.is_hidden("#run-keep")
    assert page.inner_text("#run-steps li >> nth=-1").startswith("prove:")

    page.focus("#run-undo")
    page.keyboard.press("Enter")
    page.wait_for_selector("#undo-dialog[open]")
    look_at_it_as_axe_does(page)
    page.click("#undo-not")
    page.wait_for_selector("#undo-dialog", state="hidden")
    page.click("#run-undo")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#run-about:has-text('undoes {run}')")
    page.wait_for_selector("#run-state:text-is('ended')")
    assert page.eval_on_selector_all("#run-list a", "all => all.length") == 2
    for size in (WIDE, {"width": 375, "height": 812}):
        page.set_viewport_size(size)
        shot(page, f"run-{size['width']}")
    look_at_it_as_axe_does(page)

    page.click("#run-list a >> nth=1")
    page.wait_for_selector(f"#run-name:text-is('{run}')")
    page.click("#run-undo")
    page.keyboard.press("Enter")
    page.wait_for_selector("#run-said:has-text('nothing was sent')")
    page.goto(f"{stage[0].url}/#runs/nobody")
    page.wait_for_selector("#run-problems .error")
    assert "there is no run" in page.inner_text("#run-problems")
    page.click("#views a >> nth=0")
    page.wait_for_selector("#rules")
