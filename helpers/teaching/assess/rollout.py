"""Requirement 9: the plan of a rollout, tried with the router, the server and both versions."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.serving.rollout.plan import Plan
from helpers.serving.rollout.router import Router
from helpers.teaching.assess.brief import (
    BAD,
    BASELINE,
    EFFECT,
    HARMLESS,
    MODEL,
    MOST_LOOKS,
    PATIENCE,
    PLAN,
    SHARE,
)
from helpers.teaching.assess.report import NotMet, NotTried
from helpers.text import safe_repr, shorten

FIELDS = {
    "stable": "the version that you trust",
    "canary": "the version on trial",
    "percent": "the share of the users that get the canary",
    "max_error_rate": "see Router in lesson 09",
    "window": "see Router in lesson 09",
    "looks": "a list: the number of users at each look",
}
MOST_BYTES = 100_000
ANY_ADDRESS = "http://127.0.0.1:9"  # for a router that sends no request
TIMEOUT = 60  # seconds for an answer of the server, also on a busy computer
USERS = 2000  # users that the router splits
EACH = 4  # users of each version that send a request to the server


def read_plan(folder: Path) -> dict[str, Any]:
    """Read the plan in a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to object
        With the keys FIELDS.

    Raises
    ------
    NotTried
        If there is no plan.
    NotMet
        If the file is not a JSON object with these fields, or a value is not possible.
    """
    file = folder / PLAN
    if file.is_symlink() or not file.exists():
        raise NotTried(f"there is no file {PLAN}")
    if not file.is_file() or file.stat().st_size > MOST_BYTES:
        raise NotMet(f"{PLAN} should be a small text file")
    try:
        plan = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise NotMet(f"{PLAN} should be JSON, but is not: {shorten(str(error), 100)}") from None
    if not isinstance(plan, dict):
        raise NotMet(f"{PLAN} should hold an object with fields, not {safe_repr(plan)}")
    for name, what in FIELDS.items():
        if name not in plan:
            raise NotMet(f"{PLAN} has no field {name}: {what}")
    if more := sorted(plan.keys() - FIELDS.keys()):
        raise NotMet(f"{PLAN} has the unknown field {more[0]!r}: it may be misspelled")
    if (plan["stable"], plan["canary"]) != (1, 2) or isinstance(plan["stable"], bool):
        raise NotMet(f"{PLAN} should have stable 1 and canary 2, because version 2 is on trial")
    low, high = SHARE
    if not _is_number(plan["percent"]) or not low <= plan["percent"] <= high:
        raise NotMet(
            f"percent should be from {low} to {high}, but is {safe_repr(plan['percent'])}: few "
            "users get a version that no one has tried"
        )
    return plan


def require_enough_users(plan: Mapping[str, Any]) -> None:
    """Require that the last look has the users that the experiment of the brief needs."""
    looks = plan["looks"]
    if not isinstance(looks, list) or not 1 <= len(looks) <= MOST_LOOKS:
        raise NotMet(f"looks should be a list of 1 to {MOST_LOOKS} numbers, not {safe_repr(looks)}")
    for before, now in zip([0, *looks], looks, strict=False):
        if not isinstance(now, int) or isinstance(now, bool) or now <= before:
            raise NotMet(f"looks should be whole numbers that grow, but are {safe_repr(looks)}")
    needed = Plan(BASELINE, EFFECT, looks=len(looks), share=plan["percent"] / 100).users.total
    if looks[-1] < needed:
        raise NotMet(
            f"{len(looks)} looks with {plan['percent']:g} % of the users need {needed:,} users at "
            f"the last look, but the plan has {looks[-1]:,}. See Plan(...).users.total, and give "
            "share"
        )


def new_router(plan: Mapping[str, Any], address: str) -> Router:
    """Make the router of a plan; a value that the router refuses raises NotMet."""
    try:
        return Router(
            address,
            MODEL,
            stable=plan["stable"],
            canary=plan["canary"],
            percent=plan["percent"],
            max_error_rate=plan["max_error_rate"],
            window=plan["window"],
            timeout=TIMEOUT,
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise NotMet(f"the router refuses the plan: {error}") from None


def require_guard(plan: Mapping[str, Any]) -> None:
    """Require that the plan ends a bad version 2, and keeps one that hardly ever fails.

    No request is sent: the router counts failures as they would come.
    """
    if plan["max_error_rate"] is None:
        raise NotMet("max_error_rate should be a number, so that the router ends a bad version")
    for every, requests, ends in ((BAD, PATIENCE, True), (HARMLESS, 10 * HARMLESS, False)):
        router = new_router(plan, ANY_ADDRESS)
        user = _users(router)["canary"][0]
        for number in range(1, requests + 1):
            route = router.route(user)
            if route.role == "canary":
                router.record(route, 0.001, "fails" if number % every == 0 else "")
        if (router.canary is None) == ends:
            continue
        if ends:
            raise NotMet(
                f"a version 2 that fails in 1 of {every} requests should be ended within "
                f"{requests} requests, but is not. The router ends it when more than "
                "max_error_rate * window of the last window requests have failed"
            )
        raise NotMet(
            f"a version 2 that fails in 1 of {every} requests should stay, but is ended: chance "
            "alone must not end it. The router ends it when more than max_error_rate * window of "
            "the last window requests have failed"
        )


def require_replies(plan, address, body, expected) -> None:
    """Require that users get the answers of their versions, and of version 1 after the rollback.

    Parameters
    ----------
    plan : dict
    address : str
        Of a server that has both versions.
    body : dict
        The request.
    expected : function of (int, dict)
        Whether an answer of the server is that of a version.
    """
    router = new_router(plan, address)
    users = _users(router)
    for role in ("stable", "canary"):
        for user in users[role][:EACH]:
            _require_reply(router, user, body, plan[role], expected)
    router.rollback()
    for user in users["canary"][:EACH]:
        _require_reply(router, user, body, plan["stable"], expected)


def _require_reply(router, user, body, version, expected):
    reply = router.predict(user, body)
    if reply.status is None:
        raise NotTried(f"the server did not answer: {reply.error}")
    if not reply.ok or not expected(version, reply.answer):
        said = shorten(reply.error or str(reply.answer), 150)
        raise NotMet(f"a user of version {version} should get its answer, but gets: {said}")


def _users(router):
    found = {"stable": [], "canary": []}
    for number in range(USERS):
        found[router.route(f"user-{number}").role].append(f"user-{number}")
    return found


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)
