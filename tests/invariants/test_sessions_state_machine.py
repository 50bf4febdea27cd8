"""Any order of events, against a model of who may do what."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import httpx2
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import NullPool

from tests.invariants.sessions_model import ABSOLUTE, ACCESS, GRACE, IDLE, Login, Model, Person
from tests.kit_app import KitApp, build_app, create_tables, empty_tables

T = TypeVar("T")

NAMES = ("root", "ada", "bob")
PASSWORDS = ("correct horse battery", "another horse battery")

people = st.sampled_from(NAMES)
passwords = st.sampled_from(PASSWORDS)
which = st.integers(0, 5)


class Sessions(Model, RuleBasedStateMachine):
    """Plays events through HTTP, and says beforehand what each answer must be."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        lifetimes = {
            "access_token_lifetime": ACCESS,
            "idle_lifetime": IDLE,
            "absolute_lifetime": ABSOLUTE,
            "refresh_grace": GRACE,
        }
        # NullPool: this machine's loop ends before the next one's begins
        self.kit: KitApp = build_app(
            self.url, sessions_options=lifetimes, engine_options={"poolclass": NullPool}
        )
        self.client = self.kit.client()
        self.people: dict[str, Person] = {}

    def run(self, doing: Awaitable[T]) -> T:
        async def wait() -> T:
            return await doing

        return self.runner.run(wait())

    def send(self, method: str, path: str, token: str = "", body: Any = None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.run(self.client.request(method, f"/api{path}", headers=headers, json=body))

    def teardown(self) -> None:
        self.run(self.client.aclose())
        self.run(self.kit.auth.aclose())
        self.run(self.kit.engine.dispose())
        self.runner.close()

    # -- the rules -----------------------------------------------------------------

    @initialize()
    def start(self) -> None:
        self.run(create_tables(self.kit.engine))
        self.run(empty_tables(self.kit.engine))
        user_id = self.run(self.kit.add_user("root@example.com", is_superuser=True))
        self.people["root"] = Person(user_id, PASSWORDS[0], superuser=True)
        self.log_in("root", PASSWORDS[0])

    @rule(name=people, password=passwords)
    def register(self, name: str, password: str) -> None:
        body = {"email": f"{name}@example.com", "password": password}
        answer = self.send("POST", "/auth/register", body=body)
        if name in self.people:
            assert answer.status_code == 400
        else:
            assert answer.status_code == 201
            self.people[name] = Person(answer.json()["id"], password)

    @rule(name=people, password=passwords)
    def log_in(self, name: str, password: str) -> None:
        body = {"email": f"{name}@example.com", "password": password}
        answer = self.send("POST", "/auth/login", body=body)
        person = self.people.get(name)
        if person is None or person.password != password:
            assert answer.status_code == 401
        elif not person.active:
            assert answer.json()["code"] == "inactive_user"
        else:
            assert answer.status_code == 200
            given, ends = answer.json(), self.now + ABSOLUTE
            expires = min(self.now + ACCESS, ends)
            access, refresh = {given["access_token"]: expires}, [given["refresh_token"]]
            login = Login(access, refresh, self.now + IDLE, ends, self.now)
            person.logins.append(login)

    @rule(name=people, number=which, age=st.sampled_from([0, 0, 0, 1, 1, 2]))
    def refresh(self, name: str, number: int, age: int) -> None:
        """With the latest token, its predecessor, or an older one."""
        person = self.people.get(name)
        login = self.login_of(person, number) if person else None
        if person is None or login is None or age >= len(login.refresh):
            return
        body = {"refresh_token": login.refresh[-1 - age]}
        answer = self.send("POST", "/auth/refresh", body=body)
        if not (person.active and self.in_force(login)):
            assert answer.status_code == 401
        elif age == 0:
            assert answer.status_code == 200
            assert answer.json()["refresh_token"] not in login.refresh
            login.refresh.append(answer.json()["refresh_token"])
            login.rotated, login.idle_ends = self.now, self.now + IDLE
            self.take_access(login, answer)
        elif age == 1 and self.now - login.rotated <= GRACE:
            assert answer.json()["refresh_token"] == login.refresh[-1]
            self.take_access(login, answer)
        else:
            assert answer.status_code == 401
            login.over = True

    def take_access(self, login: Login, answer: httpx2.Response) -> None:
        login.access[answer.json()["access_token"]] = min(self.now + ACCESS, login.ends)

    @rule(name=people, number=which, by_refresh_token=st.booleans(), age=st.integers(0, 1))
    def log_out(self, name: str, number: int, age: int, *, by_refresh_token: bool) -> None:
        person = self.people.get(name)
        login = self.login_of(person, number) if person else None
        if person is None or login is None:
            return
        if by_refresh_token:
            token = login.refresh[-1 - age % len(login.refresh)]
            answer = self.send("POST", "/auth/logout", body={"refresh_token": token})
            works = person.active and self.in_force(login)
        else:
            token = list(login.access)[-1]
            answer = self.send("POST", "/auth/logout", token)
            works = self.works(person, login, token)
        assert answer.status_code == (204 if works else 401)
        login.over = login.over or works

    @rule(name=people)
    def revoke_others(self, name: str) -> None:
        person = self.people.get(name)
        token = self.a_token(person) if person else None
        if person is None or token is None:
            return
        assert self.send("DELETE", "/auth/sessions", token).status_code == 204
        [current] = [login for login in person.logins if token in login.access]
        self.end(person, keep=current)

    @rule(name=people, number=which, whose=people)
    def revoke_one(self, name: str, number: int, whose: str) -> None:
        """One's own; somebody else's is not found, whatever it is."""
        person, owner = self.people.get(name), self.people.get(whose)
        token = self.a_token(person) if person else None
        login = self.login_of(owner, number) if owner else None
        if token is None or login is None:
            return
        session_id = login.refresh[0].split(".")[1]
        answer = self.send("DELETE", f"/auth/sessions/{session_id}", token)
        works = person is owner and self.in_force(login)
        assert answer.status_code == (204 if works else 404)
        login.over = login.over or works

    @rule(name=people, current=passwords, new=passwords)
    def change_password(self, name: str, current: str, new: str) -> None:
        person = self.people.get(name)
        token = self.a_token(person) if person else None
        if person is None or token is None:
            return
        body = {"current_password": current, "new_password": new}
        answer = self.send("POST", "/auth/password/change", token, body)
        if current != person.password:
            assert answer.json()["code"] == "invalid_password"
            return
        assert answer.status_code == 204
        person.password = new
        [kept] = [login for login in person.logins if token in login.access]
        self.end(person, keep=kept)

    @precondition(lambda self: self.admin() is not None)
    @rule(name=people, flag=st.sampled_from(["is_active", "is_superuser"]), value=st.booleans())
    def administer(self, name: str, flag: str, *, value: bool) -> None:
        """Deactivate, reactivate, demote or promote."""
        found, person = self.admin(), self.people.get(name)
        if found is None or person is None:
            return
        answer = self.send("PATCH", f"/users/{person.id}", found[1], {flag: value})
        if self.is_last(person) and not value:
            assert answer.json()["code"] == "last_superuser"
            return
        assert answer.status_code == 200
        if flag == "is_superuser":
            person.superuser = value
            return
        if person.active and not value:
            self.end(person)
        person.active = value

    @precondition(lambda self: self.admin() is not None)
    @rule(name=people)
    def delete(self, name: str) -> None:
        found, person = self.admin(), self.people.get(name)
        if found is None or person is None:
            return
        answer = self.send("DELETE", f"/users/{person.id}", found[1])
        if self.is_last(person):
            assert answer.json()["code"] == "last_superuser"
            return
        assert answer.status_code == 204
        self.gone.extend(token for login in person.logins for token in login.access)
        del self.people[name]

    @rule(amount=st.sampled_from([GRACE / 2, GRACE * 2, ACCESS / 2, ACCESS, IDLE / 2, IDLE]))
    def wait(self, amount: timedelta) -> None:
        self.kit.clock.now += amount

    # -- what must hold after every step ---------------------------------------------

    @initialize()
    def nobody_is_gone(self) -> None:
        self.gone: list[str] = []

    @invariant()
    def exactly_the_tokens_of_the_model_work(self) -> None:
        for person in self.people.values():
            for login in person.logins:
                for token in list(login.access)[-2:]:
                    status = self.send("GET", "/users/me", token).status_code
                    assert status == (200 if self.works(person, login, token) else 401)

    @invariant()
    def no_token_of_a_deleted_account_works(self) -> None:
        for token in self.gone[-3:]:
            assert self.send("GET", "/users/me", token).status_code == 401

    @invariant()
    def exactly_superusers_may_list(self) -> None:
        for person in self.people.values():
            token = self.a_token(person)
            if token is not None:
                status = self.send("GET", "/users?cursor=", token).status_code
                assert status == (200 if person.superuser else 403)


def play(url: str, *, examples: int, steps: int) -> None:
    machine = type("SessionsHere", (Sessions,), {"url": url})
    bounded = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=bounded)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_any_order_of_events_follows_the_model(database_url: str) -> None:
    play(database_url, examples=25, steps=30)


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
def test_a_few_orders_of_events_follow_the_model_on_a_server(database_url: str) -> None:
    play(database_url, examples=5, steps=30)
