"""Mail, sent in the background: ``welcome.py`` is what, ``mailer.py`` is how.

It goes through the kit's after-commit actions. FastAPI's ``BackgroundTasks``, which
many tutorials take, are right for what follows an answer, is quick and belongs to no
transaction. They would send a mail although the commit failed, keep the request's
session and its pooled connection until the mail server has answered, and end a
failure as a traceback.
"""
