"""The routes of a study. A client can name a session, a trial and a picture's token only; all are looked up."""

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
from ...study.protocol import MAX_MISSED, PAIR_SECONDS, Trial, session_trials
from ...study.results import results
from ..gate import Limits
from .results_page import results_page

LIMITS = Limits(bytes=4096, seconds=10)  # of a request; an answer has 130 bytes
PAGES = {
    "/": ("study.html", "text/html; charset=utf-8"),
    "/study.css": ("study.css", "text/css; charset=utf-8"),
    "/study.js": ("study.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
RETRY_SECONDS = 2  # until the page sends again an answer that could not be written
SessionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{22}$")]
PictureToken = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
Milliseconds = Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)]
Pixels = Annotated[int, Field(ge=1, le=100_000)]


class Consent(BaseModel):
    """The request that begins a session."""

    model_config = ConfigDict(extra="forbid", strict=True)
    consent: bool


class AnswerBody(BaseModel):
    """An answer as the page sends it; see `study.answers.Answer`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    trial: Annotated[int, Field(ge=0, le=10_000)]
    side: Literal["left", "right"]
    shown_ms: Milliseconds
    frame_ms: Milliseconds
    answer_ms: Milliseconds
    width: Pixels
    height: Pixels


def make_app(folder: StudyFolder, study: Study, answers: Answers, token: str) -> FastAPI:
    """The application for one study; `answers` is its open database, `token` opens the results."""
    app = FastAPI(title="viceversa study", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    _add_error_handlers(app)
    _add_pages(app, folder, study)
    _add_sessions(app, study, answers)
    _add_results(app, folder, token)
    return app


def _add_pages(app: FastAPI, folder: StudyFolder, study: Study) -> None:
    static = files(__package__) / "static"
    for route, (name, kind) in PAGES.items():
        app.add_api_route(route, _constant((static / name).read_bytes(), kind), methods=["GET"])
    pictures = {token: folder.pictures / f"{token}.png" for token in study.tokens()}
    description = {
        "kind": study.kind,
        "question": study.question,
        "practice": study.practice,
        "length": study.length,
        "size": study.size,
        "shown_ms": PAIR_SECONDS * 1000,
        "input": bool(study.scored_pool.real) and study.kind == "preference",
    }

    @app.get("/api/study")
    def get_study() -> dict[str, Any]:
        return description

    @app.get("/pictures/{token}")
    def get_picture(token: PictureToken) -> Response:
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
    def find_session(session_id: str) -> Session:
        session = answers.session(session_id)
        if session is None:
            raise HTTPException(404, "no such session")
        return session

    @app.post("/api/sessions", status_code=201)
    def start_session(consent: Annotated[Consent, Body()]) -> dict[str, Any]:
        if not consent.consent:
            raise HTTPException(422, "a session begins with consent")
        return _session_content(study, answers.start(len(study.arms), study.length))

    @app.get("/api/sessions/{session_id}")
    def get_session(session_id: SessionId) -> dict[str, Any]:
        return _session_content(study, find_session(session_id))

    @app.post("/api/sessions/{session_id}/answers")
    def post_answer(session_id: SessionId, body: Annotated[AnswerBody, Body()]) -> dict[str, Any]:
        session = find_session(session_id)
        try:
            count = answers.record(session, Answer(**body.model_dump()), study.length)
        except Conflict as e:
            raise HTTPException(409, str(e)) from None

        trial = session_trials(study, session.number, session.arm)[body.trial]
        gets_feedback = trial.part == "practice" and study.kind == "real-or-fake"
        return {"answered": count, "right": trial.key == body.side if gets_feedback else None}


def _session_content(study: Study, session: Session) -> dict[str, Any]:
    """What the page may know: which pictures, in which order; not which is real, nor which pairs are sentinels."""
    return {
        "session": session.id,
        "answered": session.answered,
        "trials": [_pair(trial) for trial in session_trials(study, session.number, session.arm)],
    }


def _pair(trial: Trial) -> dict[str, Any]:
    pair: dict[str, Any] = {"left": trial.left, "right": trial.right, "practice": trial.part == "practice"}
    if trial.input:
        pair["input"] = trial.input
    return pair


def _add_results(app: FastAPI, folder: StudyFolder, token: str) -> None:
    def require_token(query: str | None, request: Request) -> None:
        scheme, _, word = request.headers.get("authorization", "").partition(" ")
        sent = word if query is None and scheme.lower() == "bearer" else query
        if sent is None or not compare_digest(sent.encode("utf-8", "replace"), token.encode()):
            raise HTTPException(403, "the results need the token that study serve printed")

    Token = Annotated[str | None, Query(max_length=200)]

    @app.get("/api/results")
    def get_results(request: Request, token: Token = None) -> dict[str, Any]:
        require_token(token, request)
        return results(folder.path)

    @app.get("/results")
    def get_results_page(request: Request, token: Token = None) -> Response:
        require_token(token, request)
        return Response(results_page(results(folder.path), MAX_MISSED), media_type="text/html; charset=utf-8")


def _add_error_handlers(app: FastAPI) -> None:
    """Every error is one line of JSON that repeats nothing which the client sent."""

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)
        return JSONResponse({"error": str(error.detail)}, error.status_code, headers=dict(error.headers or {}))

    async def validation_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if any(e["loc"][:1] == ("path",) for e in error.errors()):
            return JSONResponse({"error": "not found"}, 404)
        if request.method == "POST" and not _is_json(request):
            return JSONResponse({"error": "send application/json"}, 415)
        fields = {part for e in error.errors() for part in e["loc"] if part in AnswerBody.model_fields}
        return JSONResponse({"error": f"not understood: {', '.join(sorted(fields)) or 'the request'}"}, 422)

    async def too_many_sessions(request: Request, error: Exception) -> Response:
        assert isinstance(error, Busy)
        return JSONResponse({"error": str(error)}, 429, headers={"Retry-After": str(error.seconds)})

    async def resource_error(request: Request, error: Exception) -> Response:
        print(f"viceversa: {error}", file=sys.stderr, flush=True)
        return JSONResponse(
            {"error": "nothing can be stored just now; the answer is kept on your side and sent again"},
            503,
            headers={"Retry-After": str(RETRY_SECONDS)},
        )

    app.add_exception_handler(StarletteHTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(Busy, too_many_sessions)
    app.add_exception_handler(ResourceError, resource_error)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
