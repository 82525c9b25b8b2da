"""What a checkpoint tells of the co-variables that are stored with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kishu_agent.record.preview import preview
from kishu_agent.record.versions import versions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kishu_agent.history.checkpoint import Preview
    from kishu_agent.tracking.covariable import Covariable

_PREVIEWS = 200
"""Names of a checkpoint that get a preview."""


def previews(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Preview]:
    """Describe the first of some variables."""
    first = [name for name, _ in zip(names, range(_PREVIEWS), strict=False)]
    return {name: preview(namespace[name]) for name in first if name in namespace}


def problems(covariables: Iterable[Covariable]) -> dict[str, str]:
    """Return why names are not stored, for those co-variables that no checkpoint has yet."""
    return {
        root: covariable.problem
        for covariable in covariables
        if covariable.problem is not None and covariable.waits
        for root in covariable.roots
        if ":" not in root
    }


def packages(covariables: Iterable[Covariable]) -> dict[str, str]:
    """Return the versions of the packages whose objects no checkpoint has yet."""
    waiting = (covariable.packages for covariable in covariables if covariable.waits)
    return versions_of(set().union(*waiting))
