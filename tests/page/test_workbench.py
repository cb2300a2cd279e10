"""The workbench in a real Chromium: every sentence that is said of it, in both schemes and at phone width."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "planner" / "service" / "page"
CHROMIUM = "/usr/bin/chromium"
REQUIRED = os.environ.get("PAGE_REQUIRED") == "1"
SEED = ROOT / "golden" / "seed-vlan-over-bond"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}
# Bytes until the page can be used. On a slow line 200 kB are a second.
FIRST_PAINT = 200_000
SECONDS = 1000

in_chromium = pytest.mark.skipif(
    not REQUIRED and not os.path.exists(CHROMIUM), reason="needs Debian's package chromium"
)


def serving(*options):
    command = [sys.executable, "-m", "planner", "serve", "--listen", "127.0.0.1:0", *options]
    # What answers is measured by tests of its own: measuring would make it half as fast.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    return process, line.removeprefix("listening on ").strip()


def ended(process):
    process.terminate()
    process.wait(20)
    process.stdout.close()


@pytest.fixture(scope="module")
def service():
    process, address = serving()
    yield address
    ended(process)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser, service):
    """Opens the page; whatever a test does there, nothing may fail in its console or be asked of anybody else."""
    contexts, faults, foreign = [], [], []

    def watch(page):
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on(
            "request", lambda asked: None if asked.url.startswith((service, "data:")) else foreign.append(asked.url)
        )

    def open_page(fragment="", *, scheme="light", size=WIDE, asked=None):
        context = browser.new_context(
            color_scheme=scheme,
            viewport=size,
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(60 * SECONDS)  # of a machine that others use, too
        contexts.append(context)
        page = context.new_page()
        watch(page)
        if asked is not None:
            page.on("requestfinished", lambda request: asked.extend([request]))
        page.goto(f"{service}/{fragment}")
        page.wait_for_selector("body.ready")
        return page

    open_page.faults = faults
    yield open_page
    for context in contexts:
        context.close()
    # A refusal is answered with a status that Chromium writes into the console, though the page tells it.
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []
    assert foreign == []


def pick(page, golden="seed-vlan-over-bond"):
    if not page.is_visible("#choose"):
        page.click("#another")
    page.fill("#golden-search", golden)
    page.click(f"#goldens button:has(strong:text-is('{golden}'))")
    page.wait_for_selector(f"body:not(.asking):has(#host-name:text-is('{golden}')) #drawing svg")
    return page


def why(page, field):
    page.click(f"#attachment button[data-fields~='{field}']")
    page.wait_for_selector("#attachment .why:visible")


def open_rule(page, rule):
    page.fill("#rule-search", rule)
    page.click(f"#rule-list button:has(strong:text-is('{rule}'))")
    page.wait_for_selector(f"#rule-name:text-is('{rule}')")


def edit_rule(page, rule="vlan-over-bond"):
    open_rule(page, rule)
    page.click("#edit-rule")
    page.wait_for_selector(".cm-content")
    page.wait_for_selector("#findings-told:text('Nothing is wrong')")


def at_the_end_of(page, text):
    page.click(f".cm-line:has-text('{text}')")
    page.keyboard.press("End")


def misspell(page):
    at_the_end_of(page, "vlan: $vlan.tag")
    page.keyboard.type("g")
    page.wait_for_selector(".cm-under")


def write_17(page):
    at_the_end_of(page, "vlan: $vlan.tag")
    for _ in "$vlan.tag":
        page.keyboard.press("Backspace")
    page.keyboard.type("17")


def lit(page):
    return set(page.eval_on_selector_all("#drawing .lit", "found => found.map(one => one.dataset.key)"))


def look_at_it_as_axe_does(page):
    """Nothing serious is found in either scheme, at either width, and nothing is scrolled sideways."""
    from axe_playwright_python.sync_playwright import Axe

    # Long lists are of one kind; all of their items take a minute.
    context = {"exclude": [[f"#{name} > li:nth-child(n + 5)"] for name in ("rule-list", "goldens", "golden-changes")]}
    for scheme, size in (("light", WIDE), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size(size)
        told = [
            (one["id"], node["target"], node["failureSummary"])
            for one in Axe().run(page, context).response["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
        assert told == [], (scheme, size)
        sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(sideways) <= 0, (scheme, size)


# A host is dropped, opened, pasted or picked.


@in_chromium
def test_a_golden_is_picked(opened):
    page = pick(opened())
    assert page.inner_text("#outcome strong") == "ovirtmgmt: a change is planned"
    assert "The worked example" in page.inner_text("#host-about")
    page.click("#another")
    page.fill("#golden-search", "infiniband bond")
    page.wait_for_selector("#goldens strong:text-is('infiniband-bond-bridgeless')")
    assert re.fullmatch(r"\d of \d{3} hosts", page.inner_text("#golden-count"))


@in_chromium
def test_a_capture_is_dropped(opened):
    page = opened()
    dropped = page.evaluate_handle(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'caps.json')); return data }",
        (SEED / "capture.json").read_text(),
    )
    page.dispatch_event("#rules", "drop", {"dataTransfer": dropped})
    page.wait_for_selector("#drawing svg")
    assert page.inner_text("#host-name") == "caps.json"


@in_chromium
def test_a_capture_is_opened(opened):
    page = opened()
    page.set_input_files("#capture-file", SEED / "capture.json")
    page.wait_for_selector("#drawing svg")
    assert page.inner_text("#host-name") == "capture.json"


@in_chromium
def test_a_capture_is_pasted(opened):
    page = opened()
    page.evaluate("text => navigator.clipboard.writeText(text)", (SEED / "capture.json").read_text())
    page.focus("#capture")
    page.keyboard.press("Control+V")
    page.wait_for_selector("#drawing svg")
    assert page.inner_text("#host-name") == "a pasted capture"


@in_chromium
def test_what_is_no_capture_is_told_with_what_to_do(opened):
    page = opened()
    page.fill("#capture", '{"vlans": ')
    page.click("#use-capture")
    page.wait_for_selector("#problems .error")
    assert "take the capture again" in page.inner_text("#problems")
    assert page.get_attribute("#outcome", "data-outcome") == "unread"


# The definition is a form, from the schema, with the host's own values offered.


@in_chromium
def test_the_form_is_made_from_the_schema(opened):
    page = pick(opened())
    schema = json.loads((ROOT / "schemas" / "definition.schema.json").read_text())["properties"]
    for name, declared in schema.items():
        field = page.locator(f"#field-{name}")
        assert page.inner_text(f"label[for='field-{name}']") == declared["title"]
        assert page.inner_text(f"#{field.get_attribute('aria-describedby')}") == declared["description"]
    assert page.input_value("#field-vlan") == "3000"
    assert page.input_value("#field-vm_network") == "true"


@in_chromium
def test_the_hosts_own_values_are_offered(opened):
    page = pick(opened())
    page.fill("#field-vlan", "17")
    page.wait_for_selector("#outcome[data-outcome=refused]")
    page.click("#offers-vlan button")
    page.wait_for_selector("#outcome[data-outcome=change]")
    assert page.input_value("#field-vlan") == "3000"
    assert page.locator("#offers-mtu button").all_inner_texts() == ["1500", "9000"]
    assert page.locator("#offers-nameservers button").all_inner_texts() == ["192.0.2.53"]
    assert page.locator("#offers-addresses button").all_inner_texts() == ["192.0.2.10"]


@in_chromium
def test_what_the_schema_refuses_is_told(opened):
    page = pick(opened())
    page.fill("#field-mtu", "much")
    page.wait_for_selector("#outcome[data-outcome=unread]")
    assert "mtu" in page.inner_text("#problems")


# The host as a drawing, the plan beside it, with what changes marked.


@in_chromium
def test_the_plan_stands_beside_the_drawing(opened):
    page = pick(opened())
    drawing, plan = page.locator("#drawing svg").bounding_box(), page.locator("#planned").bounding_box()
    assert drawing["x"] + drawing["width"] <= plan["x"]
    assert abs(drawing["y"] - plan["y"]) < 100
    assert "bridge ovirtmgmt on vlan bond4.3000" in page.text_content("#drawing desc")


@in_chromium
def test_what_changes_is_marked(opened):
    page = pick(opened())
    assert page.inner_text("#changes li:has-text('bridge ovirtmgmt') .mark") == "new"
    assert page.inner_text("#changes li:has-text('on bond4.3000') .mark") == "removed"
    assert page.inner_text("#attachment .row:has-text('VM network') .mark") == "was no"
    assert page.locator("#attachment .row:has(dt:text-is('MTU')) .mark").count() == 0
    pick(page, "ovirtmgmt-as-defined")
    assert page.locator("#attachment .mark").count() == 0
    assert page.locator("#changes .mark").count() == 0


@in_chromium
def test_the_drawing_has_nothing_that_svg_py_does_not_make(opened):
    page = opened()
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90" onload="window.hit=1"><script>window.hit=1'
        '</script><g data-key="device:a" onclick="window.hit=1" mask="url(//a.example)">'
        '<rect width="5" href="//a.example/"/>'
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject><image href="//a.example/b.png"/>'
        '<a href="javascript:1"><text>y</text></a></g></svg>'
    )
    page.route("**/v1/draw", lambda route: route.fulfill(body=hostile, content_type="image/svg+xml"))
    pick(page)
    left = page.evaluate("[...document.querySelectorAll('#drawing *')].map(one => one.outerHTML)")
    assert left[1:] == [
        '<g data-key="device:a"><rect width="5"></rect></g>',
        '<rect width="5"></rect>',
    ]
    assert page.evaluate("window.hit") is None
    # A Chromium of today writes of each handler, as soon as it is read, that the page's policy would not run it.
    opened.faults[:] = [fault for fault in opened.faults if "inline event handler violates" not in fault]


def test_the_dark_scheme_knows_every_colour_of_a_drawing():
    drawn = (ROOT / "planner" / "explain" / "drawing" / "svg.py").read_text()
    style = (ROOT / "page" / "workbench.css").read_text()
    told = set(re.findall(r'\[(?:fill|stroke)="(#[0-9a-f]{6})"\]', style))
    assert set(re.findall(r'"(#[0-9a-f]{6})"', drawn)) <= told


# The steps, the request, the problems as advice.


@in_chromium
def test_the_steps_and_the_request_are_shown(opened):
    page = pick(opened())
    assert page.locator("#steps h3").all_inner_texts() == ["Step 1 of 2, adopt", "Step 2 of 2, change"]
    change = page.locator("#steps > li").nth(1)
    assert change.locator(".request li.changed").all_inner_texts() == ["bridged: true changed", "stp: false changed"]
    assert "the bridge ovirtmgmt is made on bond4.3000" in change.inner_text()
    change.locator("button:text-is('Copy')").click()
    page.wait_for_selector("#steps :text-is('copied')")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["networks"]["ovirtmgmt"]["vlan"] == 3000
    change.locator(".request li:has-text('connectivityTimeout') button").click()
    page.wait_for_selector("#steps .why:visible")
    assert "how many seconds VDSM waits" in page.inner_text("#steps .why:visible")
    page.click("#steps > li >> nth=0 >> .request li:has-text('bridged') button")
    page.wait_for_selector("#steps .why:visible :text('adopt-first-network')")


@in_chromium
def test_problems_are_told_as_advice(opened):
    page = pick(opened(), "bond-mode-0")
    problem = page.locator("#problems .error")
    assert "What to do: at the console" in problem.inner_text()
    assert "INVALID_BOND_MODE_FOR_BOND_WITH_VM_NETWORK" in problem.inner_text()
    assert page.evaluate("document.querySelector('#said').firstElementChild.id") == "advised"
    problem.locator("button:text-is('show in the drawing')").click()
    assert "device:bond0" in lit(page)


@in_chromium
def test_advice_is_taken_with_one_click(opened):
    page = pick(opened(), "base-in-use")
    page.wait_for_selector("#take-advice")
    assert "mtu from 1400 to 1500" in page.inner_text("#advice")
    page.click("#take-advice")
    page.wait_for_selector("#outcome:not([data-outcome=refused])")
    assert page.input_value("#field-mtu") == "1500"
    assert page.inner_text("#advice") == ""


@in_chromium
def test_a_plan_stands_where_no_advice_can_be_had(opened):
    page = opened()
    told = {"problems": [{"code": "solver-missing", "severity": "error", "message": "proofs need z3", "hint": ""}]}
    told["problems"][0] |= {"event": "", "rule": "", "where": []}
    page.route("**/v1/advise", lambda route: route.fulfill(status=501, json=told))
    pick(page, "bond-mode-0")
    page.wait_for_selector("#advice :text('proofs need z3')")
    assert page.get_attribute("#outcome", "data-outcome") == "refused"


# Why, and why not.


@in_chromium
def test_a_value_tells_its_why_with_its_facts_lit_up(opened):
    page = pick(opened())
    why(page, "vlan")
    told = page.inner_text("#why-vlan")
    assert "vlan = 3000 by the rule vlan-over-bond" in told
    assert "devise/vlan-over-bond.yaml:15" in told
    assert lit(page) == {"device:bond4.3000", "device:bond4", "address:192.0.2.10"}
    assert page.inner_text("#lit") == "Lit up: bond4.3000, bond4, 192.0.2.10"
    page.click("#why-vlan summary:has-text('bondings.bond4')")
    assert "options mode=4 miimon=100" in page.inner_text("#why-vlan")
    why(page, "mtu")
    assert page.locator("#wanted.lit").count() == 1
    page.click("#why-mtu button:text-is('as-defined')")
    page.wait_for_selector("#rule-name:text-is('as-defined')")


@in_chromium
def test_every_value_tells_its_why(opened):
    page = pick(opened())
    for value in page.locator("#attachment button.value").all():
        value.click()
        page.wait_for_selector("#attachment .why:visible .reason")
        value.press("Escape")
        assert page.locator("#attachment .why:visible").count() == 0
        assert lit(page) == set()


@in_chromium
def test_why_not_is_told_of_any_rule(opened):
    page = opened()
    open_rule(page, "vlan-over-nic")
    assert "Choose a host" in page.inner_text("#why-not-none")
    pick(page)
    page.wait_for_selector("#why-not li")
    told = page.inner_text("#why-not")
    assert "bond" in told
    assert "it fired" not in told
    page.check("#only-fired")
    page.fill("#rule-search", "vlan-over")
    page.wait_for_selector("#rule-list li:only-child strong:text-is('vlan-over-bond')")


@in_chromium
def test_why_the_vlan_is_3000_in_four_actions(opened):
    """A newcomer's path, from the bare page: search, pick, click the value; one action is left."""
    page = opened()
    page.keyboard.press("Tab")
    page.click("#goldens button >> nth=0")
    page.click("#attachment button:text-is('3000')")
    page.wait_for_selector("#why-vlan .reason")
    assert "The management IP is on a VLAN over a bond." in page.inner_text("#why-vlan")


