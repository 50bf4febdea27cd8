"""What runs after a commit has run when the answer is there."""

import asyncio

from fastauth_kit.core.after_commit import AfterCommit


class PromptActions(AfterCommit):
    """Has whoever committed wait for the actions, so that a test sees what they did.

    An action that commits waits for none: two that wait for each other would
    never end.
    """

    async def room(self) -> None:
        """Wait until every action is done."""
        if asyncio.current_task() not in self._of_this_loop().tasks:
            await self.drain()
