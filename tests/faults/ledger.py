"""What was acknowledged, what is in doubt, and what must therefore be true."""

import secrets
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.faults.watch import Caller


@dataclass
class Device:
    """One session: its latest tokens, as far as its owner knows."""

    access: str
    refresh: str


@dataclass
class Account:
    """One user, at two devices, and what they know of themselves.

    They do one thing after the other. What is in doubt is found out before
    the next thing: that is what a client does which got no answer.
    """

    caller: Caller
    doubts: Counter[str]
    """How often an answer was lost, by what was asked, and what had become of it."""
    email: str = field(default_factory=lambda: f"{secrets.token_hex(8)}@example.com")
    password: str = ""
    former: str = ""
    """The password before; it must not work any more."""
    wanted: str = ""
    """The new password, while nobody knows whether it is in force."""
    in_doubt: str = ""
    """``register``, ``password`` or ``refresh``: what got no answer."""
    jumpy: bool = False
    """Whether the server's clock jumps: tokens may expire at any moment."""
    exists: bool = False
    touched: bool = True
    """Whether there is something about the passwords to be checked."""
    first: Device | None = None
    second: Device | None = None
    """Is signed out by a change of password at the first."""
    done: Counter[str] = field(default_factory=Counter[str])
    """What was acknowledged."""

    def __post_init__(self) -> None:
        self.password = self.password or self._new_password()

    def _new_password(self) -> str:
        password = secrets.token_urlsafe(12)
        self.caller.watch.secrets.add(password)
        return password

    async def act(self, random: Random) -> bool:
        """Do the next thing; ``False`` if it got no answer."""
        if self.in_doubt:
            return await self.find_out()
        if not self.exists:
            return await self.register()
        if self.first is None or self.second is None:
            return await self.sign_in()
        deeds = [self.refresh, self.refresh, self.change_password, self.look]
        return await random.choice(deeds)()

    # -- what they do --------------------------------------------------------------------

    async def register(self) -> bool:
        body = {"email": self.email, "password": self.password}
        answer = await self.caller.send("POST", "/api/auth/register", body=body)
        if answer is None:
            return self._doubt("register")
        assert answer.status_code == 201, answer.text
        self.exists = self.touched = True
        return self._note("register")

    async def sign_in(self) -> bool:
        for device in ("first", "second"):
            if getattr(self, device) is None:
                tokens = await self._log_in(self.password)
                if tokens is None:
                    return False
                assert tokens, "an acknowledged password does not work"
                setattr(self, device, Device(tokens["access_token"], tokens["refresh_token"]))
        return True

    async def refresh(self) -> bool:
        assert self.first is not None
        if not await self._refresh(self.first):
            return self._doubt("refresh")
        return self._note("refresh")

    async def change_password(self) -> bool:
        self.wanted, self.touched = self._new_password(), True
        body = {"current_password": self.password, "new_password": self.wanted}
        answer = await self._send_signed_in("POST", "/api/auth/password/change", body)
        if answer is None:
            return self._doubt("password")
        assert answer.status_code == 204, answer.text
        self._changed()
        return self._note("password")

    async def look(self) -> bool:
        """Ask who one is, at the kit's route and at the app's own."""
        kits = await self._send_signed_in("GET", "/api/users/me")
        own = await self._send_signed_in("GET", "/own")
        if kits is None or own is None:
            return False
        assert (kits.status_code, own.status_code) == (200, 200), "somebody was logged out"
        assert kits.json()["email"] == own.json() == self.email
        return True

    # -- what must be true ---------------------------------------------------------------

    async def find_out(self) -> bool:
        """Settle what is in doubt; ``False`` if there is still no answer."""
        settle = {
            "register": self._find_out_register,
            "password": self._find_out_password,
            "refresh": self._find_out_refresh,
        }
        if self.in_doubt and not await settle[self.in_doubt]():
            return False
        self.in_doubt = ""
        return True

    async def check(self) -> bool:
        """Check all that was acknowledged; ``False`` if there is no answer."""
        if not await self.find_out():
            return False
        if not self.exists:
            return True
        if self.touched and not await self._check_passwords():
            return False
        self.touched = False
        if self.first is not None and not await self.look():
            return False
        return self.second is None or await self._refresh(self.second)

    async def _check_passwords(self) -> bool:
        tokens = await self._log_in(self.password)
        outdated = await self._log_in(self.former) if self.former else {}
        if tokens is None or outdated is None:
            return False
        assert tokens, "an acknowledged password does not work"
        assert not outdated, "a password that was replaced works again"
        return True

    async def _find_out_register(self) -> bool:
        tokens = await self._log_in(self.password)
        if tokens is None:
            return False
        self.exists = bool(tokens)
        self.doubts["register: done" if self.exists else "register: not done"] += 1
        # not done is not half done: the address is free
        return self.exists or await self.register()

    async def _find_out_password(self) -> bool:
        new = await self._log_in(self.wanted)
        old = await self._log_in(self.password) if new is not None else None
        if new is None or old is None:
            return False
        if not new and not old:
            # a COMMIT that was under way has come between the two
            new = await self._log_in(self.wanted)
            if new is None:
                return False
        assert bool(new) != bool(old), f"new works: {bool(new)}, old works: {bool(old)}"
        if self.second is not None:
            # the sessions ended together with the password, or not at all
            body = {"refresh_token": self.second.refresh}
            answer = await self.caller.send("POST", "/api/auth/refresh", body=body)
            if answer is None:
                return False
            assert answer.status_code == (401 if new else 200)
            self._took(self.second, answer)
        self.doubts["password: done" if new else "password: not done"] += 1
        if new:
            self._changed()
        return True

    async def _find_out_refresh(self) -> bool:
        assert self.first is not None
        if not await self._refresh(self.first):
            return False
        self.doubts["refresh: answered again"] += 1
        return True

    async def _send_signed_in(self, method: str, path: str, body: Any = None) -> Any:
        """Send as the first device; refresh where the token may have expired."""
        assert self.first is not None
        for _ in range(5):
            answer = await self.caller.send(method, path, token=self.first.access, body=body)
            if not self.jumpy or answer is None or answer.status_code != 401:
                return answer
            if not await self._refresh(self.first):
                return None
        raise AssertionError("refreshing does not help")

    # -- the parts of it -----------------------------------------------------------------

    async def _log_in(self, password: str) -> dict[str, Any] | None:
        """Return the tokens, nothing in them if refused; ``None`` without an answer."""
        body = {"email": self.email, "password": password}
        answer = await self.caller.send("POST", "/api/auth/login", body=body)
        if answer is None:
            return None
        assert answer.status_code in {200, 401}, answer.text
        return answer.json() if answer.status_code == 200 else {}

    async def _refresh(self, device: Device) -> bool:
        body = {"refresh_token": device.refresh}
        answer = await self.caller.send("POST", "/api/auth/refresh", body=body)
        if answer is None:
            return False
        assert answer.status_code == 200, "somebody was logged out"
        self._took(device, answer)
        return True

    def _took(self, device: Device, answer: Any) -> None:
        if answer.status_code == 200:
            given = answer.json()
            assert given["refresh_token"] != device.refresh
            device.access, device.refresh = given["access_token"], given["refresh_token"]

    def _changed(self) -> None:
        self.former, self.password, self.second = self.password, self.wanted, None

    def _note(self, deed: str) -> bool:
        self.done[deed] += 1
        return True

    def _doubt(self, deed: str) -> bool:
        self.in_doubt = deed
        return False


