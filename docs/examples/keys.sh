#!/usr/bin/env bash
# A key set in a file; needs fastauth-kit[cli].
set -eu

# --8<-- [start:begin]
fastauth-kit keys generate signing-keys.json
fastauth-kit keys list signing-keys.json
# --8<-- [end:begin]

# --8<-- [start:rotate]
fastauth-kit keys rotate signing-keys.json
# --8<-- [end:rotate]
