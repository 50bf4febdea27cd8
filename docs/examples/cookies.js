// Sign in with cookies, and call the API. For a page of the API's own origin.

const AUTH = "/api/auth";
let refreshing = null; // one refresh for however many calls that wait for it

function csrfToken() {
  return document.cookie.match(/(?:^|; )__Host-csrf=([^;]*)/)?.[1] ?? "";
}

function send(path, options = {}) {
  const headers = new Headers(options.headers);
  headers.set("X-CSRF-Token", csrfToken()); // for browsers that do not say where they are
  return fetch(path, { ...options, headers });
}

export function signIn(email, password) {
  const headers = { "Content-Type": "application/json", "X-Auth-Transport": "cookie" };
  const body = JSON.stringify({ email, password });
  return send(`${AUTH}/login`, { method: "POST", headers, body });
}

function refresh() {
  refreshing ??= send(`${AUTH}/refresh`, { method: "POST" }).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

// As fetch(); when the access cookie has expired, refreshes once and asks again.
export async function call(path, options) {
  const answer = await send(path, options);
  if (answer.status !== 401 || !(await refresh()).ok) return answer;
  return send(path, options);
}

export function signOut() {
  return call(`${AUTH}/logout`, { method: "POST" });
}
