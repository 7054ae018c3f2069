from __future__ import annotations

import subprocess
import unittest
from pathlib import Path


class Types(unittest.TestCase):
    needs = ["mypy"]

    def test_strict(self) -> None:
        """P112 the Python client, and these tests, pass a strict type check"""
        folder = Path(__file__).parents[1]
        checked = subprocess.run(["/usr/bin/mypy"], cwd=folder, capture_output=True, text=True)
        self.assertEqual(
            (checked.stdout.splitlines()[-1:], checked.returncode), (checked.stdout.splitlines(), 0)
        )
