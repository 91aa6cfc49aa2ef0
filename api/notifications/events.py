"""What the stream tells of notifications, by kind."""

from api.db.rows import Record
from api.notifications.feedback.types import Feedback
from api.notifications.types import Created, Marked

durable: dict[str, type[Record]] = {
    "notification.created": Created,
    "notification.updated": Marked,
    "feedback.given": Feedback,
}
