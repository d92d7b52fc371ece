"""`python -m ci_port.runner`, and the first file of the bundle (which knows it by having no package).

This file is written so that even an old Python can read it: whatever is wrong with the rest, it can still hand the job
to the script. It needs no other file of the package for that.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,import-not-found,name-defined"
# ruff: noqa: BLE001, RET503, RUF005, SIM105, UP024, UP031

import os
import signal
import sys

SCRIPT = ".ci/pytorch/test.sh"
OLDEST = (3, 10)
BASH = ("/bin/bash", "/usr/bin/bash")


def start():
    """Run the runner; hand over to the script if it cannot even be loaded."""
    problem = None
    # As for bash, an INT before the first command ends it, and needs no traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not __package__:
        isolate()
    if sys.version_info < OLDEST:
        problem = "this is Python %d.%d, and the port needs %d.%d" % (tuple(sys.version_info[:2]) + OLDEST)
    else:
        try:
            if not __package__:  # in the bundle
                import ci_port_archive

                ci_port_archive.install(__loader__)
            from ci_port.runner.main import main
        except Exception as error:
            problem = "the runner cannot be loaded: %s: %s" % (type(error).__name__, error)
    if problem is None:
        return main(sys.argv[1:], SCRIPT)
    return hand_over(problem)


def isolate():
    """Start the bundle again without what a job can put into Python: its variables, site-packages, the folder."""
    if sys.executable and sys.version_info >= OLDEST and not (sys.flags.isolated and sys.flags.no_site):
        try:
            with open("/proc/self/environ", "rb") as file:
                pairs = [item.split(b"=", 1) for item in file.read().split(b"\0") if b"=" in item]
            command = [sys.executable, "-I", "-S"] + sys.argv
            os.execve(sys.executable, command, dict(pairs))
        except (IOError, OSError):
            pass


def hand_over(problem):
    """Replace this process by the script, unless that was forbidden."""
    text = " ".join(problem.split())
    if "--no-fallback" in sys.argv[1:] or "--dry-run" in sys.argv[1:]:
        sys.stderr.write("ci-port: %s; nothing has been run\n" % text)
        return 71
    try:
        sys.stderr.write("ci-port: %s; bash runs %s instead\n" % (text, SCRIPT))
        sys.stderr.flush()
        sys.stdout.write("::warning title=ci-port::%s; bash runs %s instead\n" % (text, SCRIPT))
        sys.stdout.flush()
    except (IOError, OSError):
        pass
    for bash in BASH:
        if os.path.exists(bash):
            os.execv(bash, ["bash", SCRIPT])
    os.execvp("bash", ["bash", SCRIPT])


def end(status):
    """End with a status, also where PYTHONINSPECT would have Python read commands from standard input now."""
    if not (sys.flags.inspect or os.environ.get("PYTHONINSPECT")):
        sys.exit(status)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, IOError, OSError):
            pass
    os._exit(status)


if __name__ == "__main__":
    end(start())