# A rule is edited.


@in_chromium
def test_errors_stand_under_the_line_as_one_types(opened):
    page = opened()
    edit_rule(page)
    misspell(page)
    line = page.locator(".cm-line:has-text('$vlan.tagg')").bounding_box()
    under = page.locator(".cm-under").bounding_box()
    assert 0 <= under["y"] - line["y"] - line["height"] < 12
    assert page.inner_text(".cm-under").startswith('error: vlan has no field "tagg"; did you mean tag?')
    assert page.inner_text("#goldens-told") == "Asked once the rule has no error."
    page.click(".cm-under button")
    page.wait_for_selector("#findings-told:text('Nothing is wrong')")
    assert page.locator(".cm-under").count() == 0
    assert "vlan: $vlan.tag\n" in page.inner_text(".cm-content")


@in_chromium
def test_completion_comes_from_the_schema(opened):
    page = opened()
    edit_rule(page)
    at_the_end_of(page, "- bond: {name: $vlan.base")
    page.keyboard.press("ArrowLeft")
    page.keyboard.type(", mo")
    page.wait_for_selector(".cm-tooltip-autocomplete")
    assert "mode" in page.inner_text(".cm-tooltip-autocomplete li[aria-selected]")
    page.wait_for_timeout(150)  # CodeMirror takes no Enter for 75 ms, lest it was meant for the text
    page.keyboard.press("Enter")
    assert "{name: $vlan.base, mode: }" in page.inner_text(".cm-content")


