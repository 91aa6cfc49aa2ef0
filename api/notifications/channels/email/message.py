"""A letter as a mail. Nothing that people wrote becomes a header but the subject, and that on one line."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from api.notifications.channels.types import Letter, Refused

# One mailbox and nothing else: no list, comment, name or quoted part, so that an address can name no second recipient.
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}\.[A-Za-z0-9-]{2,63}")


def mail(letter: Letter, sender: str) -> EmailMessage:
    """`sender` is a mailbox; `letter.preferences` takes the POST of RFC 8058. Raises Refused for an odd address."""
    address = letter.addresses[0]
    if not MAILBOX.fullmatch(address) or ".." in address:
        raise Refused("The mail address that the platform has on record cannot be used.")
    message = EmailMessage(SMTP)
    message["From"] = Address("Porchlight", addr_spec=sender)
    message["To"] = Address(addr_spec=address)
    message["Subject"] = on_one_line(letter.title)
    # The same for each try: whoever gets it twice shows it once.
    message["Message-ID"] = f"<{letter.key}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{letter.preferences}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    action = f"\n\n{letter.action}" if letter.action else ""
    message.set_content(f"{letter.body}{action}\n\n-- \n{letter.preferences}\n")
    message.add_alternative(letter.html, subtype="html")
    return message


def on_one_line(text: str) -> str:
    """Every character that some reader takes for the end of a line, or that shows nothing, is a blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200] or "Porchlight"
