"""What is told of chat, and what the `data` of each event is."""

from api.chat.deliveries.types import Delivered
from api.chat.location.types import Located
from api.chat.presence.types import OnlineStatus, Typing
from api.chat.types import Conversation, Message, MessageChange, Receipt
from api.db.rows import Record

durable: dict[str, type[Record]] = {
    "conversation.updated": Conversation,
    "message.created": Message,
    "message.deleted": MessageChange,
    "message.edited": MessageChange,
    "messages.delivered": Delivered,
    "messages.read": Receipt,
}
passing: dict[str, type[Record]] = {"location": Located, "presence": OnlineStatus, "typing": Typing}
