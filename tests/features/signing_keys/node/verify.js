// Prints, for each token, what it says, or why it is refused.
// Usage: node verify.js JWKS_URL ISSUER AUDIENCE SECONDS TOKEN...
import { webcrypto } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";

// Node.js 18, which Debian 12 has, does not show it by itself
globalThis.crypto ??= webcrypto;

const [url, issuer, audience, seconds, ...tokens] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(url));
const options = {
    issuer,
    audience,
    typ: "at+jwt",
    algorithms: ["EdDSA", "ES256", "RS256"],
    currentDate: new Date(Number(seconds) * 1000),
};

const found = [];
for (const token of tokens) {
    try {
        const { payload } = await jwtVerify(token, keys, options);
        found.push({ claims: payload });
    } catch (error) {
        found.push({ refused: error.code });
    }
}
console.log(JSON.stringify(found));
