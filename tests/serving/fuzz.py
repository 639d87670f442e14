"""Make request bodies from the grammar of the protocol, valid and damaged, with Hypothesis.

`fault` checks whether the protocol allows a response.
"""

import json
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.serving.exports import EXPORTS, JSON_TYPES, OTHER_TYPES, write_configuration

# (model, verb, signatures, names of inputs or features)
TARGETS = (
    ("types", "predict", [*JSON_TYPES, *JSON_TYPES, *OTHER_TYPES, "as_float16"], ["x"]),
    ("two_inputs", "predict", ["", "total"], ["a", "b"]),
    ("texts", "predict", ["", "plain", "only_bytes", "length"], ["text"]),
    ("shapes", "predict", ["", "scalar", "uneven", "product", "pairs"], ["x"]),
    ("classify", "classify", ["", "scores_only", "value", "uneven"], ["x"]),
    ("classify", "predict", ["scores_only"], ["inputs"]),
    ("regress", "regress", ["", "count", "letters", "one_row"], ["x", "count", "name"]),
)
STATUSES = {200, 400, 404, 501}

_GOOD_BLANKS, _WRONG_BLANKS = (b" ", b"\n\t", b"\r\n  "), (b"\x0b", b"\xc2\xa0", b"/**/")
_blank = st.sampled_from((*[b""] * 12, *_GOOD_BLANKS * 3, *_WRONG_BLANKS))
_word = st.sampled_from(
    (
        *(b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity", b"Inf", b"-Inf"),
        *(b"-NaN", b"nan", b"True", b"nul", b"nullx", b"undefined", b"-", b"Infinit"),
    )
)
_digit = st.sampled_from([b"0", b"1", b"2", b"7"])
_small = st.sampled_from([b"0", b"1", b"2", b"-3", b"4.5", b"0.125", b"1e2"])
_number = st.one_of(
    st.integers(-(2**65), 2**65).map(lambda n: str(n).encode()),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: repr(x).encode()),
    st.sampled_from(
        (
            *(b"-0", b"1e5", b"1E+400", b"-1e400", b"1e-999", b"3.5e38", b"1e39", b"1e99999999999"),
            *(b"01", b"1.", b".5", b"+1", b"1e", b"1e+", b"0x10", b"1_0", b"- 1", b"1.5.5", b"--1"),
            *(b"127", b"128", b"-129", b"2147483648", b"18446744073709551616", b"1" * 400),
        )
    ),
)
_good = st.sampled_from([b"", b"a", b"kitten", b"aGk=", rb"\n", rb"\u00e9", "ü𝄞".encode()])
_escape = st.sampled_from(
    (
        *(rb"\"", rb"\\", rb"\/", rb"\ud83d\ude00", rb"\u0000", rb"\ud83d", rb"\ude00", b"\\"),
        *(rb"\ud83d\u0041", rb"\u12g4", rb"\u12", rb"\q", rb"\x41", b"\xff", b"\xed\xa0\x80"),
        *(b"\xc3", b"\x00", b"\x1f", b"\n", b"\x7f"),
    )
)
_string = st.one_of(
    st.text(max_size=6).map(lambda text: json.dumps(text)[1:-1].encode()),
    st.lists(_escape, min_size=1, max_size=3).map(b"".join),
).map(lambda text: b'"' + text + b'"')
_word_of_text = _good.map(lambda text: b'"' + text + b'"')
_base64 = st.sampled_from(
    [b"", b"aGk=", b"aGk", b"aA==", b"aGk=", b"a", b"aG-_", b"a Gk =", b"aGk==", b"?"]
).map(lambda text: b'{"b64": "' + text + b'"}')
_LIKELY = (_digit, _digit, _small, _word_of_text)
_leaf = st.one_of(*_LIKELY, _number, _string, _word, _base64)


def _usually(strategy, *others):
    """Replace a strategy by one of the others in some of the draws."""
    chosen = [strategy] * (14 * len(others)) + list(others)
    return st.integers(0, 2**16).map(lambda n: n % len(chosen)).flatmap(chosen.__getitem__)


def _list(items):
    return b"[" + b", ".join(items) + b"]"


def _members(pairs):
    return b"{" + b", ".join(key + b": " + value for key, value in pairs) + b"}"


def _values(names):
    """Draw a value for "instances" that is valid in most of the draws."""
    names = [json.dumps(name).encode() for name in names]
    key = st.sampled_from([*names, *names, b'"b64"', b'"x"', b"'x'", b"1"])
    anything = st.recursive(
        _leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(_list),
            st.lists(st.tuples(key, inner), max_size=3).map(_members),
        ),
        max_leaves=6,
    )

    def named(values):
        return _members(zip(names, values, strict=True))

    def alike(leaf):
        rows, members = st.lists(leaf, min_size=1, max_size=3), st.tuples(*[leaf] * len(names))
        return st.one_of(
            rows.map(_list),
            st.lists(st.tuples(leaf, leaf).map(_list), min_size=1, max_size=2).map(_list),
            st.lists(members.map(named), min_size=1, max_size=2).map(_list),
            members.map(lambda row: named(_list([value]) for value in row)),
        )

    return st.one_of(*map(alike, (*_LIKELY, *_LIKELY, _number, _string, _base64)), anything)


