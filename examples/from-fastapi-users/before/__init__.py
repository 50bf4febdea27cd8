"""The app as fastapi-users' documentation sets it up."""
