import unittest

from support import BENCHMARKS  # noqa: F401  (the path to the modules)

from comparison.template import TemplateError, names_in, render


class TemplateTest(unittest.TestCase):
    def test_names_are_replaced(self):
        self.assertEqual(render("a: @PORT@, b: @OUT_PORT@\n", {"PORT": 1, "OUT_PORT": 2}),
                         "a: 1, b: 2\n")

    def test_what_other_languages_write_with_at_signs_stays(self):
        text = '@version: 3.38\n*.* @@host:514\ncookie="@cee:"\nme@EXAMPLE.org\n'
        self.assertEqual(render(text, {}), text)

    def test_an_unknown_name_is_an_error_that_names_it(self):
        with self.assertRaisesRegex(TemplateError, "@PROT@.*PORT"):
            render("@PROT@", {"PORT": 1})

    def test_a_block_is_repeated(self):
        self.assertEqual(render("a\n@REPEAT 2@\n x@I@: @PORT@\n@END@\nb\n", {"PORT": 7}),
                         "a\n x0: 7\n x1: 7\nb\n")

    def test_a_block_is_repeated_as_often_as_a_value_says(self):
        self.assertEqual(render("@REPEAT ROUTES@\n@I@\n@END@\n", {"ROUTES": 3}), "0\n1\n2\n")

    def test_blocks_that_do_not_close_or_nest_are_errors(self):
        for text in ("@REPEAT 2@\n", "@END@\n", "@REPEAT 2@\n@REPEAT 2@\n@END@\n@END@\n"):
            with self.assertRaises(TemplateError):
                render(text, {})

    def test_names_in_finds_what_is_asked_for(self):
        self.assertEqual(names_in("@A@\n@REPEAT N@\n@I@ @B@\n@END@\n"), {"A", "B", "N"})


if __name__ == "__main__":
    unittest.main()
