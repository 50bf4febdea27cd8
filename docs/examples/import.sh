#!/usr/bin/env bash
# Accounts from elsewhere; needs fastauth-kit[cli].
set -eu

# --8<-- [start:csv]
export FASTAUTH_APP=ten_lines:auth   # where your AuthKit is
fastauth-kit import-users users.csv --map mail=email --dry-run
fastauth-kit import-users users.csv --map mail=email
# --8<-- [end:csv]

# --8<-- [start:jsonl]
gzip -cd users.jsonl.gz | fastauth-kit import-users - --id-map ids.csv
# --8<-- [end:jsonl]

# --8<-- [start:django]
export FASTAUTH_IMPORT_URL="sqlite:///django.db"   # postgresql://user:password@host/shop
fastauth-kit import-users --preset django --keep-ids
# --8<-- [end:django]

# --8<-- [start:fastapi-users]
export FASTAUTH_IMPORT_URL="sqlite:///fastapi-users.db"
fastauth-kit import-users --preset fastapi-users
# --8<-- [end:fastapi-users]

# --8<-- [start:wordpress]
export FASTAUTH_IMPORT_URL="sqlite:///wordpress.db"   # mysql://user:password@host/wordpress
fastauth-kit import-users --preset wordpress
# --8<-- [end:wordpress]

# --8<-- [start:firebase]
fastauth-kit import-users users.json --preset firebase --firebase-parameters firebase.txt
# --8<-- [end:firebase]
