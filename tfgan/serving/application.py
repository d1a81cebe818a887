"""The application: its addresses, what is done with a request, and how errors are told."""

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import fastapi_offline
import numpy as np
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tfgan.serving import tensors
from tfgan.serving.access import Access, Guard
from tfgan.serving.batching import Batcher, check_current
from tfgan.serving.intake import Intake, files_of
from tfgan.serving.metrics import KIND, Counting, Metrics
from tfgan.serving.model import BESIDE, Arrays, File, Function, Limits, Model, Refused

logger = logging.getLogger(__name__)

ASSETS = Path(fastapi_offline.__file__).parent / "static"  # Swagger UI, so that the page of the addresses loads nothing from elsewhere
SIGNATURE = "serving_default"
HTML, BINARY = "text/html; charset=utf-8", "application/octet-stream"
LEFT = 499  # nginx's status for a client that did not wait; nobody reads it but the metrics
TIMED = "Retry-After"

MADE = {
    "responses": {"200": {"description": "An image file.", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}}
}
FILES = {
    **MADE,
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}}
                    | {name: {"type": "string", "format": "binary", "description": what} for name, what in BESIDE.items()},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        }
    },
}
RAW = {"requestBody": {"content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}}}
TENSORS = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "signature_name": {"type": "string", "default": SIGNATURE},
                        "instances": {"type": "array", "items": {}},
                        "inputs": {},
                    },
                },
            }
        }
    }
}


class Sought(BaseModel):
    """What stands in the addresses of files, behind the question mark; what is unknown is refused, as a mistyped name would do nothing."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field("", description="the model; may be left out if there is one")
    seed: int = Field(0, ge=0, le=2**31 - 1)
    format: str = Field("", description="ending of the result's format, such as png; empty: that of the input, and PNG from noise")


class Translation(Sought):
    to: str = Field("", description="domain to translate into, where the run translates both ways")
    set: str = Field("", description="attributes of the result, and, after ~, those that it lacks: Black_Hair,~Male")
    size: str = Field("", description="trained, full, or the pixels of the shorter side")
    tile: int = Field(2048, ge=0, le=2**14, description="with size: larger images are translated in tiles")


class Sample(Sought):
    label: str = Field("", description="name of the class, where the run has classes")
    truncation: str = Field("", description="StyleGAN's ψ, from 0 (the mean image) to 1; empty: the run's own")


class Server:
    """The models behind the addresses, and what all requests share.

    Args:
        models: at least one; their names differ.
        limits: what a request may take.
        batcher, metrics: those that the models know, which run their functions through the one thread.
    """

    def __init__(self, models: list[Model], limits: Limits, batcher: Batcher, metrics: Metrics):
        self.models = {model.name: model for model in models}
        self.limits, self.batcher, self.metrics = limits, batcher, metrics
        self.intake = Intake(limits)
        self._json = threading.Lock()

    def model(self, name: str, version: str = "") -> Model:
        """The model of this name; the only one, if it is empty. Raises `Refused` for a name or a version that is not served."""
        known = ", ".join(self.models)
        if not name and len(self.models) > 1:
            raise Refused(400, f"several models are served: say which, ?model=NAME. There are: {known}.")
        found = self.models.get(name or known)
        if found is None:
            raise Refused(404, f"there is no model {name[:80]!r}. There are: {known}.")
        if version and version != str(found.version):
            raise Refused(404, f"there is no version {version[:20]!r} of {found.name}, only {found.version}.")
        return found

    def predict(self, model: Model, body: bytes) -> bytes:
        """The answer to a request for tensors, as JSON."""
        # As objects of Python's, JSON takes up to thirty times its bytes: one request at a time may have them. It costs no time, as Python
        # reads and writes JSON in one thread at a time anyway.
        with self._json:
            check_current()
            try:
                function, arrays, by_row = _read(model, body)
            except Refused as error:
                raise error.with_traceback(None) from None  # which would keep those objects while the next request's are made
        results = self.batcher.run(function, arrays)
        with self._json:
            check_current()
            return tensors.answer(results, function.outputs, by_row)

    def compute(self, model: Model, name: str, body: bytes) -> bytes:
        """The result of a function of a model's page, float32 in little-endian order, for inputs that lie one behind the other."""
        functions = model.page().functions
        if name not in functions:
            raise Refused(404, f"the page of {model.name} has no function {name[:80]!r}. There are: {', '.join(functions)}.")
        (result,) = self.batcher.run(functions[name], tensors.unpack(body, functions[name].inputs))
        return np.asarray(result, "<f4").tobytes()

    def close(self):
        """Waits for what is worked on, and ends the threads."""
        self.intake.close()
        self.batcher.close()


