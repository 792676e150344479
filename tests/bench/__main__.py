"""`python -m tests.bench [NAME…]` runs the benches: every module beside this one but itself."""

import importlib
import sys
from pathlib import Path

chosen = sys.argv[1:] or sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
for name in chosen:
    print(f"\n{name}", flush=True)
    importlib.import_module(f"tests.bench.{name}").main()
