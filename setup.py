"""Build hook: compiles the recorder's C library into the package, where there is a compiler.

Without one the installation goes on: the port and the runner need no recorder, and the recorder itself says what is
missing when it is asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))


class BuildPackage(build_py):
    """Copies the package, then builds the library beside its source."""

    def run(self) -> None:
        """Build everything."""
        super().run()
        package = ROOT / "ci_port" if self.editable_mode else Path(self.build_lib) / "ci_port"
        _build_recorder(package / "dryrun")


def _build_recorder(target: Path) -> None:
    from ci_port.dryrun import build

    try:
        build.build(target)
    except Exception as error:  # noqa: BLE001  # whatever it is, the rest of the package works without
        print(f"warning: the recorder's C library was not built: {error}", file=sys.stderr)


class PlatformDistribution(Distribution):
    """A distribution that holds machine code."""

    def has_ext_modules(self) -> bool:
        """Return True: the wheel is for one platform."""
        return True


class PlatformWheel(bdist_wheel):
    """A wheel for every Python 3 on one platform: the library is preloaded into bash, not into Python."""

    def get_tag(self) -> tuple[str, str, str]:
        """Return the wheel's tag."""
        return ("py3", "none", super().get_tag()[2])


setup(cmdclass={"build_py": BuildPackage, "bdist_wheel": PlatformWheel}, distclass=PlatformDistribution)
