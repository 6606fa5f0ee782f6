import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from support import BENCHMARKS

from harness import delivery_cases
from harness.delivery_cases import DeliveryCases, await_spooled, file_system_of
from harness.process import Invalid


class StillWeir:
    """Says the same of its spool again and again, after some that differ."""

    def __init__(self, states):
        self.states = states
        self.asked = 0
        self.program = SimpleNamespace(command=["weir"], ended=lambda: False, complaint=lambda: "")

    def ledger(self):
        received, in_spool = self.states[min(self.asked, len(self.states) - 1)]
        self.asked += 1
        return SimpleNamespace(received=received, in_spool=in_spool)


class DeliveryCasesTest(unittest.TestCase):
    def test_every_case_is_in_the_readme(self):
        text = (BENCHMARKS / "README.md").read_text()
        with tempfile.TemporaryDirectory(dir=BENCHMARKS.parent) as disk:
            machine = SimpleNamespace(scratch=Path(disk))
            with DeliveryCases(None, None, machine, Path(disk), quick=True) as delivery:
                for case in delivery.all():
                    with self.subTest(case.name):
                        self.assertIn(f"`{case.name}`", text)
                        self.assertTrue(case.targets)
            self.assertEqual(list(Path(disk).iterdir()), [])

    def test_memory_is_no_disk(self):
        for line in Path("/proc/mounts").read_text().splitlines():
            _, point, kind = line.split()[:3]
            if kind == "tmpfs":
                self.assertRaises(Invalid, file_system_of, Path(point))
                return
        self.skipTest("nothing is mounted in memory")

    def test_the_end_of_spooling_is_its_last_movement(self):
        weir = StillWeir([(10, 0), (20, 5), (30, 12)])
        moved = await_spooled(weir, 30)
        self.assertGreater(weir.asked, 3)
        self.assertGreater(delivery_cases.time.monotonic() - moved, 0.5)


if __name__ == "__main__":
    unittest.main()
