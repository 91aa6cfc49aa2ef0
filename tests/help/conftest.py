import pytest

ARTICLE = """---
id: late-withdrawal
title: A withdrawal is late
summary: Look at the last state you were told and give the reference.
category: payments-earnings
tags: [withdrawals]
audience: [provider]
keywords: [payout]
context: {screen: [earnings]}
owner: payments
reviewBy: 2027-05-01
---
Look at the last notification.
"""


@pytest.fixture
def article() -> str:
    return ARTICLE
