"""What `score` makes of small made-up reports: `python3 -m unittest discover benches/films`."""

import json
import tempfile
import unittest
from pathlib import Path

import score

FILES = {
    "a/original.mp4": ("a", "original", "original"),
    "a/crf28.mp4": ("a", "crf28", "standard"),
    "a/half.mp4": ("a", "half", "standard"),
    "a/turned.mp4": ("a", "turned", "deep"),
    "a/time_lapse.mp4": ("a", "time_lapse", "never"),
    "b/original.mp4": ("b", "original", "original"),
    "b/crf28.mp4": ("b", "crf28", "standard"),
    "b/half.mp4": ("b", "half", "standard"),
}


class Scores(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        names = ("original", "edit", "class")
        files = {path: dict(zip(names, entry, strict=True)) for path, entry in FILES.items()}
        (self.root / "truth.json").write_text(json.dumps({"version": 1, "files": files}))
        self.truths = score.Truths([self.root])

    def judged(self, *groups: tuple[str, list[tuple[str, str]]]) -> score.Score:
        report = {
            "version": 1,
            "groups": [
                {
                    "keeper": {"path": str(self.root / keeper)},
                    "duplicates": [{"path": str(self.root / path), "relation": relation} for path, relation in others],
                }
                for keeper, others in groups
            ],
        }
        return score.judge(self.truths, score.pairs_of_report(report))

    def test_a_variant_is_found_beside_its_original_whichever_is_kept(self) -> None:
        judged = self.judged(
            ("a/crf28.mp4", [("a/original.mp4", "copy"), ("a/half.mp4", "copy")]),
            ("b/original.mp4", [("b/crf28.mp4", "copy")]),
        )
        self.assertEqual(judged.found, {"crf28": [2, 2], "half": [1, 2], "turned": [0, 1]})
        self.assertEqual(judged.recall(["crf28", "half"]), 0.75)
        self.assertEqual(judged.false, [])

    def test_without_its_original_a_variant_is_not_found(self) -> None:
        judged = self.judged(("a/crf28.mp4", [("a/half.mp4", "copy")]))
        self.assertEqual(judged.found["crf28"], [0, 2])

    def test_alike_is_not_found(self) -> None:
        judged = self.judged(("a/original.mp4", [("a/crf28.mp4", "alike")]))
        self.assertEqual(judged.found["crf28"], [0, 2])

    def test_different_films_together_are_a_false_pair(self) -> None:
        judged = self.judged(("a/original.mp4", [("a/crf28.mp4", "copy"), ("b/half.mp4", "copy")]))
        self.assertEqual([pair.other for pair in judged.false], [str(self.root / "b/half.mp4")])
        self.assertEqual(score.failures(judged, {"crf28": 0.5}, strict=False), ["different films were put together"])

    def test_different_films_that_are_only_shown_count_apart(self) -> None:
        judged = self.judged(("a/original.mp4", [("b/original.mp4", "alike")]))
        self.assertEqual((len(judged.false), len(judged.false_shown)), (0, 1))
        self.assertEqual(score.failures(judged, {}, strict=False), [])
        self.assertEqual(score.failures(judged, {}, strict=True), ["different films were put together"])

    def test_what_must_never_be_found_is_a_false_pair(self) -> None:
        judged = self.judged(("a/original.mp4", [("a/time_lapse.mp4", "copy")]))
        self.assertEqual(len(judged.false), 1)

    def test_pieces_of_one_clip_are_different_films_unless_they_overlap(self) -> None:
        pieces = [
            {"original": name, "piece": f"clip {span}"} for name, span in (("a", "0 8"), ("b", "7.5 9"), ("c", "8 9"))
        ]
        self.assertTrue(score.share_scenes(pieces[0], pieces[1]))
        self.assertFalse(score.share_scenes(pieces[0], pieces[2]))
        self.assertFalse(score.share_scenes(pieces[2], pieces[0]))
        self.assertFalse(score.share_scenes(pieces[0], {"original": "d", "piece": "other 0 8"}))
        self.assertFalse(score.share_scenes(pieces[0], {"original": "e"}))
        self.assertFalse(score.share_scenes(pieces[0], pieces[0]))

    def test_a_recall_below_its_bound_fails_by_edit_and_by_class(self) -> None:
        judged = self.judged(("a/original.mp4", [("a/crf28.mp4", "copy")]))
        self.assertEqual(score.failures(judged, {"crf28": 0.5}, strict=False), [])
        self.assertEqual(
            score.failures(judged, {"standard": 0.3}, strict=False), ["standard: recall 0.250 is below 0.3"]
        )
        self.assertEqual(len(score.failures(judged, {"misspelt": 0.1}, strict=False)), 1)

    def test_lines_of_paths_are_pairs(self) -> None:
        lines = [f"{self.root}/a/original.mp4\t{self.root}/a/crf28.mp4\n", "\n"]
        judged = score.judge(self.truths, score.pairs_of_lines(lines))
        self.assertEqual(judged.found["crf28"], [1, 2])

    def test_pairs_of_different_films_are_counted(self) -> None:
        self.assertEqual(self.judged().different, 5 * 3)


if __name__ == "__main__":
    unittest.main()
