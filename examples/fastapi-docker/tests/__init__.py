"""Tests of the app. What is set here is set before anything imports it."""

import os
import secrets

from app.config import Settings

os.environ["SECRET_KEY"] = secrets.token_urlsafe(48)
# a hundred registrations a minute are what tests do
os.environ.update(DEBUG="true", THROTTLING="off")
# whatever a developer's .env says, tests send no mail and touch no database of theirs
Settings.model_config["env_file"] = None