def _document(verb, signatures, names):
    """Draw the body of a request from the grammar, sometimes with a wrong value or member."""
    known = st.sampled_from([json.dumps(name).encode() for name in signatures])
    values = _values(names)
    main = [b'"instances"', b'"inputs"'] if verb == "predict" else [b'"examples"']
    key = st.sampled_from(main * 12 + [b'"instances"', b'"examples"', b'"Inputs"', b'""'])
    extra = st.tuples(st.sampled_from([b'"context"', b'"inputs"', b'"signature_name"']), values)

    def write(drawn):
        signature, key, value, extra, blank = drawn
        named = [(b'"signature_name"', signature)] if signature != b'""' else []
        body = (key + b":" + blank + value for key, value in [*named, (key, value), *extra])
        return blank + b"{" + (blank + b",").join(body) + b"}" + blank

    return st.tuples(
        _usually(known, _leaf), key, values, _usually(st.just(()), st.tuples(extra)), _blank
    ).map(write)


_KINDS = ["whole"] * 30 + ["cut", "twice", "prefix", "wide", "deep", "bytes"]
_PIECES = [bytes((code,)) for code in b'{}[]:,"\\0 -.eN\x00\xff']


@st.composite
def _damaged(draw, documents):
    """Draw a body without a change, with a few changed bytes, or arbitrary bytes."""
    kind = draw(st.sampled_from(_KINDS))
    if kind == "bytes":
        return draw(st.binary(max_size=40))
    if kind == "deep":
        deep = draw(st.sampled_from([10, 255, 1000, 100_000]))
        opening = draw(st.sampled_from([b"[", b'{"a":', b'[{"instances":', b"[[1],"]))
        closing = draw(st.sampled_from([b"", b"1" + b"]" * deep + b"}"]))
        return b'{"instances": ' + opening * deep + closing
    body = draw(documents)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        start = draw(st.integers(0, len(body)))
        removed = draw(st.sampled_from([0, 0, 1, 1, 2, 8]))
        piece = draw(st.sampled_from([b"", b"", *_PIECES, body[start : start + 40]]))
        body = body[:start] + piece + body[start + removed :]
    if kind == "cut":
        return body[: draw(st.integers(0, len(body)))]
    if kind == "twice":
        return body + body
    if kind == "prefix":
        return draw(st.sampled_from([b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"\x1f\x8b"])) + body
    if kind == "wide":
        return body.decode("latin-1").encode(draw(st.sampled_from(["utf-16", "utf-32-be"])))
    return body


# (path, body) of a POST request to one of TARGETS
REQUESTS = st.one_of(
    *(
        st.tuples(
            st.just(f"/v1/models/{model}:{verb}"), _damaged(_document(verb, signatures, names))
        )
        for model, verb, signatures, names in TARGETS
    )
)


def write_models(folder):
    """Write the models of TARGETS to a folder and return the path of their configuration."""
    names = dict.fromkeys(model for model, *_ in TARGETS)
    for name in names:
        EXPORTS[name](folder / name)
    return write_configuration(folder, names)


def fault(status, body):
    """Return what is wrong with a response, or None if the protocol allows it."""
    if status not in STATUSES:
        return f"status {status}"
    try:
        # A response contains the bytes of the request, which need not be UTF-8.
        answer = json.loads(body.decode("utf-8", "surrogateescape"))
    except ValueError as error:
        return f"no JSON: {error}"
    if not isinstance(answer, dict) or len(answer) != 1:
        return "not an object with one member"
    ((key, value),) = answer.items()
    if status != 200:
        return None if key == "error" and value and isinstance(value, str) else "no error text"
    return None if key in ("predictions", "outputs", "results") else f"answers with {key}"


def run(connection, seconds=0, examples=1000, after_round=lambda: None):
    """Send requests until a number of requests and a number of seconds are reached.

    Parameters
    ----------
    connection : http.client.HTTPConnection
        to a server of the models of TARGETS
    seconds : float
    examples : int
        in each of the rounds
    after_round : callable

    Returns
    -------
    Counter
        status to the number of its answers

    Raises
    ------
    AssertionError
        an answer was not one of the protocol; the text shows the request
    """
    counts = Counter()

    def send(request):
        path, body = request
        connection.request("POST", path, body)
        response = connection.getresponse()
        answer = response.read()
        wrong = fault(response.status, answer)
        assert not wrong, f"{wrong}\nPOST {path}\n{body[:2000]!r}\n{answer[:2000]!r}"
        counts[response.status] += 1

    in_rounds(REQUESTS, send, seconds, examples, after_round)
    return counts


def in_rounds(strategy, send, seconds, examples, after_round=lambda: None):
    """Call `send` with `examples` draws of a strategy, again until the seconds are over.

    Each run of the program draws the same, each round something else.
    """
    end, rounds = time.monotonic() + seconds, 0
    while not rounds or time.monotonic() < end:
        round_ = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(strategy)(send))
        seed(rounds)(round_)()
        rounds += 1
        after_round()
