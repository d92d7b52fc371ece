# shellcheck shell=bash
# Makes and keeps up the repository's .venv, and .venv-3.X for a Python that was asked for. Sourced by the executables
# in tools/; needs `root` to be set.
#
#   ensure_venv base   python and this package: no network and no packages needed (the recorder's C library is
#                      built by its own room on first use)
#   ensure_venv dev    base, and everything that requirements/dev.lock names
#
# A stamp per level holds a fingerprint of all that the level was made from, so that a start that finds it
# unchanged costs milliseconds and asks no network. Two starts at once take turns. All talk goes to stderr.

: "${root:?venv.sh is sourced with root set}"
venv=$root/.venv
# Tools that the tests start stand on the same one as the tests themselves, and never make it anew under them.
if [[ ${CI_PORT_VENV-} == "$root"/.venv* && -x $CI_PORT_VENV/bin/python ]]; then
  venv=$CI_PORT_VENV
else
  unset CI_PORT_VENV
fi
venv_python=$venv/bin/python

die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 3
}

say() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
}

# Uses a Python other than `python3`, with a .venv-3.X of its own: a version, or the path of an interpreter.
use_python() {
  local python=$1 version
  if [[ $1 =~ ^[0-9]+\.[0-9]+$ ]]; then
    python=$(find_python "$1")
    [[ -n $python ]] ||
      die "there is no Python $1: neither python$1 on PATH nor $pyenv/versions/$1*; install it, or name an interpreter"
  fi
  command -v "$python" >/dev/null || die "$python is no interpreter; name a version like 3.12, or a path"
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    die "$python does not say its version; name a version like 3.12, or the path of a Python"
  CI_PORT_PYTHON=$python
  venv=$root/.venv-$version
  venv_python=$venv/bin/python
  unset CI_PORT_VENV
}

pyenv=${PYENV_ROOT:-${HOME-}/.pyenv}

# Prints the newest interpreter of a version that this machine has; nothing if it has none.
find_python() {
  local found
  found=$(printf '%s\n' "$pyenv/versions/$1".*/bin/python | sort -V | tail -n 1)
  if [[ -x $found ]]; then
    printf '%s\n' "$found"
  else
    found=$(type -P "python$1" || true)
    if [[ -n $found ]] && "$found" -c '' 2>/dev/null; then
      printf '%s\n' "$found"
    fi
  fi
}

# Prints the versions from the oldest that is supported to the newest that there is, as far as this machine has them.
found_pythons() {
  local minor
  for minor in {10..14}; do
    if [[ -n $(find_python "3.$minor") ]]; then
      printf '3.%s\n' "$minor"
    fi
  done
}

# The python that .venv is made from; CI_PORT_PYTHON names another one.
host_python() {
  local python=${CI_PORT_PYTHON:-python3}
  command -v "$python" >/dev/null ||
    die "$python is not on PATH; install Python 3.10 or newer (Debian, Ubuntu: apt-get install python3)"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "$("$python" --version 2>&1) is too old; install Python 3.10 or newer, or name one with CI_PORT_PYTHON"
  # Not that of an activated .venv, which would be made from itself.
  "$python" -c 'import sys; print(getattr(sys, "_base_executable", None) or sys.executable)'
}

# What a level is made from: the files named, the place, and the interpreter's own path and date.
fingerprint() {
  local python
  python=$(readlink -f -- "$(command -v "${CI_PORT_PYTHON:-python3}" || printf none)")
  {
    printf '%s\n' "$root" "$python"
    stat -Lc '%Y %s' -- "$python" 2>/dev/null || true
    sha256sum -- "$root/tools/lib/venv.sh" "$@"
  } | sha256sum
}

fresh() {
  [[ -x $venv_python && -f $venv/stamp-$1 && $(<"$venv/stamp-$1") == "$2" ]]
}

make_base() {
  local python=$1
  say "preparing ${venv##*/}"
  # Without pip: the base level needs no package, and so neither ensurepip nor a network.
  "$python" -m venv --without-pip --clear "$venv" ||
    die "python3 cannot make a virtual environment; install its venv module (Debian, Ubuntu: apt-get install python3-venv)"
  local site
  site=$("$venv_python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$root" >"$site/ci_port.pth"
}

make_dev() {
  if [[ ! -x $venv/bin/pip ]]; then
    "$venv_python" -c 'import ensurepip' 2>/dev/null ||
      die "python3 has no ensurepip, which brings pip; install it (Debian, Ubuntu: apt-get install python3-venv)"
    "$venv_python" -m ensurepip --default-pip >/dev/null || die "ensurepip failed; its message stands above"
  fi
  say "installing the locked development tools (once, and after each change of requirements/dev.lock)"
  "$venv_python" -m pip install -qq --no-input --disable-pip-version-check --no-deps --require-hashes \
    --requirement "$root/requirements/dev.lock" >&2
}

# Runs while the lock is held.
renew() {
  local level=$1 base_stamp=$2 level_stamp=$3 python
  if ! fresh base "$base_stamp"; then
    python=$(host_python)
    if ! [[ -x $venv_python && $(cat -- "$venv/made-by" 2>/dev/null) == "$root $python" ]]; then
      make_base "$python"
      printf '%s\n' "$root $python" >"$venv/made-by"
    fi
    printf '%s\n' "$base_stamp" >"$venv/stamp-base"
  fi
  if [[ $level == dev ]] && ! fresh dev "$level_stamp"; then
    if make_dev; then
      printf '%s\n' "$level_stamp" >"$venv/stamp-dev"
    elif [[ -f $venv/stamp-dev ]]; then
      say "the development tools could not be renewed (is there a network?); going on with those that are there"
    else
      die "the development tools could not be installed; pip's message stands above (is there a network?)"
    fi
  fi
}

ensure_venv() {
  local level=$1 base_stamp level_stamp
  if [[ -n ${CI_PORT_VENV-} ]]; then
    return
  fi
  base_stamp=$(fingerprint)
  level_stamp=$base_stamp
  if [[ $level == dev ]]; then
    level_stamp=$(fingerprint "$root/requirements/dev.lock")
  fi
  if fresh base "$base_stamp" && fresh "$level" "$level_stamp"; then
    return
  fi
  (
    # The lock is on this file: .venv itself may be made anew while it is held.
    if command -v flock >/dev/null; then
      exec 9<"$root/tools/lib/venv.sh"
      flock 9
    fi
    renew "$level" "$base_stamp" "$level_stamp"
  )
}
