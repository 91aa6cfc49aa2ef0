"""Chat over REST: a room for each booking, its members the provider, the customer, and whom they bring in."""

from litestar import Router

from api.chat.blocks import routes as blocks
from api.chat.conversations import routes as conversations
from api.chat.location import routes as location
from api.chat.members import routes as members
from api.chat.messages import routes as messages
from api.chat.presence import routes as presence
from api.chat.quick import routes as quick
from api.chat.receipts import routes as receipts
from api.chat.search import routes as search
from api.chat.stats import routes as stats
from api.chat.transcript import routes as transcript

router = Router(
    path="/chat",
    route_handlers=[
        *messages.handlers,
        *quick.handlers,
        *members.handlers,
        *receipts.handlers,
        *conversations.handlers,
        *search.handlers,
        *stats.handlers,
        *transcript.handlers,
        *blocks.handlers,
        *presence.handlers,
        *location.handlers,
    ],
    opt={"roles": ("provider", "customer", "agent", "admin")},
    tags=["Chat"],
)
