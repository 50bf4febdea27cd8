"""links, failed logins, events

Revision: 0003
Revises: 0002
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from fastauth_kit import UtcDateTime

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables of what features keep: events, wrong passwords, links that were mailed."""
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.String(length=64)
            .with_variant(sa.String(length=64, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=64, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column(
            "user_id",
            sa.String(length=255)
            .with_variant(sa.String(length=255, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=255, collation="utf8mb4_bin"), "mysql"),
            nullable=True,
        ),
        sa.Column(
            "actor_id",
            sa.String(length=255)
            .with_variant(sa.String(length=255, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=255, collation="utf8mb4_bin"), "mysql"),
            nullable=True,
        ),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.Column(
            "request_id",
            sa.String(length=64)
            .with_variant(sa.String(length=64, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=64, collation="utf8mb4_bin"), "mysql"),
            nullable=True,
        ),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("audit_events") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_events_user_id"), ["user_id", "id"], unique=False
        )

    op.create_table(
        "login_failures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "attempted",
            sa.String(length=64)
            .with_variant(sa.String(length=64, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=64, collation="utf8mb4_bin"), "mysql"),
            nullable=True,
        ),
        sa.Column(
            "network",
            sa.String(length=64)
            .with_variant(sa.String(length=64, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=64, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column("failed_at", UtcDateTime(), nullable=False),
        sa.Column("announced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("login_failures") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_login_failures_attempted"), ["attempted"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_login_failures_user_id"), ["user_id"], unique=False)

    op.create_table(
        "one_time_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "slot",
            sa.String(length=43)
            .with_variant(sa.String(length=43, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=43, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.String(length=32)
            .with_variant(sa.String(length=32, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=32, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column("lasting", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=43)
            .with_variant(sa.String(length=43, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=43, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "email",
            sa.String(length=320)
            .with_variant(sa.String(length=320, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=320, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("consumed_at", UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slot"),
    )
    with op.batch_alter_table("one_time_tokens") as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "pending_registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "email",
            sa.String(length=320)
            .with_variant(sa.String(length=320, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=320, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "digest",
            sa.String(length=43)
            .with_variant(sa.String(length=43, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=43, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "hashed_password",
            sa.String(length=1024)
            .with_variant(sa.String(length=1024, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=1024, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("pending_registrations") as batch_op:
        for column in ("email", "expires_at"):
            name = batch_op.f(f"ix_pending_registrations_{column}")
            batch_op.create_index(name, [column], unique=False)


def downgrade() -> None:
    """Links no longer work; nobody is locked out; what happened is forgotten."""
    # with their indexes; MariaDB drops none that a foreign key needs
    op.drop_table("pending_registrations")
    op.drop_table("one_time_tokens")
    op.drop_table("login_failures")
    op.drop_table("audit_events")
