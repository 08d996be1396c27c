"""What the benchmarks deploy: 100 database secrets of 20 services, five each, as a company of some size has them.

The variable KEYTURN_BENCH_SERVICES makes it another number of services.
"""

import os
from pathlib import Path

ENVIRONMENT = "dev"
SERVICES = [f"service{number:02}" for number in range(int(os.environ.get("KEYTURN_BENCH_SERVICES", "20")))]
SECRETS = [f"database{number}" for number in range(5)]
ADMIN = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:dev/platform/admin-a1b2c3"
AUTHORITY = Path(__file__).resolve().parent.parent / "certificates" / "rds-eu-central-1.pem"


def physical_name(service: str, secret: str) -> str:
    """Gives the name of a secret of the fleet."""
    return f"{ENVIRONMENT}/{service}/{secret}"


def target(service: str, secret: str) -> dict[str, str | int]:
    """Gives where a secret's login lives; the authority is left to the program."""
    return {
        "kind": "postgres",
        "strategy": "alternating-users",
        "host": "db.example.com",
        "port": 5432,
        "database": secret,
        "username": f"{service}_{secret}",
    }
