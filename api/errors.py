"""Every mistake a caller can meet: one class each, rendered once, for HTTP and for the socket (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from litestar.exceptions import HTTPException


class FieldError(msgspec.Struct, frozen=True):
    """`pointer` is a JSON pointer into the body, `?name` for a parameter, `{name}` for a part of the path."""

    pointer: str
    code: str
    message: str


class ProblemDetails(msgspec.Struct, rename="camel", omit_defaults=True):
    """What every 4xx and 5xx answers, as `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    retryable: bool
    errors: list[FieldError] = []
    allowed: list[str] | None = None


class Problem(HTTPException):
    """`retryable` tells a caller that the same request may succeed later, unchanged."""

    code: ClassVar[str]
    title: ClassVar[str]
    status_code = 400
    retryable: ClassVar[bool] = False
    default_detail: ClassVar[str] = ""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        allowed: Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail=detail or self.default_detail or self.title, status_code=self.status_code)
        self.errors = list(errors)
        self.allowed = None if allowed is None else list(allowed)
        self.headers: dict[str, str] = dict(headers or {})

    def details(self, base_url: str, request_id: str) -> ProblemDetails:
        return ProblemDetails(
            type=f"{base_url}/developers/errors/#{self.code}",
            title=self.title,
            status=self.status_code,
            detail=self.detail,
            code=self.code,
            request_id=request_id,
            retryable=self.retryable,
            errors=self.errors,
            allowed=self.allowed,
        )


class InvalidRequest(Problem):
    code = "invalid_request"
    title = "The request is not valid"

    @classmethod
    def at(cls, pointer: str, code: str, message: str) -> "InvalidRequest":
        return cls(f"{pointer or 'The body'}: {message}", errors=[FieldError(pointer, code, message)])


class MalformedBody(Problem):
    code = "malformed_body"
    title = "The body cannot be read"


class FileDamaged(Problem):
    code = "file_damaged"
    title = "The file cannot be decoded"
    default_detail = "It begins like a file of its type, and does not go on like one."


class InvalidCursor(Problem):
    code = "invalid_cursor"
    title = "The cursor is not one of ours"


class CursorMismatch(Problem):
    code = "cursor_mismatch"
    title = "The cursor belongs to other filters"
    default_detail = "Repeat the filters of the first page, or start again without a cursor."


class Unauthenticated(Problem):
    status_code = 401
    code = "unauthenticated"
    title = "A token is required"
    default_detail = "Send one header `Authorization: Bearer <token>`."


class InvalidToken(Unauthenticated):
    code = "invalid_token"
    title = "The token is not valid"
    default_detail = "The token was refused."


class TokenExpired(Unauthenticated):
    code = "token_expired"
    title = "The token has expired"
    default_detail = "Get a new token and try again."


class TokenRevoked(Unauthenticated):
    code = "token_revoked"
    title = "The token has been revoked"
    default_detail = "Sign in again to get a new token."


class UserDisabled(Unauthenticated):
    code = "user_disabled"
    title = "The user is disabled"
    default_detail = "The platform has disabled this user."


class RoleChanged(Unauthenticated):
    code = "role_changed"
    title = "The user has another role"
    default_detail = "The platform's record has another role for this user: get a new token."


class InvalidSignature(Problem):
    status_code = 401
    code = "invalid_signature"
    title = "The signature is not right"
    default_detail = "Sign id, timestamp and body with the secret that both sides know, within 5 minutes."


class Forbidden(Problem):
    status_code = 403
    code = "forbidden"
    title = "This role may not do that"


class NotFound(Problem):
    status_code = 404
    code = "not_found"
    title = "There is nothing here"
    default_detail = "It does not exist, or it is not yours to see."


class SearchDisabled(Problem):
    status_code = 404
    code = "search_disabled"
    title = "Search is switched off on this server"
    default_detail = "Its operator has switched it off; categories, tags and articles still answer."


class MethodNotAllowed(Problem):
    status_code = 405
    code = "method_not_allowed"
    title = "This address does not take that method"


class TextRejected(Problem):
    """`errors` says where in the text; nothing was stored."""

    code = "text_rejected"
    title = "The text cannot be sent like this"
    default_detail = "The platform's rules do not allow what it holds. Write it differently."


class UnknownUser(Problem):
    status_code = 409
    code = "unknown_user"
    title = "The user is not known yet"
    retryable = True
    default_detail = "Put the user first, then repeat this request."


class UnknownBooking(Problem):
    status_code = 409
    code = "unknown_booking"
    title = "The booking is not known yet"
    retryable = True
    default_detail = "Put the booking first, then repeat this request."


class RoomClosed(Problem):
    status_code = 409
    code = "room_closed"
    title = "Nobody writes in this room any more"
    default_detail = "Its booking ended some time ago. Reading goes on."


class Blocking(Problem):
    status_code = 409
    code = "blocking"
    title = "You have blocked the others in this room"
    default_detail = "Unblock them to write to them."


class MessagesRefused(Problem):
    status_code = 409
    code = "messages_refused"
    title = "No messages are taken in this room at the moment"
    default_detail = "What concerns the booking still arrives. Ask the support desk where it is urgent."


class NotHeld(Problem):
    status_code = 409
    code = "not_held"
    title = "The message does not wait for a decision any more"
    default_detail = "It was released, rejected, or changed by its sender."


class NotEditable(Problem):
    status_code = 409
    code = "not_editable"
    title = "The message can no longer be changed"
    default_detail = "It was sent too long ago."


class KeyTaken(Problem):
    status_code = 409
    code = "key_taken"
    title = "There is one with this key already"


class TooMany(Problem):
    status_code = 409
    code = "too_many"
    title = "There are as many as there may be"


class BookingNotActive(Problem):
    status_code = 409
    code = "booking_not_active"
    title = "The booking is not active"
    default_detail = "A position can be shared while the booking is confirmed or in progress."


class FileNotReady(Problem):
    status_code = 409
    code = "file_not_ready"
    title = "The file has not been checked yet"
    retryable = True

    def __init__(self) -> None:
        super().__init__("The virus scanner has not answered yet.", headers={"Retry-After": "5"})


class FileQuarantined(Problem):
    status_code = 409
    code = "file_quarantined"
    title = "The file is in quarantine"
    default_detail = "The virus scanner found something in it."


class QuotaExceeded(Problem):
    status_code = 409
    code = "quota_exceeded"
    title = "The user has no room left for files"
    default_detail = "The most that one user may store is stored."


class IdempotencyInProgress(Problem):
    status_code = 409
    code = "idempotency_in_progress"
    title = "The first request with this key is still running"
    retryable = True

    def __init__(self) -> None:
        super().__init__("Repeat the request in a moment.", headers={"Retry-After": "1"})


class TooSlow(Problem):
    status_code = 408
    code = "too_slow"
    title = "The body came too slowly"
    retryable = True
    default_detail = "Nothing was kept. Send it again over a better connection."


class FeedbackGiven(Problem):
    status_code = 409
    code = "feedback_given"
    title = "You have answered already"


class PreconditionFailed(Problem):
    status_code = 412
    code = "precondition_failed"
    title = "It has changed since you read it"
    default_detail = "Read it again, and repeat the change with its new ETag."


class PreconditionRequired(Problem):
    status_code = 428
    code = "precondition_required"
    title = "The request needs If-Match"
    default_detail = "Read it first, and send its ETag as `If-Match`, so that nobody's change is lost."


class TooLarge(Problem):
    status_code = 413
    code = "too_large"
    title = "The body is too large"
    default_detail = "The body is larger than this address takes."


class ImageTooLarge(Problem):
    status_code = 413
    code = "image_too_large"
    title = "The image is too large to be decoded"
    default_detail = "It may have 64 million pixels, over all frames of an animation, and 300 frames."


class UnsupportedMediaType(Problem):
    status_code = 415
    code = "unsupported_media_type"
    title = "The body has another type than this address takes"
    default_detail = "Send `Content-Type: application/json`, in UTF-8."


class FileTypeRefused(Problem):
    status_code = 415
    code = "file_type_refused"
    title = "This kind of file is not taken"
    default_detail = "What counts is what is in the file, not its name; the developers' page lists what is taken."


class RangeNotSatisfiable(Problem):
    status_code = 416
    code = "range_not_satisfiable"
    title = "The range lies behind the end"


class IdempotencyMismatch(Problem):
    status_code = 422
    code = "idempotency_mismatch"
    title = "The key was used for another request"
    default_detail = "An Idempotency-Key stands for one request: use a new key for another query or body."


class RateLimited(Problem):
    status_code = 429
    code = "rate_limited"
    title = "Too many requests"
    retryable = True


class Internal(Problem):
    status_code = 500
    code = "internal"
    title = "Something went wrong on our side"
    default_detail = "It has been logged under the request id."


class Unavailable(Problem):
    """Nothing of the request has happened, or (after a broken connection to the database) it may have: retry it."""

    status_code = 503
    code = "unavailable"
    title = "The database cannot be reached"
    retryable = True
    default_detail = "Repeat the request with the same key."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


class Overloaded(Unavailable):
    code = "overloaded"
    title = "Too much to do at this moment"
    default_detail = "Nothing was done. Repeat the request after a moment."


class HelpUnavailable(Unavailable):
    code = "help_unavailable"
    title = "There is no help centre to answer from"
    default_detail = "No build of it could be read yet. Repeat the request later."


class ReadOnly(Unavailable):
    code = "read_only"
    title = "Porchlight is read-only for now"
    default_detail = "Reading works; nothing can be written until the disk takes writes again."


def catalogue() -> list[type[Problem]]:
    """All problems with a code, in the order of their definition; the developers' error page lists the same."""
    found: dict[str, type[Problem]] = {}
    for value in list(globals().values()):
        if isinstance(value, type) and issubclass(value, Problem) and "code" in vars(value):
            found[value.code] = value
    return list(found.values())


_encode = msgspec.json.Encoder().encode


def render(problem: Problem, base_url: str, request_id: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a problem's answer."""
    headers: dict[str, Any] = {"content-type": "application/problem+json", "cache-control": "no-store"}
    if problem.status_code == 401:
        # RFC 6750 section 3.1: whoever sent no token is told of no error.
        headers["www-authenticate"] = "Bearer" if type(problem) is Unauthenticated else 'Bearer error="invalid_token"'
    return headers | problem.headers, _encode(problem.details(base_url, request_id))