@dataclass
class Ledger:
    """Everybody, those at work and those who only registered."""

    caller: Caller
    random: Random
    accounts: list[Account] = field(default_factory=list[Account])
    registered: list[Account] = field(default_factory=list[Account])
    doubts: Counter[str] = field(default_factory=Counter[str])

    def add(self, count: int) -> None:
        """Let so many more take part."""
        self.accounts += [Account(self.caller, self.doubts) for _ in range(count)]

    async def act(self, account: Account) -> bool:
        """Let one do something: now and then, register somebody else."""
        if account.exists and not account.in_doubt and self.random.random() < 0.25:
            self.registered.append(Account(self.caller, self.doubts))
            return await self.registered[-1].act(self.random)
        return await account.act(self.random)

    @property
    def done(self) -> Counter[str]:
        """What was acknowledged, by what was asked."""
        everybody = [*self.accounts, *self.registered]
        return sum((account.done for account in everybody), Counter[str]())

    def story(self) -> str:
        """Tell what happened, in one line."""
        watch = self.caller.watch
        facts = {
            "acknowledged": self.done,
            "in doubt": self.doubts,
            "answers": watch.answers,
            "log": watch.logged,
        }
        parts = [f"{name} {dict(sorted(fact.items()))}" for name, fact in facts.items()]
        return ", ".join([*parts, f"{watch.lost} answers lost"])
