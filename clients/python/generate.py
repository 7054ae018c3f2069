"""Writes runspaced/gen from proto/: `generate.py DESCRIPTORS`, a file that `buf build -o` made.

Needs protoc 3.20 or later: Debian's protobuf-compiler, or pip's grpcio-tools. `generate.py --possible` tells by its exit
code whether it is there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

GENERATED = Path(__file__).parent / "runspaced" / "gen"
NOUNS = ("access", "configuration", "daemon", "error", "job", "pipeline", "record", "session", "target", "value")


def main(descriptors: str) -> None:
    """Generates messages and their types, as modules of this package."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir(parents=True)
    out = [f"--python_out={GENERATED}", f"--pyi_out={GENERATED}"]
    files = [f"runspace/v1/{noun}.proto" for noun in NOUNS]
    subprocess.run([*protoc(), f"--descriptor_set_in={descriptors}", *out, *files], check=True)
    for file in GENERATED.rglob("*_pb2.py*"):
        file.write_text(re.sub(r"^from runspace\.v1 import", "from . import", file.read_text(), flags=re.M))
    for folder in (GENERATED, GENERATED / "runspace", GENERATED / "runspace" / "v1"):
        (folder / "__init__.py").write_text("")


def protoc() -> list[str]:
    """The compiler that is here."""
    for candidate in (["protoc"], [sys.executable, "-m", "grpc_tools.protoc"]):
        try:
            found = subprocess.run([*candidate, "--version"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        version = [int(number) for number in re.findall(r"\d+", found.stdout)]
        if version >= [3, 20]:
            return candidate
    sys.exit("generate.py: no protoc 3.20 or later: install protobuf-compiler (Debian) or grpcio-tools (pip)")


if __name__ == "__main__":
    if sys.argv[1] == "--possible":
        protoc()
    else:
        main(sys.argv[1])
