"""Does the public interface stay guarded, and do two commits understand each other (docs/pytorch.md#compatibility)."""

from __future__ import annotations

from ci_port.host import PIPE, Session, function
from ci_port.host.filters import basic_regex, matching
from ci_port.model import RunFailed, Variable
from ci_port.pytorch.common_build import source_common_build
from ci_port.pytorch.helpers import assert_git_not_dirty

BAD_PUBLIC_FUNC = """
def new_public_func():
    pass

# Hides where it comes from, which public functions must not do.
new_public_func.__module__ = None
"""
NOT_PYTHON = "this is not python ?"

RET = Variable("ret")

PIPE_CAPACITY = 65536


@function
def check_public_api_test_fails(sh: Session, test: str, item: str, description: str) -> None:
    """Return 0 if the test fails and names the item, else 1; nothing inside stops it (docs/pytorch.md#noticing)."""
    sh["test_name"], sh["invalid_item_name"], sh["invalid_item_desc"] = test, item, description
    sh.echo(f"{test} has to notice that {description}")
    output = sh.output("python", "test/test_public_bindings.py", "-k", test, stderr=PIPE)
    sh["ret"] = str(sh.status)
    sh["test_output"] = output
    if sh.test(RET.compare("-eq", 0)):
        sh.echo(f"{test} passed although {description}. What it printed:")
        sh.echo(sh["test_output"])
        sh.return_(1)
    sh["ret"] = str(search(sh, item))
    if sh.test(RET.compare("-ne", 0)):
        sh.echo(f"{test} failed, but did not name {item}. What it printed:")
        sh.echo(sh["test_output"])
        sh.return_(1)
    sh.echo(f"{test} noticed {item}")


def search(sh: Session, item: str) -> int:
    """Return the status of searching the output for the item, a basic regular expression (docs/pytorch.md#noticing)."""
    text = sh["test_output"] + "\n"
    if len(text) > PIPE_CAPACITY:
        # The search may end before all is written, and then the writer fails: a race (docs/pytorch.md#race).
        raise RunFailed("whether a search in a long output succeeds depends on timing", sh.place())
    return matching(basic_regex(item))(text)[1]


@function
def test_forward_backward_compatibility(sh: Session) -> None:
    """First the guards of the public interface, then models and schemas across two commits."""
    check_new_file_is_noticed(sh)
    check_existing_file_is_noticed(sh)
    check_broken_module_is_noticed(sh)
    sh["REPO_DIR"] = sh.cwd
    choose_base_commit(sh)
    install_base_commit(sh)
    with sh.pushd("test/forward_backward_compatibility"):
        compare_commits(sh)
    assert_git_not_dirty(sh)


def noticed(sh: Session, test: str, item: str, description: str) -> None:
    """Set `ret` to whether the guard works."""
    sh["ret"] = str(sh.status_of(check_public_api_test_fails, sh, test, item, description))


def stop_if_unnoticed(sh: Session) -> None:
    """Stop with 1, after the clean-up."""
    if sh.test(RET.compare("-ne", 0)):
        sh.exit(1)


def check_new_file_is_noticed(sh: Session) -> None:
    """Add a file with a badly declared function, and see it noticed (docs/pytorch.md#public-interface)."""
    sh.assign("new_filename", sh.output("mktemp", "XXXXXXXX.py", "-p", sh["TORCH_INSTALL_DIR"]))
    sh["BAD_PUBLIC_FUNC"] = BAD_PUBLIC_FUNC
    sh.write(sh["new_filename"], BAD_PUBLIC_FUNC + "\n", append=True)
    module = sh["new_filename"].rpartition("/")[2].removesuffix(".py")
    sh["invalid_api"] = f"torch.{module}.new_public_func"
    sh.echo(f"Added {sh['invalid_api']}")
    noticed(sh, "test_correct_module_names", sh["invalid_api"], "a new file has a badly declared function")
    sh.run("rm", "-v", sh["new_filename"])
    stop_if_unnoticed(sh)


