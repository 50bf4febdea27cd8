"""The kit against a hand-written app and fastapi-users: ``make bench``.

``rows`` says what is measured and which limits hold; ``__main__`` is the
command; ``contenders`` are the apps. Each app runs in a process of its own
(``serve``, or ``steady`` under valgrind); this process sends the requests.
"""
