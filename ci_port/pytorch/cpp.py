"""C++ suites and suites of extensions (docs/pytorch.md#c-suites)."""

from __future__ import annotations

from ci_port.host import Session, function
from ci_port.model import RunFailed, Variable
from ci_port.pytorch.helpers import assert_git_not_dirty, make_reports_directory
from ci_port.pytorch.names import (
    ASAN,
    BE,
    CUDA,
    FIRST_SHARD,
    IN_WHEEL_TEST,
    NOGPU,
    ROCM,
    RUN_TEST,
    S390X,
    SELF,
    TC,
)

RUN_CPP_TEST = (*RUN_TEST, "--cpp", "--verbose", "-i")

SWIFTSHADER = "/var/lib/jenkins/swiftshader/swiftshader/build/Linux"

FAKE_NUMPY = "import sys;sys.path.insert(0, 'fake_numpy');"
NUMPY_IS_NEEDED = (
    f"{FAKE_NUMPY}from unittest import TestCase;import torch;x=torch.randn(3,3);"
    "TestCase().assertRaises(RuntimeError, lambda: x.numpy())"
)
TENSORS_PRINT = f"{FAKE_NUMPY}import torch;print(torch.tensor([torch.tensor(0.), torch.tensor(1.)]))"
COMPILED_PRINT = f"{FAKE_NUMPY}import torch;torch.compile(lambda x:print(x))('Hello World')"
ONNX_IMPORTS = f"{FAKE_NUMPY}import torch; import torch.onnx"

_SHARD_ARGUMENT = Variable("SHARD")


def link_libraries(sh: Session, patterns: tuple[str, ...], directory: str, prefix: tuple[str, ...] = ()) -> None:
    """Link installed libraries into a directory; a pattern without match is linked as it is (docs/pytorch.md#words)."""
    for pattern in patterns:
        sh.run(*prefix, "ln", "-sf", *sh.glob(f"{sh['TORCH_LIB_DIR']}/", pattern), directory)


@function
def test_aten(sh: Session) -> None:
    """Test the operator library, from the build tree or from the installed package (docs/pytorch.md#aten)."""
    if sh.test(IN_WHEEL_TEST.nonempty()):
        sh.echo("Operator library tests from the installed package")
        sh.run("mv", sh["BUILD_DIR"], sh["BUILD_RENAMED_DIR"])
        sh["TEST_BASE_DIR"] = sh["TORCH_TEST_DIR"]
    else:
        sh.echo("Operator library tests from the build tree")
        sh["TEST_BASE_DIR"] = sh["BUILD_BIN_DIR"]
    for pattern in ("libc10*", "libcaffe2*", "libmkldnn*", "libnccl*", "libtorch*"):
        link_libraries(sh, (pattern,), sh["TEST_BASE_DIR"], prefix=tuple(sh.split(sh["SUDO"])))
    sh.run("ls", sh["TEST_BASE_DIR"])
    sh.run("aten/tools/run_tests.sh", sh["TEST_BASE_DIR"])
    if sh.test(IN_WHEEL_TEST.nonempty()):
        sh.run("mv", sh["BUILD_RENAMED_DIR"], sh["BUILD_DIR"])
    assert_git_not_dirty(sh)


@function
def test_without_numpy(sh: Session) -> None:
    """Test with a package that pretends to be numpy; one command is unreachable (docs/pytorch.md#without-numpy)."""
    with sh.pushd(SELF):
        sh.run("python", "-c", NUMPY_IS_NEEDED)
        sh.run("python", "-c", TENSORS_PRINT)
        if sh.test(TC.contains("dynamo_wrapped")):
            sh.run("python", "-c", COMPILED_PRINT)
        sh.run("python", "-c", ONNX_IMPORTS)


@function
def test_libtorch(sh: Session, shard: str) -> None:
    """Run the half of the shard, or both if it is empty; nothing in slow jobs (docs/pytorch.md#libtorch)."""
    sh.local(SHARD=shard)
    if sh.test(TC.equals("slow")):
        return
    sh.echo("C++ tests of libtorch")
    libraries = ("libbackend_with_compiler.so", "libjitbackend_test.so", "libcaffe2_nvrtc.so")
    for library in libraries:
        sh.run("ln", "-sf", f"{sh['TORCH_LIB_DIR']}/{library}", sh["TORCH_BIN_DIR"])
    link_libraries(sh, ("libc10*", "libshm*", "libtorch*", "libnvfuser*"), sh["TORCH_BIN_DIR"])
    sh.export(CPP_TESTS_DIR=sh["TORCH_BIN_DIR"])
    if sh.test(~_SHARD_ARGUMENT.nonempty() | _SHARD_ARGUMENT.equals("1")):
        test_libtorch_api(sh)
    if sh.test(~_SHARD_ARGUMENT.nonempty() | _SHARD_ARGUMENT.equals("2")):
        test_libtorch_jit(sh)
    assert_git_not_dirty(sh)