def check_existing_file_is_noticed(sh: Session) -> None:
    """Add the same function to a file that exists, and see it noticed (docs/pytorch.md#public-interface)."""
    path = sh["EXISTING_FILEPATH"] = f"{sh['TORCH_INSTALL_DIR']}/cuda/streams.py"
    sh.run("cp", "-v", path, f"{path}.orig")
    sh.write(path, BAD_PUBLIC_FUNC + "\n", append=True)
    sh["invalid_api"] = "torch.cuda.streams.new_public_func"
    sh.echo(f"Added {sh['invalid_api']}")
    noticed(sh, "test_correct_module_names", sh["invalid_api"], "an existing file has a badly declared function")
    sh.run("mv", "-v", f"{path}.orig", path)
    stop_if_unnoticed(sh)


def check_broken_module_is_noticed(sh: Session) -> None:
    """Add a package that is no Python, and see it noticed (docs/pytorch.md#public-interface)."""
    sh.assign("new_module_dir", sh.output("mktemp", "XXXXXXXX", "-d", "-p", sh["TORCH_INSTALL_DIR"]))
    sh.write(f"{sh['new_module_dir']}/__init__.py", NOT_PYTHON + "\n")
    sh["invalid_module_name"] = f"torch.{sh['new_module_dir'].rpartition('/')[2]}"
    sh.echo(f"Added {sh['invalid_module_name']}")
    noticed(sh, "test_modules_can_be_imported", sh["invalid_module_name"], "a module cannot be imported")
    sh.run("rm", "-rv", sh["new_module_dir"])
    stop_if_unnoticed(sh)


def choose_base_commit(sh: Session) -> None:
    """Choose the base: the commit before, or where the change branched off (docs/pytorch.md#base-commit)."""
    sha1, base_sha = sh["SHA1"], sh["BASE_SHA"]
    if sh.test(Variable("BASE_SHA").equals(sha1)):
        sh.echo("On the main branch: comparing with the commit before")
        sh.assign("SHA_TO_COMPARE", sh.output("git", "rev-parse", f"{sha1}^"))
    else:
        sh.echo("On a change: comparing with the commit it branched off from")
        sh.assign("SHA_TO_COMPARE", sh.output("git", "merge-base", sha1, base_sha))
    sh.mark_for_export("SHA_TO_COMPARE")


def install_base_commit(sh: Session) -> None:
    """Build and install the base commit, in an environment of its own (docs/pytorch.md#base-commit)."""
    sh.run("python", "test/create_dummy_torchscript_model.py", "/tmp/model_new.pt")
    sh.run("python", "-m", "venv", "venv")
    sh.source("venv/bin/activate")
    check_out(sh, sh["SHA_TO_COMPARE"])
    sh.echo(f"Building the base commit {sh['SHA_TO_COMPARE']}")
    sh.run("pip3", "install", "-r", "requirements.txt")
    source_common_build(sh)
    build = ("python", "-m", "build", "--wheel", "--no-isolation")
    sh.run(*build, "-C--build-option=--bdist-dir=base_bdist_tmp", "--outdir", "base_dist")
    sh.run("python", "-mpip", "install", *sh.glob("base_dist/", "*.whl"))
    sh.echo("The base commit is installed")


def check_out(sh: Session, commit: str) -> None:
    """Check out a commit; if syncing submodules fails, they are not updated (docs/pytorch.md#compatibility)."""
    sh.run("git", "reset", "--hard", commit)
    if sh.ok("git", "submodule", "sync"):
        sh.run("git", "submodule", "update", "--init", "--recursive")


def compare_commits(sh: Session) -> None:
    """Let each commit load the other's model; a return from here leaves no popd (docs/pytorch.md#two-commits)."""
    sh.run("pip", "show", "torch")
    sh.run("python", "dump_all_function_schemas.py", "--filename", "nightly_schemas.txt")
    check_out(sh, sh["SHA1"])
    if not sh.ok("python", "../load_torchscript_model.py", "/tmp/model_new.pt"):
        sh.echo("The base commit's tests cannot load a model of this commit: forward compatibility is broken")
        sh.return_(1)
    sh.run("python", "../create_dummy_torchscript_model.py", "/tmp/model_old.pt")
    sh.run("deactivate")
    sh.run("rm", "-r", f"{sh['REPO_DIR']}/venv", f"{sh['REPO_DIR']}/base_dist")
    sh.run("pip", "show", "torch")
    sh.run("python", "check_forward_backward_compatibility.py", "--existing-schemas", "nightly_schemas.txt")
    if not sh.ok("python", "../load_torchscript_model.py", "/tmp/model_old.pt"):
        sh.echo("This commit cannot load a model of the base commit: backward compatibility is broken")
        sh.return_(1)