@in_chromium
def test_an_edit_shows_which_goldens_change_and_which_invariants_hold(opened):
    page = opened()
    edit_rule(page)
    assert page.inner_text("#goldens-told") == "The rule is as installed: none changes."
    write_17(page)
    page.wait_for_selector("#golden-changes details")
    assert re.fullmatch(r"\d+ of \d+ hosts get another plan\.", page.inner_text("#goldens-told"))
    page.click("#golden-changes summary:has-text('seed-vlan-over-bond')")
    assert "vlan: 3000 -> 17" in page.inner_text("#golden-changes details[open]")
    assert page.locator("#host-change").count() == 0, "no host is looked at"
    page.wait_for_selector("#invariants li")
    assert page.inner_text("#invariants li .mark") in {"holds", "broken", "undecided"}
    assert re.match(r"\d+ of \d\d asked: ", page.inner_text("#invariants-told"))
    page.click("#stop-proofs")
    page.wait_for_selector("#invariants-told:text('Stopped')")
    look_at_it_as_axe_does(page)
    page.click("#golden-changes details[open] button")
    page.wait_for_selector("#host-name:text-is('seed-vlan-over-bond')")


@in_chromium
def test_an_edit_shows_what_it_does_to_the_host_that_is_looked_at(opened):
    page = pick(opened())
    edit_rule(page)
    write_17(page)
    page.wait_for_selector("#host-change")
    assert "vlan: 3000 -> 17" in page.inner_text("#host-change")


