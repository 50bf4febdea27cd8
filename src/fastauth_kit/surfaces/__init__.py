"""The outer ring: what people use beside their app. Nothing in the library imports it."""
