import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import VALUES, WEIR

from comparison import scaling
from comparison.case_folder import CASES, CONFIGURATION, CaseError, load_case, load_cases
from comparison.template import render

MARKER = re.compile(r"@[A-Z][A-Z0-9_]*( [A-Z0-9_]+)?@")


class CasesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cases = load_cases()

    def test_all_folders_are_cases(self):
        folders = {path.name for path in CASES.iterdir() if path.is_dir()}
        self.assertEqual(folders, set(self.cases))
        self.assertGreaterEqual(len(folders), 10)

    def test_every_case_says_what_it_is(self):
        for case in self.cases.values():
            with self.subTest(case.name):
                self.assertTrue(case.title and case.shows and case.to and case.load)
                self.assertTrue("duration" in case.load or "events" in case.load)
                self.assertIn("weir", case.templates)

    def test_no_two_cases_have_the_same_place(self):
        places = [case.place for case in self.cases.values()]
        self.assertEqual(len(places), len(set(places)))

    def test_every_router_has_a_configuration_or_a_reason(self):
        for case in self.cases.values():
            for router in CONFIGURATION:
                with self.subTest(case=case.name, router=router):
                    self.assertNotEqual(router in case.templates, router in case.cannot)

    def test_no_marker_is_left_in_any_configuration(self):
        for case in self.cases.values():
            for router, path in case.templates.items():
                with self.subTest(case=case.name, router=router):
                    text = render(path.read_text(), {**VALUES, **case.values})
                    self.assertIsNone(MARKER.search(text))
                    self.assertIn(str(VALUES["PORT"]), text)

    def test_every_configuration_says_why_it_is_so(self):
        for case in self.cases.values():
            for router, path in case.templates.items():
                with self.subTest(case=case.name, router=router):
                    head = path.read_text().splitlines()[:2]
                    self.assertTrue(any(line.startswith("#") for line in head))

    def test_nobody_forces_data_to_disk(self):
        for case in self.cases.values():
            for router, path in case.templates.items():
                with self.subTest(case=case.name, router=router):
                    self.assertNotRegex(path.read_text(),
                                        r'fsync\(yes|sync="on"|enableSync|sync: *(batch|interval)')

    def test_only_datagrams_may_be_lost(self):
        for case in self.cases.values():
            self.assertEqual(case.allow_loss, case.to.startswith("udp:"), case.name)

    def test_what_is_wrong_with_a_case_is_said(self):
        good = {"place": 1, "title": "t", "shows": "s", "to": "tcp://127.0.0.1:@PORT@",
                "collect": [], "load": {"duration": "1s"},
                "cannot": {name: "…" for name in CONFIGURATION if name != "weir"}}
        wrong = [({"tilte": "x"}, "tilte"), ({"load": {"speed": 1}}, "speed"),
                 ({"cannot": {}}, "rsyslog")]
        for change, said in wrong:
            with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(CaseError, said):
                write_case(Path(folder), {**good, **change})
                load_case(Path(folder))
        with tempfile.TemporaryDirectory() as folder:
            write_case(Path(folder), good)
            self.assertEqual(load_case(Path(folder)).title, "t")


def write_case(folder, content):
    (folder / "case.json").write_text(json.dumps(content))
    (folder / "weir.yaml").write_text("sinks: {out: blackhole}\n")


@unittest.skipUnless(WEIR, "WEIR names no binary")
class WeirCheckTest(unittest.TestCase):
    """weir accepts every configuration for it."""

    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([WEIR, "check", "-c", file.name], capture_output=True, text=True,
                                  timeout=30, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_cases(self):
        for case in load_cases().values():
            with self.subTest(case.name):
                self.check(render(case.templates["weir"].read_text(), {**VALUES, **case.values}))

    def test_scaling_series(self):
        for series in scaling.all_series(2):
            for point in series.points:
                with self.subTest(series=series.name, point=point):
                    self.check(render(series.template(point), VALUES))


if __name__ == "__main__":
    unittest.main()