@in_chromium
def test_an_edit_is_undone(opened):
    page = opened()
    edit_rule(page)
    misspell(page)
    page.click("#undo-edit")
    page.wait_for_selector("#rule-text:visible")
    assert "tagg" not in page.inner_text("#rule-text")
    assert not page.is_visible("#workshop")


# A rehearsal.


@in_chromium
def test_a_rehearsal_tells_its_steps_as_they_happen(opened):
    page = pick(opened())
    page.click("#rehearse")
    page.wait_for_selector("#rehearsed li.doing")
    assert page.inner_text("#rehearsal-told").startswith("It is played on a stand-in")
    assert page.inner_text("#rehearse") == "Stop"
    page.wait_for_selector("#rehearsal-told[data-how=succeeded]")
    assert page.inner_text("#rehearsal-told") == "The host ends as planned and saved; nothing more to do."
    steps = page.locator("#rehearsed strong").all_inner_texts()
    assert steps[0] == "look:"
    assert "set-up:" in steps
    assert page.locator("#rehearsed li.done").count() == len(steps)
    look_at_it_as_axe_does(page)


@in_chromium
def test_a_rehearsal_is_stopped(opened):
    page = pick(opened())
    page.click("#rehearse")
    page.wait_for_selector("#rehearsed li")
    page.click("#rehearse")
    page.wait_for_selector("#rehearsal-told:text-is('Stopped.')")
    assert page.inner_text("#rehearse") == "Rehearse"


