"""Posts: who may do what with them."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.errors import AppException
from app.models import Post, User
from app.schemas.post import PostCreate, PostUpdate

# in the same statement, and of the author only what a post shows
WITH_AUTHOR = joinedload(Post.author, innerjoin=True).load_only(User.name)


class PostService:
    """Operations on posts. None commits: that is the route's part."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def page(self, page: int, per_page: int) -> tuple[list[Post], int]:
        """Return the newest posts of a page, and how many there are in all."""
        total = await self.session.scalar(select(func.count()).select_from(Post))
        newest = select(Post).options(WITH_AUTHOR).order_by(Post.id.desc())
        posts = await self.session.scalars(newest.offset((page - 1) * per_page).limit(per_page))
        return list(posts), total or 0

    async def get(self, post_id: int) -> Post:
        """Return a post with its author, or refuse."""
        post = await self.session.get(Post, post_id, options=[WITH_AUTHOR])
        if post is None:
            raise AppException(404, "There is no such post.", code="post_not_found")
        return post

    async def create(self, author: User, new: PostCreate) -> Post:
        """Write a post in somebody's name."""
        # the author was loaded by the same session, so that this is all it takes
        post = Post(author=author, **new.model_dump())
        self.session.add(post)
        await self.session.flush()
        return post

    async def update(self, post_id: int, editor: User, changes: PostUpdate) -> Post:
        """Change one's own post; superusers change anybody's."""
        post = await self._own(post_id, editor)
        for name, value in changes.model_dump(exclude_unset=True).items():
            setattr(post, name, value)
        await self.session.flush()
        return post

    async def delete(self, post_id: int, editor: User) -> None:
        """Delete one's own post; superusers delete anybody's."""
        await self.session.delete(await self._own(post_id, editor))

    async def _own(self, post_id: int, editor: User) -> Post:
        post = await self.get(post_id)
        if post.author_id != editor.id and not editor.is_superuser:
            raise AppException(403, "This is somebody else's post.", code="not_the_author")
        return post