@function
def test_libtorch_api(sh: Session) -> None:
    """Test the C++ interface; `CPP_TESTS_DIR=build/bin` stays for everything later (docs/pytorch.md#libtorch-api)."""
    sh["MNIST_DIR"] = f"{sh.cwd}/test/cpp/api/mnist"
    sh.run("python", "tools/download_mnist.py", "--quiet", "-d", sh["MNIST_DIR"])
    env = {"OMP_NUM_THREADS": "2", "TORCH_CPP_TEST_MNIST_PATH": sh["MNIST_DIR"]}
    if sh.test(ASAN | BE.contains("slow-gradcheck")):
        sh["TEST_REPORTS_DIR"] = "test/test-reports/cpp-unittest/test_libtorch"
        sh.run("mkdir", "-p", sh["TEST_REPORTS_DIR"])
        report = f"--gtest_output=xml:{sh['TEST_REPORTS_DIR']}/test_api.xml"
        sh.run(f"{sh['TORCH_BIN_DIR']}/test_api", "--gtest_filter=-IMethodTest.*", report, env=env)
    else:
        sh.run(*RUN_CPP_TEST, "cpp/test_api", "-k", "not IMethodTest", env=env)
    if sh.test(~BE.contains("android") & ~CUDA & ~ASAN & ~S390X):
        sh.export(CPP_TESTS_DIR=sh["BUILD_BIN_DIR"])
        sh.run(*RUN_CPP_TEST, "cpp/static_runtime_test")


@function
def test_libtorch_jit(sh: Session) -> None:
    """Test with models that Python writes for the C++ tests, and takes away again (docs/pytorch.md#libtorch-jit)."""
    with sh.pushd("test"):
        sh.run("python", "cpp/jit/tests_setup.py", "setup")
    if sh.test(CUDA & ~NOGPU):
        sh.run(*RUN_CPP_TEST, "cpp/test_jit", "cpp/test_lazy", env={"LTC_TS_CUDA": "1"})
    else:
        sh.run(*RUN_CPP_TEST, "cpp/test_jit", "cpp/test_lazy", "-k", "not CUDA")
    with sh.pushd("test"):
        sh.run("python", "cpp/jit/tests_setup.py", "shutdown")


@function
def test_xpu_bin(sh: Session) -> None:
    """Run every program with `xpu` or `sycl` in its name; one with both runs twice (docs/pytorch.md#xpu-programs)."""
    make_reports_directory(sh)
    directory = f"{sh['BUILD_BIN_DIR']}/"
    for xpu_case in sh.each("xpu_case", (*sh.glob(directory, "*xpu*"), *sh.glob(directory, "*sycl*"))):
        # A pattern without match still has its star.
        if "*" not in xpu_case and not xpu_case.endswith((".so", ".a")):
            sh["case_name"] = xpu_case.rpartition("/")[2]
            sh.echo(f"Running {sh['case_name']}")
            sh.run(xpu_case, f"--gtest_output=xml:{sh['TEST_REPORTS_DIR']}/{sh['case_name']}.xml")


@function
def test_aot_compilation(sh: Session) -> None:
    """Test what the build has of ahead-of-time compilation; no clean check (docs/pytorch.md#aot-compilation)."""
    sh.echo("Ahead-of-time compilation")
    link_libraries(sh, ("libc10*", "libtorch*"), sh["TORCH_BIN_DIR"])
    if sh.is_file(f"{sh['TORCH_BIN_DIR']}/test_mobile_nnc"):
        sh.run(*RUN_CPP_TEST, "cpp/test_mobile_nnc", env={"CPP_TESTS_DIR": sh["TORCH_BIN_DIR"]})
    if sh.is_file(f"{sh['TORCH_BIN_DIR']}/aot_model_compiler_test"):
        sh.source("test/mobile/nnc/test_aot_compile.sh")


@function
def test_vulkan(sh: Session) -> None:
    """Test Vulkan with a software renderer; no clean check (docs/pytorch.md#vulkan)."""
    if not sh.test(BE.contains("vulkan")):
        return
    link_libraries(sh, ("libtorch*", "libc10*"), sh["TORCH_TEST_DIR"])
    sh.export(VK_ICD_FILENAMES=f"{SWIFTSHADER}/vk_swiftshader_icd.json")
    env = {"CPP_TESTS_DIR": sh["TORCH_TEST_DIR"], "LD_LIBRARY_PATH": f"{SWIFTSHADER}/"}
    sh.run(*RUN_CPP_TEST, "cpp/vulkan_api_test", env=env)


@function
def test_distributed(sh: Session) -> None:
    """Test in Python on every shard, in C++ on the first one of a machine with cards (docs/pytorch.md#distributed)."""
    sh.echo("Distributed tests in Python")
    part = ("--shard", sh["SHARD_NUMBER"], sh["NUM_TEST_SHARDS"])
    sh.run(*RUN_TEST, "--distributed-tests", *part, *sh.split(sh["INCLUDE_CLAUSE"]), "--verbose")
    assert_git_not_dirty(sh)
    if sh.test((CUDA | ROCM) & FIRST_SHARD):
        test_distributed_in_cpp(sh)


