"""From a request to its reply."""

from __future__ import annotations

import logging
import platform
from typing import TYPE_CHECKING, Any

import orjson

import kishu_agent
from kishu_agent.errors import KishuError, NotAttachedError, ProtocolError, ProtocolVersionError
from kishu_agent.protocol.models import (
    PROTOCOL_VERSION,
    CheckpointList,
    Failure,
    Reply,
    Request,
    SessionStatus,
)
from kishu_agent.records import RecordError, from_plain

if TYPE_CHECKING:
    from kishu_agent.session import Session

_log = logging.getLogger("kishu_agent")


def answer(text: str) -> dict[str, Any]:
    """Carry out a request given as JSON; return the reply as plain values. Never raises."""
    identity = ""
    try:
        plain = orjson.loads(text)
        if isinstance(plain, dict) and isinstance(plain.get("id"), str):
            identity = plain["id"]
        reply = _carry_out(_parse(plain))
    except KishuError as error:
        reply = _failed(identity, Failure(error.code, error.message, error.action, error.details))
    except orjson.JSONDecodeError as error:
        reply = _failed(identity, Failure(ProtocolError.code, f"The request is not JSON: {error}"))
    except Exception as error:
        _log.exception("a request failed")
        reply = _failed(identity, Failure("INTERNAL", f"{type(error).__name__}: {error}"))
    answered: dict[str, Any] = orjson.loads(orjson.dumps(reply))
    return answered


def _parse(plain: object) -> Request:
    version = plain.get("protocol") if isinstance(plain, dict) else None
    if type(version) is int and version != PROTOCOL_VERSION:
        update = "agent" if version > PROTOCOL_VERSION else "extension"
        raise ProtocolVersionError(
            f"The extension speaks version {version} of the protocol, this agent ({kishu_agent.__version__}) "
            f"version {PROTOCOL_VERSION}.",
            update,
            action="Update kishu-agent in the kernel's environment."
            if update == "agent"
            else "Update the Kishu extension.",
        )
    try:
        return from_plain(Request, plain)
    except RecordError as error:
        raise ProtocolError(f"This request cannot be understood: {error}.") from None


def _failed(identity: str, failure: Failure) -> Reply:
    return Reply(PROTOCOL_VERSION, identity, kishu_agent.__version__, failure=failure)


def _carry_out(request: Request) -> Reply:
    parts: dict[str, Any] = {}
    if request.command == "status":
        parts["status"] = _status(kishu_agent.current())
    elif request.command == "attach":
        parts["status"] = _status(_attach(request))
    elif request.command == "detach":
        parts["status"] = _detach(request)
    elif request.command == "flush":
        session = _session()
        session.flush()
        parts["status"] = session.status()
    elif request.command == "checkpoints":
        session = _session()
        parts["list"] = CheckpointList(session.head, session.checkpoints()[request.since :])
    elif request.command == "doctor":
        parts["diagnoses"] = _session().doctor()
    elif request.command in {"rename_branch", "tag"}:
        parts["status"] = _name(request, _session())
    else:
        parts["restored"] = _restore(request, _session())
    return Reply(PROTOCOL_VERSION, request.id, kishu_agent.__version__, **parts)


def _attach(request: Request) -> Session:
    if request.notebook is None:
        raise ProtocolError("attach needs the path of the notebook.")
    session = kishu_agent.attach(request.notebook)
    session.folder.set_paused(session.notebook.name, False)
    return session


def _detach(request: Request) -> SessionStatus:
    session = _session()
    if request.pause:
        session.folder.set_paused(session.notebook.name, True)
    session.detach()
    return _status(None)


def _name(request: Request, session: Session) -> SessionStatus:
    if request.name is None:
        raise ProtocolError(f"{request.command} needs a name.")
    if request.command == "tag":
        session.tag(request.name, request.ref or "HEAD")
    elif request.ref is None:
        raise ProtocolError("rename_branch needs the branch as its ref.")
    else:
        session.rename_branch(request.ref, request.name)
    return session.status()


def _restore(request: Request, session: Session) -> Any:
    options: dict[str, Any] = {
        "missing_ok": request.missing_ok,
        "replay": request.replay,
        "environment": request.environment,
    }
    if request.command == "undo":
        return session.undo(**options)
    if request.command == "redo":
        return session.redo(**options)
    if request.ref is None:
        raise ProtocolError("restore needs a ref.")
    return session.restore(request.ref, **options)


def _session() -> Session:
    session = kishu_agent.current()
    if session is None:
        raise NotAttachedError("Recording has not started in this kernel.")
    return session


def _status(session: Session | None) -> SessionStatus:
    if session is not None:
        return session.status()
    return SessionStatus(
        attached=False,
        session=None,
        notebook=None,
        folder=None,
        head=None,
        branch=None,
        pending=0,
        can_undo=False,
        can_redo=False,
        failure=None,
        agent=kishu_agent.__version__,
        python=platform.python_version(),
    )
