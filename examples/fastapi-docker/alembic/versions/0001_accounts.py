"""accounts

Revision: 0001
Revises:
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from fastauth_kit import CurrentMoment, UtcDateTime

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables of accounts and sessions."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column(
            "email",
            sa.String(length=320)
            .with_variant(sa.String(length=320, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=320, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "hashed_password",
            sa.String(length=1024)
            .with_variant(sa.String(length=1024, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=1024, collation="utf8mb4_bin"), "mysql"),
            nullable=True,
        ),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=CurrentMoment(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=CurrentMoment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("users") as batch_op:
        batch_op.create_index(batch_op.f("ix_users_email"), ["email"], unique=True)
        batch_op.create_index(batch_op.f("ix_users_is_superuser"), ["is_superuser"], unique=False)

    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("authenticated_at", UtcDateTime(), nullable=False),
        sa.Column("amr", sa.JSON(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
        sa.Column("idle_expires_at", UtcDateTime(), nullable=False),
        sa.Column("absolute_expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column(
            "revoked_reason",
            sa.String(length=32)
            .with_variant(sa.String(length=32, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=32, collation="utf8mb4_bin"), "mysql"),
            nullable=True,
        ),
        sa.Column("refresh_generation", sa.BigInteger(), nullable=False),
        sa.Column(
            "refresh_salt",
            sa.String(length=43)
            .with_variant(sa.String(length=43, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=43, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "refresh_key_id",
            sa.String(length=32)
            .with_variant(sa.String(length=32, collation="utf8mb4_bin"), "mariadb")
            .with_variant(sa.String(length=32, collation="utf8mb4_bin"), "mysql"),
            nullable=False,
        ),
        sa.Column("rotated_at", UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("auth_sessions") as batch_op:
        batch_op.create_index(batch_op.f("ix_auth_sessions_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    """Everything goes: all accounts and sessions."""
    # with their indexes; MariaDB drops none that a foreign key needs
    op.drop_table("auth_sessions")
    op.drop_table("users")
