import copy
import re
import unittest
from html.parser import HTMLParser
from xml.etree import ElementTree

from support import fixture

from comparison.html_report import page
from comparison.svg import Bar, Line, bar_chart, line_chart, log_ticks, nice_ticks

SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Balance(HTMLParser):
    """Asserts that every element that opens closes, in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> at {self.getpos()}")


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.report = fixture()
        cls.page = page(cls.report)

    def test_every_chart_is_well_formed_and_has_a_title(self):
        charts = SVG.findall(self.page)
        self.assertGreater(len(charts), 5)
        for chart in charts:
            root = ElementTree.fromstring(chart)
            self.assertTrue(root.findtext("{http://www.w3.org/2000/svg}title"))

    def test_every_chart_has_a_title_on_its_axes(self):
        for chart in SVG.findall(self.page):
            self.assertIn('class="axis"', chart)

    def test_the_page_is_balanced(self):
        checker = Balance()
        checker.feed(self.page)
        self.assertEqual(checker.open, [])

    def test_it_needs_nothing_from_elsewhere(self):
        self.assertNotRegex(self.page, r"<script|<link|@import|url\(")
        self.assertIn("prefers-color-scheme: dark", self.page)

    def test_every_router_is_named_and_missing_ones_as_missing(self):
        for router in self.report["routers"]:
            self.assertIn(router["name"], self.page)
        self.assertIn("missing: no package", self.page)

    def test_every_case_is_there(self):
        for case in self.report["cases"]:
            self.assertIn(f'id="{case["name"]}"', self.page)

    def test_the_raw_limit_is_drawn_where_there_is_one(self):
        self.assertIn('class="limit"', self.page)
        without = page({**self.report, "raw": {}})
        self.assertNotIn('class="limit"', without)

    def test_a_failed_router_is_shown_and_not_ranked(self):
        report = copy.deepcopy(self.report)
        result = report["cases"][0]["routers"]["rsyslog"]
        result.update(status="failed", reason="1 of 2 runs: 5 of 100 lost")
        report["cases"][0]["ranking"].remove("rsyslog")
        made = page(report)
        self.assertIn("FAILED", made)
        self.assertIn("5 of 100 lost", made)
        self.assertIn("not ranked", made)

    def test_an_invalid_router_has_its_reason_and_no_figure(self):
        report = copy.deepcopy(self.report)
        for case in report["cases"]:
            case["routers"]["rsyslog"] = {"status": "invalid", "reason": "it <fell>", "runs": []}
            case["ranking"] = [name for name in case["ranking"] if name != "rsyslog"]
        made = page(report)
        self.assertIn("INVALID</span>: it &lt;fell&gt;", made)
        for chart in SVG.findall(made):
            ElementTree.fromstring(chart)

    def test_a_report_that_has_just_begun_is_a_page(self):
        Balance().feed(page({**self.report, "cases": [], "scaling": []}))


class ChartTest(unittest.TestCase):
    def test_ticks_are_round_and_reach_the_largest(self):
        self.assertEqual(nice_ticks(0, 9), [0, 2, 4, 6, 8, 10])
        self.assertGreaterEqual(nice_ticks(0, 1234)[-1], 1234)
        self.assertEqual(log_ticks(3, 4000), [1, 10, 100, 1000, 10000])
        self.assertEqual(log_ticks(1, 1), [1, 2, 5, 10])

    def test_what_was_not_measured_has_no_bar(self):
        chart = bar_chart("t", [Bar("a", 5, label="5"), Bar("b", None, label="invalid")], "x")
        self.assertEqual(chart.count("<rect"), 1)
        self.assertIn("invalid", chart)

    def test_nothing_at_all_and_a_single_point_are_charts(self):
        ElementTree.fromstring(bar_chart("t", [Bar("a", None, label="missing")], "x"))
        ElementTree.fromstring(line_chart("t", [Line("a", [(1, 0)])], "x", "y"))
        ElementTree.fromstring(line_chart("t", [Line("a", [(1, 5)])], "x", "y", log_x=True))

    def test_text_is_escaped(self):
        ElementTree.fromstring(bar_chart("<&\">", [Bar("<a&>", 1, label="<1>")], "<&"))


if __name__ == "__main__":
    unittest.main()