# Sharing.


@in_chromium
def test_a_link_carries_what_is_looked_at(opened):
    page = opened()
    page.fill("#capture", (SEED / "capture.json").read_text())
    page.click("#use-capture")
    page.wait_for_selector("body:not(.asking) #drawing svg")
    page.fill("#field-vlan", "3000")
    page.fill("#field-addresses", "192.0.2.10")
    page.wait_for_selector("#attachment button:text-is('3000')")
    page.wait_for_selector("body:not(.asking)")
    why(page, "vlan")
    edit_rule(page)
    misspell(page)
    page.click("#share")
    page.wait_for_selector("#share-told:text('copied')")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    other = opened(link[link.index("#") :])
    other.wait_for_selector(".cm-under")
    assert other.input_value("#field-vlan") == "3000"
    assert other.input_value("#field-addresses") == "192.0.2.10"
    assert other.is_visible("#why-vlan")
    other.fill("#field-mtu", "1400")
    other.wait_for_url(re.compile(r"/$"))


@in_chromium
def test_a_fragment_is_sent_to_nobody(opened, service):
    page = opened()
    urls = []
    page.on("request", lambda asked: urls.append(asked.url))
    page.goto(f"{service}/#golden=seed-vlan-over-bond&why=vlan")
    page.reload()
    page.wait_for_selector("#why-vlan .reason")
    assert urls
    assert all(url.startswith((service, "data:")) and "why=vlan" not in url.partition("#")[0] for url in urls)


@in_chromium
def test_a_link_that_cannot_be_read_is_told(opened):
    page = opened("#capture=!!!")
    assert page.evaluate("document.querySelector('#share-told').textContent").startswith("This link cannot be read")


# For everybody: the keyboard, schemes, widths, and what is transferred.


