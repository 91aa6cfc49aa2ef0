"""One database, two engines: `open_database` picks the one the settings name."""

from api.db.database import Closed, Database, Health
from api.db.open import open_database
from api.db.tx import LockTimeout, Tx

__all__ = ["Closed", "Database", "Health", "LockTimeout", "Tx", "open_database"]
