"""Start-up: what happens before the dispatch (docs/pytorch.md#start-up), as one ordered table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ci_port.host import NULL, Session, function
from ci_port.host.filters import matching
from ci_port.model import ALWAYS, Condition, Variable
from ci_port.pytorch.benchmark_flags import clear_dynamo_benchmark_flags, collect_dynamo_benchmark_flags
from ci_port.pytorch.common_build import source_common_build
from ci_port.pytorch.helpers import detect_cuda_arch, get_exit_code, pip_install, script_directory, trap_add
from ci_port.pytorch.names import (
    ASAN,
    BAZEL,
    BE,
    CUDA,
    DEBUG,
    NSHARDS,
    ROCM,
    S390X,
    SHARD,
    TC,
    TESTS_TO_INCLUDE,
    WORKSPACE,
    XPU,
)
from ci_port.pytorch.pr_time_benchmarks import run_pr_time_benchmarks_only


class Step(NamedTuple):
    """A step of start-up: `run` happens if `when` holds at that moment."""

    when: Condition
    run: Callable[[Session], None]


def start_up(sh: Session) -> None:
    """Run every step whose condition holds, in order."""
    for when, run in STARTUP:
        if when is ALWAYS or sh.test(when):
            run(sh)


def set_terminal(sh: Session) -> None:
    """Name a terminal that can do little, whatever the caller's is (docs/pytorch.md#start-up)."""
    sh.export(TERM="vt100")


def prepare_rocm(sh: Session) -> None:
    """Let HIP find its platform itself, and cards see each other's writes (docs/pytorch.md#start-up)."""
    sh.unset("HIP_PLATFORM")
    sh.export(PYTORCH_TEST_WITH_ROCM="1")
    sh.export(HSA_FORCE_FINE_GRAIN_PCIE="1")


def set_build_test_libtorch(sh: Session) -> None:
    """Set a variable that nothing reads (docs/pytorch.md#start-up)."""
    sh["BUILD_TEST_LIBTORCH"] = "0"


def take_over_workspace(sh: Session) -> None:
    """Give the checkout to the tests' user, and have it given back at the end (docs/pytorch.md#workspace)."""
    if not sh.is_dir(WORKSPACE):
        return
    sh.assign("WORKSPACE_ORIGINAL_OWNER_ID", sh.output("stat", "-c", "%u", WORKSPACE))
    trap_add(sh, cleanup_workspace)
    sh.run("sudo", "chown", "-R", "jenkins", WORKSPACE)
    sh.run("git", "config", "--global", "--add", "safe.directory", WORKSPACE)


@function
def cleanup_workspace(sh: Session) -> None:
    """Give the workspace back to its owner, as an EXIT handler (docs/pytorch.md#exit-handlers)."""
    sh.echo("Giving the workspace back to its owner")
    sh.run("sudo", "chown", "-R", sh["WORKSPACE_ORIGINAL_OWNER_ID"], WORKSPACE)


def patch_numba(sh: Session) -> None:
    """Patch numba if it is there; what the probe printed counts even if it failed (docs/pytorch.md#numba)."""
    code = "import os;import numba.cuda; print(os.path.dirname(numba.cuda.__file__))"
    sh["NUMBA_CUDA_DIR"] = sh.output("python", "-c", code, stderr=NULL)
    if sh.test(Variable("NUMBA_CUDA_DIR").nonempty()):
        sh["NUMBA_PATCH"] = f"{script_directory(sh)}/numba-cuda-13.patch"
        with sh.pushd(sh["NUMBA_CUDA_DIR"]):
            sh.run("patch", "-p4", stdin=sh["NUMBA_PATCH"])


def show_environment(sh: Session) -> None:
    """Show all variables in the log, before and after set-up (docs/pytorch.md#start-up)."""
    sh.echo("Environment:")
    sh.run("env")


def find_torch(sh: Session) -> None:
    """Find where the tested package is, and name the build's directories (docs/pytorch.md#torch-directories)."""
    site = sh.output("python", "-c", "import site; print(site.getsitepackages()[0])")
    sh.assign("TORCH_INSTALL_DIR", f"{site}/torch")
    for name in ("bin", "lib", "test"):
        sh[f"TORCH_{name.upper()}_DIR"] = f"{sh['TORCH_INSTALL_DIR']}/{name}"
    sh["BUILD_DIR"] = "build"
    sh["BUILD_RENAMED_DIR"] = "build_renamed"
    sh["BUILD_BIN_DIR"] = "build/bin"