@in_chromium
def test_everything_is_done_from_the_keyboard_alone(opened):
    page = opened()

    def tab_to(selector, key="Tab"):
        for _ in range(400):
            if page.evaluate("sought => document.activeElement?.matches(sought) ?? false", selector):
                return
            page.keyboard.press(key)
        pytest.fail(f"{selector} is not reached")

    tab_to("#golden-search")
    page.keyboard.type("bond-mode-0")
    page.wait_for_timeout(200)
    tab_to("#goldens button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#take-advice")
    page.wait_for_selector("#outcome:focus")
    tab_to("#take-advice")
    page.keyboard.press("Enter")
    page.wait_for_selector("#outcome[data-outcome=change]")
    page.wait_for_selector("#outcome:focus")
    tab_to("#attachment button[data-fields~='bridged']")
    page.keyboard.press("Enter")
    tab_to("#why-bridged button.rule")
    page.keyboard.press("Space")
    page.wait_for_selector("#rule-name:focus")
    tab_to("#edit-rule")
    page.keyboard.press("Enter")
    page.wait_for_selector("#editor:focus")
    page.keyboard.press("Control+End")
    page.keyboard.type("nonsense: 1")
    page.wait_for_selector(".cm-under")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    tab_to("#undo-edit")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rule-text:visible")
    tab_to("#rehearse", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rehearsed li")
    page.keyboard.press("Enter")
    tab_to("#field-vlan", "Shift+Tab")
    tab_to("#share", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#share-told:text('copied')")


STATES = {
    "bare": lambda page: page,
    "why": lambda page: (pick(page), why(page, "ipv4.method"), page.click("#attachment .why:visible summary >> nth=0")),
    "refused": lambda page: (pick(page, "base-in-use"), page.wait_for_selector("#take-advice")),
    "nothing-to-change": lambda page: (pick(page, "ovirtmgmt-as-defined"), page.click("#another")),
    "unread": lambda page: (page.fill("#capture", "{"), page.click("#use-capture"), page.wait_for_selector(".error")),
    "why-not": lambda page: (pick(page), open_rule(page, "vlan-over-nic"), page.wait_for_selector("#why-not li")),
    "error": lambda page: (edit_rule(page), misspell(page)),
    "token": lambda page: page.evaluate("document.querySelector('#token-dialog').showModal()"),
}


@in_chromium
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_serious_in_either_scheme_at_either_width(opened, state):
    page = opened()
    STATES[state](page)
    look_at_it_as_axe_does(page)


@in_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plan_is_read_at_phone_width(opened, scheme):
    page = pick(opened(scheme=scheme, size=PHONE))
    assert not page.is_visible("#field-vlan")
    page.click("#wanted-fields summary")
    assert page.is_visible("#field-vlan")
    why(page, "vlan")
    page.click("#why-vlan button:text-is('to the drawing')")
    box = page.locator("#drawing").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    paper = page.evaluate("getComputedStyle(document.querySelector('#planned')).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


@in_chromium
def test_the_first_paint_is_small_and_the_editor_comes_with_the_first_edit(opened, service):
    asked = []
    page = opened(asked=asked)
    page.wait_for_load_state("networkidle")
    sizes = [request.sizes() for request in asked]
    assert f"{service}/page/workbench.js" in [request.url for request in asked]
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < FIRST_PAINT
    assert f"{service}/page/editor.js" not in [request.url for request in asked]
    edit_rule(page)
    assert f"{service}/page/editor.js" in [request.url for request in asked]


def test_nothing_moves():
    style = (ROOT / "page" / "workbench.css").read_text()
    assert "transition" not in style
    assert "animation" not in style


@in_chromium
def test_a_token_is_asked_for_and_kept_for_the_tab(browser, tmp_path):
    made = [
        sys.executable,
        "-m",
        "planner",
        "serve",
        "--new-token",
        "reader:plan",
        "--tokens",
        str(tmp_path / "tokens"),
    ]
    token = subprocess.run(made, capture_output=True, text=True, check=True).stdout.strip()
    process, address = serving("--tokens", str(tmp_path / "tokens"))
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("#token-dialog[open]")
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#token-wrong:visible")
        page.fill("#token", token)
        page.click("#token-form button")
        page.wait_for_selector("#goldens button")
        page.reload()
        page.wait_for_selector("body.ready #goldens button")
        assert not page.is_visible("#token-dialog")
        pick(page)
        page.click("#rehearse")
        page.wait_for_selector("#rehearsal-problems .error")
        assert "makes a token that has it" in page.inner_text("#rehearsal-problems")
    finally:
        context.close()
        ended(process)


# The bundle.


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_the_bundle_is_what_the_sources_make(tmp_path):
    sources = tmp_path / "page"
    shutil.copytree(ROOT / "page", sources, ignore=shutil.ignore_patterns("node_modules"))
    for command in (
        ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        ["npm", "run", "check"],
        ["node", "build.mjs", str(tmp_path / "made")],
    ):
        subprocess.run(command, cwd=sources, check=True, capture_output=True, text=True)
    made = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    assert made.keys() == {path.name for path in BUNDLE.iterdir()}
    stale = [name for name, content in made.items() if content != (BUNDLE / name).read_bytes()]
    assert stale == [], "make page makes it anew"
