"""Print pip constraints that pin each dependency to the lowest version pyproject.toml promises.

python .ci/lowest.py [EXTRA ...] > constraints.txt
"""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
for wanted in [*project["dependencies"], *(line for name in sys.argv[1:] for line in extras[name])]:
    package, lowest = wanted.split(">=")
    print(f"{package.partition('[')[0]}=={lowest}")