def default_shard_number(sh: Session) -> None:
    """Make a job without shards the first of one (docs/pytorch.md#shard-defaults)."""
    sh["SHARD_NUMBER"] = "1"


def default_num_test_shards(sh: Session) -> None:
    """Make a job without shards the only one (docs/pytorch.md#shard-defaults)."""
    sh["NUM_TEST_SHARDS"] = "1"


def export_test_settings(sh: Session) -> None:
    """Export what all tests get: debugging of serialization, and valgrind (docs/pytorch.md#valgrind)."""
    sh.export(TORCH_SERIALIZATION_DEBUG="1")
    sh.export(VALGRIND="ON")


def turn_valgrind_off(sh: Session) -> None:
    """Take valgrind away where it is missing or stops at what the compiler emits (docs/pytorch.md#valgrind)."""
    sh.export(VALGRIND="OFF")


def forbid_core_dumps(sh: Session) -> None:
    """Leave no core files in jobs that crash many times by design (docs/pytorch.md#core-dumps)."""
    sh.limit("core", 0)


def resolve_custom_test_artifacts(sh: Session) -> None:
    """Make the artifacts' path absolute: the suites use it from other directories (docs/pytorch.md#artifacts)."""
    path = sh.realpath(sh["CUSTOM_TEST_ARTIFACT_BUILD_DIR"] or "build/custom_test_artifacts")
    sh.assign("CUSTOM_TEST_ARTIFACT_BUILD_DIR", path)


def include_tests(sh: Session) -> None:
    """Turn the tests that the caller picked into an option of the test runner (docs/pytorch.md#included-tests)."""
    sh.echo(f"Running only {sh['TESTS_TO_INCLUDE']}")
    sh["INCLUDE_CLAUSE"] = f"--include {sh['TESTS_TO_INCLUDE']}"


def set_language_and_pull_request(sh: Session) -> None:
    """Set the language, and the pull request's number from whichever service gave it (docs/pytorch.md#start-up)."""
    sh.export(LANG="C.UTF-8")
    sh["PR_NUMBER"] = sh["PR_NUMBER"] or sh["CIRCLE_PR_NUMBER"]


def show_one_device(sh: Session) -> None:
    """Show one card to default tests, and leave the others to neighbours (docs/pytorch.md#devices)."""
    sh.export(CUDA_VISIBLE_DEVICES="0")
    sh.export(HIP_VISIBLE_DEVICES="0")


def show_four_devices(sh: Session) -> None:
    """Show four cards to distributed tests on ROCm (docs/pytorch.md#devices)."""
    sh.export(HIP_VISIBLE_DEVICES="0,1,2,3")


def run_slow_tests(sh: Session) -> None:
    """Have slow tests run and fast ones left out (docs/pytorch.md#test-selection)."""
    sh.export(PYTORCH_TEST_WITH_SLOW="1")
    sh.export(PYTORCH_TEST_SKIP_FAST="1")


def run_slow_gradcheck(sh: Session) -> None:
    """Have gradients checked in the slow way, and memory for leaks (docs/pytorch.md#test-selection)."""
    sh.export(PYTORCH_TEST_WITH_SLOW_GRADCHECK="1")
    sh.export(PYTORCH_TEST_CUDA_MEM_LEAK_CHECK="1")


def use_only_cuda(sh: Session) -> None:
    """Have device tests made for CUDA alone; ROCm is CUDA to them (docs/pytorch.md#test-selection)."""
    sh.export(PYTORCH_TESTING_DEVICE_ONLY_FOR="cuda")


def use_only_xpu(sh: Session) -> None:
    """Have device tests made for XPU alone (docs/pytorch.md#test-selection)."""
    sh.export(PYTORCH_TESTING_DEVICE_ONLY_FOR="xpu")
    sh.export(PYTHON_TEST_EXTRA_OPTION="--xpu")


