"""Any order of events, against a model of who may do what."""

import os
from collections.abc import Callable
from datetime import timedelta
from random import Random

import httpx2
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.invariants.sessions_model import (
    ABSOLUTE,
    ACCESS,
    AMOUNTS,
    GRACE,
    IDLE,
    MOMENTS,
    NAMES,
    PASSWORDS,
    Installation,
    Login,
    Person,
)
from tests.kit_app import create_tables, empty_tables


class Sessions(Installation, RuleBasedStateMachine):
    """Plays events through HTTP, and says beforehand what each answer must be."""

    @initialize()
    def start(self) -> None:
        self.run(create_tables(self.kit.engine))
        self.run(empty_tables(self.kit.engine))
        user_id = self.run(self.kit.add_user("root@example.com", is_superuser=True))
        self.people["root"] = Person(user_id, PASSWORDS[0], superuser=True)
        self.log_in("root", PASSWORDS[0])
        for name in ("ada", "bob"):
            self.register(name, PASSWORDS[0])
            self.log_in(name, PASSWORDS[0])

    @rule(random=st.randoms(use_true_random=True))
    def something_happens(self, random: Random) -> None:
        """One event; each has the same chance, which separate rules would not have."""
        name, whose, number = random.choice(NAMES), random.choice(NAMES), random.randrange(6)
        password, new = random.choice(PASSWORDS), random.choice(PASSWORDS)
        events: dict[Callable[[], object], object] = {
            lambda: self.register(name, password): True,
            lambda: self.log_in(name, password): True,
            lambda: self.log_out(name, number, by_refresh_token=random.random() < 0.5): True,
            lambda: self.revoke_others(name): True,
            lambda: self.revoke_one(name, number, whose): True,
            lambda: self.change_password(name, password, new): True,
            lambda: self.wait(random.choice(AMOUNTS)): True,
            lambda: self.refresh_with_the_latest(number): self.living(),
            lambda: self.refresh_with_the_predecessor(number, random.choice(MOMENTS)): self.living(
                rotated=1
            ),
            lambda: self.refresh_with_an_ancient_one(number): self.living(rotated=2),
            lambda: self.refresh_what_is_over(number): self.ended(),
            lambda: self.switch_active(name): self.admin(),
            lambda: self.switch_superuser(name): self.admin(),
            lambda: self.delete(name): self.admin(),
        }
        random.choice([event for event, is_possible in events.items() if is_possible])()

    def register(self, name: str, password: str) -> None:
        body = {"email": f"{name}@example.com", "password": password}
        answer = self.send("POST", "/auth/register", body=body)
        if name in self.people:
            assert answer.status_code == 400
        else:
            assert answer.status_code == 201
            self.people[name] = Person(answer.json()["id"], password)

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

    def refresh_with_the_latest(self, number: int) -> None:
        _, login = self.pick(self.living(), number)
        answer = self.refresh(login, 0)
        assert answer.status_code == 200
        assert answer.json()["refresh_token"] not in login.refresh
        login.refresh.append(answer.json()["refresh_token"])
        login.rotated, login.idle_ends = self.now, self.now + IDLE
        self.give(login, answer.json()["access_token"])

    def refresh_with_the_predecessor(self, number: int, waited: timedelta) -> None:
        """Within the grace, after it, or as if the clocks of two machines differed."""
        _, login = self.pick(self.living(rotated=1), number)
        self.kit.clock.now = login.rotated + waited
        answer = self.refresh(login, 1)
        if not self.in_force(login):
            assert answer.status_code == 401
        elif waited <= GRACE:
            assert answer.json()["refresh_token"] == login.refresh[-1]
            self.give(login, answer.json()["access_token"])
        else:
            assert answer.status_code == 401
            login.over = True

    def refresh_with_an_ancient_one(self, number: int) -> None:
        _, login = self.pick(self.living(rotated=2), number)
        assert self.refresh(login, 2).status_code == 401
        login.over = True

    def refresh_what_is_over(self, number: int) -> None:
        _, login = self.pick(self.ended(), number)
        assert self.refresh(login, number % len(login.refresh)).status_code == 401

    def refresh(self, login: Login, age: int) -> httpx2.Response:
        """Send the latest token, its predecessor, or an older one."""
        body = {"refresh_token": login.refresh[-1 - age]}
        return self.send("POST", "/auth/refresh", body=body)

    def log_out(self, name: str, number: int, *, by_refresh_token: bool) -> None:
        person = self.people.get(name)
        login = self.login_of(person, number) if person else None
        if person is None or login is None:
            return
        if by_refresh_token:
            token = login.refresh[number % len(login.refresh)]
            answer = self.send("POST", "/auth/logout", body={"refresh_token": token})
            works = person.active and self.in_force(login)
        else:
            token = list(login.access)[-1]
            answer = self.send("POST", "/auth/logout", token)
            works = self.works(person, login, token)
        assert answer.status_code == (204 if works else 401)
        login.over = login.over or works

    def revoke_others(self, name: str) -> None:
        person = self.people.get(name)
        token = self.a_token(person) if person else None
        if person is None or token is None:
            return
        assert self.send("DELETE", "/auth/sessions", token).status_code == 204
        [current] = [login for login in person.logins if token in login.access]
        self.end(person, keep=current)

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

    def switch_active(self, name: str) -> None:
        """Deactivate or reactivate."""
        person = self.people.get(name)
        if person is None or not self.administer(person, "is_active", value=not person.active):
            return
        person.active = not person.active
        if not person.active:
            self.end(person)

    def switch_superuser(self, name: str) -> None:
        """Demote or promote."""
        person = self.people.get(name)
        wanted = person is not None and not person.superuser
        if person is not None and self.administer(person, "is_superuser", value=wanted):
            person.superuser = wanted

    def administer(self, person: Person, flag: str, *, value: bool) -> bool:
        """Return whether the change was made, as it must be unless nobody would be left."""
        found = self.admin()
        assert found is not None
        answer = self.send("PATCH", f"/users/{person.id}", found[1], {flag: value})
        if self.is_last(person) and not value:
            assert answer.json()["code"] == "last_superuser"
            return False
        assert answer.status_code == 200
        return True

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
        max_examples=examples * (10 if os.environ.get("FUZZ") else 1),
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
