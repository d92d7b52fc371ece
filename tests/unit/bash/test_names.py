"""Names and reserved words; bash is the judge of both."""

from __future__ import annotations

import subprocess

from ci_port.bash.names import COMPOUND, RESERVED, is_name
from tests.unit.bash.real import BASH, ask


def test_the_reserved_words_are_those_of_bash() -> None:
    said = subprocess.run([BASH, "-c", "compgen -k"], capture_output=True, text=True, check=True).stdout
    assert {*said.split()} == RESERVED
    assert COMPOUND < RESERVED


def test_a_word_of_a_compound_command_is_no_name_of_a_function() -> None:
    def defines(word: str) -> bool:
        command = [BASH, "-nc", f"{word} () {{ :; }}"]
        return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0

    assert defines("_if")
    assert not any(defines(word) for word in COMPOUND)


def test_names() -> None:
    texts = ["a", "_", "A1_b", "", "1", "1a", "a-b", "a b", "a\n", "é", "BASH_FUNC_f%%"]
    program = 'for n in "${T1[@]}"; do (declare "$n=x") 2> /dev/null; printf \'%s\\0\' $?; done'
    bash = [answer == "0" for answer in ask(program, texts)]
    assert [(text, is_name(text)) for text in texts] == list(zip(texts, bash, strict=True))
