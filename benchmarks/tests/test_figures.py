import contextlib
import io
import unittest

from support import BENCHMARKS  # noqa: F401

from comparison.contest import hold, outcome, ranked
from comparison.cores import pinned, share_cores
from comparison.spread import is_wide, spread_of, spreads
from comparison.units import binary, engineering, trimmed
from comparison.verdict import FAILED, INVALID, MEASURED, invalid, judge, thinned

GOOD = {"issued": 100, "collected": 100, "lost": 0, "duplicated": 0, "reordered": 0,
        "corrupted": 0, "torn": 0, "issued_bytes": 40_000, "send_seconds": 0.4, "seconds": 0.5,
        "events_per_second": 200.0, "bytes_per_second": 80_000.0, "cpu_seconds": 0.1,
        "latency_ms": {"p50": 1.0, "max": 2.0}, "memory": [[0.0, 1], [0.1, 2]], "failures": [],
        "valid": True, "passed": True}


def judged(allow_loss=False, collected=True, **changes):
    return judge({**GOOD, **changes}, collected, allow_loss)


class SpreadTest(unittest.TestCase):
    def test_median_smallest_and_largest(self):
        self.assertEqual(spread_of([3, 1, 2]), {"median": 2, "min": 1, "max": 3})

    def test_of_nothing_there_is_no_spread_and_above_all_no_zero(self):
        self.assertIsNone(spread_of([]))
        self.assertIsNone(spread_of([None]))
        self.assertEqual(spreads([]), {})

    def test_only_figures_that_all_runs_have(self):
        found = spreads([{"a": 1, "b": 5, "in": {"c": 2}}, {"a": 3, "in": {"c": 4}, "d": "text"}])
        self.assertEqual(set(found), {"a", "in.c"})
        self.assertEqual(found["in.c"]["median"], 3)

    def test_wide_is_more_than_a_fifth(self):
        self.assertFalse(is_wide(spread_of([100, 110, 119])))
        self.assertTrue(is_wide(spread_of([100, 110, 130])))


class VerdictTest(unittest.TestCase):
    def test_a_clean_run_is_measured(self):
        run = judged()
        self.assertEqual(run.status, MEASURED)
        self.assertEqual(run.figures["events_per_second"], 200.0)
        self.assertAlmostEqual(run.figures["cpu_share"], 0.2)
        self.assertEqual(run.memory, [[0.0, 1], [0.1, 2]])

    def test_lost_events_fail_a_run(self):
        run = judged(lost=3, collected=97)
        self.assertEqual(run.status, FAILED)
        self.assertIn("3 of 100 lost", run.reason)

    def test_lost_events_are_no_fault_where_they_may_be_lost(self):
        self.assertEqual(judged(allow_loss=True, lost=3).status, MEASURED)

    def test_harmed_events_fail_a_run_even_there(self):
        for harm in ("duplicated", "reordered", "corrupted", "torn"):
            self.assertEqual(judged(allow_loss=True, **{harm: 1}).status, FAILED, harm)

    def test_runs_that_say_nothing_are_invalid_with_a_reason_and_without_figures(self):
        for changes in ({"failures": ["the router ended by itself"]}, {"valid": False},
                        {"events_per_second": 0}, {"seconds": 0}, {"cpu_seconds": 0}):
            run = judged(**changes)
            self.assertEqual(run.status, INVALID, changes)
            self.assertTrue(run.reason)
            self.assertEqual(run.figures, {})

    def test_without_a_collector_nothing_is_said_of_loss(self):
        result = {name: value for name, value in GOOD.items()
                  if name not in ("collected", "lost", "latency_ms")}
        run = judge(result, False, False)
        self.assertEqual(run.status, MEASURED)
        self.assertNotIn("lost", run.figures)

    def test_a_collector_that_was_not_there_makes_a_run_invalid(self):
        result = {name: value for name, value in GOOD.items() if name != "collected"}
        self.assertEqual(judge(result, True, False).status, INVALID)

    def test_memory_is_thinned_and_keeps_its_ends(self):
        kept = thinned([[index, index] for index in range(1000)], 10)
        self.assertEqual((len(kept), kept[0], kept[-1]), (10, [0, 0], [999, 999]))


class OutcomeTest(unittest.TestCase):
    def test_one_failed_run_takes_the_rank(self):
        outcomes = {"a": outcome([judged(events_per_second=900.0), judged(lost=1)]),
                    "b": outcome([judged(), judged()])}
        self.assertEqual(outcomes["a"]["status"], FAILED)
        self.assertEqual(ranked(outcomes), ["b"])

    def test_invalid_runs_are_not_in_the_medians(self):
        result = outcome([judged(), invalid("busy"), judged()])
        self.assertEqual(result["status"], MEASURED)
        self.assertEqual(result["medians"]["events_per_second"]["min"], 200.0)
        self.assertIn("1 of 3 runs were invalid: busy", result["reason"])

    def test_half_of_them_invalid_is_invalid_and_has_no_medians(self):
        result = outcome([judged(), invalid("busy")])
        self.assertEqual((result["status"], result["reason"]), (INVALID, "busy"))
        self.assertNotIn("medians", result)
        self.assertEqual(ranked({"a": result}), [])

    def test_at_a_given_rate_nobody_is_ranked(self):
        self.assertEqual(ranked({"a": outcome([judged()])}, saturates=False), [])

    def test_runs_take_turns_and_a_bad_configuration_runs_once(self):
        ran = []

        class FakeRunner:
            def run(self, job):
                ran.append(job)
                return invalid("no") if job == "C" else judged()

        with contextlib.redirect_stderr(io.StringIO()):
            outcomes = hold("case", {"a": "A", "b": "B", "c": "C"}, FakeRunner(), 2)
        self.assertEqual("".join(ran), "ABC" + "AB" + "BA")
        self.assertEqual(outcomes["c"]["status"], INVALID)


class CoresTest(unittest.TestCase):
    def test_the_router_gets_the_last_cores(self):
        cores = share_cores(1, {0, 1})
        self.assertEqual((cores.router, cores.bench, cores.shared), ([1], [0], False))

    def test_the_generator_always_has_one(self):
        cores = share_cores(4, {0, 1})
        self.assertEqual((cores.router, cores.bench, cores.shared), ([0, 1], [0], True))

    def test_the_command_stays_at_the_end(self):
        self.assertEqual(pinned([1], ["weir", "run"])[-2:], ["weir", "run"])


class UnitsTest(unittest.TestCase):
    def test_numbers_as_people_read_them(self):
        self.assertEqual([engineering(value) for value in (0, 0.0123, 1.5, 45_600, 999_900, 2.5e9)],
                         ["0", "0.0123", "1.50", "45.6k", "1.00M", "2.50G"])
        self.assertEqual([trimmed(value) for value in (0, 0.5, 100, 1500, 2e6)],
                         ["0", "0.5", "100", "1.5k", "2M"])
        self.assertEqual(binary(9.5 * (1 << 20)), "9.50 MiB")


if __name__ == "__main__":
    unittest.main()
