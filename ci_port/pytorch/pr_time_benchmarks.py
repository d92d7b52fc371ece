"""Instruction counts of compilation (docs/pytorch.md#pr-time-benchmarks): the one suite that start-up itself runs."""

from __future__ import annotations

from typing import NoReturn

from ci_port.host import Session, function
from ci_port.pytorch.helpers import make_reports_directory, pip_install


def run_pr_time_benchmarks_only(sh: Session) -> NoReturn:
    """Run the suite and end the script: nothing else happens in this job (docs/pytorch.md#start-up)."""
    pr_time_benchmarks(sh)
    sh.exit(0)


@function
def pr_time_benchmarks(sh: Session) -> None:
    """Run all benchmarks, show the results, compare them with the expected ones."""
    pip_install(sh, "fbscribelogger")
    make_reports_directory(sh)
    here = "benchmarks/dynamo/pr_time_benchmarks"
    results = f"{sh['TEST_REPORTS_DIR']}/pr_time_benchmarks_results.csv"
    env = {"PYTHONPATH": f"{sh.cwd}/{here}"}
    sh.source(f"{here}/benchmark_runner.sh", results, f"{here}/benchmarks", env=env)
    sh.echo("Results of this run:")
    sh.run("cat", results)
    new_expected = f"{sh['TEST_REPORTS_DIR']}/new_expected_results.csv"
    sh.run("python", f"{here}/check_results.py", f"{here}/expected_results.csv", results, new_expected, env=env)
