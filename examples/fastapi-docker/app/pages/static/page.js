"use strict";

// What every page does. "use" is the form that presents the token of a link, "ask" the one
// that has a link mailed, or says how. The token stays in memory: not in the address, which people copy.
const use = document.querySelector("#use");
const ask = document.querySelector("#ask");
const said = document.querySelector("#said");
let token = null;

function show(form) {
  use.hidden = form !== use;
  ask.hidden = form !== ask;
}

function say(text, kind) {
  said.textContent = text;
  said.className = kind;
}

function begin() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    token = given;
    history.replaceState(null, "", location.pathname + location.search);
  }
  show(token ? use : ask);
  say("", "");
}

function call(path, options) {
  // the link is proof enough; cookies of an older session would only be in its way
  return fetch(path, { ...options, cache: "no-store", credentials: "omit" });
}

async function post(form) {
  const fields = Object.fromEntries(new FormData(form));
  const body = JSON.stringify(form === use ? { ...fields, token } : fields);
  const headers = { "Content-Type": "application/json" };
  return call(form.action, { method: "POST", headers, body });
}

async function succeed(form, answer) {
  form.reset();
  // whoever asks for a link may ask for another
  if (form === use) {
    token = null;
    form.hidden = true;
  }
  const tokens = answer.status === 200 ? await answer.json() : {};
  const who = tokens.access_token ? await whose(form.dataset.me, tokens.access_token) : "";
  say(form.dataset.done + who, "right");
}

async function whose(path, accessToken) {
  // A front end would keep the tokens now. These pages only show that they work.
  const headers = { Authorization: `Bearer ${accessToken}` };
  const me = await call(path, { headers });
  return me.ok ? ` ${(await me.json()).email}` : "";
}

async function fail(answer) {
  const problem = await answer.json().catch(() => ({}));
  // 422 has a list, with a sentence for each field
  const sentence = Array.isArray(problem.detail) ? problem.detail[0].msg : problem.detail;
  say(sentence || "Something went wrong. Try again.", "wrong");
  if (problem.code === "invalid_one_time_token") {
    token = null;
    show(ask);
  }
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  say("", "");
  try {
    const answer = await post(form);
    await (answer.ok ? succeed(form, answer) : fail(answer));
  } catch {
    say("The server does not answer. Try again.", "wrong");
  } finally {
    button.disabled = false;
  }
}

use.addEventListener("submit", send);
ask.addEventListener("submit", send);
addEventListener("hashchange", begin);
begin();
