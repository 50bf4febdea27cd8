"""What our own routes share."""
