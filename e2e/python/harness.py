"""Runs checks one after another and counts them: no test framework is needed."""

import traceback


def run(tests) -> int:
    """Calls each of `tests`, prints a line for each, and returns the exit code."""
    failed = 0
    for test in tests:
        try:
            test()
            print(f"ok      {test.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  {test.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0
