#!/usr/bin/env bash
# An app operated from its folder; needs fastauth-kit[cli], and password.txt in the folder.
set -eu

# --8<-- [start:app]
export FASTAUTH_APP=app.main:auth
fastauth-kit users list
# --8<-- [end:app]

# --8<-- [start:superuser]
fastauth-kit create-superuser ada@example.com --password-stdin < password.txt
# --8<-- [end:superuser]
fastauth-kit create-superuser bob@example.com --password-stdin < password.txt

# --8<-- [start:users]
fastauth-kit users list --superuser
fastauth-kit users list --inactive --json > inactive.jsonl
fastauth-kit users show ada@example.com
fastauth-kit users demote bob@example.com
fastauth-kit users deactivate bob@example.com
fastauth-kit users set-password bob@example.com --password-stdin < password.txt
fastauth-kit users delete bob@example.com --yes
# --8<-- [end:users]

# --8<-- [start:sessions]
fastauth-kit sessions list ada@example.com
fastauth-kit sessions revoke --user ada@example.com
fastauth-kit sessions revoke --all --yes
# --8<-- [end:sessions]

# --8<-- [start:prune]
fastauth-kit prune --sessions-over-for 30d --json
# --8<-- [end:prune]

# --8<-- [start:doctor]
fastauth-kit doctor
# --8<-- [end:doctor]