def test_distributed_in_cpp(sh: Session) -> None:
    """Test stores, tuning across cards and process groups; the export stays (docs/pytorch.md#distributed)."""
    sh.echo("Distributed tests in C++")
    link_libraries(sh, ("libtorch*", "libc10*"), sh["TORCH_BIN_DIR"])
    sh.export(CPP_TESTS_DIR=sh["TORCH_BIN_DIR"])
    for store in ("FileStoreTest", "HashStoreTest", "TCPStoreTest"):
        sh.run(*RUN_CPP_TEST, f"cpp/{store}")
    sh.echo("Tuning across cards")
    sh.run(*RUN_TEST, "-i", "test_linalg.py", "-k", "test_matmul_offline_mgpu_tunable", "--verbose")
    if sh.test(CUDA):
        run_mpi_test(sh)
        for group in ("ProcessGroupGlooTest", "ProcessGroupNCCLTest", "ProcessGroupNCCLErrorsTest"):
            sh.run(*RUN_CPP_TEST, f"cpp/{group}")


def run_mpi_test(sh: Session) -> None:
    """Run the test that has its own launcher; where there is none, stop with 1, a bug (docs/pytorch.md#mpi)."""
    sh.assign("MPIEXEC", sh.command_v("mpiexec"))
    sh["MPICMD"] = f"{sh['MPIEXEC']} -np 2 {sh['TORCH_BIN_DIR']}/ProcessGroupMPITest"
    # The script evaluates the text as a command line. Without special characters that is a split.
    if set(sh["MPICMD"]) & set("\"'\\$`;&|<>(){}#~!"):
        raise RunFailed("a command line with shell characters", sh.place(), sh["MPICMD"])
    sh.run(*sh.split(sh["MPICMD"]))


@function
def test_rpc(sh: Session) -> None:
    """Test remote calls in C++; no clean check (docs/pytorch.md#rpc)."""
    sh.echo("RPC tests in C++")
    link_libraries(sh, ("libtorch*", "libc10*"), sh["TORCH_BIN_DIR"])
    sh.run(*RUN_CPP_TEST, "cpp/test_cpp_rpc", env={"CPP_TESTS_DIR": sh["TORCH_BIN_DIR"]})


@function
def test_custom_backend(sh: Session) -> None:
    """Test a backend: what Python exports, C++ has to load (docs/pytorch.md#custom-backend)."""
    sh.echo("Custom backend")
    sh["CUSTOM_BACKEND_BUILD"] = f"{sh['CUSTOM_TEST_ARTIFACT_BUILD_DIR']}/custom-backend-build"
    with sh.pushd("test/custom_backend"):
        sh.run("cp", "-a", sh["CUSTOM_BACKEND_BUILD"], "build")
        sh.run("python", "test_custom_backend.py", "-v")
        sh.run("python", "backend.py", "--export-module-to=model.pt")
        sh.run("build/test_custom_backend", "./model.pt")
        sh.run("rm", "-f", "./model.pt")
    assert_git_not_dirty(sh)


@function
def test_custom_script_ops(sh: Session) -> None:
    """Test operators in the same way; nothing on s390x, not even a clean check (docs/pytorch.md#custom-operators)."""
    sh.echo("Custom operators")
    if sh.test(S390X):
        sh.echo("Custom operators are not built for s390x")
        return
    sh["CUSTOM_OP_BUILD"] = f"{sh['CUSTOM_TEST_ARTIFACT_BUILD_DIR']}/custom-op-build"
    with sh.pushd("test/custom_operator"):
        sh.run("cp", "-a", sh["CUSTOM_OP_BUILD"], "build")
        sh.run("python", "test_custom_ops.py", "-v")
        sh.run("python", "model.py", "--export-script-module=model.pt")
        sh.run("build/test_custom_ops", "./model.pt")
    assert_git_not_dirty(sh)


@function
def test_vec256(sh: Session) -> None:
    """Run every program that `find` names; a bug: reports are not where they should be (docs/pytorch.md#vec256)."""
    if sh.test(ROCM):
        return
    sh.echo("Vector instruction tests")
    sh.run("mkdir", "-p", "test/test-reports/vec256")
    with sh.pushd("build/bin"):
        find = ("find", ".", "-maxdepth", "1", "-executable", "-name", "vec256_test*")
        sh.assign("vec256_tests", sh.output(*find))
        for vec256_exec in sh.each("vec256_exec", sh.split(sh["vec256_tests"])):
            sh.run(*sh.split(vec256_exec), f"--gtest_output=xml:test/test-reports/vec256/{vec256_exec}.xml")
    assert_git_not_dirty(sh)