def _read(model: Model, body: bytes) -> tuple[Function, Arrays, bool]:
    """What a request asks for, in JSON: a function of the model, its inputs, and whether results are wanted row by row."""
    asked = tensors.parse(body)
    signature = asked.get("signature_name", SIGNATURE) if isinstance(asked, dict) else SIGNATURE
    function = model.functions.get(signature) if isinstance(signature, str) else None
    if function is None:
        raise Refused(400, f"there is no signature {str(signature)[:80]!r}. There are: {', '.join(model.functions)}.")
    return function, tensors.read_inputs(asked, function.inputs), isinstance(asked, dict) and "instances" in asked


def make_application(server: Server, access: Access, front: Callable[[], bytes], page: Callable[[], bytes]) -> FastAPI:
    """The application of a server, as ASGI has it.

    Args:
        server: the models.
        access: who may ask.
        front: the bytes of the HTML page at `/` and `/upload`, which asks `/models` what there is.
        page: those of the page of a model, `/app/NAME`, which asks for what `Model.page` has.
    """
    app = FastAPI(
        title="tfgan",
        summary="Trained runs behind TensorFlow Serving's addresses, and as files in and files out.",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(HTTPBearer(auto_error=False))] if access.token else [],  # which `Guard` asks for; here the page tells of it
        lifespan=_lifespan(server),
    )
    app.mount("/docs/assets", StaticFiles(directory=ASSETS))
    _tell_errors(app)
    _add_pages(app, server, front)
    _add_page_of_models(app, server, page)
    _add_rest(app, server)
    _add_files(app, server)
    app.add_middleware(Guard, access=access)
    app.add_middleware(Counting, metrics=server.metrics)  # the last one is the first to see a request
    return app


def _lifespan(server: Server):
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI):
        yield
        server.close()

    return lifespan


def _problem(status: int, reason: str) -> JSONResponse:
    headers = {TIMED: "1"} if status in (429, 503, 504) else {}
    return JSONResponse({"error": reason}, status, headers)


def _tell_errors(app: FastAPI):
    """Each error is an object {"error": reason}, as TensorFlow Serving has it."""

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused):
        return _problem(error.status, str(error))

    @app.exception_handler(ClientDisconnect)
    async def left(request: Request, error: ClientDisconnect):
        return _problem(LEFT, "the client left.")

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException):
        reasons = {404: "there is nothing at this address; /docs lists those that there are.", 405: "the address knows no such method."}
        return JSONResponse({"error": reasons.get(error.status_code, str(error.detail))}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def wrong(request: Request, error: RequestValidationError):
        first = error.errors()[0]
        name = str(first["loc"][-1])[:80]
        if first["type"] == "extra_forbidden":
            return _problem(400, f"{name}: there is no such setting here; /docs lists those that there are.")
        return _problem(400, f"{name}: {first['msg']}.")

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception):
        logger.error(f"A request ended in a fault of tfgan: {type(error).__name__}: {error}", exc_info=error)
        return _problem(500, "a fault of the server, which its log tells of.")


def _add_pages(app: FastAPI, server: Server, front: Callable[[], bytes]):
    tags: list = ["the server"]

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    @app.get("/upload", response_class=HTMLResponse, include_in_schema=False)
    async def first():
        return Response(front(), media_type=HTML)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def addresses():
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="tfgan",
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="/docs/assets/favicon.png",
        )

    @app.get("/healthz", tags=tags, summary="Whether the server answers: its models are loaded before it does.")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", tags=tags, summary="Figures for Prometheus.", response_class=Response)
    async def metrics():
        held = len(server.batcher), server.intake.requests, server.intake.bytes
        return Response(server.metrics.text(*held), media_type=KIND)

    @app.get("/models", tags=tags, summary="The models and what they do, as the page needs them.")
    async def models() -> dict[str, Any]:
        limits = {"max_bytes": server.limits.bytes, "max_pixels": server.limits.pixels}
        return {"models": [model.describe() for model in server.models.values()], **limits}