def run_with_crossref(sh: Session) -> None:
    """Have operators checked against their references in Python (docs/pytorch.md#test-selection)."""
    sh.export(PYTORCH_TEST_WITH_CROSSREF="1")


def show_rocm_devices(sh: Session) -> None:
    """Show the cards; if no line names one, stop (docs/pytorch.md#rocm-devices)."""
    sh.export(VALGRIND="OFF")
    sh.run("rocminfo")
    sh.pipeline("rocminfo", through=[matching(r"Name:.*\sgfx|Marketing")])
    sh["MAYBE_ROCM"] = "rocm/"


def set_up_oneapi(sh: Session) -> None:
    """Take over Intel's settings; of the five parts only umf may be missing (docs/pytorch.md#oneapi)."""
    sh.source("/opt/intel/oneapi/compiler/latest/env/vars.sh")
    if sh.is_file("/opt/intel/oneapi/umf/latest/env/vars.sh"):
        sh.source("/opt/intel/oneapi/umf/latest/env/vars.sh")
    for part in ("ccl", "mpi", "pti"):
        sh.source(f"/opt/intel/oneapi/{part}/latest/env/vars.sh")
    sh.ok("timeout", "30", "xpu-smi", "discovery")


def install_ninja(sh: Session) -> None:
    """Install what compiles extensions, and find it first (docs/pytorch.md#ninja)."""
    pip_install(sh, "ninja==1.10.2")
    sh.export(PATH=f"{sh['HOME']}/.local/bin:{sh['PATH']}")


def set_up_sanitizers(sh: Session) -> None:
    """Export the sanitizers' settings, and make them find something (docs/pytorch.md#sanitizers)."""
    options = (
        "detect_leaks=0:symbolize=1:detect_stack_use_after_return=true:strict_init_order=true:detect_odr_violation=1"
        ":detect_container_overflow=0:check_initialization_order=true:debug=true"
    )
    sh.export(ASAN_OPTIONS=options)
    if sh.test(CUDA):
        sh.export(ASAN_OPTIONS=f"{sh['ASAN_OPTIONS']}:protect_shadow_gap=0")
    sh.export(UBSAN_OPTIONS=f"print_stacktrace=1:suppressions={sh.cwd}/ubsan.supp")
    sh.export(PYTORCH_TEST_WITH_ASAN="1")
    sh.export(PYTORCH_TEST_WITH_UBSAN="1")
    sh.export(ASAN_SYMBOLIZER_PATH="/usr/lib/llvm-18/bin/llvm-symbolizer")
    sh.export(TORCH_USE_RTLD_GLOBAL="1")
    sh.assign("LD_PRELOAD", sh.output("clang", "--print-file-name=libclang_rt.asan-x86_64.so"))
    sh.mark_for_export("LD_PRELOAD")
    sh.export(VALGRIND="OFF")
    check_python(sh, "import torch; print(torch.__version__, torch.version.git_version)")
    sh.echo("The next three commands have to crash; anything else means that the sanitizers are off")
    check_crash(sh, "import torch; torch._C._crash_if_csrc_asan(3)")
    check_crash(sh, "import torch; torch._C._crash_if_vptr_ubsan()")
    check_crash(sh, "import torch; torch._C._crash_if_aten_asan(3)")


def check_crash(sh: Session, code: str) -> None:
    """Stop with 1 unless the code fails; any way of failing will do (docs/pytorch.md#crash-check)."""
    with sh.subshell("test"):
        if sh.status_of(get_exit_code, sh, "python", "-c", code) == 0:
            sh.exit(1)


def check_python(sh: Session, code: str) -> None:
    """Stop unless the code runs in the test directory (docs/pytorch.md#start-up)."""
    with sh.subshell("test"):
        sh.run("python", "-c", code)


_DEBUG_ASSERTS = "import torch; torch._C._crash_if_debug_asserts_fail(424242)"


def check_debug_asserts_on(sh: Session) -> None:
    """Stop unless a failing debug assertion crashes, in a debug build (docs/pytorch.md#debug-asserts)."""
    sh.echo("The next command has to crash: debug assertions are on in this build")
    check_crash(sh, _DEBUG_ASSERTS)


