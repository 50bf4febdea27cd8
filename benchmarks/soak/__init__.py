"""Mixed traffic for a long time: does anything grow that should not?"""
