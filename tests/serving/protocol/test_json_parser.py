"""Test that the parser finds the same in pieces as without, at any size of them and any depth."""

import random
import time

import pytest

from helpers.serving.protocol import json_nesting, json_parser, json_tokens
from helpers.serving.protocol.errors import DEADLINE_EXCEEDED, INVALID_ARGUMENT, ServingError
from helpers.serving.protocol.json_pieces import Repeated

SCALARS = [
    *("0", "-0", "1", "12.5", "-3e2", "1e300", "1.5e+003", "1e-400", "0.1e309", "10e308"),
    *("18446744073709551615", "18446744073709551616", "-9223372036854775809", "9" * 308),
    *("NaN", "-NaN", "Infinity", "-Infinity", "Inf", "-Inf", "true", "false", "null"),
    *('"a"', '""', '"a, b"', '"], ["', '"\\", \\""', '"\\\\"', '"Inf, -NaN"', '"1e999"', '"ü𝄞"'),
    *('"\\ud83d\\ude00"', '"\\uD83D\\uDE00 \\u00e9"', '"\\ude00"', '"\\\\ud83d"', '"\\\\\\ude00"'),
    *("[]", "{}", '{"b64": "aGk="}', "[[]]", '{"a": {}, "a": 1}', '"\xff"'),
]
WRONG = [
    *(
        "1e309",
        "1e999",
        "9" * 309,
        "01",
        "1.",
        "1e",
        "Infi",
        "nul",
        '"\\ud83d"',
        '"\\ud83d\\u0041"',
    ),
    *('"\\q"', '"\t"', "'a'", '"a', "\0", ",", "]", "}", ":", "{", "[", "--1", "- 1", "+1"),
]


def outcome(read, body):
    """Return the text that shows the whole result of a parser, or the error."""
    try:
        return shown(read(body))
    except ServingError as error:
        return error.message


def shown(value):
    if isinstance(value, dict):
        members = value.members if isinstance(value, Repeated) else value.items()
        return "{" + ",".join(f"{key!r}:{shown(held)}" for key, held in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(shown, value)) + "]"
    return repr(value)


def drawn(chance, depth=0):
    """Draw a JSON value: a scalar, or a list or object whose values are mostly alike."""
    kind = chance.random()
    if depth > 5 or kind < 0.3 + 0.1 * depth:
        return chance.choice(SCALARS)
    blank = chance.choice(["", " ", "\n  "])
    first = drawn(chance, depth + 1)
    values = [
        first if chance.random() < 0.7 else drawn(chance, depth + 1)
        for _ in range(chance.choice([1, 2, 3, 20]) if depth < 3 else 2)
    ]
    if kind < 0.8:
        return "[" + blank + f",{blank}".join(values) + "]"
    named = (f'"{chance.choice(["a", "b", number])}":{blank}{v}' for number, v in enumerate(values))
    return "{" + f"{blank},{blank}".join(named) + blank + "}"


def damaged(text, chance):
    """Put something wrong at a random place, or cut the text there."""
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice([*WRONG, ""]) + text[at : chance.choice([at, None])]


def bodies(count, seed):
    chance = random.Random(seed)
    for number in range(count):
        text = '{"instances": ' + drawn(chance) + ', "more": ' + drawn(chance) + "}"
        if number % 3 == 0:
            text = damaged(text, chance)
        yield text.encode("utf-8", "surrogateescape")[: 1 << 15]


@pytest.mark.parametrize("longest", [40, 300, 1 << 16])
def test_pieces_of_any_size_change_nothing(longest, monkeypatch):
    monkeypatch.setattr(json_parser, "LONGEST", longest)
    monkeypatch.setattr(json_parser, "_SHORTEST", 4)
    monkeypatch.setattr(json_parser, "_SMALL", min(longest, 64))
    found = set()
    for body in bodies(200, longest):
        exact = outcome(json_parser.parse_exactly, body)
        assert outcome(json_parser.parse, body) == exact, body
        found.add(exact.partition(" at offset")[0])
    assert len(found) > 60


@pytest.mark.parametrize("longest", [20, 1 << 16])
def test_the_parser_finds_the_same_errors_below_the_deepest_kept_values(longest, monkeypatch):
    exact = [outcome(json_parser.parse_exactly, body) for body in bodies(200, 7)]
    monkeypatch.setattr(json_parser, "DEEPEST", 2)
    monkeypatch.setattr(json_nesting, "_LONGEST", longest)
    monkeypatch.setattr(json_tokens, "_LONGEST", longest)
    errors = 0
    for body, expected in zip(bodies(200, 7), exact, strict=True):
        found = outcome(json_parser.parse_exactly, body)
        if expected.startswith("JSON"):
            assert found == expected, body
            errors += 1
        else:
            assert found.startswith("{"), body
    assert errors > 25


