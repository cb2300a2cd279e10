"""Drawings as SVG: well-formed, self-contained, nothing sticks out of its box."""

from xml.etree import ElementTree as ET

import pytest
from explained_hosts import ALL, SEED, SEED_PLAN
from generated_hosts import HOSTS_AND_PLANS
from hypothesis import given

from planner.explain.drawing.scene import pictures
from planner.explain.drawing.svg import broken, render, width_of

SVG = "{http://www.w3.org/2000/svg}"


def drawn(host, plan):
    return render(*pictures(host, plan))


def text_width(text):
    """The width of a <text> by the estimator: its own letters and those of its pieces."""
    size = float(text.get("font-size"))
    letters = [(text.text or "", text.get("font-weight"))]
    letters += [(piece.text or "", piece.get("font-weight")) for piece in text]
    spacing = float(text.get("letter-spacing", 0)) * len(text.text or "")
    return sum(width_of(words, size, bold=weight == "700") for words, weight in letters) + spacing


def check_fits(root):
    width, height = float(root.get("width")), float(root.get("height"))
    for group in root.iter(f"{SVG}g"):
        boxes = group.findall(f"{SVG}rect")
        for text in group.findall(f"{SVG}text"):
            x, y, box = float(text.get("x")), float(text.get("y")), boxes[0]
            reach = text_width(text) / (2 if text.get("text-anchor") == "middle" else 1)
            assert x + reach <= float(box.get("width"))
            assert y <= float(box.get("height")) - 4
    for text in root.findall(f"{SVG}text"):
        assert float(text.get("x")) + text_width(text) <= width
        assert float(text.get("y")) <= height


@given(HOSTS_AND_PLANS)
def test_every_drawing_is_well_formed_and_nothing_overflows(given_both):
    svg = drawn(*given_both)
    assert svg == drawn(*given_both)
    check_fits(ET.fromstring(svg))  # noqa: S314  our own output


@pytest.mark.parametrize("name", ALL)
def test_boxes_do_not_overlap(name):
    root = ET.fromstring(drawn(*ALL[name]))  # noqa: S314  our own output
    for panel in root.findall(f"{SVG}g"):
        boxes = []
        for node in panel.findall(f"{SVG}g"):
            x, y = map(float, node.get("transform")[len("translate(") : -1].split())
            box = node.find(f"{SVG}rect")
            boxes.append((x, y, x + float(box.get("width")), y + float(box.get("height"))))
        for index, (left, top, right, bottom) in enumerate(boxes):
            for other in boxes[index + 1 :]:
                assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_it_says_what_it_shows():
    root = ET.fromstring(drawn(SEED, SEED_PLAN))  # noqa: S314  our own output
    assert root.find(f"{SVG}title").text == "Management network: before and after"
    assert "bridge ovirtmgmt on vlan bond4.3000" in root.find(f"{SVG}desc").text
    assert root.get("role") == "img"


def test_a_node_is_found_by_its_key():
    root = ET.fromstring(drawn(SEED, SEED_PLAN))  # noqa: S314  our own output
    found = {node.get("data-key"): node.get("class") for node in root.iter(f"{SVG}g") if node.get("data-key")}
    assert found["device:bond4"].startswith("bond ")
    assert found["device:ovirtmgmt"] == "bridge new"
    assert found["address:192.0.2.10"].startswith("address ")


def test_it_stands_alone():
    svg = drawn(SEED, SEED_PLAN)
    assert svg.count("http") == 1
    assert "<image" not in svg
    assert "<style" not in svg


def test_folding_keeps_every_word_within_the_width():
    text = "a refusal with " + "m" * 90 + " and more"
    lines = broken(text, 200, 13)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width_of(line, 13) <= 200 for line in lines)
