"""What the app does, without HTTP."""