SURE = [
    *("1e300", "1.5e+003", "Inf", "-NaN", str(2**80), '"\\ud83d\\ude00"', '"ü𝄞\xff"'),
    '"\\uD83D\\uDE00 Inf \\"Inf\\\\"',
]


@pytest.mark.parametrize("value", SURE)
@pytest.mark.parametrize("form", ["{}", "[{}, 1.5]", '{{"x": [[{}, "a, b"]], "y": 2}}'])
def test_the_json_module_reads_what_it_reads_rightly(value, form):
    """Count the steps of the exact parser: each reads only a few bytes."""
    rows = ", ".join([form.format(value)] * 4000)
    body = f'{{"instances": [{rows}], "signature_name": "a"}}'.encode("utf-8", "surrogateescape")
    parser = json_parser._Parser(body, None)
    assert len(parser.document()["instances"]) == 4000
    assert parser._steps < 200


@pytest.mark.parametrize("value", ["1e309", '"\\ud83d"', "nul", "[" * 2000, "9" * 309])
def test_one_wrong_value_in_a_long_text_is_found_in_few_steps(value):
    rows = [f"[{number}.5, 2]" for number in range(10_000)]
    body = f'{{"instances": [{", ".join(rows)}, {value}'.encode()
    parser = json_parser._Parser(body, None)
    with pytest.raises(ServingError, match=r"at offset: "):
        parser.document()
    assert parser._steps < 1000


DEEP = {
    "lists": ("[", "]"),
    "objects": ('{"a":', "}"),
    "both": ('[{"a\\n": ', "} ]"),
    "after values": ('[1, "b", [], {}, {"c": 2.5, "d": ', "}]"),
    "before values": ("[[", "], 1, [2]]"),
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("before", ["", '{"instances": [1, 2], "more": '])
def test_deep_nesting_is_read_in_long_runs(name, before, monkeypatch):
    runs = []
    skip = json_nesting.skip
    monkeypatch.setattr(json_nesting, "skip", lambda text, _: skip(text, lambda: runs.append(0)))
    opening, closing = DEEP[name]
    deep = 10_000
    for ending, error in (
        ("", "Invalid value. at offset: {}"),
        ("1" + closing * (deep - 1) + "." * 50_000, "Missing a comma or "),
        ("1" + closing * deep + "}" * bool(before), None),
    ):
        body = (before + opening * deep + ending).encode()
        parser = json_parser._Parser(body, None)
        if error:
            with pytest.raises(ServingError, match=error.format(len(body))):
                parser.document()
        else:
            document = parser.document()
            assert not before or document["instances"] == [1, 2]
        assert len(runs) < 200
        assert parser._steps < 3000
        runs.clear()


@pytest.mark.parametrize(
    "body", [b'{"instances": [[1, 2]' + b", [1, 2]" * 20_000, b"[" * 20_000, b"[[1e309]," * 20_000]
)
def test_parsing_stops_when_its_time_is_over(body):
    with pytest.raises(ServingError) as raised:
        json_parser.parse(body, time.monotonic())
    assert (raised.value.code, raised.value.http) == (DEADLINE_EXCEEDED, 504)
    with pytest.raises(ServingError) as raised:
        json_parser.parse(body, time.monotonic() + 1000)
    assert raised.value.code == INVALID_ARGUMENT


def test_the_exponent_can_be_as_large_as_the_digits_after_the_point_allow():
    too_big = "JSON Parse error: Number too big to be stored in double. at offset: 6"
    for number, allowed in (
        *((f"1e{'0' * 5000}7", True), (f"1e-{'9' * 5000}", True), (f"0e{'9' * 5000}", False)),
        *(("1e308", True), ("0e309", False), ("1.5e309", True), ("1.5e310", False)),
        *((f"0.{'0' * 400}1e709", True), (f"0.{'0' * 400}1e710", False)),
        *((f"1.{'2' * 30}e325", True), (f"1.{'2' * 30}e326", False)),
        *((f"1234.{'2' * 30}e322", True), (f"1234.{'2' * 30}e323", False)),
    ):
        body = f'{{"a": {number}}}'.encode()
        for read in (json_parser.parse, json_parser.parse_exactly):
            assert (outcome(read, body) != too_big) == allowed, number
