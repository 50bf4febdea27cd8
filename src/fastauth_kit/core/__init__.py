"""What every feature stands on. Nothing in here names a feature."""
