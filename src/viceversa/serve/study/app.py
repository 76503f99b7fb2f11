"""The routes of a study. A client names nothing but a session, a trial and a picture's token, all looked up."""

import sys
from collections.abc import Awaitable, Callable
from importlib.resources import files
from secrets import compare_digest
from typing import Annotated, Any, Literal

from fastapi import Body, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from ...errors import ResourceError
from ...study.answers import Answer, Answers, Busy, Conflict, Session
from ...study.folder import Study, StudyFolder
from ...study.protocol import MISSED, SECONDS, Trial, plan
from ...study.results import results
from ..gate import Gate
from .results_page import results_page

PAGES = {
    "/": ("study.html", "text/html; charset=utf-8"),
    "/study.css": ("study.css", "text/css; charset=utf-8"),
    "/study.js": ("study.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
RETRY_SECONDS = 2  # after an answer that could not be written
SessionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{22}$")]
PictureToken = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
Milliseconds = Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)]
Pixels = Annotated[int, Field(ge=1, le=100_000)]


class Consent(BaseModel):
    """What begins a session."""

    model_config = ConfigDict(extra="forbid", strict=True)
    consent: bool


class Given(BaseModel):
    """An answer as the page sends it; see `study.answers.Answer`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    trial: Annotated[int, Field(ge=0, le=10_000)]
    side: Literal["left", "right"]
    shown_ms: Milliseconds
    frame_ms: Milliseconds
    answer_ms: Milliseconds
    width: Pixels
    height: Pixels


def make_app(folder: StudyFolder, study: Study, answers: Answers, token: str, host: str = "127.0.0.1") -> FastAPI:
    """The application for one study whose answers are open; `token` opens the results, `host` was bound."""
    app = FastAPI(title="viceversa study", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(Gate, host=host)
    _answer_errors(app)
    _add_pages(app, folder, study)
    _add_sessions(app, study, answers)
    _add_results(app, folder, token)
    return app


def _add_pages(app: FastAPI, folder: StudyFolder, study: Study) -> None:
    static = files(__package__) / "static"
    for route, (name, kind) in PAGES.items():
        app.add_api_route(route, _constant((static / name).read_bytes(), kind), methods=["GET"])
    pictures = {token: folder.pictures / f"{token}.png" for token in study.tokens()}
    named = {"real-or-fake": "real", "preference": "better"}[study.kind]
    about = {
        "kind": study.kind, "question": study.question, "practice": study.practice, "length": study.length,
        "size": study.size, "shown_ms": SECONDS * 1000, "input": bool(study.scored.real) and named == "better",
    }  # fmt: skip

    @app.get("/api/study")
    def told() -> dict[str, Any]:
        return about

    @app.get("/pictures/{token}")
    def picture(token: PictureToken) -> Response:
        path = pictures.get(token)
        if path is None:
            raise HTTPException(404, "no such picture")
        try:
            data = path.read_bytes()
        except OSError as e:
            raise ResourceError(f"{path} cannot be read ({e.strerror})") from None
        return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=86400, immutable"})


def _constant(data: bytes, kind: str) -> Callable[[], Awaitable[Response]]:
    async def page() -> Response:
        return Response(data, media_type=kind, headers={"Cache-Control": "no-cache"})

    return page


def _add_sessions(app: FastAPI, study: Study, answers: Answers) -> None:
    def known(session: str) -> Session:
        found = answers.session(session)
        if found is None:
            raise HTTPException(404, "no such session")
        return found

    @app.post("/api/sessions", status_code=201)
    def begin(consent: Annotated[Consent, Body()]) -> dict[str, Any]:
        if not consent.consent:
            raise HTTPException(422, "a session begins with consent")
        return _session(study, answers.start(len(study.arms), study.length))

    @app.get("/api/sessions/{session}")
    def go_on(session: SessionId) -> dict[str, Any]:
        return _session(study, known(session))

    @app.post("/api/sessions/{session}/answers")
    def answer(session: SessionId, given: Annotated[Given, Body()]) -> dict[str, Any]:
        found = known(session)
        try:
            count = answers.record(found, Answer(**given.model_dump()), study.length)
        except Conflict as e:
            raise HTTPException(409, str(e)) from None
        trial = plan(study, found.number, found.arm)[given.trial]
        practised = trial.part == "practice" and study.kind == "real-or-fake"
        return {"answered": count, "right": trial.key == given.side if practised else None}


def _session(study: Study, session: Session) -> dict[str, Any]:
    """What the page may know: which pictures, in which order; not which is real, nor which pairs are sentinels."""
    return {
        "session": session.id,
        "answered": session.answered,
        "trials": [_pair(trial) for trial in plan(study, session.number, session.arm)],
    }


def _pair(trial: Trial) -> dict[str, Any]:
    pair: dict[str, Any] = {"left": trial.left, "right": trial.right, "practice": trial.part == "practice"}
    return pair | ({"input": trial.input} if trial.input else {})


def _add_results(app: FastAPI, folder: StudyFolder, token: str) -> None:
    def require(given: str | None, request: Request) -> None:
        scheme, _, word = request.headers.get("authorization", "").partition(" ")
        given = word if given is None and scheme.lower() == "bearer" else given
        if given is None or not compare_digest(given.encode("utf-8", "replace"), token.encode()):
            raise HTTPException(403, "the results need the token that study serve printed")

    Given_ = Annotated[str | None, Query(max_length=200)]

    @app.get("/api/results")
    def numbers(request: Request, token: Given_ = None) -> dict[str, Any]:
        require(token, request)
        return results(folder.path)

    @app.get("/results")
    def page(request: Request, token: Given_ = None) -> Response:
        require(token, request)
        return Response(results_page(results(folder.path), MISSED), media_type="text/html; charset=utf-8")


def _answer_errors(app: FastAPI) -> None:
    """Every refusal is one line of JSON, and repeats nothing that the client sent."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)
        return JSONResponse({"error": str(error.detail)}, error.status_code, headers=dict(error.headers or {}))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if any(e["loc"][:1] == ("path",) for e in error.errors()):
            return JSONResponse({"error": "not found"}, 404)
        if request.method == "POST" and not _is_json(request):
            return JSONResponse({"error": "send application/json"}, 415)
        places = sorted(
            {".".join(str(part) for part in e["loc"] if part in Given.model_fields) for e in error.errors()}
        )
        return JSONResponse({"error": "not understood: " + (", ".join(filter(None, places)) or "the request")}, 422)

    async def busy(request: Request, error: Exception) -> Response:
        assert isinstance(error, Busy)
        return JSONResponse({"error": str(error)}, 429, headers={"Retry-After": str(error.seconds)})

    async def trouble(request: Request, error: Exception) -> Response:
        print(f"viceversa: {error}", file=sys.stderr, flush=True)
        return JSONResponse(
            {"error": "nothing can be stored just now; the answer is kept on your side and sent again"},
            503,
            headers={"Retry-After": str(RETRY_SECONDS)},
        )

    app.add_exception_handler(StarletteHTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Busy, busy)
    app.add_exception_handler(ResourceError, trouble)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
