"""Replacing a secret without signing anybody out."""

from fastauth_kit import AuthSettings

OLD = "Wq8vG2r1dT6xYb0uKc5mZs9pLe4jHn7f"
NEW = "t3RkQ9wXz5VbM1cN8yPdJ6sLg0aHf2Eu"

# --8<-- [start:announce]
announced = AuthSettings(secret_key=OLD, secret_key_fallbacks=[NEW])
# --8<-- [end:announce]

# --8<-- [start:swap]
swapped = AuthSettings(secret_key=NEW, secret_key_fallbacks=[OLD])
# --8<-- [end:swap]

# --8<-- [start:retire]
retired = AuthSettings(secret_key=NEW)
# --8<-- [end:retire]
