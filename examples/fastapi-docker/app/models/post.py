"""What people write."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base
from fastauth_kit import UtcDateTime

if TYPE_CHECKING:
    from app.models.user import User


def _now() -> datetime:
    return datetime.now(UTC)


class Post(Base):
    """A text with an author. It goes when the author's account goes."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    # CASCADE: whoever closes an account takes their posts along. To keep them, make the
    # column nullable, say SET NULL, and leave "cascade" out of User.posts.
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now)

    author: Mapped["User"] = relationship(back_populates="posts")

    # of two who delete it at once neither is told off: it is gone
    __mapper_args__ = {"confirm_deleted_rows": False}  # noqa: RUF012  # declared so by SQLAlchemy