def _add_page_of_models(app: FastAPI, server: Server, page: Callable[[], bytes]):
    tags: list = ["the page of a model"]

    @app.get("/app/{name}", response_class=HTMLResponse, include_in_schema=False)
    async def shown(name: str):
        return Response(page(), media_type=HTML)  # of any name, as it needs no token: what it asks for says whether there is such a model

    @app.get("/app/{name}/record.json", tags=tags, summary="What the page of a model offers.", response_class=Response)
    async def record(name: str):
        return Response(server.model(name).page().record, media_type="application/json")

    @app.get("/app/{name}/examples.bin", tags=tags, summary="The pixels of its examples.", response_class=Response)
    async def examples(name: str):
        return Response(server.model(name).page().examples, media_type=BINARY)

    @app.post("/app/{name}/run/{function}", tags=tags, summary="Bytes of tensors in and out.", response_class=Response, openapi_extra=RAW)
    async def compute(request: Request, name: str, function: str):
        found = server.model(name)
        content = await server.intake.handle(request, lambda body: server.compute(found, function, body))
        return Response(content, media_type=BINARY)


def _add_rest(app: FastAPI, server: Server):
    async def status(name: str, version: str = "") -> dict[str, Any]:
        found = server.model(name, version)
        said = {"error_code": "OK", "error_message": ""}
        return {"model_version_status": [{"version": str(found.version), "state": "AVAILABLE", "status": said}]}

    async def metadata(name: str, version: str = "") -> dict[str, Any]:
        found = server.model(name, version)
        signatures = {key: (function.inputs, function.outputs) for key, function in found.functions.items()}
        return tensors.metadata(found.name, found.version, signatures)

    async def predict(request: Request, name: str, version: str = "") -> Response:
        found = server.model(name, version)
        content = await server.intake.handle(request, lambda body: server.predict(found, body))
        return Response(content, media_type="application/json")

    for place in ("/v1/models/{name}", "/v1/models/{name}/versions/{version}"):
        tags: list = ["TensorFlow Serving's addresses"]
        app.post(f"{place}:predict", tags=tags, summary="Tensors in, tensors out.", openapi_extra=TENSORS)(predict)
        app.get(f"{place}/metadata", tags=tags, summary="The signatures of a model.")(metadata)
        app.get(place, tags=tags, summary="Whether a model is there.")(status)


def _add_files(app: FastAPI, server: Server):
    async def answer(request: Request, work: Callable[[dict[str, bytes]], File]) -> Response:
        made = await server.intake.handle(request, lambda body: work(files_of(body, request.headers)))
        note = {"X-Note": made.note.encode("ascii", "backslashreplace").decode()} if made.note else {}
        return Response(made.content, media_type=made.kind, headers=note)

    @app.post("/translate", tags=["files"], summary="An image file in, its translation out.", response_class=Response, openapi_extra=FILES)
    async def translate(request: Request, asked: Annotated[Translation, Query()]):
        found, options = server.model(asked.model), asked.model_dump(exclude={"model"})
        return await answer(request, lambda files: found.translate(*_files(files), options))

    @app.post("/sample", tags=["files"], summary="An image from noise.", response_class=Response, openapi_extra=MADE)
    async def sample(request: Request, asked: Annotated[Sample, Query()]):
        found, options = server.model(asked.model), asked.model_dump(exclude={"model"})
        return await answer(request, lambda files: found.sample(options))


def _files(files: Mapping[str, bytes]) -> tuple[bytes, dict[str, bytes]]:
    """The image among the files of a request, the one called file, or else the only one that is none of `BESIDE`; and these."""
    others = [content for name, content in files.items() if name not in BESIDE]
    content = files.get("file", others[0] if len(others) == 1 else b"")
    if not content:
        raise Refused(400, 'the request holds no image: send the file\'s bytes, or a form with the file as "file".')
    return content, {name: content for name, content in files.items() if name in BESIDE}