def check_debug_asserts_off(sh: Session) -> None:
    """Stop if a failing debug assertion crashes, in any other build (docs/pytorch.md#debug-asserts)."""
    sh.echo("The next command must not crash: debug assertions are off in this build")
    check_python(sh, _DEBUG_ASSERTS)


def use_default_kernels(sh: Session) -> None:
    """Hold the machine to the kernels of the oldest ones (docs/pytorch.md#kernels)."""
    sh.export(ATEN_CPU_CAPABILITY="default")


def use_avx2_kernels(sh: Session) -> None:
    """Hold the machine to AVX2 kernels (docs/pytorch.md#kernels)."""
    sh.export(ATEN_CPU_CAPABILITY="avx2")


def use_legacy_driver(sh: Session) -> None:
    """Check that the old driver reaches a card, and say so to the tests (docs/pytorch.md#legacy-driver)."""
    check_python(sh, "import torch; torch.rand(2, 2, device='cuda')")
    sh.export(USE_LEGACY_DRIVER="1")


def show_torch_config(sh: Session) -> None:
    """Show how torch was built and how it works in parallel (docs/pytorch.md#torch-config)."""
    check_python(sh, "import torch; print(torch.__config__.show())")
    check_python(sh, "import torch; print(torch.__config__.parallel_info())")


_NO_AVX2 = TC.equals("nogpu_NO_AVX2")
_RERUN_DISABLED = Variable("PYTORCH_TEST_RERUN_DISABLED_TESTS").equals("1")
_CONTINUE = Variable("CONTINUE_THROUGH_ERROR").equals("1")

STARTUP: tuple[Step, ...] = (
    Step(ALWAYS, set_terminal),
    Step(ROCM, prepare_rocm),
    Step(ALWAYS, set_build_test_libtorch),
    Step(ALWAYS, source_common_build),
    Step(~ROCM & ~S390X, take_over_workspace),
    Step(CUDA, patch_numba),
    Step(ALWAYS, show_environment),
    Step(ALWAYS, find_torch),
    Step(~SHARD.nonempty(), default_shard_number),
    Step(~NSHARDS.nonempty(), default_num_test_shards),
    Step(ALWAYS, export_test_settings),
    Step(BE.contains("clang9") | XPU, turn_valgrind_off),
    Step(ALWAYS, detect_cuda_arch),
    Step(S390X, turn_valgrind_off),
    Step(_RERUN_DISABLED | _CONTINUE, forbid_core_dumps),
    Step(~BE.contains("bazel"), resolve_custom_test_artifacts),
    Step(TESTS_TO_INCLUDE.nonempty(), include_tests),
    Step(ALWAYS, show_environment),
    Step(ALWAYS, set_language_and_pull_request),
    Step(TC.equals("default"), show_one_device),
    Step(TC.equals("distributed") & ROCM, show_four_devices),
    Step(TC.equals("slow"), run_slow_tests),
    Step(BE.contains("slow-gradcheck"), run_slow_gradcheck),
    Step(CUDA | ROCM, use_only_cuda),
    Step(~(CUDA | ROCM) & XPU, use_only_xpu),
    Step(TC.contains("crossref"), run_with_crossref),
    Step(ROCM, show_rocm_devices),
    Step(XPU, set_up_oneapi),
    Step(~BAZEL, install_ninja),
    Step(BE.contains("aarch64"), turn_valgrind_off),
    Step(ASAN, set_up_sanitizers),
    Step(DEBUG, check_debug_asserts_on),
    Step(~DEBUG & ~BAZEL, check_debug_asserts_off),
    Step(_NO_AVX2, use_default_kernels),
    Step(~_NO_AVX2 & TC.equals("nogpu_AVX512"), use_avx2_kernels),
    Step(TC.equals("legacy_nvidia_driver"), use_legacy_driver),
    Step(ALWAYS, clear_dynamo_benchmark_flags),
    Step(TC.contains("pr_time_benchmarks"), run_pr_time_benchmarks_only),
    Step(ALWAYS, collect_dynamo_benchmark_flags),
    Step(~BE.contains("libtorch") & ~BAZEL, show_torch_config),
)
"""All steps, in the order of docs/pytorch.md#start-up."""
